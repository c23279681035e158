// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
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

base::Status sync_parent(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const base::Fd directory(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open() || ::fsync(directory.get()) != 0) return base::fail_errno("fsync " + parent, errno);
  return {};
}

base::Status sync(const base::Fd& file, const std::string& path) {
  if (::fsync(file.get()) != 0) return base::fail_errno("fsync " + path, errno);
  return sync_parent(path);
}

base::Status check(const std::string& path) {
  auto copy = Database::open(path, Database::Access::reading);
  if (!copy) return tl::unexpected(copy.error());
  Statement look = copy->query("PRAGMA quick_check(1)");
  const std::string verdict = look.next() ? look.text(0) : "ok";
  if (auto status = look.status(); !status) return status;
  if (verdict != "ok") return base::fail("{} is damaged: {}", path, verdict);
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

base::Status keep_copy(const std::string& from, const std::string& to) {
  auto database = Database::open(from, Database::Access::existing);
  if (!database) return tl::unexpected(database.error());
  const std::string fresh = to + ".new";
  ::unlink(fresh.c_str());  // of somebody who died on the way
  if (auto copied = copy_database(*database, fresh); !copied) return copied;
  auto sound = check(fresh);
  if (sound && ::rename(fresh.c_str(), to.c_str()) != 0) sound = base::fail_errno("rename " + fresh, errno);
  if (!sound) ::unlink(fresh.c_str());
  return sound ? sync_parent(to) : sound;
}

base::Result<std::int64_t> revision_at(const std::string& path) {
  auto database = Database::open(path, Database::Access::existing);
  if (!database) return tl::unexpected(database.error());
  Statement row = database->query("SELECT revision FROM site");
  const bool found = row.next();
  if (auto status = row.status(); !status) return tl::unexpected(status.error());
  if (!found) return base::fail("{}: holds no site", path);
  return row.integer(0);
}

}  // namespace store
