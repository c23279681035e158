// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/unix_listener.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace net {
namespace {

// A socket file stays behind when its server is killed. It may go only if nobody answers.
base::Status remove_stale(const std::string& path, const sockaddr_un& address, std::string_view what,
                          std::string_view key) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return {};
  if (!S_ISSOCK(facts.st_mode)) {
    return base::fail("{} {}: something else is there: remove it or set {}", what, path, key);
  }
  const base::Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool answered =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  if (answered || errno == EAGAIN) {  // or would, if fewer were waiting
    return base::fail("{} {}: another server answers there: stop it or set {}", what, path, key);
  }
  // Of another type of socket: an older server's.
  if (errno != ECONNREFUSED && errno != EPROTOTYPE)
    return base::fail_errno(fmt::format("{} {}", what, path), errno);
  if (::unlink(path.c_str()) != 0) return base::fail_errno(fmt::format("remove {}", path), errno);
  return {};
}

// A folder made here belongs to the one who will have to remove the socket from it.
base::Status make_folder(const UnixPlace& place) {
  const std::string folder = std::filesystem::path(place.path).parent_path().string();
  if (folder.empty() || ::access(folder.c_str(), F_OK) == 0) return {};
  if (::mkdir(folder.c_str(), 0755) != 0) return base::fail_errno(fmt::format("make {}", folder), errno);
  if (place.owner && ::chown(folder.c_str(), place.owner->first, place.owner->second) != 0) {
    return base::fail_errno(fmt::format("give {} away", folder), errno);
  }
  return {};
}

}  // namespace

base::Result<base::Fd> open_unix_listener(const UnixPlace& place, std::string_view what,
                                          std::string_view key) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& path = place.path;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return base::fail("{} {}: a path of at most {} characters is needed: set {}", what, path,
                      sizeof(address.sun_path) - 1, key);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (auto made = make_folder(place); !made) return tl::unexpected(made.error());
  if (auto removed = remove_stale(path, address, what, key); !removed) return tl::unexpected(removed.error());

  base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // The mode of the socket before bind() becomes the file's, minus the umask.
  if (!fd.open() || ::fchmod(fd.get(), place.mode) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return base::fail_errno(fmt::format("{} {}", what, path), errno);
  }
  if ((place.owner && ::lchown(path.c_str(), place.owner->first, place.owner->second) != 0) ||
      ::chmod(path.c_str(), place.mode) != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    return base::fail_errno(fmt::format("{} {}", what, path), error);
  }
  return fd;
}

}  // namespace net
