// SPDX-License-Identifier: GPL-3.0-or-later
#include "report.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace bench {

void Json::key(std::string_view name) {
  if (!body_.empty()) body_ += ", ";
  body_ += fmt::format("\"{}\": ", name);
}

Json& Json::add(std::string_view name, double value) {
  key(name);
  body_ += fmt::format("{:.9g}", std::isfinite(value) ? value : 0.0);
  return *this;
}

Json& Json::add(std::string_view name, std::uint64_t value) {
  key(name);
  body_ += fmt::format("{}", value);
  return *this;
}

// Our own words and addresses only: nothing that needs quoting.
Json& Json::add(std::string_view name, std::string_view value) {
  key(name);
  body_ += fmt::format("\"{}\"", value);
  return *this;
}

Json& Json::add(std::string_view name, const std::vector<double>& values) {
  key(name);
  body_ += "[";
  for (std::size_t i = 0; i < values.size(); ++i)
    body_ += fmt::format("{}{:.6g}", i == 0 ? "" : ", ", values[i]);
  body_ += "]";
  return *this;
}

Json& Json::add(std::string_view name, const Json& object) {
  key(name);
  body_ += object.text();
  return *this;
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto index = static_cast<std::size_t>(
      std::min(std::ceil(share * static_cast<double>(values.size())), static_cast<double>(values.size())));
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(index == 0 ? 0 : index - 1);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

Json summary(std::vector<double> values) {
  return Json()
      .add("count", static_cast<std::uint64_t>(values.size()))
      .add("p50", percentile(values, 0.5))
      .add("p95", percentile(values, 0.95))
      .add("p99", percentile(values, 0.99))
      .add("max", percentile(values, 1));
}

}  // namespace bench
