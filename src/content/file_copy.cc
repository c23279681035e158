// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/file_copy.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace content {
namespace {

// Small enough that a progress bar moves, big enough that calls cost nothing.
constexpr std::uint64_t kernel_step = 16U << 20U;
constexpr std::uint64_t buffer_size = 1U << 20U;

// What a file system answers that cannot do this at all, or not with that other one.
bool is_unsupported(int error) {
  return error == EXDEV || error == ENOSYS || error == EOPNOTSUPP || error == EINVAL || error == EBADF ||
         error == EPERM || error == ETXTBSY;
}

int write_all(int to, const std::vector<char>& buffer, std::size_t size, std::uint64_t at) {
  std::size_t written = 0;
  while (written < size) {
    const ssize_t n = ::pwrite(to, buffer.data() + written, size - written, static_cast<off_t>(at + written));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    written += static_cast<std::size_t>(n);
  }
  return 0;
}

int copy_through_memory(int from, int to, std::uint64_t at, std::uint64_t size, const OnCopied& on_copied) {
  std::vector<char> buffer(std::min(buffer_size, size));
  while (at < size) {
    const ssize_t n = ::pread(from, buffer.data(), std::min<std::uint64_t>(buffer.size(), size - at),
                              static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return ENODATA;
    const auto octets = static_cast<std::size_t>(n);
    if (const int error = write_all(to, buffer, octets, at)) return error;
    at += octets;
    on_copied(octets);
  }
  return 0;
}

}  // namespace

int copy_file(int from, int to, std::uint64_t size, const OnCopied& on_copied) {
  if (size == 0) return 0;
  // Btrfs, XFS: no data moves. The clone is of the whole file: a source that grew since it
  // was measured is cut back.
  if (::ioctl(to, FICLONE, from) == 0) {
    if (::ftruncate(to, static_cast<off_t>(size)) != 0) return errno;
    on_copied(size);
    return 0;
  }
  std::uint64_t done = 0;
  while (done < size) {
    auto from_at = static_cast<off_t>(done);
    auto to_at = static_cast<off_t>(done);
    const ssize_t n = ::copy_file_range(from, &from_at, to, &to_at, std::min(kernel_step, size - done), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && !is_unsupported(errno)) return errno;
    // Some file systems copy nothing without an error; read() then tells the end from that.
    if (n <= 0) return copy_through_memory(from, to, done, size, on_copied);
    done += static_cast<std::uint64_t>(n);
    on_copied(static_cast<std::uint64_t>(n));
  }
  return 0;
}

}  // namespace content
