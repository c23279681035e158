// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/tftp_negotiate.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using session::TftpGrant;
using session::TftpLimits;
using wire::tftp::OptionPair;

wire::tftp::Request request_with(const std::vector<OptionPair>& options) {
  wire::tftp::Request request{
      .write = false, .filename = "f", .mode = wire::tftp::Mode::octet, .options = {}};
  for (const auto& option : options) request.options.add(option.name, option.value);
  return request;
}

constexpr std::uint64_t file_size = 5'000'000'000;  // past 32 bits: dnsmasq announces it as 705032704

struct Case {
  const char* name;
  std::vector<OptionPair> options;
  TftpGrant want;
};

class Negotiate : public testing::TestWithParam<Case> {};

TEST_P(Negotiate, Grants) {
  const auto grant = session::negotiate(request_with(GetParam().options), file_size, {});
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->blksize, GetParam().want.blksize);
  EXPECT_EQ(grant->timeout, GetParam().want.timeout);
  EXPECT_EQ(grant->tsize, GetParam().want.tsize);
  EXPECT_EQ(grant->windowsize, GetParam().want.windowsize);
  EXPECT_EQ(grant->terms().oack, !(GetParam().want == TftpGrant{}));
}

TftpGrant blksize(std::uint16_t value) {
  return {.blksize = value, .timeout = {}, .tsize = {}, .windowsize = {}};
}
TftpGrant timeout(std::uint8_t value) {
  return {.blksize = {}, .timeout = value, .tsize = {}, .windowsize = {}};
}
TftpGrant tsize(std::uint64_t value) {
  return {.blksize = {}, .timeout = {}, .tsize = value, .windowsize = {}};
}
TftpGrant window(std::uint16_t value) {
  return {.blksize = {}, .timeout = {}, .tsize = {}, .windowsize = value};
}

INSTANTIATE_TEST_SUITE_P(
    Options, Negotiate,
    testing::Values(
        Case{"no_option_no_oack", {}, {}}, Case{"unknown_option_no_oack", {{"multicast", ""}}, {}},
        Case{"blksize_as_asked", {{"blksize", "1432"}}, blksize(1432)},
        Case{"blksize_clamped_to_the_path", {{"blksize", "1482"}}, blksize(1468)},
        Case{"blksize_smallest", {{"blksize", "8"}}, blksize(8)},
        Case{"blksize_under_the_smallest_is_dropped", {{"blksize", "7"}}, {}},
        Case{"blksize_zero_is_dropped_not_read_as_1", {{"blksize", "0"}}, {}},
        Case{"blksize_word_is_dropped_not_read_as_1", {{"blksize", "abc"}}, {}},
        Case{"blksize_negative_is_dropped", {{"blksize", "-1"}}, {}},
        Case{"blksize_trailing_junk_is_dropped", {{"blksize", "1468x"}}, {}},
        Case{"blksize_empty_is_dropped", {{"blksize", ""}}, {}},
        Case{"blksize_65536_of_some_windows_clients", {{"blksize", "65536"}}, blksize(1468)},
        Case{"blksize_past_64_bits_is_dropped", {{"blksize", "18446744073709552960"}}, {}},
        Case{"name_in_capitals", {{"BLKSIZE", "512"}}, blksize(512)},
        Case{"first_of_two_wins", {{"blksize", "600"}, {"blksize", "700"}}, blksize(600)},
        Case{"timeout_equal", {{"timeout", "5"}}, timeout(5)},
        Case{"timeout_largest", {{"timeout", "255"}}, timeout(255)},
        Case{"timeout_zero_is_dropped", {{"timeout", "0"}}, {}},
        Case{"timeout_256_is_dropped", {{"timeout", "256"}}, {}},
        Case{"tsize_is_the_file_size_in_64_bits", {{"tsize", "0"}}, tsize(file_size)},
        Case{"tsize_of_a_client_that_guesses", {{"tsize", "77"}}, tsize(file_size)},
        Case{"tsize_word_is_dropped", {{"tsize", "big"}}, {}},
        Case{"windowsize_of_edk2", {{"windowsize", "4"}}, window(4)},
        Case{"windowsize_clamped", {{"windowsize", "65535"}}, window(16)},
        Case{"windowsize_zero_is_dropped", {{"windowsize", "0"}}, {}},
        Case{"windowsize_65536_is_dropped", {{"windowsize", "65536"}}, {}},
        Case{"msftwindow_is_not_granted", {{"msftwindow", "31416"}, {"windowsize", "4"}}, window(4)}),
    [](const auto& instance) { return instance.param.name; });

TEST(NegotiateEmptyFile, HasNoTsizeBecauseCurlTakesZeroForAnError) {
  const auto grant = session::negotiate(request_with({{"tsize", "0"}, {"blksize", "1428"}}), 0, {});
  EXPECT_EQ(grant->tsize, std::nullopt);
  EXPECT_EQ(grant->blksize, 1428);
}

TEST(NegotiateLimits, FragmentsOnlyWhenAllowed) {
  const auto request = request_with({{"blksize", "16384"}});
  TftpLimits limits;
  EXPECT_EQ(session::negotiate(request, 1, limits)->blksize, 1468);
  limits.allow_fragments = true;
  EXPECT_EQ(session::negotiate(request, 1, limits)->blksize, 16384);
}

TEST(NegotiateLimits, LoopbackTakesTheLargestBlock) {
  TftpLimits limits;
  limits.path_mtu = 65536;
  EXPECT_EQ(session::negotiate(request_with({{"blksize", "65464"}}), 1, limits)->blksize, 65464);
}

// 40 octets of IP header instead of 20; 1280 is the least MTU of IPv6.
TEST(NegotiateLimits, BlocksOverIPv6LeaveRoomForItsHeader) {
  TftpLimits limits;
  limits.ip_header = session::ipv6_header;
  const auto request = request_with({{"blksize", "1468"}});
  EXPECT_EQ(session::negotiate(request, 1, limits)->blksize, 1448);
  limits.path_mtu = 1280;
  EXPECT_EQ(session::negotiate(request, 1, limits)->blksize, 1228);
  limits.path_mtu = 65536;
  EXPECT_EQ(session::negotiate(request_with({{"blksize", "65464"}}), 1, limits)->blksize, 65464);
}

TEST(NegotiateLimits, AbsurdPathStillGetsALegalBlock) {
  TftpLimits limits;
  limits.path_mtu = 3;
  EXPECT_EQ(session::negotiate(request_with({{"blksize", "1468"}}), 1, limits)->blksize, 8);
}

// CVE-2018-8476 was block size times window, unbounded.
TEST(NegotiateLimits, BlockTimesWindowIsBounded) {
  TftpLimits limits;
  limits.allow_fragments = true;
  limits.max_windowsize = 65535;
  for (const char* block : {"8", "512", "1468", "16384", "65464"}) {
    const auto grant =
        session::negotiate(request_with({{"windowsize", "65535"}, {"blksize", block}}), 1, limits);
    EXPECT_LE(std::uint32_t{*grant->windowsize} * *grant->blksize, std::max(limits.max_in_flight, 65464U));
    EXPECT_GE(*grant->windowsize, 1);
    EXPECT_LT(*grant->windowsize, 0x8000);
  }
}

TEST(NegotiateRefusal, WritesAndTextModes) {
  auto request = request_with({});
  request.mode = wire::tftp::Mode::netascii;
  EXPECT_EQ(session::refuse(request), session::TftpRefusal::not_octet);
  request.mode = wire::tftp::Mode::mail;
  EXPECT_EQ(session::negotiate(request, 1, {}).error(), session::TftpRefusal::not_octet);
  request.write = true;
  EXPECT_EQ(session::refuse(request), session::TftpRefusal::write);
  EXPECT_EQ(error_for(session::TftpRefusal::write).code, wire::tftp::ErrorCode::access);
}

TEST(Oack, NamesOnlyWhatWasGranted) {
  const TftpGrant grant{.blksize = 1468, .timeout = {}, .tsize = UINT64_MAX, .windowsize = 4};
  std::array<std::uint8_t, TftpGrant::max_oack> buffer;
  const std::size_t size = grant.encode_oack(buffer);
  const auto packet = wire::tftp::decode(base::ByteView(buffer).first(size));
  ASSERT_TRUE(packet);
  const auto& options = std::get<wire::tftp::Oack>(*packet).options;
  EXPECT_EQ(options.size(), 3U);
  EXPECT_EQ(options.find("blksize"), "1468");
  EXPECT_EQ(options.find("tsize"), "18446744073709551615");
  EXPECT_EQ(options.find("windowsize"), "4");
}

}  // namespace
