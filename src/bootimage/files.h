// SPDX-License-Identifier: GPL-3.0-or-later
// Files of a build, and a place for them that is gone afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bootimage {

// A folder below TMPDIR (else /var/tmp), removed with this object.
class WorkFolder {
 public:
  // Refused where fewer octets than that are free.
  static base::Result<WorkFolder> make(std::uint64_t room);
  WorkFolder(WorkFolder&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder();
  [[nodiscard]] std::string path(std::string_view relative = "") const {
    return relative.empty() ? path_ : path_ + "/" + std::string(relative);
  }

 private:
  explicit WorkFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

base::Result<std::string> read_file(const std::string& path);
base::Status write_file(const std::string& path, std::string_view text);
// Folders on the way are made. What the file holds, whatever its mode and owner were.
base::Status copy_file(const std::string& from, const std::string& to);
base::Result<std::uint64_t> size_of(const std::string& path);
// Regular files at or below a path, sorted; links are followed to files and not to folders.
base::Result<std::vector<std::string>> files_at(const std::string& path);

}  // namespace bootimage
