// SPDX-License-Identifier: GPL-3.0-or-later
// A large file on the way: where the file system can, it has no name before it is whole, so that
// nothing is left of it however this program ends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace cli {

// TMPDIR, else /var/tmp.
std::string scratch_folder();
// Whether the file system of `folder` has that much left.
base::Status check_room(const std::string& folder, std::uint64_t octets);

class ScratchFile {
 public:
  static base::Result<ScratchFile> make(const std::string& folder);
  ScratchFile(ScratchFile&& other) noexcept;
  ScratchFile& operator=(ScratchFile&&) = delete;
  ~ScratchFile();

  [[nodiscard]] int get() const { return file_.get(); }  // open for both
  base::Status write(std::string_view piece);
  base::Fd release() { return std::move(file_); }  // open still, and without a name
  // In place of whatever has that name, once it is on the disk. In the same file system.
  base::Status give_name(const std::string& path);

 private:
  ScratchFile(base::Fd file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  base::Fd file_;
  std::string name_;  // empty: it has none
};

}  // namespace cli
