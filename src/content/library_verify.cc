// SPDX-License-Identifier: GPL-3.0-or-later
// Whether contents are still their names.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>

#include "content/library.h"
#include "content/library_disk.h"

namespace content {
namespace {

// What O_DIRECT wants of memory, on any disk of today.
constexpr std::size_t alignment = 4096;

struct Freed {
  void operator()(std::uint8_t* memory) const { std::free(memory); }
};

// Lets octets through at a rate, and wakes at once when it is to stop.
class Pace {
 public:
  Pace(std::uint64_t octets_per_second, std::stop_token stop)
      : rate_(octets_per_second), stop_(std::move(stop)) {}
  // False: stop.
  bool let_through(std::size_t octets) {
    passed_ += octets;
    if (rate_ > 0) {
      const auto due =
          start_ + std::chrono::duration<double>(static_cast<double>(passed_) / static_cast<double>(rate_));
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any never;
      never.wait_until(lock, stop_, due, [] { return false; });
    }
    return !stop_.stop_requested();
  }

 private:
  std::uint64_t rate_;
  std::stop_token stop_;
  std::uint64_t passed_ = 0;
  std::chrono::time_point<std::chrono::steady_clock, std::chrono::duration<double>> start_ =
      std::chrono::steady_clock::now();
};

// What the disk has: past the page cache, which would show what was written and not what is kept.
base::Fd open_on_disk(const std::string& path) {
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_DIRECT));
  if (!fd.open() && errno == EINVAL) fd = base::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return fd;
}

enum class Found : std::uint8_t { whole, damaged, stopped, failed };

}  // namespace

base::Result<Library::Verified> Library::verify(const Verify& wish) {
  std::vector<std::pair<base::Sha256, std::uint64_t>> files;
  std::uint64_t total = 0;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = wish.after ? sizes_.upper_bound(*wish.after) : sizes_.begin(); it != sizes_.end(); ++it) {
      if (wish.only && !wish.only->contains(it->first)) continue;
      files.emplace_back(*it);
      total += it->second;
    }
  }
  Verified out;
  Pace pace(wish.octets_per_second, wish.stop);
  const std::unique_ptr<std::uint8_t, Freed> block(
      static_cast<std::uint8_t*>(std::aligned_alloc(alignment, library_block)));
  const auto check = [&](int fd, const base::Sha256& hash, std::uint64_t size) {
    struct stat facts {};
    if (::fstat(fd, &facts) != 0) return Found::failed;
    if (static_cast<std::uint64_t>(facts.st_size) != size) return Found::damaged;
    base::Hasher hasher;
    std::uint64_t at = 0;
    while (true) {
      const ssize_t n = ::pread(fd, block.get(), library_block, static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return errno == EIO ? Found::damaged : Found::failed;
      if (n == 0) break;
      hasher.add({block.get(), static_cast<std::size_t>(n)});
      at += static_cast<std::uint64_t>(n);
      if (wish.progress) wish.progress(out.octets + std::min(at, size), total);
      if (!pace.let_through(static_cast<std::size_t>(n))) return Found::stopped;
      // No O_DIRECT read may begin where a last, shorter one has ended.
      if (at >= size) break;
    }
    return at == size && hasher.finish() == hash ? Found::whole : Found::damaged;
  };
  for (const auto& [hash, size] : files) {
    if (wish.stop.stop_requested()) {
      out.stopped = true;
      break;
    }
    const base::Fd fd = open_on_disk(path(hash));
    Found found = fd.open() ? check(fd.get(), hash, size) : Found::damaged;
    if (!fd.open() && errno != ENOENT && errno != EIO) found = Found::failed;
    if (found == Found::failed) return base::fail_errno("read " + path(hash), errno);
    if (found == Found::stopped) {
      out.stopped = true;
      break;
    }
    if (found == Found::damaged) {
      const auto condemned = condemn(hash, fd.get());
      if (!condemned) return tl::unexpected(condemned.error());
      if (*condemned) out.damaged.push_back(hash);
    }
    ++out.files;
    out.octets += size;
    if (wish.passed) wish.passed(hash);
  }
  return out;
}

// False: it went meanwhile, or another one is in its place.
base::Result<bool> Library::condemn(const base::Sha256& hash, int fd) {
  const std::lock_guard lock(mutex_);
  if (!holds(hash)) return false;
  struct stat read {
  }, there{};
  const std::string from = path(hash);
  const bool gone = ::lstat(from.c_str(), &there) != 0;
  if (!gone && fd >= 0 && ::fstat(fd, &read) == 0 && read.st_ino != there.st_ino) return false;
  // Kept for whoever wants to know what the disk did to it. A disk that takes no change either may
  // be at fault as a whole: then nothing is taken out of service for it.
  if (!gone) {
    const std::string damaged = folder("damaged");
    if (auto made = make_directory(damaged, owner_); !made) return tl::unexpected(made.error());
    if (::rename(from.c_str(), fmt::format("{}/{}", damaged, base::print(hash)).c_str()) != 0)
      return base::fail_errno(fmt::format("{} is damaged and cannot be moved to {}", from, damaged), errno);
  }
  forget(hash);
  return true;
}

}  // namespace content
