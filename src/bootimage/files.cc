// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/files.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace bootimage {

namespace fs = std::filesystem;

base::Result<WorkFolder> WorkFolder::make(std::uint64_t room) {
  const char* const chosen = std::getenv("TMPDIR");
  const std::string top = chosen != nullptr && *chosen != '\0' ? chosen : "/var/tmp";
  std::error_code error;
  const fs::space_info space = fs::space(top, error);
  if (error) return base::fail("{}: {}", top, error.message());
  if (space.available < room) {
    return base::fail("{}: not enough room: {} MB are needed and {} MB free; TMPDIR=DIR names another place",
                      top, room / 1'000'000, space.available / 1'000'000);
  }
  std::string path = top + "/bootferry-image-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return base::fail_errno(top, errno);
  return WorkFolder(std::move(path));
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

base::Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail_errno(path, errno);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return base::fail("{}: it cannot be read", path);
  return text;
}

base::Status write_file(const std::string& path, std::string_view text) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) return base::fail("{}: {}", path, error.message());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return base::fail("{}: it cannot be written", path);
  return {};
}

base::Status copy_file(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directories(fs::path(to).parent_path(), error);
  if (!error) fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) return base::fail("{}: {}", from, error.message());
  return {};
}

base::Result<std::uint64_t> size_of(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return base::fail("{}: {}", path, error.message());
  return size;
}

base::Result<std::vector<std::string>> files_at(const std::string& path) {
  std::vector<std::string> files;
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    if (!fs::is_regular_file(path, error)) return base::fail("{}: there is no such file or folder", path);
    return std::vector<std::string>{path};
  }
  for (auto at = fs::recursive_directory_iterator(path, error); !error && at != fs::end(at);
       at.increment(error)) {
    if (at->is_regular_file(error)) files.push_back(at->path().string());
    error.clear();  // a link that leads nowhere is no file
  }
  if (error) return base::fail("{}: {}", path, error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace bootimage
