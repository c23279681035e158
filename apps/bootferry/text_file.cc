// SPDX-License-Identifier: GPL-3.0-or-later
#include "text_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/fd.h"

namespace cli {

base::Result<std::string> read_text(const std::string& path) {
  const base::Fd file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return base::fail_errno(path, errno);
  std::string out;
  std::array<char, 65536> piece;
  while (true) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::fail_errno(path, errno);
    if (got == 0) return out;
    out.append(piece.data(), static_cast<std::size_t>(got));
    if (out.size() > largest_text) return base::fail("{}: larger than {} MiB", path, largest_text >> 20);
  }
}

base::Result<NewFile> NewFile::make(const std::string& path) {
  if (path == "-") return NewFile(path, "", STDOUT_FILENO);
  std::string temporary = path + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);  // mode 0600
  if (fd < 0) return base::fail_errno(path, errno);
  return NewFile(path, std::move(temporary), fd);
}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, "")),
      fd_(std::exchange(other.fd_, -1)) {}

NewFile::~NewFile() {
  if (temporary_.empty()) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

base::Status NewFile::write(std::string_view piece) {
  while (!piece.empty()) {
    const ssize_t put = ::write(fd_, piece.data(), piece.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return base::fail_errno(path_, errno);
    piece.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

base::Status NewFile::commit() {
  if (temporary_.empty()) return {};
  if (::fsync(fd_) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0)
    return base::fail_errno(path_, errno);
  ::close(fd_);
  temporary_.clear();
  return {};
}

}  // namespace cli
