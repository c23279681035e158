// SPDX-License-Identifier: GPL-3.0-or-later
#include "management/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace management {
namespace {

using testing::HasSubstr;

net::UnixUser user(std::uint32_t id, std::vector<std::uint32_t> groups = {}) {
  return {id, 1, std::move(groups)};
}

// "root administrator", or "nobody".
std::string who(const std::optional<Caller>& caller) {
  return caller ? fmt::format("{} {}", caller->who, print(caller->role)) : "nobody";
}

TEST(ApiAccess, WithoutListsRootTheServerAndItsGroupAreAdministrators) {
  const auto access = ApiAccess::make({}, 901, 902);
  ASSERT_TRUE(access);
  EXPECT_EQ(who(access->of(user(0))), "root administrator");
  EXPECT_EQ(who(access->of(user(901))), "user 901 administrator");
  EXPECT_EQ(who(access->of(user(77777, {5, 902}))), "user 77777 administrator");
  EXPECT_EQ(who(access->of(user(77777, {5}))), "nobody");
  EXPECT_EQ(who(access->of(user(UINT32_MAX))), "nobody");
}

TEST(ApiAccess, ListsGiveTheHighestRoleThatFits) {
  const auto access = ApiAccess::make({{"daemon"}, {"@mail"}, {"bin", "@users"}}, 901, 902);
  ASSERT_TRUE(access) << access.error().what;
  EXPECT_EQ(who(access->of(user(1))), "daemon administrator");
  EXPECT_EQ(who(access->of(user(2))), "bin viewer");
  EXPECT_EQ(who(access->of(user(2, {8}))), "bin helpdesk");
  EXPECT_EQ(who(access->of(user(77777, {100, 8}))), "user 77777 helpdesk");
  EXPECT_EQ(who(access->of(user(77777, {100}))), "user 77777 viewer");
  EXPECT_EQ(who(access->of(user(77777, {902}))), "nobody")
      << "administrators are named, so the group is not meant";
  EXPECT_THAT(ApiAccess::make({{"nobody-has-this"}, {}, {}}, 1, 1).error().what,
              HasSubstr("no user nobody-has-this"));
  EXPECT_THAT(ApiAccess::make({{}, {"@none-has-this"}, {}}, 1, 1).error().what,
              HasSubstr("no group none-has-this"));
}

TEST(ApiTokens, BearersHaveTheRoleOfTheirLine) {
  const auto one = new_api_token("ci", ApiRole::viewer),
             two = new_api_token("admin-2", ApiRole::administrator);
  ASSERT_TRUE(one && two);
  EXPECT_NE(one->secret, two->secret);
  const auto tokens = ApiTokens::parse("# who\n\n" + one->line + "  # the pipeline\n" + two->line, "tokens");
  ASSERT_TRUE(tokens) << tokens.error().what;
  EXPECT_EQ(who(tokens->of("Bearer " + one->secret)), "token ci viewer");
  EXPECT_EQ(who(tokens->of("bearer " + two->secret)), "token admin-2 administrator");
  for (const std::string& wrong : {std::string(), std::string("Bearer "), one->secret, "Basic " + one->secret,
                                   "Bearer " + one->secret + "0", std::string("Bearer x")})
    EXPECT_EQ(who(tokens->of(wrong)), "nobody") << wrong;
  EXPECT_EQ(one->line.find(one->secret), std::string::npos) << "the file does not hold the secret";
}

TEST(ApiTokens, BadLinesAreNamed) {
  const std::string line = new_api_token("ci", ApiRole::viewer)->line;
  for (const std::string& bad :
       {std::string("ci viewer"), "ci king " + std::string(64, 'a'), "ci viewer " + std::string(63, 'a'),
        "c/i viewer " + std::string(64, 'a'), line + " x"})
    EXPECT_THAT(ApiTokens::parse("\n" + bad, "tokens").error().what, HasSubstr("tokens:2: not")) << bad;
  EXPECT_THAT(ApiTokens::parse(line + "\n" + line, "tokens").error().what,
              HasSubstr("tokens:2: there are two"));
  EXPECT_FALSE(new_api_token("a b", ApiRole::viewer));
  EXPECT_FALSE(ApiTokens::read("/nowhere/tokens"));
}

}  // namespace
}  // namespace management
