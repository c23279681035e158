// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of {name, octets, what they mean}: a new case is a line. Whole conversations are in
// tests/golden/tftp; hostile inputs without a meaning of their own in fuzz/corpus/tftp.
#include "wire/tftp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace wire::tftp {
namespace {

using std::string_literals::operator""s;

// What decode() says, in words: the packet as print() shows it, or the refusal.
std::string decoded(std::string_view datagram) {
  const auto packet = decode(base::as_bytes(datagram));
  return packet ? print(*packet) : "refused: " + std::string(print(packet.error()));
}

std::string refused(Refusal refusal) { return "refused: " + std::string(print(refusal)); }

std::string sixteen_options(std::size_t count) {
  std::string text = "\0\1f\0octet\0"s;
  for (std::size_t i = 0; i < count; ++i) text += "o"s + std::to_string(i) + "\0v\0"s;
  return text;
}

struct Case {
  std::string name;
  std::string octets;
  std::string want;
};

TEST(TftpDecode, Packets) {
  const std::vector<Case> cases = {
      {"a plain request", "\0\1f\0octet\0"s, "RRQ \"f\" octet"},
      {"mode in capitals, as old clients write it", "\0\1f\0OCTET\0"s, "RRQ \"f\" octet"},
      {"netascii", "\0\1f\0NetASCII\0"s, "RRQ \"f\" netascii"},
      {"an empty file name is the session's business", "\0\1\0octet\0"s, "RRQ \"\" octet"},
      {"unknown options are kept in order", "\0\1f\0octet\0x\0001\0blksize\000512\0"s,
       "RRQ \"f\" octet\n\"x\": \"1\"\n\"blksize\": \"512\""},
      {"an option with an empty value", "\0\1f\0octet\0multicast\0\0"s,
       "RRQ \"f\" octet\n\"multicast\": \"\""},
      {"NULs behind the options are padding", "\0\1f\0octet\0tsize\0000\0\0\0\0"s,
       "RRQ \"f\" octet\n\"tsize\": \"0\""},
      {"a write request", "\0\2f\0octet\0"s, "WRQ \"f\" octet"},
      {"data without octets ends a file", "\0\3\xff\xff"s, "DATA 65535, 0 octets"},
      {"an acknowledgement", "\0\4\0\0"s, "ACK 0"},
      {"Microsoft's variable window adds an octet", "\0\4\0\7\4"s, "ACK 7"},
      {"an error", "\0\5\0\0TFTP Aborted\0"s, "ERROR 0 \"TFTP Aborted\""},
      {"an error without NUL", "\0\5\0\1gone"s, "ERROR 1 \"gone\""},
      {"an error without text", "\0\5\0\1"s, "ERROR 1 \"\""},
      {"octets behind an error's text", "\0\5\0\1gone\0more"s, "ERROR 1 \"gone\""},
      {"an option acknowledgement", "\0\6tsize\00030832\0"s, "OACK\n\"tsize\": \"30832\""},
  };
  for (const Case& c : cases) EXPECT_EQ(decoded(c.octets), c.want) << c.name;
}

TEST(TftpDecode, Refusals) {
  struct Refused {
    std::string name;
    std::string octets;
    Refusal want;
  };
  const std::vector<Refused> cases = {
      {"an empty datagram", "", Refusal::too_short},
      {"an opcode alone", "\0\1"s, Refusal::too_short},
      {"three octets", "\0\4\0"s, Refusal::too_short},
      {"opcode 0", "\0\0\0\0"s, Refusal::bad_opcode},
      {"opcode 7", "\0\7\0\0"s, Refusal::bad_opcode},
      {"an opcode in the wrong byte order", "\1\0f\0octet\0"s, Refusal::bad_opcode},
      {"a DHCP message on the wrong port", "\1\1\6\0\0\0\0\0"s, Refusal::bad_opcode},
      {"the file name runs to the end", "\0\1pxelinux.0"s, Refusal::unterminated},
      {"no mode at all", "\0\1pxelinux.0\0"s, Refusal::unterminated},
      {"the mode lacks its NUL", "\0\1f\0octet"s, Refusal::unterminated},
      {"a mode nobody defined", "\0\1f\0binary\0"s, Refusal::bad_mode},
      {"an empty mode", "\0\1f\0\0"s, Refusal::bad_mode},
      {"a mode longer than the real one", "\0\1f\0octets\0"s, Refusal::bad_mode},
      {"the last option has no value", "\0\1f\0octet\0blksize\0"s, Refusal::option_without_value},
      {"an option name lacks its NUL", "\0\1f\0octet\0blksize"s, Refusal::unterminated},
      {"an option value lacks its NUL", "\0\1f\0octet\0blksize\0001456"s, Refusal::unterminated},
      {"an option without name", "\0\1f\0octet\0\0001\0"s, Refusal::option_without_value},
      {"a name hidden behind NULs that look like padding", "\0\1f\0octet\0\0\0\0x\0"s,
       Refusal::option_without_value},
      {"an acknowledgement of no option", "\0\6\0\0"s, Refusal::option_without_value},
      {"one option too many", sixteen_options(17), Refusal::too_many_options},
      {"one octet too many", "\0\1"s + std::string(max_request - 8, 'a') + "\0octet\0"s, Refusal::too_long},
  };
  for (const Refused& c : cases) EXPECT_EQ(decoded(c.octets), refused(c.want)) << c.name;
}

TEST(TftpDecode, TakesWhatJustFits) {
  const std::string longest = "\0\1"s + std::string(max_request - 9, 'a') + "\0octet\0"s;
  ASSERT_EQ(longest.size(), max_request);
  EXPECT_TRUE(decode(base::as_bytes(longest)).has_value());
  EXPECT_TRUE(decode(base::as_bytes(sixteen_options(16))).has_value());
}

TEST(TftpDecode, EveryRefusalHasItsOwnWords) {
  std::vector<std::string_view> seen;
  for (std::size_t i = 0; i < refusal_count; ++i) {
    const std::string_view text = print(static_cast<Refusal>(i));
    EXPECT_NE(text, "?");
    EXPECT_EQ(std::count(seen.begin(), seen.end(), text), 0) << text;
    seen.push_back(text);
  }
  EXPECT_EQ(print(static_cast<Refusal>(refusal_count)), "?") << "a refusal was added, but not counted";
}

TEST(TftpOptions, FirstOfTwoWinsInAnyCase) {
  OptionList options;
  EXPECT_TRUE(options.add("BlkSize", "1456"));
  EXPECT_TRUE(options.add("blksize", "512"));
  EXPECT_EQ(options.find("BLKSIZE"), "1456");
  EXPECT_FALSE(options.find("blksiz").has_value());
  EXPECT_FALSE(options.find("blksizes").has_value());
}

TEST(TftpEncode, RefusesWhatDecodeWould) {
  std::array<std::uint8_t, 2048> buffer{};
  Oack nameless;
  EXPECT_FALSE(encode(Oack{}, buffer)) << "an empty OACK";
  ASSERT_TRUE(nameless.options.add("", "1"));
  EXPECT_FALSE(encode(nameless, buffer)) << "an option without name";
  EXPECT_FALSE(encode(Request{.filename = std::string_view("a\0b", 3), .options = {}}, buffer))
      << "a NUL in a name";
}

TEST(TftpEncode, NeverPassesTheBuffer) {
  const Error error{ErrorCode::not_found, "File not found"};
  std::array<std::uint8_t, 64> buffer{};
  const std::size_t size = encode(error, buffer).value();
  EXPECT_EQ(size, 4U + 14U + 1U);
  for (std::size_t room = 0; room < size; ++room) EXPECT_FALSE(encode(error, std::span(buffer).first(room)));
}

TEST(TftpEncode, DataHeaderEqualsADataPacket) {
  std::array<std::uint8_t, 4> by_header{}, by_packet{};
  encode_data_header(0xabcd, by_header);
  ASSERT_EQ(encode(Data{0xabcd, {}}, by_packet), 4U);
  EXPECT_EQ(by_header, by_packet);
}

TEST(TftpNumber, DecimalDigitsOnly) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("0001456"), 1456U);
  EXPECT_EQ(parse_number("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "0x10", "1.5", "18446744073709551616", "1e3", "one"}) {
    EXPECT_FALSE(parse_number(text).has_value()) << '"' << text << '"';
  }
}

// A random packet; the texts it points to live in `texts`.
class RandomPacket {
 public:
  explicit RandomPacket(std::uint32_t seed) : random_(seed) {}

  Packet make() {
    texts_.clear();
    texts_.reserve(2 + 2 * max_options);
    const auto block = static_cast<std::uint16_t>(pick(0, 65535));
    switch (pick(0, 4)) {
      case 0:
        return Request{pick(0, 1) == 1, text(0, 200), static_cast<Mode>(pick(0, 2)), options(0)};
      case 1:
        return Data{block, base::as_bytes(text(0, 1468))};
      case 2:
        return Ack{block};
      case 3:
        return Error{static_cast<ErrorCode>(block), text(0, 80)};
      default:
        return Oack{options(1)};
    }
  }

 private:
  std::size_t pick(std::size_t low, std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(low, high)(random_);
  }
  std::string_view text(std::size_t low, std::size_t high) {
    std::string& text = texts_.emplace_back(pick(low, high), '\0');
    for (char& c : text) c = static_cast<char>(pick(1, 255));
    return text;
  }
  OptionList options(std::size_t at_least) {
    OptionList list;
    for (std::size_t i = pick(at_least, max_options); i > 0; --i) {
      const std::string_view name = text(1, 20);
      EXPECT_TRUE(list.add(name, text(0, 20)));
    }
    return list;
  }

  std::mt19937 random_;
  std::vector<std::string> texts_;
};

TEST(TftpProperty, DecodeOfEncodeIsTheSame) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomPacket random(seed);
  std::array<std::uint8_t, 2048> buffer{};
  for (int i = 0; i < 5000; ++i) {
    const Packet packet = random.make();
    const auto size = encode(packet, buffer);
    ASSERT_TRUE(size.has_value()) << print(packet);
    const auto again = decode(base::ByteView(buffer).first(*size));
    ASSERT_TRUE(again.has_value()) << print(packet);
    ASSERT_EQ(*again, packet) << print(packet);
  }
}

}  // namespace
}  // namespace wire::tftp
