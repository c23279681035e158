// SPDX-License-Identifier: GPL-3.0-or-later
// A package: which contents under which names. Written down as a manifest, a text:
//
//   bootferry package 1
//   e8a136… 8312345 initrd.gz
//   0f9d01… 7711232 linux
//
// A line a file: SHA-256, size in octets, name; in the order of the names' octets. One package
// has one spelling, hence one SHA-256 of its own (docs/formats/content-library.md).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace content {

struct PackageFile {
  base::Sha256 hash{};
  std::uint64_t size = 0;
  std::string name;  // relative, '/' between parts (check_file_name)
  bool operator==(const PackageFile&) const = default;
};

struct Package {
  std::vector<PackageFile> files;  // by name, each once
  bool operator==(const Package&) const = default;
  // nullptr: none of that name, as clients ask («initrd.gz», without regard to case).
  [[nodiscard]] const PackageFile* find(std::string_view name) const;
};

inline constexpr std::size_t most_package_files = 100'000;

std::string print(const Package& package);
// Only what print() writes is taken; the error names the line.
base::Result<Package> parse_package(std::string_view text);

// SHA-256 is as good as any hash of itself.
struct HashOfSha256 {
  std::size_t operator()(const base::Sha256& hash) const;
};
template <class Value>
using ByHash = std::unordered_map<base::Sha256, Value, HashOfSha256>;

// What a package takes in octets, each content counted once.
struct Usage {
  std::uint64_t own = 0;     // would be freed if it went alone
  std::uint64_t shared = 0;  // others have it too
  bool operator==(const Usage&) const = default;
};
// In the order of the packages.
std::vector<Usage> usage(std::span<const Package> packages);

}  // namespace content
