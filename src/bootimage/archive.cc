// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/archive.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "bootimage/tool.h"

namespace bootimage {
namespace {

namespace fs = std::filesystem;

// Who may do what does not depend on the builder's umask: programs are those that have it set.
base::Status make_plain(const std::string& path, std::int64_t date) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return base::fail_errno(path, errno);
  if (!S_ISLNK(facts.st_mode)) {
    const bool runs = S_ISDIR(facts.st_mode) || (facts.st_mode & S_IXUSR) != 0;
    if (::chmod(path.c_str(), runs ? 0755 : 0644) != 0) return base::fail_errno(path, errno);
  }
  const std::array<timespec, 2> times{{{date, 0}, {date, 0}}};
  if (::utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
    return base::fail_errno(path, errno);
  return {};
}

}  // namespace

base::Status pack(const std::string& root, const std::string& file, std::int64_t date) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(root, error); !error && at != fs::end(at);
       at.increment(error))
    names.push_back(at->path().lexically_relative(root).string());
  if (error) return base::fail("{}: {}", root, error.message());
  std::sort(names.begin(), names.end());
  std::string list;
  // A file's date changes its folder's no more: the deepest go first.
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (const auto made = make_plain(fmt::format("{}/{}", root, *name), date); !made) return made;
  }
  for (const std::string& name : names) list += name + "\n";

  const std::string plain = file + ".cpio";
  const auto packed = run(cpio, {"-o", "--quiet", "-H", "newc", "--reproducible", "-R", "0:0"},
                          {.folder = root, .input = list, .output = plain});
  if (!packed) return tl::unexpected(packed.error());
  // The kernel's decompressor knows CRC-32 alone. One thread: more cut the input into blocks,
  // which the number of processors would decide.
  const auto compressed = run(xz, {"--check=crc32", "-6", "-T1", "-c", plain}, {.output = file});
  fs::remove(plain, error);
  if (!compressed) return tl::unexpected(compressed.error());
  return {};
}

}  // namespace bootimage
