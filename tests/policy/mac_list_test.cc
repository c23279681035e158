// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/mac_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/known_faults.h"

namespace policy {
namespace {

using testing::HasSubstr;

TEST(MacPrefix, Spellings) {
  struct Row {
    const char* text;
    const char* printed;  // null: refused
  };
  const Row rows[] = {
      {"52:54:00:12:34:56", "52:54:00:12:34:56"},
      {"52-54-00-12-34-56", "52:54:00:12:34:56"},
      {"5254.0012.3456", "52:54:00:12:34:56"},
      {"525400123456", "52:54:00:12:34:56"},
      {"52:54:00:12:34:56*", "52:54:00:12:34:56"},
      {"52:54:00", "52:54:00"},
      {"52:54:00:", "52:54:00"},
      {"52:54:00:*", "52:54:00"},
      {"52-54-00-*", "52:54:00"},
      {"AB", "ab"},
      {"ab:cd:ef:01:23", "ab:cd:ef:01:23"},
      {"", nullptr},
      {"*", nullptr},
      {":*", nullptr},
      {"5", nullptr},
      {"52:5", nullptr},
      {"52:5*", nullptr},
      {"52:54:00:12:34:56:78", nullptr},
      {"52:*:00", nullptr},
      {"zz", nullptr},
      {"0x", nullptr},
      {"+1", nullptr},
      {"-1:22", nullptr},
      {"52 54", nullptr},
      {"525400", nullptr},
  };
  for (const Row& row : rows) {
    const auto prefix = MacPrefix::parse(row.text);
    ASSERT_EQ(prefix.has_value(), row.printed != nullptr) << row.text;
    if (!prefix) continue;
    EXPECT_EQ(prefix->print(), row.printed) << row.text;
    EXPECT_EQ(MacPrefix::parse(prefix->print()), prefix) << row.text;
  }
}

TEST(MacList, LongestPrefixCovers) {
  std::vector<MacPrefix> prefixes;
  for (const char* text :
       {"52:54:00", "52", "52:54:00:12:34:56", "52:54:00:12", "52:54:00", "00:00:00", "ff"})
    prefixes.push_back(MacPrefix::parse(text).value());
  const MacList list(prefixes);
  EXPECT_EQ(list.all().size(), 6U) << "each once";
  struct Row {
    const char* mac;
    const char* by;  // null: not covered
  };
  const Row rows[] = {
      {"52:54:00:12:34:56", "52:54:00:12:34:56"},
      {"52:54:00:12:34:57", "52:54:00:12"},
      {"52:54:00:13:00:00", "52:54:00"},
      {"52:55:00:12:34:56", "52"},
      {"53:54:00:12:34:56", nullptr},
      {"00:00:00:00:00:01", "00:00:00"},
      {"00:00:01:00:00:00", nullptr},
      {"ff:ff:ff:ff:ff:ff", "ff"},
      {"51:ff:ff:ff:ff:ff", nullptr},
  };
  for (const Row& row : rows) {
    const MacPrefix* const by = list.covering(base::Mac::parse(row.mac).value());
    ASSERT_EQ(by != nullptr, row.by != nullptr) << row.mac;
    if (by != nullptr) {
      EXPECT_EQ(by->print(), row.by) << row.mac;
    }
  }
  EXPECT_EQ(MacList().covering(base::Mac{}), nullptr);
}

TEST(MacList, FileWithComments) {
  const auto list = parse_mac_list(
      "# machines of the workshop\n"
      "\n"
      "52:54:00   # a whole maker\r\n"
      "\t00-11-22-33-44-55\n"
      "   \t \n"
      "a0:b0:*");  // no line end behind the last
  ASSERT_TRUE(list) << list.error().what;
  ASSERT_EQ(list->size(), 3U);
  EXPECT_EQ((*list)[0].print(), "52:54:00");
  EXPECT_EQ((*list)[1].print(), "00:11:22:33:44:55");
  EXPECT_EQ((*list)[2].print(), "a0:b0");
  EXPECT_TRUE(parse_mac_list("").value().empty());
  EXPECT_TRUE(parse_mac_list("#\n\n#").value().empty());
}

TEST(MacList, ABadLineIsNamed) {
  struct Row {
    const char* text;
    const char* what;
  };
  const Row rows[] = {
      {"52:54:00\n52:54:zz\n", "line 2: \"52:54:zz\""},
      {"\n\n\nworkshop # 52:54:00", "line 4: \"workshop\""},
      {"52:54:00 52:54:01", "line 1: \"52:54:00 52:54:01\""},
      {"*\n", "line 1: \"*\""},
  };
  for (const Row& row : rows) {
    const auto list = parse_mac_list(row.text);
    ASSERT_FALSE(list) << row.text;
    EXPECT_THAT(list.error().what, HasSubstr(row.what));
  }
}

TEST(KnownFaults, AreSensible) {
  for (const base::Uuid& uuid : known_duplicate_uuids()) EXPECT_FALSE(uuid.is_blank()) << uuid.print();
  const auto prefixes = known_wandering_macs();
  EXPECT_EQ(MacList(prefixes).all().size(), prefixes.size()) << "none twice";
  for (const MacPrefix& prefix : prefixes) EXPECT_EQ(prefix.octets, 3U) << prefix.print();
  EXPECT_NE(MacList(prefixes).covering(base::Mac{{0x50, 0x1a, 0xc5, 1, 2, 3}}), nullptr);
}

}  // namespace
}  // namespace policy
