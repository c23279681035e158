// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/library_disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace content {
namespace {

constexpr mode_t finished_mode = 0440;

// Whether `path` still is this file.
bool is_at(int fd, const std::string& path) {
  struct stat mine {
  }, there{};
  return ::fstat(fd, &mine) == 0 && ::lstat(path.c_str(), &there) == 0 && mine.st_ino == there.st_ino &&
         mine.st_dev == there.st_dev;
}

}  // namespace

ssize_t read_at(int fd, void* to, std::size_t size, std::uint64_t at) {
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::pread(fd, static_cast<char*>(to) + got, size - got, static_cast<off_t>(at + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return static_cast<ssize_t>(got);
}

int write_at(int fd, base::ByteView octets, std::uint64_t at) {
  while (!octets.empty()) {
    const ssize_t n = ::pwrite(fd, octets.data(), octets.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    octets = octets.subspan(static_cast<std::size_t>(n));
    at += static_cast<std::uint64_t>(n);
  }
  return 0;
}

base::Result<std::string> read_small(const std::string& path, std::uint64_t most) {
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat facts {};
  if (!fd.open() || ::fstat(fd.get(), &facts) != 0) return base::fail_errno(path, errno);
  if (!S_ISREG(facts.st_mode)) return base::fail("{}: not a regular file", path);
  const auto size = static_cast<std::uint64_t>(facts.st_size);
  if (size > most) return base::fail("{}: {} octets are too many", path, size);
  std::string text(size, '\0');
  const ssize_t got = read_at(fd.get(), text.data(), text.size(), 0);
  if (got < 0) return base::fail_errno(path, errno);
  text.resize(static_cast<std::size_t>(got));
  return text;
}

tl::unexpected<base::Error> write_error(const std::string& what, int error) {
  if (error == ENOSPC || error == EDQUOT)
    return base::fail("{}: the disk is full: make room and try again", what);
  return base::fail_errno(what, error);
}

base::Result<IncomingFile> IncomingFile::open(std::string path, const Owner& owner) {
  while (true) {
    base::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640));
    if (!fd.open()) return write_error("create " + path, errno);
    while (::flock(fd.get(), LOCK_EX) != 0) {
      if (errno != EINTR) return base::fail_errno("lock " + path, errno);
    }
    // Who held it has given it its place, or removed it.
    if (!is_at(fd.get(), path)) continue;
    give_to(fd.get(), owner);
    struct stat facts {};
    if (::fstat(fd.get(), &facts) != 0) return base::fail_errno(path, errno);
    return IncomingFile(std::move(path), std::move(fd), static_cast<std::uint64_t>(facts.st_size));
  }
}

IncomingFile::IncomingFile(IncomingFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)), left_(other.left_) {}

IncomingFile::~IncomingFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

base::Status IncomingFile::place(const std::string& target) {
  if (::fsync(fd_.get()) != 0) return write_error(path_, errno);
  if (::rename(path_.c_str(), target.c_str()) != 0) return write_error("create " + target, errno);
  path_.clear();
  // Only now: what is left by who is killed before must open for writing again.
  if (::fchmod(fd_.get(), finished_mode) != 0) return base::fail_errno(target, errno);
  return {};
}

}  // namespace content
