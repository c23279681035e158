// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/package.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "content/published.h"
#include "content/sources.h"

namespace content {
namespace {

constexpr std::string_view first_line = "bootferry package 1\n";
constexpr std::size_t hash_digits = 64;

// Up to `end`, which goes too; nullopt where there is none.
std::optional<std::string_view> cut(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  if (at == text.npos) return std::nullopt;
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at + 1);
  return part;
}

// As print() writes them: no leading zeros, lower case.
std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return size;
}

std::optional<base::Sha256> parse_hash(std::string_view text) {
  const auto hash = base::parse_sha256(text);
  if (!hash || std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'F'; })) return std::nullopt;
  return hash;
}

base::Result<PackageFile> parse_line(std::string_view line) {
  const auto hash_text = cut(line, ' ');
  const auto hash = hash_text ? parse_hash(*hash_text) : std::nullopt;
  if (!hash) return base::fail("no SHA-256 of {} hexadecimal digits", hash_digits);
  const auto size_text = cut(line, ' ');
  const auto size = size_text ? parse_size(*size_text) : std::nullopt;
  if (!size) return base::fail("no size");
  if (auto named = check_file_name(line); !named) return tl::unexpected(named.error());
  return PackageFile{*hash, *size, std::string(line)};
}

}  // namespace

const PackageFile* Package::find(std::string_view name) const {
  const auto wanted = normalise(name);
  const auto found =
      std::ranges::find_if(files, [&](const PackageFile& file) { return normalise(file.name) == wanted; });
  return !wanted || found == files.end() ? nullptr : &*found;
}

std::string print(const Package& package) {
  std::string text(first_line);
  for (const PackageFile& file : package.files) {
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", base::print(file.hash), file.size, file.name);
  }
  return text;
}

base::Result<Package> parse_package(std::string_view text) {
  if (!text.starts_with(first_line)) return base::fail("no package of a kind that this Bootferry knows");
  text.remove_prefix(first_line.size());
  Package package;
  while (!text.empty()) {
    const std::size_t number = package.files.size() + 2;
    const auto line = cut(text, '\n');
    if (!line) return base::fail("package, line {}: is cut off", number);
    if (package.files.size() == most_package_files)
      return base::fail("package: more than {} files", most_package_files);
    auto file = parse_line(*line);
    if (!file) return base::fail("package, line {}: {}", number, file.error().what);
    if (!package.files.empty() && file->name <= package.files.back().name)
      return base::fail("package, line {}: {} is out of order", number, file->name);
    package.files.push_back(std::move(*file));
  }
  return package;
}

std::size_t HashOfSha256::operator()(const base::Sha256& hash) const {
  std::size_t front = 0;
  std::memcpy(&front, hash.data(), sizeof front);
  return front;
}

std::vector<Usage> usage(std::span<const Package> packages) {
  struct Holders {
    std::size_t count = 0;
    std::size_t last_visit = 0;
  };
  ByHash<Holders> holders;
  std::size_t visit = 0;
  // One package may have one content under several names.
  const auto first_time = [&](Holders& of) { return std::exchange(of.last_visit, visit) != visit; };
  for (const Package& package : packages) {
    ++visit;
    for (const PackageFile& file : package.files) {
      if (Holders& of = holders[file.hash]; first_time(of)) ++of.count;
    }
  }
  std::vector<Usage> out;
  for (const Package& package : packages) {
    ++visit;
    Usage& used = out.emplace_back();
    for (const PackageFile& file : package.files) {
      if (Holders& of = holders[file.hash]; first_time(of))
        (of.count > 1 ? used.shared : used.own) += file.size;
    }
  }
  return out;
}

}  // namespace content
