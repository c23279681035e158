// SPDX-License-Identifier: GPL-3.0-or-later
// A directory for one test, gone after it, and files that pass for kernels.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "bootferry-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string path(std::string_view relative = "") const {
    return relative.empty() ? path_ : path_ + "/" + std::string(relative);
  }
  std::string write(std::string_view relative, std::string_view text) const {
    const std::string file = path(relative);
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  // Writes a file and opens it for reading, as a client hands it over.
  [[nodiscard]] base::Fd open(std::string_view relative, std::string_view text) const {
    return base::Fd(::open(write(relative, text).c_str(), O_RDONLY | O_CLOEXEC));
  }
  // Names below a directory, sorted, directories too.
  [[nodiscard]] std::vector<std::string> list(std::string_view relative) const {
    std::vector<std::string> names;
    std::error_code error;
    const std::string top = path(relative);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top, error)) {
      names.push_back(entry.path().lexically_relative(top).string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::string path_;
};

inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The least that a bzImage header says: boot protocol 2.15, 64-bit entry, a version text.
inline std::string fake_kernel(std::string_view version = "6.1.0-test", std::uint16_t protocol = 0x020f,
                               std::uint16_t flags = 1) {
  std::string bytes(0x1000, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { bytes.replace(at, text.size(), text); };
  const auto put16 = [&](std::size_t at, unsigned value) {
    bytes[at] = static_cast<char>(value & 0xff);
    bytes[at + 1] = static_cast<char>(value >> 8);
  };
  bytes[0x1f1] = 4;
  put(0x202, "HdrS");
  put16(0x206, protocol);
  put16(0x20e, 0x300);  // the text stands at 0x500
  bytes[0x211] = 1;
  put16(0x236, flags);
  put16(0x238, 2047);
  put(0x500, version);
  return bytes;
}
