// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/probe_packets.h"

#include <gtest/gtest.h>

#include "policy/facts.h"
#include "session/facts.h"
#include "session/pxe_service.h"
#include "wire/tftp.h"

namespace session {
namespace {

const base::Ipv4 us{{10, 0, 0, 1}}, them{{10, 0, 0, 2}};

PxeResult asked(base::ByteView probe, const policy::Snapshot& snapshot, std::span<std::uint8_t> buffer) {
  const Arrival arrival{boot_service_port, 1, them, them, {us, 40000}};
  return handle(probe, arrival, {}, snapshot, {}, {}, buffer);
}

// Any site: also one that lists every stranger.
TEST(ProbePackets, ABootferryAnswersAndListsNobody) {
  policy::SiteModel model;
  model.policy.add_unknown = true;
  const auto snapshot = policy::Snapshot::make(model, {}).value();
  std::array<std::uint8_t, max_pxe_reply> buffer{};
  const base::Bytes probe = boot_service_probe(77, us);
  ASSERT_GE(probe.size(), wire::dhcp4::min_reply) << "the answer is no larger than the question";
  const PxeResult result = asked(probe, snapshot, buffer);
  EXPECT_EQ(result.event.outcome, Outcome::probed);
  EXPECT_FALSE(result.event.facts);
  EXPECT_FALSE(result.learned);
  ASSERT_TRUE(result.reply);
  EXPECT_EQ(result.reply->to, (base::Ipv4Endpoint{us, 40000}));
  EXPECT_LE(result.reply->bytes.size(), probe.size());
  EXPECT_TRUE(answers_probe(result.reply->bytes, 77));
  EXPECT_FALSE(answers_probe(result.reply->bytes, 78)) << "of another question";
  EXPECT_FALSE(answers_probe(probe, 77)) << "the question itself";
  const auto answer = wire::dhcp4::decode(result.reply->bytes);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->file.view().empty());
  EXPECT_FALSE(answer->options.contains(wire::dhcp4::option::boot_file_name));
  EXPECT_FALSE(answer->options.contains(wire::dhcp4::option::wds));
}

TEST(ProbePackets, ForOthersItIsABootClientWithoutAnIdentity) {
  const auto request = wire::dhcp4::decode(boot_service_probe(77, us));
  ASSERT_TRUE(request);
  EXPECT_TRUE(is_probe(*request));
  EXPECT_EQ(request->ciaddr, us);
  const auto facts = facts_from(*request);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->kind, policy::ClientKind::bios_rom);
  EXPECT_FALSE(facts->uuid);
  EXPECT_FALSE(request->options.contains(wire::dhcp4::option::wds));
  EXPECT_EQ(probe_mac.octets[0] & 3, 2) << "locally administered, of one card";
}

TEST(ProbePackets, ItIsSwitchedOffWithItsService) {
  std::array<std::uint8_t, max_pxe_reply> buffer{};
  const Arrival arrival{boot_service_port, 1, them, them, {us, 40000}};
  const PxeResult result =
      handle(boot_service_probe(1, us), arrival, {true, false}, policy::Snapshot(), {}, {}, buffer);
  EXPECT_EQ(result.event.outcome, Outcome::service_off);
}

TEST(ProbePackets, TheFilesSizeIsAskedForAndNoMore) {
  const base::Bytes probe = tftp_probe("x64/boot.efi");
  const auto packet = wire::tftp::decode(probe);
  ASSERT_TRUE(packet);
  const auto& request = std::get<wire::tftp::Request>(*packet);
  EXPECT_EQ(request.filename, "x64/boot.efi");
  EXPECT_EQ(request.options.find("tsize"), "0");
  EXPECT_EQ(request.options.size(), 1U);
  EXPECT_TRUE(tftp_probe(std::string(2000, 'x')).empty());
  const base::Bytes off = tftp_break_off();
  EXPECT_TRUE(std::holds_alternative<wire::tftp::Error>(wire::tftp::decode(off).value()));
}

TEST(ProbePackets, WhatAnswersMean) {
  const auto answer = [](const wire::tftp::Packet& packet) {
    base::Bytes bytes(600);
    bytes.resize(wire::tftp::encode(packet, bytes).value());
    return tftp_answer(bytes);
  };
  wire::tftp::Oack oack;
  oack.options.add("tsize", "5");
  EXPECT_TRUE(std::holds_alternative<FileIsThere>(answer(oack).value()));
  EXPECT_TRUE(std::holds_alternative<FileIsThere>(answer(wire::tftp::Data{1, base::as_bytes("x")}).value()))
      << "a server without options";
  EXPECT_EQ(std::get<FileRefused>(*answer(wire::tftp::Error{wire::tftp::ErrorCode::not_found, "?"})).why,
            "the file is not there");
  EXPECT_EQ(
      std::get<FileRefused>(*answer(wire::tftp::Error{wire::tftp::ErrorCode::access, "go\x1b[31m"})).why,
      "error 2: go?[31m");
  EXPECT_FALSE(answer(wire::tftp::Ack{1}));
  EXPECT_FALSE(tftp_answer(base::as_bytes("nonsense")));
}

}  // namespace
}  // namespace session
