// SPDX-License-Identifier: GPL-3.0-or-later
// Command-line flags of the load generator: "--name value", or "--name" alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bench {

class Flags {
 public:
  // Everything behind the subcommand. A word that is no flag ends the process (exit 2).
  Flags(int argc, char** argv);

  bool flag(const std::string& name);
  std::string text(const std::string& name, const std::string& otherwise = "");
  std::string required(const std::string& name);
  std::vector<std::string> list(const std::string& name);  // "a,b,c"
  std::int64_t number(const std::string& name, std::int64_t otherwise, std::int64_t lowest,
                      std::int64_t highest);
  double real(const std::string& name, double otherwise);
  // Ends the process when a flag was given that nobody asked for: a typing error.
  void finish() const;

 private:
  std::map<std::string, std::string> given_;
  std::map<std::string, bool> asked_;
};

[[noreturn]] void usage_error(const std::string& what);
[[noreturn]] void fatal(const std::string& what);  // exit 1
[[noreturn]] void fatal_errno(const std::string& what);

}  // namespace bench
