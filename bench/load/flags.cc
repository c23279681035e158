// SPDX-License-Identifier: GPL-3.0-or-later
#include "flags.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

void usage_error(const std::string& what) {
  std::fprintf(stderr, "bootferry-bench-load: %s\n", what.c_str());
  std::exit(2);
}

void fatal(const std::string& what) {
  std::fprintf(stderr, "bootferry-bench-load: %s\n", what.c_str());
  std::exit(1);
}

void fatal_errno(const std::string& what) { fatal(what + ": " + std::strerror(errno)); }

Flags::Flags(int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    const std::string name = argv[i];
    if (name.rfind("--", 0) != 0) usage_error("\"" + name + "\" is no flag");
    const bool has_value = i + 1 < argc && std::strncmp(argv[i + 1], "--", 2) != 0;
    given_[name] = has_value ? argv[++i] : "";
  }
}

bool Flags::flag(const std::string& name) {
  asked_[name] = true;
  return given_.count(name) != 0;
}

std::string Flags::text(const std::string& name, const std::string& otherwise) {
  asked_[name] = true;
  const auto found = given_.find(name);
  return found == given_.end() ? otherwise : found->second;
}

std::string Flags::required(const std::string& name) {
  std::string value = text(name);
  if (value.empty()) usage_error(name + " is needed");
  return value;
}

std::vector<std::string> Flags::list(const std::string& name) {
  std::vector<std::string> items;
  const std::string all = text(name);
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t comma = std::min(all.find(',', at), all.size());
    if (comma > at) items.push_back(all.substr(at, comma - at));
    at = comma + 1;
  }
  return items;
}

std::int64_t Flags::number(const std::string& name, std::int64_t otherwise, std::int64_t lowest,
                           std::int64_t highest) {
  const std::string value = text(name);
  if (value.empty()) return otherwise;
  char* end = nullptr;
  const long long parsed = std::strtoll(value.c_str(), &end, 10);
  if (*end != '\0' || parsed < lowest || parsed > highest) usage_error(name + ": not " + value);
  return parsed;
}

double Flags::real(const std::string& name, double otherwise) {
  const std::string value = text(name);
  if (value.empty()) return otherwise;
  char* end = nullptr;
  const double parsed = std::strtod(value.c_str(), &end);
  if (*end != '\0' || parsed < 0) usage_error(name + ": not " + value);
  return parsed;
}

void Flags::finish() const {
  for (const auto& [name, value] : given_) {
    if (asked_.count(name) == 0) usage_error(name + ": unknown flag");
  }
}

}  // namespace bench
