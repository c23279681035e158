// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/sources.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <unordered_map>

#include "content/confined.h"
#include "content/published.h"

namespace content {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_image_name = 64;
// Leaves room for «images/<name>/<version>/» within the longest name that normalise() takes.
constexpr std::size_t longest_file_name = 400;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

base::Status check_regular(const SourceFile& file) {
  const auto part = measured(file.part);
  if (!part) return base::fail("{}: {}", file.name, part.error().what);
  return {};
}

}  // namespace

base::Status check_file_name(std::string_view name) {
  const auto refuse = [&](std::string_view why) -> base::Status {
    std::string shown;
    for (const char c : name.substr(0, 100))
      shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return base::fail("file name \"{}\": {}", shown, why);
  };
  if (name.empty()) return refuse("is empty");
  if (name.front() == '/') return refuse("must be relative");
  if (name.size() > longest_file_name) return refuse("is longer than 400 octets");
  // A client's '\' means '/': such a file could never be asked for.
  if (name.find('\\') != name.npos) return refuse("holds a backslash, which clients use for '/'");
  if (!normalise(name)) return refuse("holds \"..\" or a control character");
  for (const fs::path& part : fs::path(name)) {
    if (part == "." || part.empty()) return refuse("has an empty or \".\" part");
  }
  if (name.find("//") != name.npos) return refuse("has an empty or \".\" part");
  return {};
}

base::Status check_image_name(std::string_view name) {
  const bool fits = !name.empty() && name.size() <= longest_image_name && is_letter_or_digit(name.front()) &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
                    });
  if (fits) return {};
  return base::fail(
      "an image name is 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter or digit");
}

base::Status check_sources(std::span<const SourceFile> files) {
  if (files.empty()) return base::fail("no files");
  std::unordered_map<std::string, const std::string*> seen;
  for (const SourceFile& file : files) {
    if (auto named = check_file_name(file.name); !named) return named;
    const auto [other, fresh] = seen.emplace(*normalise(file.name), &file.name);
    if (!fresh) {
      return base::fail("{} and {}: the same name to a client, which ignores case", *other->second,
                        file.name);
    }
    if (auto regular = check_regular(file); !regular) return regular;
  }
  for (const auto& [name, shown] : seen) {
    for (std::size_t slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1)) {
      const auto file = seen.find(name.substr(0, slash));
      if (file != seen.end()) return base::fail("{}: a file and a folder, for {}", *file->second, *shown);
    }
  }
  return {};
}

base::Result<std::vector<std::uint8_t>> read_front(const SourceFile& file, std::size_t size) {
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, file.part.size));
  std::vector<std::uint8_t> bytes(size);
  std::size_t got = 0;
  while (got < size) {
    const auto at = static_cast<off_t>(file.part.offset + got);
    const ssize_t n = ::pread(file.part.fd, bytes.data() + got, size - got, at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::fail_errno("read " + file.name, errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

}  // namespace content
