// SPDX-License-Identifier: GPL-3.0-or-later
#include "management/problem.h"

#include <fmt/ranges.h>

#include <array>
#include <nlohmann/json.hpp>

namespace management {
namespace {

struct Row {
  std::string_view name;
  unsigned status;
  std::string_view title;
};
// In the order of ProblemType.
constexpr std::array<Row, problem_type_count> rows{{
    {"malformed", 400, "The request cannot be read"},
    {"unauthorized", 401, "The request says not who asks"},
    {"forbidden", 403, "Whoever asks may not do this"},
    {"no-such-path", 404, "There is no such path"},
    {"not-found", 404, "There is no such record"},
    {"method-not-allowed", 405, "The path knows no such method"},
    {"too-large", 413, "The request is too large"},
    {"unsupported-media-type", 415, "The body is of another type than is read here"},
    {"invalid", 422, "A value makes no sense"},
    {"name-taken", 409, "Another record has this name, address or UUID"},
    {"in-use", 409, "Other records need this one"},
    {"missing-part", 422, "A record is named that is not there"},
    {"contradiction", 422, "The whole would contradict itself"},
    {"stale", 412, "Somebody else has changed this meanwhile"},
    {"busy", 503, "Too much is under way"},
    {"not-written", 503, "The change cannot be kept"},
}};
const Row& row_of(ProblemType type) { return rows[static_cast<std::size_t>(type)]; }

}  // namespace

std::string_view print(ProblemType type) { return row_of(type).name; }
unsigned status_of(ProblemType type) { return row_of(type).status; }

Problem problem_of(const store::Refused& refused) {
  using Why = store::Refused::Why;
  const auto type = [&] {
    switch (refused.why) {
      case Why::not_found:
        return ProblemType::not_found;
      case Why::invalid:
        return ProblemType::invalid;
      case Why::name_taken:
        return ProblemType::name_taken;
      case Why::in_use:
        return ProblemType::in_use;
      case Why::missing_part:
        return ProblemType::missing_part;
      case Why::contradiction:
        return ProblemType::contradiction;
      case Why::stale:
        return ProblemType::stale;
      case Why::not_written:
        break;
    }
    return ProblemType::not_written;
  }();
  return {type, refused.what};
}

Problem problem_of(const api::Fault& fault) { return {ProblemType::invalid, fault.what, fault.field}; }

Problem not_found(std::string_view kind, std::string_view name) {
  return {ProblemType::not_found, fmt::format("there is no {} \"{}\"", kind, name)};
}

api::Json lines_json(const api::LineFaults& faults) {
  api::Json lines = api::Json::array();
  for (const auto& [line, what] : faults.lines) lines.push_back({{"line", line}, {"detail", what}});
  return lines;
}

api::Json to_json(const Problem& problem) {
  const Row& row = row_of(problem.type);
  api::Json out = {{"type", fmt::format("urn:bootferry:problem:{}", row.name)},
                   {"title", row.title},
                   {"status", row.status},
                   {"detail", problem.detail}};
  if (!problem.field.empty()) out["field"] = problem.field;
  if (!problem.lines.empty()) {
    out["lines"] = lines_json(problem.lines);
    if (problem.lines.more > 0) out["more"] = problem.lines.more;
  }
  return out;
}

ApiAnswer to_answer(const Problem& problem) {
  ApiAnswer answer;
  answer.status = status_of(problem.type);
  answer.content_type = "application/problem+json";
  answer.body = api::print_json(to_json(problem)) + "\n";
  if (problem.type == ProblemType::method_not_allowed) {
    answer.fields.emplace_back("Allow", fmt::format("{}", fmt::join(problem.allow, ", ")));
  }
  if (problem.type == ProblemType::unauthorized) answer.fields.emplace_back("WWW-Authenticate", "Bearer");
  return answer;
}

ApiAnswer json_answer(const api::Json& body, unsigned status) {
  ApiAnswer answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = api::print_json(body) + "\n";
  return answer;
}

}  // namespace management
