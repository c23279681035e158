// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/wds.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

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

MessageText message(std::string_view text) {
  MessageText out;
  EXPECT_TRUE(out.assign(text));
  return out;
}

Others others(std::initializer_list<std::pair<std::uint8_t, std::string_view>> items) {
  Others out;
  for (const auto& [code, value] : items) EXPECT_TRUE(out.add(code, bytes(value)));
  return out;
}

std::optional<base::Bytes> encoded(const Block& block) {
  base::Bytes out(max_option + 1);
  const auto written = encode(block, out);
  if (!written) return std::nullopt;
  out.resize(*written);
  return out;
}

TEST(WdsBlock, Decodes) {
  struct Case {
    const char* name;
    const char* hex;
    Block want;
  };
  const Case cases[] = {
      {"genuine, x64",
       "0c0101 0d020800 01020007 0e0101 050400000011 ff",
       {.architecture = Architecture::x64,
        .request_id = 17,
        .prompt_done = Prompt::opt_in,
        .nbp_version = 0x0800,
        .action_done = 1}},
      {"genuine, x86",
       "0d020800 0e0101 01020006 050400000006 ff",
       {.architecture = Architecture::x86, .request_id = 6, .nbp_version = 0x0800, .action_done = 1}},
      {"genuine, 2007", "01020006 ff", {.architecture = Architecture::x86}},
      {"next action", "020105", {.next_action = NextAction::abort}},
      {"next action 0: a number without a name", "020100", {.next_action = NextAction{0}}},
      {"next action 2: likewise", "020102", {.next_action = NextAction{2}}},
      {"architecture 12", "0102000c", {.architecture = Architecture{12}}},
      {"poll interval", "0302012c", {.poll_interval = 300}},
      {"poll retry count", "0402ffff", {.poll_retry_count = 65535}},
      {"request id", "050480000001", {.request_id = 0x80000001}},
      {"message", "06024f4b", {.message = message("OK")}},
      {"message with closing NULs", "06044f4b0000", {.message = message("OK")}},
      {"message with a NUL inside", "0603410042", {.message = message(std::string_view("A\0B", 3))}},
      {"message without text: there all the same", "0600", {.message = message("")}},
      {"version query", "0700", {.version_query = true}},
      {"server version", "080400060001", {.server_version = 0x00060001}},
      {"referral server", "09040aee0014", {.referral_server = base::Ipv4{{10, 238, 0, 20}}}},
      {"client prompt", "0b0103", {.client_prompt = Prompt::opt_out}},
      {"prompt done", "0c0102", {.prompt_done = Prompt::no_prompt}},
      {"boot program version", "0d020700", {.nbp_version = 0x0700}},
      {"action done 0 is not absence", "0e0100", {.action_done = 0}},
      {"allow server selection", "0f0101", {.allow_server_selection = 1}},
      {"server features", "100401020304", {.server_features = 0x01020304}},
      {"nothing", "", {}},
      {"only the end", "ff", {}},
      {"pads", "00 00 020101 00 ff 00", {.next_action = NextAction::approval}},
      {"no end", "020101 030200 0a", {.next_action = NextAction::approval, .poll_interval = 10}},
      {"rubbish behind the end", "020101 ff 0504", {.next_action = NextAction::approval}},
      {"a code twice, once behind the end", "020101 ff 020105", {.next_action = NextAction::approval}},
      {"255 inside values",
       "0504ffffffff 0602ffff c801ff ff",
       {.request_id = 0xffffffff, .message = message("\xff\xff"), .others = others({{200, "ff"}})}},
      {"unknown codes stay, in order",
       "c802dead 020103 0a00 fe01ff 11020000 ff",
       {.next_action = NextAction::referral,
        .others = others({{200, "dead"}, {10, ""}, {254, "ff"}, {17, "0000"}})}},
      {"a value too short stays beside the others",
       "010107 050400000011 ff",
       {.request_id = 17, .others = others({{tag::architecture, "07"}})}},
      {"a value too long", "02020100", {.others = others({{tag::next_action, "0100"}})}},
      {"an address with an octet too many", "09050aee001400", {.others = others({{9, "0aee001400"}})}},
      {"a query with a value", "070101", {.others = others({{tag::version_query, "01"}})}},
      {"an empty number", "1000", {.others = others({{tag::server_features, ""}})}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = decode(bytes(c.hex));
    ASSERT_TRUE(got.has_value()) << print(got.error());
    EXPECT_EQ(*got, c.want) << print(*got);
    const auto octets = encoded(*got);
    ASSERT_TRUE(octets.has_value());
    const auto again = decode(*octets);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(*again, c.want) << print(*again);
  }
}

TEST(WdsBlock, Refuses) {
  struct Case {
    const char* name;
    base::Bytes octets;
    Refusal want;
  };
  const base::Bytes longest_message = [] {
    base::Bytes out = {tag::message, 252};
    out.resize(254, 'a');
    out.push_back(255);
    return out;
  }();
  ASSERT_TRUE(decode(longest_message).has_value()) << "255 octets are one option";
  const Case cases[] = {
      {"a code without length", bytes("020101 05"), Refusal::past_end},
      {"a length with nothing behind", bytes("0504"), Refusal::past_end},
      {"a length one too long", bytes("0504000000"), Refusal::past_end},
      {"a length that takes the end with it", bytes("0602 41 ff 0603 41ff"), Refusal::past_end},
      {"a length of 255", bytes("06ff4142"), Refusal::past_end},
      {"an unknown code's length behind the end", bytes("c802de"), Refusal::past_end},
      {"a field twice", bytes("020101 020105 ff"), Refusal::duplicate},
      {"a field twice, the same value", bytes("050400000011 050400000011"), Refusal::duplicate},
      {"a field twice, once malformed", bytes("02020101 020101"), Refusal::duplicate},
      {"a query twice", bytes("0700 0700"), Refusal::duplicate},
      {"an unknown code twice", bytes("c80101 c80102"), Refusal::duplicate},
      {"256 octets", base::Bytes(256, 0), Refusal::too_long},
      {"the largest datagram's", base::Bytes(2048, 200), Refusal::too_long},
  };
  for (const Case& c : cases) {
    const auto got = decode(c.octets);
    ASSERT_FALSE(got.has_value()) << c.name;
    EXPECT_EQ(got.error(), c.want) << c.name;
  }
}

// Each cut of a block with all fields: refused, or fewer fields than before; never others.
TEST(WdsBlock, EachTruncation) {
  const base::Bytes whole = bytes(
      "01020007 020101 0302003c 0402000a 050400000011 06024f4b 0700 080400060001 09040aee0014"
      "0b0101 0c0101 0d020800 0e0101 0f0101 100400000001");
  const std::set<std::size_t> starts = {0,  4,  7,  11, 15, 21, 25, 27,
                                        33, 39, 42, 45, 49, 52, 55, whole.size()};
  ASSERT_EQ(whole.size(), 61U);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    SCOPED_TRACE(size);
    const auto got = decode(base::ByteView(whole).first(size));
    if (starts.contains(size)) {
      ASSERT_TRUE(got.has_value());
      EXPECT_TRUE(got->others.empty());
      EXPECT_EQ(base::Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)),
                [&] {  // fields in the order in which encode() writes, so that the octets return
                  base::Bytes out = *encoded(*got);
                  out.pop_back();
                  return out;
                }());
    } else {
      ASSERT_FALSE(got.has_value());
      EXPECT_EQ(got.error(), Refusal::past_end);
    }
  }
}

// Three different things: no sub-option, one of a wrong length, one that can be read.
TEST(WdsBlock, AbsentIsNotMalformed) {
  const auto absent = decode(bytes("020101 c80101"));
  ASSERT_TRUE(absent.has_value());
  EXPECT_FALSE(absent->request_id.has_value());
  EXPECT_FALSE(absent->malformed(tag::request_id));
  EXPECT_FALSE(absent->malformed(tag::next_action)) << "present";
  EXPECT_FALSE(absent->malformed(200)) << "a code without a name has no form to miss";
  const auto broken = decode(bytes("020101 0502 0011"));
  ASSERT_TRUE(broken.has_value());
  EXPECT_FALSE(broken->request_id.has_value());
  EXPECT_TRUE(broken->malformed(tag::request_id));
}

TEST(WdsBlock, EncodesTheOctets) {
  EXPECT_EQ(encoded({.next_action = NextAction::approval,
                     .poll_interval = 60,
                     .poll_retry_count = 10,
                     .request_id = 17,
                     .message = message("Wait")}),
            bytes("020101 0302003c 0402000a 050400000011 060457616974 ff"));
  EXPECT_EQ(encoded({.next_action = NextAction::referral,
                     .referral_server = base::Ipv4{{10, 238, 0, 20}},
                     .others = others({{200, "00ff"}})}),
            bytes("020103 09040aee0014 c80200ff ff"));
  EXPECT_EQ(encoded({}), bytes("ff"));
}

TEST(WdsBlock, NotEncoded) {
  struct Case {
    const char* name;
    Block block;
  };
  const std::string text(MessageText::capacity(), 'a');
  const Case cases[] = {
      {"a field, and the same code among the others",
       {.request_id = 17, .others = others({{tag::request_id, "00"}})}},
      {"a field that hides among the others", {.others = others({{tag::next_action, "01"}})}},
      {"a code twice among the others", {.others = others({{200, "00"}, {200, "00"}})}},
      {"a pad", {.others = others({{0, ""}})}},
      {"an end", {.others = others({{255, "00"}})}},
      {"a message that closes with NUL", {.message = message(std::string_view("A\0", 2))}},
      {"no room for the end", {.message = message(text)}},
      {"two that fit only alone", {.message = message(text.substr(1)), .others = others({{200, ""}})}},
  };
  for (const Case& c : cases) EXPECT_FALSE(encoded(c.block).has_value()) << c.name;
  EXPECT_EQ(encoded({.message = message(text.substr(1))})->size(), max_option);
  base::Bytes small(4);
  EXPECT_FALSE(encode({.poll_interval = 1}, small).has_value()) << "five octets into four";
  EXPECT_FALSE(encode({}, {}).has_value());
  EXPECT_EQ(encode({.action_done = 1}, small), 4U);
}

TEST(WdsOthers, Bounded) {
  Others full;
  EXPECT_TRUE(full.add(200, base::Bytes(250, 1)));
  EXPECT_FALSE(full.add(201, base::Bytes(2, 1)));
  EXPECT_FALSE(full.contains(201));
  EXPECT_TRUE(full.add(201, base::Bytes(1, 1)));
  EXPECT_FALSE(full.add(202, {})) << "full to the last octet";
  EXPECT_TRUE(full.contains(200) && full.contains(201) && !full.contains(202));
  Others longer;
  EXPECT_FALSE(longer.add(200, base::Bytes(256, 0)));
  EXPECT_FALSE(longer.add(200, base::Bytes(65536, 0)));
  EXPECT_TRUE(longer.empty());
}

TEST(WdsRefusal, EachHasItsWords) {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < refusal_count; ++i) words.insert(print(static_cast<Refusal>(i)));
  EXPECT_EQ(words.size(), refusal_count);
  EXPECT_FALSE(words.contains("?"));
  EXPECT_EQ(print(static_cast<Refusal>(refusal_count)), "?") << "refusal_count counts them all";
}

TEST(WdsProperty, DecodeOfEncodeIsTheSame) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto pick = [&](std::size_t low, std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(low, high)(random);
  };
  const auto u32 = [&] { return static_cast<std::uint32_t>(random()); };
  const auto u16 = [&] { return static_cast<std::uint16_t>(u32()); };
  const auto u8 = [&] { return static_cast<std::uint8_t>(u32()); };
  const auto octets = [&](std::size_t high) {
    base::Bytes out(pick(0, high));
    for (std::uint8_t& b : out) b = u8();
    return out;
  };
  const auto coin = [&] { return pick(0, 1) == 0; };
  int encoded_blocks = 0;
  for (int i = 0; i < 5000; ++i) {
    Block block;
    if (coin()) block.architecture = Architecture{u16()};
    if (coin()) block.next_action = NextAction{u8()};
    if (coin()) block.poll_interval = u16();
    if (coin()) block.poll_retry_count = u16();
    if (coin()) block.request_id = u32();
    if (coin()) {
      base::Bytes text = octets(150);
      text.push_back('.');  // no NUL at the end
      block.message = message(base::as_text(text));
    }
    block.version_query = coin();
    if (coin()) block.server_version = u32();
    if (coin()) block.referral_server = base::Ipv4::from_host_order(u32());
    if (coin()) block.client_prompt = Prompt{u8()};
    if (coin()) block.prompt_done = Prompt{u8()};
    if (coin()) block.nbp_version = u16();
    if (coin()) block.action_done = u8();
    if (coin()) block.allow_server_selection = u8();
    if (coin()) block.server_features = u32();
    // Codes without a name, each once; and now and then a field's code with a wrong length.
    for (std::size_t n = pick(0, 4), code = 17; n > 0; --n) {
      code += pick(0, 40);
      if (!block.others.add(static_cast<std::uint8_t>(code++), octets(40))) break;
    }
    if (!block.request_id && coin()) static_cast<void>(block.others.add(tag::request_id, octets(3)));
    const auto wire = encoded(block);
    if (!wire) continue;
    ++encoded_blocks;
    ASSERT_LE(wire->size(), max_option);
    const auto again = decode(*wire);
    ASSERT_TRUE(again.has_value());
    ASSERT_EQ(*again, block) << print(block);
  }
  EXPECT_GT(encoded_blocks, 2500);
}

// Octets of no meaning, codes and lengths small so that many are lists: what decodes goes
// there and back, unless only the end that the input lacks makes it too long.
TEST(WdsProperty, AnyOctets) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int decoded = 0;
  for (int i = 0; i < 20000; ++i) {
    base::Bytes octets(random() % 24);
    for (std::uint8_t& b : octets) b = static_cast<std::uint8_t>(random() % (random() % 8 == 0 ? 256 : 20));
    const auto block = decode(octets);
    if (!block) {
      ASSERT_NE(print(block.error()), "?");
      continue;
    }
    ++decoded;
    const auto wire = encoded(*block);
    ASSERT_TRUE(wire.has_value());
    ASSERT_LE(wire->size(), octets.size() + 1);
    ASSERT_EQ(decode(*wire), *block);
  }
  EXPECT_GT(decoded, 500);
}

}  // namespace
}  // namespace wire::wds
