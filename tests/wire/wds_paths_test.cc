// SPDX-License-Identifier: GPL-3.0-or-later
// The two options that name files: 252 (the BCD) and 243 (ConfigMgr's variables).
#include <gtest/gtest.h>

#include <string>

#include "wire/wds.h"

namespace wire::wds {
namespace {

// Pairs of hex digits; blanks between them count for nothing.
base::Bytes bytes(std::string_view digits) {
  std::string packed;
  for (const char c : digits) {
    if (c != ' ') packed += c;
  }
  base::Bytes out;
  for (std::size_t i = 0; i + 1 < packed.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(std::stoul(packed.substr(i, 2), nullptr, 16)));
  }
  return out;
}

TEST(WdsBcdPath, ReadsAndWrites) {
  struct Case {
    const char* name;
    std::string octets;
    base::Result<std::string_view, Refusal> want;
  };
  const std::string longest(max_bcd_path, 'b');
  const Case cases[] = {
      {"one NUL", std::string("\\Boot\\BCD\0", 10), "\\Boot\\BCD"},
      {"no NUL", "\\Boot\\BCD", "\\Boot\\BCD"},
      {"three NULs", std::string("boot\\bcd\0\0\0", 11), "boot\\bcd"},
      {"as long as one option takes", longest + '\0', longest},
      {"an octet longer", longest + 'b', tl::unexpected(Refusal::too_long)},
      {"the largest datagram's", std::string(2048, 'b'), tl::unexpected(Refusal::too_long)},
      {"no octet", "", tl::unexpected(Refusal::empty_path)},
      {"only NULs", std::string(3, '\0'), tl::unexpected(Refusal::empty_path)},
      {"a NUL inside", std::string("a\0b", 3), tl::unexpected(Refusal::not_ascii)},
      {"an escape", "\x1b[2J", tl::unexpected(Refusal::not_ascii)},
      {"UTF-8", "\\B\xc3\xb6", tl::unexpected(Refusal::not_ascii)},
      {"DEL", "a\x7f", tl::unexpected(Refusal::not_ascii)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = decode_bcd_path(base::as_bytes(c.octets));
    ASSERT_EQ(got, c.want);
    base::Bytes buffer(max_option);
    const auto written = encode_bcd_path(got ? *got : c.octets, buffer);
    ASSERT_EQ(written.has_value(), got.has_value());
    if (!written) continue;
    EXPECT_EQ(*written, got->size() + 1) << "one NUL";
    EXPECT_EQ(buffer[*written - 1], 0);
    EXPECT_EQ(decode_bcd_path(base::ByteView(buffer).first(*written)), *got);
    EXPECT_FALSE(encode_bcd_path(*got, std::span(buffer).first(*written - 1)).has_value());
  }
}

TEST(WdsVariables, BothRecords) {
  const base::Bytes path_only = bytes("01 06 5c732e766172");
  const auto plain = decode_variables(path_only);
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->type, RecordType::path);
  EXPECT_TRUE(plain->key.empty());
  EXPECT_EQ(plain->path, "\\s.var");
  const base::Bytes with_key = bytes("02 03 00ff01 07 04 5c730000 99");
  const auto keyed = decode_variables(with_key);
  ASSERT_TRUE(keyed.has_value());
  EXPECT_EQ(keyed->type, RecordType::key_and_path);
  EXPECT_EQ(base::Bytes(keyed->key.begin(), keyed->key.end()), bytes("00ff01"));
  EXPECT_EQ(keyed->between, 7);
  EXPECT_EQ(keyed->path, "\\s");
  const base::Bytes empty_key = bytes("02 00 01 01 61");
  EXPECT_EQ(decode_variables(empty_key)->path, "a") << "a key of no octets";
  EXPECT_EQ(print(*keyed), "type 2, key of 3 octets, 07, path \"\\\\s\"") << "never the key itself";
}

TEST(WdsVariables, Refuses) {
  struct Case {
    const char* name;
    const char* hex;
    Refusal want;
  };
  const Case cases[] = {
      {"nothing", "", Refusal::past_end},
      {"a type alone", "01", Refusal::past_end},
      {"a path one octet short", "01 03 6162", Refusal::past_end},
      {"a path of 255 that is not there", "01 ff 61", Refusal::past_end},
      {"type 2 alone", "02", Refusal::past_end},
      {"a key past the end", "02 04 000000", Refusal::past_end},
      {"a key that ends the option", "02 02 0000", Refusal::past_end},
      {"no length behind the key", "02 02 0000 01", Refusal::past_end},
      {"a path past the end behind a key", "02 01 00 01 02 61", Refusal::past_end},
      {"type 0", "00 01 61", Refusal::unknown_record},
      {"type 3", "03 01 61", Refusal::unknown_record},
      {"no path", "01 00", Refusal::empty_path},
      {"a path of NULs", "01 02 0000", Refusal::empty_path},
      {"no path behind a key", "02 01 00 01 00", Refusal::empty_path},
      {"a control character", "01 02 611b", Refusal::not_ascii},
  };
  for (const Case& c : cases) {
    const auto got = decode_variables(bytes(c.hex));
    ASSERT_FALSE(got.has_value()) << c.name;
    EXPECT_EQ(got.error(), c.want) << c.name;
  }
  base::Bytes long_path = {1, 254};
  long_path.resize(256, 'a');
  EXPECT_EQ(decode_variables(long_path).error(), Refusal::too_long);
}

TEST(WdsVariables, WritesAPath) {
  base::Bytes buffer(max_option);
  ASSERT_EQ(encode_variables("\\s.var", buffer), 8U);
  buffer.resize(8);
  EXPECT_EQ(buffer, bytes("01 06 5c732e766172"));
  EXPECT_FALSE(encode_variables("\\s.vars", buffer).has_value()) << "no room";
  EXPECT_FALSE(encode_variables("", buffer).has_value());
  EXPECT_FALSE(encode_variables("a\n", buffer).has_value());
  buffer.resize(max_option + 1);
  EXPECT_EQ(encode_variables(std::string(max_variables_path, 'a'), buffer), max_option);
  EXPECT_FALSE(encode_variables(std::string(max_variables_path + 1, 'a'), buffer).has_value());
}

}  // namespace
}  // namespace wire::wds
