// SPDX-License-Identifier: GPL-3.0-or-later
// The project's result type. Three kinds of error exist and only the first two use it:
// bad input (an enum as error type: refusing a packet allocates nothing), the world failed
// (base::Error, words for people), and we are wrong (base::check, which ends the process).
#pragma once

#include <fmt/core.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace base {

// What failed, in one line a person can act on: what, where, and what to do next.
struct Error {
  std::string what;
  bool operator==(const Error&) const = default;
};

template <class T, class E = Error>
using Result = tl::expected<T, E>;

using Status = Result<void>;

// `return base::fail("{}: no such image", name);`
template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(fmt::format_string<Args...> text, Args&&... args) {
  return tl::unexpected(Error{fmt::format(text, std::forward<Args>(args)...)});
}

// An errno with what was being done: "open /x: Permission denied".
[[nodiscard]] tl::unexpected<Error> fail_errno(std::string_view doing, int error);

// A broken invariant of our own. On in release builds; prints where and aborts.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace base

#define BOOTFERRY_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::base::check_failed(#expression, __FILE__, __LINE__))
