// SPDX-License-Identifier: GPL-3.0-or-later
#include "scratch_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace cli {

namespace fs = std::filesystem;

std::string scratch_folder() {
  const char* const chosen = std::getenv("TMPDIR");
  return chosen != nullptr && *chosen != '\0' ? chosen : "/var/tmp";
}

base::Status check_room(const std::string& folder, std::uint64_t octets) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error) return base::fail("{}: {}", folder, error.message());
  if (space.available >= octets) return {};
  return base::fail("{}: not enough room: {} MB are needed and {} MB free", folder,
                    (octets + 999'999) / 1'000'000, space.available / 1'000'000);
}

base::Result<ScratchFile> ScratchFile::make(const std::string& folder) {
  base::Fd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0644));
  if (file.open()) return ScratchFile(std::move(file), "");
  if (errno != EOPNOTSUPP && errno != EISDIR) return base::fail_errno(folder, errno);
  std::string name = folder + "/.bootferry-XXXXXX";
  file = base::Fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.open()) return base::fail_errno(folder, errno);
  ::fchmod(file.get(), 0644);
  return ScratchFile(std::move(file), std::move(name));
}

ScratchFile::ScratchFile(ScratchFile&& other) noexcept
    : file_(std::move(other.file_)), name_(std::exchange(other.name_, "")) {}

ScratchFile::~ScratchFile() {
  if (!name_.empty()) ::unlink(name_.c_str());
}

base::Status ScratchFile::write(std::string_view piece) {
  while (!piece.empty()) {
    const ssize_t put = ::write(file_.get(), piece.data(), piece.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return base::fail_errno("write", errno);
    piece.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

base::Status ScratchFile::give_name(const std::string& path) {
  if (::fsync(file_.get()) != 0) return base::fail_errno(path, errno);
  if (name_.empty()) {
    // A link takes no name that is taken; a rename does.
    std::string between = fmt::format("{}.{}", path, ::getpid());
    const std::string self = fmt::format("/proc/self/fd/{}", file_.get());
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, between.c_str(), AT_SYMLINK_FOLLOW) != 0)
      return base::fail_errno(path, errno);
    name_ = std::move(between);
  }
  if (::rename(name_.c_str(), path.c_str()) != 0) return base::fail_errno(path, errno);
  name_.clear();
  return {};
}

}  // namespace cli
