// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/disk_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/fd.h"

namespace content {

std::string_view content_type(std::string_view published_name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> types = {{
      {".efi", "application/efi"},
      {".iso", "application/vnd.efi-iso"},
      {".img", "application/vnd.efi-img"},
      {".ipxe", "text/plain"},
      {".cfg", "text/plain"},
      {".lst", "text/plain"},
      {".txt", "text/plain"},
  }};
  for (const auto& [ending, type] : types) {
    if (published_name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

base::Result<DiskFile> describe_file(const std::string& path, std::string_view published_name) {
  // Opened, not only looked at: a file that this process may not read cannot be served.
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.open()) return base::fail_errno(path, errno);
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0) return base::fail_errno(path, errno);
  if (!S_ISREG(facts.st_mode)) return base::fail("{}: not a regular file", path);
  DiskFile file;
  file.path = path;
  file.size = static_cast<std::uint64_t>(facts.st_size);
  file.etag = fmt::format("{:x}-{:x}-{:x}.{:x}", facts.st_ino, file.size, facts.st_mtim.tv_sec,
                          facts.st_mtim.tv_nsec);
  file.content_type = content_type(published_name);
  return file;
}

base::Status publish_directory(Published& published, const std::string& directory, std::string_view prefix) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::recursive_directory_iterator walk(directory, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (walk->symlink_status(error).type() != fs::file_type::regular) continue;
    const std::string relative = walk->path().lexically_relative(directory).generic_string();
    const auto name = normalise(fmt::format("{}/{}", prefix, relative));
    if (!name) continue;  // import refuses such names: somebody put the file there by hand
    auto file = describe_file(walk->path().string(), *name);
    if (!file) return tl::unexpected(file.error());
    published.add(*name, std::move(*file));
  }
  if (error) return base::fail("{}: {}", directory, error.message());
  return {};
}

}  // namespace content
