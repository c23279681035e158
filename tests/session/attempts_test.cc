// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/attempts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace session {
namespace {

using policy::ClientKind;
using policy::Reason;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

const base::Mac mac{{2, 0, 0, 0, 0, 1}};
const base::Time start{};
const policy::Step snponly{policy::StepKind::loader, "x64/snponly.efi"};
const policy::Step script{policy::StepKind::script, {}};

policy::Facts machine(ClientKind kind, policy::Arch arch = policy::Arch::x64) {
  policy::Facts facts;
  facts.mac = mac;
  facts.kind = kind;
  facts.arch = arch;
  return facts;
}

TEST(Loop, SameLoaderTwiceInOneAttemptEndsIt) {
  Attempts a;
  const policy::Facts facts = machine(ClientKind::uefi_pxe);
  a.on_asked(facts, start);
  EXPECT_FALSE(a.objection(facts, snponly, start));
  EXPECT_FALSE(a.on_loader_sent(mac, snponly.path, Transport::tftp, start));
  a.on_asked(facts, start + milliseconds(2100));
  EXPECT_FALSE(a.objection(facts, snponly, start + milliseconds(2100))) << "once more it may";
  const auto event = a.on_loader_sent(mac, snponly.path, Transport::tftp, start + milliseconds(2200));
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<LoopEnded>(*event).loader, "x64/snponly.efi");
  EXPECT_THAT(explain(*event), HasSubstr("02:00:00:00:00:01: took x64/snponly.efi by TFTP twice"));
  // EDK2's retries at 4, 12 and 28 s find nobody; after a minute it may try again.
  for (const int s : {4, 12, 28, 60})
    EXPECT_EQ(a.objection(facts, snponly, start + seconds(s)), Reason::boot_loop) << s;
  EXPECT_FALSE(a.objection(facts, snponly, start + seconds(63)));
}

TEST(Loop, WhatIsNoLoop) {
  struct Row {
    const char* name;
    base::Duration between;
    bool asks_between;
    Transport second;
    bool kernel_between;
  };
  const Row rows[] = {
      {"a person's reset", milliseconds(10100), true, Transport::tftp, false},
      {"EDK2 goes on from PXE to HTTP Boot", milliseconds(300), true, Transport::http, false},
      {"one stage reads a file twice", milliseconds(300), false, Transport::tftp, false},
      {"a reset after the kernel came", milliseconds(5000), true, Transport::tftp, true},
  };
  for (const Row& row : rows) {
    Attempts a;
    a.on_asked(machine(ClientKind::uefi_pxe), start);
    EXPECT_FALSE(a.on_loader_sent(mac, snponly.path, Transport::tftp, start));
    if (row.kernel_between) a.on_image_file_sent(mac, start);
    if (row.asks_between) a.on_asked(machine(ClientKind::uefi_pxe), start + row.between);
    EXPECT_FALSE(a.on_loader_sent(mac, snponly.path, row.second, start + row.between)) << row.name;
    EXPECT_FALSE(a.objection(machine(ClientKind::uefi_pxe), snponly, start + row.between)) << row.name;
  }
}

TEST(Loop, RefusesOnlyTheLoaderThatWentInCircles) {
  Attempts a;
  for (int i = 0; i < 2; ++i) {
    a.on_asked(machine(ClientKind::uefi_pxe), start + seconds(i));
    static_cast<void>(a.on_loader_sent(mac, snponly.path, Transport::tftp, start + seconds(i)));
  }
  const base::Time now = start + seconds(2);
  EXPECT_EQ(a.objection(machine(ClientKind::uefi_pxe), snponly, now), Reason::boot_loop);
  EXPECT_FALSE(a.objection(machine(ClientKind::uefi_http), snponly, now)) << "another transport";
  EXPECT_FALSE(
      a.objection(machine(ClientKind::uefi_pxe), {policy::StepKind::loader, "x64/shimx64.efi"}, now));
  EXPECT_FALSE(a.objection(machine(ClientKind::ipxe), script, now));
  policy::Facts other = machine(ClientKind::uefi_pxe);
  other.mac.octets[5] = 9;
  EXPECT_FALSE(a.objection(other, snponly, now));
  a.forget();
  EXPECT_FALSE(a.objection(machine(ClientKind::uefi_pxe), snponly, now))
      << "the administrator changed something";
}

// The loop that was watched: an iPXE that gets an iPXE, again and again, every 2.2 s.
TEST(Loop, EndsTheWatchedUefiLoopInItsSecondRound) {
  Attempts a;
  int loaders = 0;
  int refused = 0;
  for (base::Time now = start; now < start + seconds(60); now += milliseconds(2200)) {
    const policy::Facts facts = machine(ClientKind::uefi_pxe);
    if (a.objection(facts, snponly, now)) {
      ++refused;
      continue;
    }
    a.on_asked(facts, now);
    ++loaders;
    static_cast<void>(a.on_loader_sent(mac, snponly.path, Transport::tftp, now + milliseconds(60)));
  }
  EXPECT_EQ(loaders, 2);
  EXPECT_EQ(refused, 26);
}

TEST(IpxeToIpxe, OnceInThirtySeconds) {
  Attempts a;
  const policy::Facts ipxe = machine(ClientKind::ipxe);
  a.on_asked(ipxe, start);
  EXPECT_FALSE(a.objection(ipxe, snponly, start));
  EXPECT_FALSE(a.objection(ipxe, snponly, start)) << "OFFER and ACK are one gift";
  EXPECT_FALSE(a.on_loader_sent(mac, snponly.path, Transport::tftp, start));
  EXPECT_EQ(a.objection(ipxe, snponly, start + seconds(29)), Reason::ipxe_without_http);
  EXPECT_FALSE(a.objection(ipxe, script, start + seconds(3))) << "the one that it was given can do HTTP";
  EXPECT_FALSE(a.objection(ipxe, snponly, start + seconds(30)));
}

TEST(IpxeToIpxe, PxelinuxForABiosIpxeIsNoIpxe) {
  Attempts a;
  const policy::Facts ipxe = machine(ClientKind::ipxe, policy::Arch::bios);
  const policy::Step pxelinux{policy::StepKind::loader, "bios/pxelinux.0"};
  a.on_asked(ipxe, start);
  EXPECT_FALSE(a.on_loader_sent(mac, pxelinux.path, Transport::tftp, start));
  EXPECT_FALSE(a.objection(ipxe, pxelinux, start + seconds(11)));
}

TEST(GrubSilence, IsNoticedAndNamesTheSetting) {
  Attempts a;
  EXPECT_FALSE(a.wake_at());
  EXPECT_FALSE(a.on_loader_sent(mac, "x64/grubx64.efi", Transport::tftp, start));
  EXPECT_EQ(a.wake_at(), start + seconds(8));
  EXPECT_TRUE(a.poll(start + milliseconds(7999)).empty());
  const auto events = a.poll(start + seconds(8));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<GrubAsksElsewhere>(events[0]).mac, mac);
  EXPECT_THAT(explain(events[0]), HasSubstr("next-server"));
  EXPECT_FALSE(a.wake_at());
  EXPECT_TRUE(a.poll(start + seconds(100)).empty()) << "said once";
}

TEST(GrubSilence, WhatIsNone) {
  struct Row {
    const char* name;
    bool beside_dhcp;
    const char* file;
    Transport transport;
    bool requests, asks;
  };
  const Row rows[] = {
      {"GRUB asked for its menu", true, "x64/grubx64.efi", Transport::tftp, true, false},
      {"the machine started anew", true, "x64/grubx64.efi", Transport::tftp, false, true},
      {"we lease the addresses ourselves", false, "x64/grubx64.efi", Transport::tftp, false, false},
      {"GRUB by HTTP keeps the server of its URL", true, "x64/grubx64.efi", Transport::http, false, false},
      {"shim, not yet GRUB", true, "x64/shimx64.efi", Transport::tftp, false, false},
      {"a name that only ends alike", true, "x64/mygrubx64.efi", Transport::tftp, false, false},
  };
  for (const Row& row : rows) {
    Attempts a(row.beside_dhcp);
    static_cast<void>(a.on_loader_sent(mac, row.file, row.transport, start));
    if (row.requests) a.on_request(mac, start + seconds(1));
    if (row.asks) a.on_asked(machine(ClientKind::uefi_pxe), start + seconds(1));
    EXPECT_TRUE(a.poll(start + seconds(20)).empty()) << row.name;
  }
}

TEST(GrubSilence, CountsFromTheLastDelivery) {
  Attempts a;
  static_cast<void>(a.on_loader_sent(mac, "grubx64.efi", Transport::tftp, start));
  static_cast<void>(a.on_loader_sent(mac, "grubx64.efi", Transport::tftp, start + seconds(5)));
  EXPECT_TRUE(a.poll(start + seconds(9)).empty());
  EXPECT_EQ(a.poll(start + seconds(13)).size(), 1U);
}

TEST(Attempts, AreBounded) {
  Attempts a(true, 50);
  for (int i = 0; i < 500; ++i) {
    policy::Facts facts = machine(ClientKind::uefi_pxe);
    facts.mac.octets[4] = static_cast<std::uint8_t>(i >> 8);
    facts.mac.octets[5] = static_cast<std::uint8_t>(i);
    a.on_asked(facts, start);
    static_cast<void>(a.on_loader_sent(facts.mac, "grubx64.efi", Transport::tftp, start));
  }
  EXPECT_EQ(a.size(), 50U);
  EXPECT_LE(a.poll(start + seconds(8)).size(), 50U);
}

}  // namespace
}  // namespace session
