// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/result.h"

#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace base {

tl::unexpected<Error> fail_errno(std::string_view doing, int error) {
  return fail("{}: {}", doing, std::generic_category().message(error));
}

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "bootferry: broken invariant at %s:%d: %s\n", file, line, expression);
  std::abort();
}

}  // namespace base
