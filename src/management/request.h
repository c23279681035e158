// SPDX-License-Identifier: GPL-3.0-or-later
// A call taken apart: the names in its path, the parameters of its query, its body.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/json.h"
#include "management/problem.h"

namespace management {

// "/v1/devices/pc%2f7" -> {"v1", "devices", "pc/7"}. Nothing where it is no path.
std::optional<std::vector<std::string>> path_parts(std::string_view path);

class ApiQuery {
 public:
  // Each parameter once, and of `known` ones alone: a slip in "dry_run" must not do the real thing.
  static base::Result<ApiQuery, Problem> parse(std::string_view query,
                                               std::span<const std::string_view> known);

  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const;
  [[nodiscard]] base::Result<bool, Problem> flag(std::string_view name, bool otherwise) const;
  [[nodiscard]] base::Result<std::int64_t, Problem> number(std::string_view name, std::int64_t otherwise,
                                                           std::int64_t least, std::int64_t most) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

struct ApiRequest {
  ApiCall& call;
  std::vector<std::string> names = {};  // that stand for the braces of the route's path
  ApiQuery query = {};
  // One JSON object; an absent body is an empty one where `may_be_absent`.
  [[nodiscard]] base::Result<api::Json, Problem> object(bool may_be_absent = false) const;
  // If-Match and If-None-Match say otherwise than a record of that revision; nothing: there is none.
  [[nodiscard]] std::optional<Problem> stale(std::optional<std::int64_t> revision) const;
};

std::string print_etag(std::int64_t revision);  // "\"17\""

// Members of a small JSON object, with all that is wrong with it.
class Members {
 public:
  explicit Members(const api::Json& object) : object_(object) {}
  std::string text(const char* name, std::string otherwise = {});
  std::vector<std::string> texts(const char* name);
  bool flag(const char* name, bool otherwise = false);
  int number(const char* name, int otherwise, int least, int most);
  [[nodiscard]] bool has(const char* name) const;
  void complain(std::string field, std::string what);
  // Once all known members were asked for: the first complaint, or an unknown member.
  std::optional<Problem> problem();

 private:
  const api::Json* find(const char* name);
  const api::Json& object_;
  std::vector<std::string_view> asked_;
  std::optional<Problem> problem_;
};

}  // namespace management
