// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_target.h"

#include <gtest/gtest.h>

namespace net {
namespace {

TEST(HttpTarget, Accepted) {
  const struct {
    const char* name;
    const char* raw;
    HttpTarget want;
  } cases[] = {
      {"root", "/", {"/", ""}},
      {"plain", "/boot/vmlinuz", {"/boot/vmlinuz", ""}},
      {"two slashes stay", "//boot//x", {"//boot//x", ""}},
      {"two slashes are no authority", "//host/x", {"//host/x", ""}},
      {"dots stay", "/a/../b/./c", {"/a/../b/./c", ""}},
      {"escaped dots are dots", "/%2e%2E/etc", {"/../etc", ""}},
      {"escaped backslash", "/boot%5cx64", {"/boot\\x64", ""}},
      {"escaped slash", "/a%2fb", {"/a/b", ""}},
      {"escaped blank", "/a%20b", {"/a b", ""}},
      {"plus is a plus", "/c++", {"/c++", ""}},
      {"decoded once only", "/%252e", {"/%2e", ""}},
      {"UTF-8", "/%c3%a4", {"/\xc3\xa4", ""}},
      {"query stays raw", "/x?mac=52%3a54&a", {"/x", "mac=52%3a54&a"}},
      {"escaped question mark is no query", "/a%3fb", {"/a?b", ""}},
      {"second question mark belongs to the query", "/a?b?c", {"/a", "b?c"}},
      {"absolute form", "http://10.0.0.1:80/boot/x?q", {"/boot/x", "q"}},
      {"absolute form without a path", "http://10.0.0.1", {"/", ""}},
  };
  for (const auto& c : cases) {
    const auto got = parse_target(c.raw);
    ASSERT_TRUE(got) << c.name;
    EXPECT_EQ(*got, c.want) << c.name << ": " << got->path;
  }
}

TEST(HttpTarget, Refused) {
  const struct {
    const char* name;
    const char* raw;
    TargetFault want;
  } cases[] = {
      {"empty", "", TargetFault::not_a_path},
      {"star", "*", TargetFault::not_a_path},
      {"authority", "10.0.0.1:80", TargetFault::not_a_path},
      {"relative", "boot/x", TargetFault::not_a_path},
      {"query only", "?x", TargetFault::not_a_path},
      {"absolute form with a query only", "http://h?x=/y", TargetFault::not_a_path},
      {"an origin inside a query is none", "x?http://h/y", TargetFault::not_a_path},
      {"escaped NUL would cut the name", "/boot%00.efi", TargetFault::control_character},
      {"escaped line break", "/a%0d%0ab", TargetFault::control_character},
      {"DEL", "/%7f", TargetFault::control_character},
      {"escape cut off", "/a%2", TargetFault::broken_escape},
      {"percent at the end", "/a%", TargetFault::broken_escape},
      {"no digits", "/%zz", TargetFault::broken_escape},
      {"sign in an escape", "/%+1x", TargetFault::broken_escape},
      {"percent twice", "/%%41", TargetFault::broken_escape},
      {"escape cut off by the query", "/%4?1", TargetFault::broken_escape},
  };
  for (const auto& c : cases) {
    const auto got = parse_target(c.raw);
    ASSERT_FALSE(got) << c.name;
    EXPECT_EQ(got.error(), c.want) << c.name;
  }
}

}  // namespace
}  // namespace net
