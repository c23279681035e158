// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"

namespace content {

base::Result<Owner> owner_of(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return base::fail_errno(path, errno);
  return Owner{facts.st_uid, facts.st_gid};
}

void give_to(int fd, const Owner& owner) {
  if (::geteuid() == 0 && ::fchown(fd, owner.user, owner.group) != 0) return;
}

base::Status make_directory(const std::string& path, const Owner& owner) {
  if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST) return base::fail_errno("create " + path, errno);
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.open()) return base::fail_errno("create " + path, errno);
  give_to(fd.get(), owner);
  return {};
}

base::Status sync_directory(const std::string& path) {
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.open() || ::fsync(fd.get()) != 0) return base::fail_errno(path, errno);
  return {};
}

}  // namespace content
