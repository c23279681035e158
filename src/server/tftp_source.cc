// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/tftp_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace server {

base::Result<TftpSource> TftpSource::open(const std::string& path) {
  TftpSource source;
  source.file_ = net::Fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!source.file_.open()) return base::fail_errno("open " + path, errno);
  struct stat status {};
  if (::fstat(source.file_.get(), &status) != 0) return base::fail_errno("stat " + path, errno);
  if (!S_ISREG(status.st_mode)) return base::fail("{}: not a regular file", path);
  source.size_ = static_cast<std::uint64_t>(status.st_size);
  return source;
}

TftpSource TftpSource::of(std::string text) {
  TftpSource source;
  source.size_ = text.size();
  source.text_ = std::move(text);
  return source;
}

bool TftpSource::read(std::uint64_t offset, std::span<std::uint8_t> out) const {
  if (offset > size_ || out.size() > size_ - offset) return false;
  if (!file_.open()) {
    std::memcpy(out.data(), text_.data() + offset, out.size());
    return true;
  }
  while (!out.empty()) {
    const ssize_t got = ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return true;
}

}  // namespace server
