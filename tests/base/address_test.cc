// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/address.h"

#include <gtest/gtest.h>

#include <string>

namespace base {
namespace {

TEST(Mac, ReadsWhatPeopleWrite) {
  const Mac want{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};
  for (const char* text : {"52:54:00:12:34:56", "52-54-00-12-34-56", "52.54.00.12.34.56", "5254.0012.3456",
                           "525400123456", "52:54:00:12:34:56"}) {
    EXPECT_EQ(Mac::parse(text), want) << text;
  }
  EXPECT_EQ(Mac::parse("AA:bb:CC:dd:EE:ff")->print(), "aa:bb:cc:dd:ee:ff");
  EXPECT_EQ(want.print_dashed(), "52-54-00-12-34-56");
}

TEST(Mac, RefusesTheRest) {
  for (const char* text : {"", "52:54:00:12:34", "52:54:00:12:34:5", "52:54:00:12:34:5g", "52:54-00:12:34:56",
                           "52 54 00 12 34 56", "0525400123456", "52540012345", "5254:0012:3456",
                           "+2:54:00:12:34:56", "52:54:00:12:34:56:78", "525400:123456x5254"}) {
    EXPECT_FALSE(Mac::parse(text).has_value()) << '"' << text << '"';
  }
}

TEST(Mac, Kinds) {
  EXPECT_TRUE(Mac{}.is_zero());
  EXPECT_TRUE(Mac::parse("ff:ff:ff:ff:ff:ff")->is_group());
  EXPECT_TRUE(Mac::parse("01:00:5e:00:00:01")->is_group());
  EXPECT_FALSE(Mac::parse("52:54:00:12:34:56")->is_group());
}

// The octets of option 97 as QEMU's firmware sends them for its `-uuid` text.
TEST(Uuid, FirstThreeFieldsAreLittleEndian) {
  const Uuid uuid{
      {0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}};
  EXPECT_EQ(uuid.print(), "00112233-4455-6677-8899-aabbccddeeff");
  for (const char* text : {"00112233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-AABBCCDDEEFF",
                           "{00112233-4455-6677-8899-aabbccddeeff}", "00112233445566778899aabbccddeeff"}) {
    EXPECT_EQ(Uuid::parse(text), uuid) << text;
  }
}

TEST(Uuid, RefusesTheRest) {
  for (const char* text : {"", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeefg",
                           "001122334-455-6677-8899-aabbccddeeff", "{00112233-4455-6677-8899-aabbccddeeff",
                           "00112233-4455-6677-8899-aabbccddeeff}", "0011-2233445566778899aabbccddeeff",
                           "0011223344556677-8899aabbccddeeff"}) {
    EXPECT_FALSE(Uuid::parse(text).has_value()) << '"' << text << '"';
  }
}

TEST(Uuid, BlankNamesNoMachine) {
  Uuid uuid;
  EXPECT_TRUE(uuid.is_blank());
  uuid.octets[7] = 1;
  EXPECT_FALSE(uuid.is_blank());
  uuid.octets.fill(0xff);
  EXPECT_TRUE(uuid.is_blank());
  uuid.octets[15] = 0xfe;
  EXPECT_FALSE(uuid.is_blank());
}

TEST(Ipv4, ParseAndPrint) {
  for (const char* text : {"0.0.0.0", "10.238.0.2", "255.255.255.255"}) {
    ASSERT_TRUE(Ipv4::parse(text).has_value()) << text;
    EXPECT_EQ(Ipv4::parse(text)->print(), text);
  }
  EXPECT_EQ(Ipv4::from_host_order(0x0aee0002).print(), "10.238.0.2");
  EXPECT_EQ(Ipv4::parse("10.238.0.2")->host_order(), 0x0aee0002U);
  for (const char* text : {"", "10", "10.0.0", "10.0.0.", "10.0.0.1.", "10.0.0.256", "10.0.0.-1", "10..0.1",
                           " 10.0.0.1", "10.0.0.1 ", "10.0.0.1/24", "0x0a.0.0.1", "10,0,0,1", "host"}) {
    EXPECT_FALSE(Ipv4::parse(text).has_value()) << '"' << text << '"';
  }
}

}  // namespace
}  // namespace base
