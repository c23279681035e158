// SPDX-License-Identifier: GPL-3.0-or-later
// What a run says at its end: one JSON object on one line, and the statistics in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class Json {
 public:
  Json& add(std::string_view key, double value);
  Json& add(std::string_view key, std::uint64_t value);
  Json& add(std::string_view key, std::string_view value);
  Json& add(std::string_view key, const std::vector<double>& values);
  Json& add(std::string_view key, const Json& object);
  [[nodiscard]] std::string text() const { return "{" + body_ + "}"; }

 private:
  void key(std::string_view name);
  std::string body_;
};

// The value below which `share` (0..1) of them lie; 0 of none. Sorts its argument.
double percentile(std::vector<double>& values, double share);
// count, p50, p95, p99 and max.
Json summary(std::vector<double> values);

}  // namespace bench
