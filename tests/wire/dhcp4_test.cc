// SPDX-License-Identifier: GPL-3.0-or-later
// Attacks and edges of the DHCP codec. Whole packets of real machines are in
// tests/golden/dhcp4.
#include "wire/dhcp4.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "wire/printable.h"

namespace wire::dhcp4 {
namespace {

// A frame with the cookie and these options, nothing behind them.
base::Bytes datagram(const base::Bytes& options, const base::Bytes& file = {},
                     const base::Bytes& sname = {}) {
  base::Bytes out(options_at);
  out[0] = 1, out[1] = 1, out[2] = 6;
  const std::uint8_t cookie[] = {0x63, 0x82, 0x53, 0x63};
  std::copy(std::begin(cookie), std::end(cookie), out.begin() + header_size);
  std::copy(file.begin(), file.end(), out.begin() + file_at);
  std::copy(sname.begin(), sname.end(), out.begin() + sname_at);
  out.insert(out.end(), options.begin(), options.end());
  return out;
}

base::Bytes repeated(base::Bytes unit, std::size_t times) {
  base::Bytes out;
  for (std::size_t i = 0; i < times; ++i) out.insert(out.end(), unit.begin(), unit.end());
  return out;
}

// "53=01 67=..." : the options in order, in hex.
std::string codes(const Options& options) {
  std::string out;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const Option o = options.at(i);
    out += (i == 0 ? "" : " ") + std::to_string(o.code) + "=" + hex(o.data);
  }
  return out;
}

struct Case {
  const char* name;
  base::Bytes bytes;
  std::string want;  // the options, or the refusal
};

std::string refused(Refusal refusal) { return std::string(print(refusal)); }

TEST(Dhcp4Decode, Options) {
  const std::vector<Case> cases = {
      {"no options at all", datagram({}), ""},
      {"only the end", datagram({255}), ""},
      {"no end tag, as ROMs that fill their buffer send", datagram({53, 1, 1}), "53=01"},
      {"octets behind the end are nobody's", datagram({53, 1, 1, 255, 54, 200}), "53=01"},
      {"pads between and behind", datagram({0, 53, 1, 1, 0, 0, 60, 1, 65, 0, 255, 0, 0}), "53=01 60=41"},
      {"an option without octets", datagram({97, 0, 255}), "97="},
      {"split options join at the place of the first", datagram({67, 1, 1, 53, 1, 1, 67, 1, 2, 255}),
       "67=0102 53=01"},
      {"82 in front is kept last", datagram({82, 2, 1, 0, 53, 1, 1, 60, 1, 65, 255}), "53=01 60=41 82=0100"},
      {"two pieces of 82 around another", datagram({82, 1, 1, 53, 1, 1, 82, 1, 0, 255}), "53=01 82=0100"},
      {"options end inside a length octet", datagram({53, 1, 1, 60}), refused(Refusal::option_past_end)},
      {"a length points one octet past the end", datagram({60, 3, 65, 66}),
       refused(Refusal::option_past_end)},
      {"a length of 255 in an empty field", datagram({60, 255}), refused(Refusal::option_past_end)},
      {"255 empty options", datagram(repeated({60, 0}, 255)), "60="},
      {"256 empty options", datagram(repeated({60, 0}, 256)), refused(Refusal::too_many_options)},
      {"an overload of 0", datagram({52, 1, 0, 255}), refused(Refusal::bad_overload)},
      {"an overload of 4", datagram({52, 1, 4, 255}), refused(Refusal::bad_overload)},
      {"an overload without its octet", datagram({52, 0, 255}), refused(Refusal::bad_overload)},
      {"an overload of two octets", datagram({52, 2, 1, 1, 255}), refused(Refusal::bad_overload)},
      {"an overload twice", datagram({52, 1, 1, 52, 1, 2, 255}), refused(Refusal::bad_overload)},
      {"an overload inside the overloaded file", datagram({52, 1, 1, 255}, {52, 1, 2}),
       refused(Refusal::bad_overload)},
      {"options in file", datagram({52, 1, 1, 53, 1, 1}, {60, 1, 65, 255, 9, 9}), "53=01 60=41"},
      {"options in sname", datagram({52, 1, 2, 53, 1, 1}, {60, 1, 65}, {60, 1, 66, 255}), "53=01 60=42"},
      {"file before sname", datagram({52, 1, 3, 67, 1, 1}, {67, 1, 2, 255}, {67, 1, 3, 255}), "67=010203"},
      {"options in file without overload are a file name", datagram({53, 1, 1}, {60, 1, 65, 255}), "53=01"},
  };
  for (const Case& c : cases) {
    const auto message = decode(c.bytes);
    EXPECT_EQ(message ? codes(message->options) : refused(message.error()), c.want) << c.name;
  }
}

TEST(Dhcp4Decode, AnOptionMayNotLeaveItsField) {
  base::Bytes file(file_size, 0);
  file[file_size - 2] = 60, file[file_size - 1] = 1;  // its octet would be the cookie's first
  EXPECT_EQ(decode(datagram({52, 1, 1}, file)).error(), Refusal::option_past_end);
  base::Bytes sname(sname_size, 0);
  sname[sname_size - 1] = 60;  // its length would be the file's first octet
  EXPECT_EQ(decode(datagram({52, 1, 2}, {1, 65}, sname)).error(), Refusal::option_past_end);
}

TEST(Dhcp4Decode, RefusesWhatIsNoDhcp) {
  const base::Bytes good = datagram({53, 1, 1, 255});
  for (std::size_t size = 0; size < options_at; ++size) {
    EXPECT_EQ(decode(base::ByteView(good).first(size)).error(), Refusal::too_short) << size;
  }
  base::Bytes bytes = good;
  bytes.resize(max_datagram);
  EXPECT_TRUE(decode(bytes).has_value());
  bytes.resize(max_datagram + 1);
  EXPECT_EQ(decode(bytes).error(), Refusal::too_long);
  bytes = good, bytes[0] = 3;
  EXPECT_EQ(decode(bytes).error(), Refusal::bad_op);
  bytes = good, bytes[header_size] = 0;  // BOOTP's vendor field
  EXPECT_EQ(decode(bytes).error(), Refusal::bad_cookie);
}

TEST(Dhcp4Decode, TextFields) {
  base::Bytes full(file_size, 'a');
  EXPECT_EQ(decode(datagram({255}, full))->file.view().size(), file_size) << "no NUL at all";
  EXPECT_EQ(decode(datagram({255}, {'a', 0, 'b'}))->file.view(), "a") << "octets behind the NUL";
  EXPECT_TRUE(decode(datagram({52, 1, 3, 255}, {60, 0}, {60, 0}))->file.empty()) << "overloaded";
  EXPECT_TRUE(decode(datagram({52, 1, 3, 255}, {60, 0}, {60, 0}))->sname.empty()) << "overloaded";
}

TEST(Dhcp4Decode, EveryRefusalHasItsOwnWords) {
  std::vector<std::string_view> seen;
  for (std::size_t i = 0; i < refusal_count; ++i) {
    const std::string_view text = print(static_cast<Refusal>(i));
    EXPECT_NE(text, "?");
    EXPECT_EQ(std::count(seen.begin(), seen.end(), text), 0) << text;
    seen.push_back(text);
  }
  EXPECT_EQ(print(static_cast<Refusal>(refusal_count)), "?") << "a refusal was added, but not counted";
}

TEST(Dhcp4Options, FramingCodesAreNotHeld) {
  Options options;
  for (const std::uint8_t code : {option::pad, option::end, option::overload}) {
    EXPECT_FALSE(options.add_u8(code, 1)) << int{code};
  }
  EXPECT_EQ(options.size(), 0U);
}

TEST(Dhcp4Options, FullIsFull) {
  Options options;
  EXPECT_TRUE(options.add(60, base::Bytes(max_datagram - 1)));
  EXPECT_FALSE(options.add_u16(61, 0));
  EXPECT_TRUE(options.add_u8(61, 7));
  EXPECT_FALSE(options.add_u8(60, 7));
  EXPECT_EQ(options.find(60)->size(), max_datagram - 1);
  EXPECT_EQ(hex(*options.find(61)), "07");
}

TEST(Dhcp4Options, CopiesAreEqualAndApart) {
  Options a;
  EXPECT_TRUE(a.add_text(60, "PXEClient"));
  EXPECT_TRUE(a.add_ip(54, {{10, 0, 0, 1}}));
  Options b = a;
  EXPECT_EQ(a, b);
  EXPECT_TRUE(b.add_u8(53, 2));
  EXPECT_FALSE(a == b);
  a = b;
  EXPECT_EQ(codes(a), "60=505845436c69656e74 54=0a000001 53=02");
  Options order;
  EXPECT_TRUE(order.add_u8(53, 2));
  EXPECT_FALSE(order == a) << "order is part of the value";
}

TEST(Dhcp4Message, Readers) {
  const auto m = decode(datagram(
      {53, 1, 5, 54, 4, 10, 0, 0, 1, 57, 2, 5, 0xc0, 67, 3, 'a', 0, 0, 60, 0, 6, 8, 1, 1, 1, 1, 2, 2, 2, 2}));
  ASSERT_TRUE(m.has_value());
  EXPECT_EQ(m->type(), MessageType::ack);
  EXPECT_EQ(m->ip(54)->print(), "10.0.0.1");
  EXPECT_EQ(m->ip(6)->print(), "1.1.1.1");
  EXPECT_FALSE(m->ip(57).has_value());
  EXPECT_EQ(m->u16(57), 1472);
  EXPECT_FALSE(m->u16(53).has_value());
  EXPECT_EQ(m->text(67), "a") << "NULs behind a name are none of its letters";
  EXPECT_EQ(m->text(60), "");
  EXPECT_EQ(m->text(99), "");
}

TEST(Dhcp4Message, TypeIsOneOctetFrom1To8) {
  for (const base::Bytes& options :
       std::vector<base::Bytes>{{}, {53, 0}, {53, 1, 0}, {53, 1, 9}, {53, 2, 1, 1}}) {
    EXPECT_FALSE(decode(datagram(options))->type().has_value()) << hex(options);
  }
  EXPECT_EQ(decode(datagram({53, 1, 8}))->type(), MessageType::inform);
}

TEST(Dhcp4Message, MacOnlyOfEthernet) {
  Message m;
  m.chaddr = {2, 0, 0, 0, 0, 1};
  EXPECT_EQ(m.mac()->print(), "02:00:00:00:00:01");
  m.hlen = 16;
  EXPECT_FALSE(m.mac().has_value());
  m.hlen = 6, m.htype = 32;
  EXPECT_FALSE(m.mac().has_value());
}

TEST(Dhcp4Message, MachineIdAbsentMalformedPresent) {
  struct IdCase {
    const char* name;
    base::Bytes value;
    Presence want;
  };
  base::Bytes good(17);
  good[16] = 9;
  base::Bytes other_type = good;
  other_type[0] = 1;
  const std::vector<IdCase> cases = {
      {"empty, as some ROMs send it", {}, Presence::absent},
      {"no room for an id", base::Bytes(16), Presence::malformed},
      {"an octet too many", base::Bytes(18), Presence::malformed},
      {"a type that is no UUID", other_type, Presence::malformed},
      {"a UUID", good, Presence::present},
  };
  base::Uuid uuid;
  EXPECT_EQ(Message{}.machine_id(uuid), Presence::absent);
  for (const IdCase& c : cases) {
    Message m;
    ASSERT_TRUE(m.options.add(option::machine_id, c.value));
    EXPECT_EQ(m.machine_id(uuid), c.want) << c.name;
  }
  EXPECT_EQ(uuid.octets[15], 9);
}

TEST(Dhcp4Message, MaxReply) {
  const std::pair<std::uint16_t, std::size_t> cases[] = {{0, 548},     {27, 548},    {575, 548},
                                                         {576, 548},   {577, 549},   {1260, 1232},
                                                         {1472, 1444}, {1500, 1472}, {65280, 1472}};
  for (const auto& [size, want] : cases) {
    Message m;
    ASSERT_TRUE(m.options.add_u16(option::max_message_size, size));
    EXPECT_EQ(m.max_reply(), want) << size;
  }
  EXPECT_EQ(Message{}.max_reply(), default_max_reply);
  EXPECT_EQ(decode(datagram({57, 1, 5}))->max_reply(), default_max_reply) << "malformed";
}

TEST(Dhcp4Encode, PadsAndSplits) {
  Message m;
  std::array<std::uint8_t, max_datagram> buffer{};
  EXPECT_EQ(encode(m, buffer), min_reply);
  ASSERT_TRUE(m.options.add(67, base::Bytes(256, 'a')));
  const std::size_t size = encode(m, buffer).value();
  EXPECT_EQ(size, options_at + 2 + 255 + 2 + 1 + 1);
  EXPECT_EQ(buffer[options_at + 1], 255);
  EXPECT_EQ(buffer[options_at + 257], 67);
  EXPECT_EQ(buffer[options_at + 258], 1);
  EXPECT_EQ(buffer[size - 1], 255) << "the end tag";
  for (std::size_t room = 0; room < size; ++room)
    ASSERT_FALSE(encode(m, std::span(buffer).first(room))) << room;
}

TEST(Dhcp4Encode, RefusesWhatDecodeWould) {
  std::array<std::uint8_t, max_datagram * 2> buffer{};
  Message bad_op, nul, too_long, too_many;
  bad_op.op = 0;
  EXPECT_FALSE(encode(bad_op, buffer));
  ASSERT_TRUE(nul.file.assign(std::string_view("a\0b", 3)));
  EXPECT_FALSE(encode(nul, buffer));
  ASSERT_TRUE(too_long.options.add(67, base::Bytes(max_datagram - options_at, 'a')));
  EXPECT_FALSE(encode(too_long, buffer)) << "over max_datagram, whatever the buffer";
  for (unsigned code = 1; code < 255; ++code) {
    EXPECT_EQ(too_many.options.add(static_cast<std::uint8_t>(code), {}), code != option::overload);
  }
  EXPECT_TRUE(encode(too_many, buffer)) << "253 codes";
  EXPECT_TRUE(too_many.options.add(1, base::Bytes(256 + 255)));
  EXPECT_TRUE(encode(too_many, buffer)) << "255 pieces";
  EXPECT_TRUE(too_many.options.add(2, base::Bytes(256)));
  EXPECT_FALSE(encode(too_many, buffer)) << "256 pieces";
}

TEST(Dhcp4Property, DecodeOfEncodeIsTheSame) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto pick = [&](std::size_t low, std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(low, high)(random);
  };
  const auto text = [&](std::size_t high) {
    std::string out(pick(0, high), '\0');
    for (char& c : out) c = static_cast<char>(pick(1, 255));
    return out;
  };
  std::array<std::uint8_t, max_datagram> buffer{};
  int encoded = 0;
  for (int i = 0; i < 3000; ++i) {
    Message m;
    m.op = static_cast<std::uint8_t>(pick(1, 2));
    m.htype = static_cast<std::uint8_t>(pick(0, 255));
    m.hlen = static_cast<std::uint8_t>(pick(0, 255));
    m.hops = static_cast<std::uint8_t>(pick(0, 255));
    m.xid = static_cast<std::uint32_t>(random());
    m.secs = static_cast<std::uint16_t>(pick(0, 65535));
    m.flags = static_cast<std::uint16_t>(pick(0, 65535));
    for (base::Ipv4* ip : {&m.ciaddr, &m.yiaddr, &m.siaddr, &m.giaddr}) {
      *ip = base::Ipv4::from_host_order(static_cast<std::uint32_t>(random()));
    }
    for (std::uint8_t& octet : m.chaddr) octet = static_cast<std::uint8_t>(pick(0, 255));
    ASSERT_TRUE(m.sname.assign(text(sname_size)));
    ASSERT_TRUE(m.file.assign(text(file_size)));
    for (std::size_t n = pick(0, 30); n > 0; --n) {
      base::Bytes value(pick(0, n == 7 ? 700 : 60));
      for (std::uint8_t& octet : value) octet = static_cast<std::uint8_t>(pick(0, 255));
      m.options.add(static_cast<std::uint8_t>(pick(0, 255)), value);  // may be a framing code: not held
    }
    const auto size = encode(m, buffer);
    if (!size) continue;  // some do not fit
    ++encoded;
    const auto again = decode(base::ByteView(buffer).first(*size));
    ASSERT_TRUE(again.has_value()) << print(m);
    ASSERT_EQ(*again, m) << print(m) << "became\n" << print(*again);
  }
  EXPECT_GT(encoded, 2000);
}

}  // namespace
}  // namespace wire::dhcp4
