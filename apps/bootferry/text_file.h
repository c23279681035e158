// SPDX-License-Identifier: GPL-3.0-or-later
// Files that the command line reads and writes whole; «-» is standard input or output.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cli {

inline constexpr std::size_t largest_text = 64 << 20;  // what the server takes at one time

base::Result<std::string> read_text(const std::string& path);

// A new file in place of `path`, seen by others only when commit() has succeeded.
class NewFile {
 public:
  static base::Result<NewFile> make(const std::string& path);
  ~NewFile();
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;

  base::Status write(std::string_view piece);
  base::Status commit();

 private:
  NewFile(std::string path, std::string temporary, int fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}
  std::string path_, temporary_;  // no temporary one: standard output
  int fd_;
};

}  // namespace cli
