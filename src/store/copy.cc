// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/fd.h"

namespace store {
namespace {

// Made by us rather than by SQLite: root, who copies, must not leave what the server cannot read.
base::Result<base::Fd> create_like(const std::string& like, const std::string& path) {
  struct stat facts {};
  if (::stat(like.c_str(), &facts) != 0) return base::fail_errno("stat " + like, errno);
  base::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.open() && errno == EEXIST) return base::fail("{} is there already: name another file", path);
  if (!fd.open()) return base::fail_errno("open " + path, errno);
  // Only root may give files away; everybody else keeps what is his.
  if (::geteuid() == 0 && ::fchown(fd.get(), facts.st_uid, facts.st_gid) != 0) {
    return base::fail_errno("chown " + path, errno);
  }
  if (::fchmod(fd.get(), facts.st_mode & 0666U) != 0) return base::fail_errno("chmod " + path, errno);
  return fd;
}

base::Status sync(const base::Fd& file, const std::string& path) {
  if (::fsync(file.get()) != 0) return base::fail_errno("fsync " + path, errno);
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const base::Fd directory(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open() || ::fsync(directory.get()) != 0) return base::fail_errno("fsync " + parent, errno);
  return {};
}

}  // namespace

base::Status copy_database(Database& database, const std::string& path) {
  const auto file = create_like(database.path(), path);
  if (!file) return tl::unexpected(file.error());
  auto done = database.run("VACUUM INTO ?", path);
  if (done) done = sync(*file, path);
  if (!done) ::unlink(path.c_str());
  return done;
}

}  // namespace store
