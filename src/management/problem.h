// SPDX-License-Identifier: GPL-3.0-or-later
// Why a request is refused, as a value; as a document (RFC 9457) in problem.cc only.
#pragma once

#include <string>
#include <vector>

#include "api/import.h"
#include "api/json.h"
#include "base/result.h"
#include "management/call.h"
#include "store/records.h"

namespace management {

enum class ProblemType : std::uint8_t {
  malformed,
  unauthorized,
  forbidden,
  no_such_path,
  not_found,
  method_not_allowed,
  too_large,
  unsupported_media_type,
  invalid,
  name_taken,
  in_use,
  missing_part,
  contradiction,
  stale,
  busy,
  not_written,
};
inline constexpr std::size_t problem_type_count = 16;
std::string_view print(ProblemType type);  // "in-use": urn:bootferry:problem:in-use
unsigned status_of(ProblemType type);

struct Problem {
  ProblemType type = ProblemType::malformed;
  std::string detail;          // a sentence with what to do
  std::string field = {};      // JSON pointer into the body, or "?name" of the query; empty: the whole
  api::LineFaults lines = {};  // of an import
  std::vector<std::string> allow = {};  // of method_not_allowed
};
Problem problem_of(const store::Refused& refused);
Problem problem_of(const api::Fault& fault);
// `field` is where the name of something that is not there stood.
Problem not_found(std::string_view kind, std::string_view name);

api::Json to_json(const Problem& problem);
api::Json lines_json(const api::LineFaults& faults);  // [{"line", "detail"}]
ApiAnswer to_answer(const Problem& problem);

// What most handlers return.
using ApiResult = base::Result<ApiAnswer, Problem>;

// 200 with a JSON body.
ApiAnswer json_answer(const api::Json& body, unsigned status = 200);

template <class... Args>
[[nodiscard]] tl::unexpected<Problem> refuse(ProblemType type, fmt::format_string<Args...> text,
                                             Args&&... args) {
  return tl::unexpected(Problem{type, fmt::format(text, std::forward<Args>(args)...)});
}

}  // namespace management
