// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/next_step.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <new>

#include "case.h"
#include "words.h"

// Every allocation of this test binary is counted: answering must not make one. Not inlined, or
// the compiler sees malloc() meet an operator delete and warns.
namespace {
std::size_t allocations = 0;
}
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }

namespace policy {
namespace {

Program program(std::int64_t id, std::string name, Arch arch, std::vector<Role> roles) {
  return {id, name, arch, std::move(roles), false, "programs/" + name};
}

Settings settings(bool http = true, UnknownUefi uefi = UnknownUefi::ipxe, BiosIpxe bios = BiosIpxe::script) {
  Settings out;
  out.http = http;
  out.unknown_uefi = uefi;
  out.bios_ipxe = bios;
  return out;
}

// What a machine is given on its way to an image of its architecture.
TEST(NextStep, ChainsByFirmware) {
  const Settings standard, no_http = settings(false), shim = settings(true, UnknownUefi::shim),
                           shim_no_http = settings(false, UnknownUefi::shim),
                           pxelinux = settings(true, UnknownUefi::ipxe, BiosIpxe::pxelinux);
  const std::vector<Program> none;
  const std::vector<Program> arm = {program(1, "a.efi", Arch::arm64, {Role::boot})};
  const std::vector<Program> pc = {program(1, "mine.efi", Arch::x64, {Role::boot}),
                                   program(2, "mine.0", Arch::bios, {Role::boot})};
  struct Row {
    const char* name;
    Facts facts;
    Settings settings;
    std::vector<Program> programs;
    const char* want;
  };
  const auto rom = machine(ClientKind::bios_rom, Arch::bios);
  const auto pxe = machine(ClientKind::uefi_pxe, Arch::x64), http = machine(ClientKind::uefi_http, Arch::x64);
  const Row rows[] = {
      {"BIOS ROM", rom, standard, none, "bios/pxelinux.0"},
      {"BIOS ROM without our HTTP", rom, no_http, none, "bios/pxelinux.0"},
      {"BIOS ROM, added program", rom, standard, pc, "programs/mine.0"},
      {"UEFI PXE", pxe, standard, none, "x64/snponly.efi"},
      {"UEFI PXE without our HTTP", pxe, no_http, none, "!http-needed"},
      {"UEFI PXE by shim", pxe, shim, none, "x64/shimx64.efi"},
      {"UEFI PXE by shim needs no HTTP", pxe, shim_no_http, none, "x64/shimx64.efi"},
      {"UEFI PXE, added program", pxe, shim, pc, "programs/mine.efi"},
      {"UEFI HTTP", http, standard, none, "x64/snponly.efi"},
      {"UEFI HTTP by shim", http, shim, none, "!shim-has-no-http"},
      {"UEFI HTTP, added program", http, shim, pc, "programs/mine.efi"},
      {"UEFI HTTP, added program, HTTP off", http, no_http, pc, "!http-needed"},
      {"BIOS that calls itself HTTP", machine(ClientKind::uefi_http, Arch::bios), standard, none,
       "!no-program-for-arch"},
      {"iPXE, BIOS", ipxe(Arch::bios, true), standard, none, "script"},
      {"iPXE, UEFI", ipxe(Arch::x64, true), standard, none, "script"},
      {"iPXE, UEFI, shim for the unknown", ipxe(Arch::x64, true), shim, none, "script"},
      {"iPXE gets the script, not the added program", ipxe(Arch::x64, true), standard, pc, "script"},
      {"iPXE, BIOS, pxelinux wanted", ipxe(Arch::bios, true), pxelinux, none, "bios/pxelinux.0"},
      {"iPXE, BIOS, the added program might be iPXE", ipxe(Arch::bios, true), pxelinux, pc,
       "bios/pxelinux.0"},
      {"iPXE, BIOS, our HTTP off", ipxe(Arch::bios, true), no_http, none, "bios/pxelinux.0"},
      {"iPXE, BIOS, without the feature", ipxe(Arch::bios, false), standard, none, "bios/pxelinux.0"},
      {"iPXE, UEFI, the pxelinux setting is BIOS's", ipxe(Arch::x64, true), pxelinux, none, "script"},
      {"iPXE, UEFI, our HTTP off", ipxe(Arch::x64, true), no_http, none, "!http-needed"},
      {"iPXE, UEFI, without the feature", ipxe(Arch::x64, false), shim, none, "x64/snponly.efi"},
      {"iPXE, ARM64, without the feature", ipxe(Arch::arm64, false), standard, none, "!no-program-for-arch"},
      {"iPXE, ARM64, without it, added program", ipxe(Arch::arm64, false), standard, arm, "programs/a.efi"},
      {"ARM64 UEFI", machine(ClientKind::uefi_pxe, Arch::arm64), standard, none, "!no-program-for-arch"},
      {"ARM64 UEFI, added program", machine(ClientKind::uefi_pxe, Arch::arm64), standard, arm,
       "programs/a.efi"},
      {"ia32 UEFI", machine(ClientKind::uefi_pxe, Arch::ia32), standard, pc, "!no-program-for-arch"},
      {"U-Boot", machine(ClientKind::uboot, Arch::arm64), standard, none, "!no-program-for-arch"},
      {"U-Boot, added program", machine(ClientKind::uboot, Arch::arm64), standard, arm, "programs/a.efi"},
      {"Raspberry Pi, added program", machine(ClientKind::raspberry_pi, Arch::arm64), standard, arm,
       "programs/a.efi"},
  };
  for (const Row& row : rows) {
    Case c;
    c.model.settings = row.settings;
    c.model.programs = row.programs;
    c.model.images[0].arch = row.facts.arch;
    const Snapshot s = c.make();
    static_cast<void>(answer(row.facts, s, c.at));  // a thread's first decision grows what it keeps
    const std::size_t before = allocations;
    const Answer got = answer(row.facts, s, c.at);
    EXPECT_EQ(allocations, before) << row.name << ": answering allocated";
    EXPECT_EQ(in_words(got.step), row.want) << row.name;
    EXPECT_EQ(got.plan.trail.entries().back().point, Point::program) << row.name;
    EXPECT_EQ(got.plan.trail.entries().back().verdict == Verdict::refused, row.want[0] == '!') << row.name;
  }
}

// What an administrator added, for what it is to do, and by name.
TEST(NextStep, ProgramsByRoleAndByName) {
  struct Row {
    const char* name;
    std::function<void(Case&)> change;
    const char* want;
  };
  const auto as = [](ClientKind kind, Arch arch) {
    return [kind, arch](Case& c) {
      c.facts.kind = kind;
      c.facts.arch = arch;
    };
  };
  const auto both = [](auto first, auto second) {
    return [=](Case& c) {
      first(c);
      second(c);
    };
  };
  const auto bios = as(ClientKind::bios_rom, Arch::bios), ipxe_x64 = as(ClientKind::ipxe, Arch::x64);
  const auto reads_http = [](Case& c) { c.facts.ipxe.http = true; };
  const auto http_off = [](Case& c) { c.model.settings.http = false; };
  const auto asks = [](Case& c) { c.d().asks = true; };
  const auto menu = [](Case& c) { c.model.deployments = {deployment(1, ToAll{}), deployment(2, ToAll{})}; };
  const auto nothing = [](Case& c) { c.model.deployments.clear(); };
  const auto pending = [](Case& c) { c.record.state = DeviceState::pending; };
  const auto detecting = [](Case& c) { c.model.policy.detect_processor = true; };
  const auto wds = as(ClientKind::wds_program, Arch::bios);
  const auto own = [](const char* program) { return [program](Case& c) { c.extras.program = program; }; };
  const auto by_http = as(ClientKind::uefi_http, Arch::x64);
  const Row rows[] = {
      {"boots", [](Case&) {}, "programs/boot.efi"},
      {"asks", asks, "programs/ask.efi"},
      {"chooses", menu, "programs/ask.efi"},
      {"asks on BIOS, where no program asks: ours can", both(bios, asks), "bios/pxelinux.0"},
      {"nothing to do: on to the disk", nothing, "programs/abort.efi"},
      {"nothing to do on BIOS, and nothing to say so", both(bios, nothing), "!nothing-to-do"},
      {"nothing to do: iPXE is told in a script", both(both(ipxe_x64, reads_http), nothing), "script"},
      {"nothing to do: iPXE that cannot read it", both(ipxe_x64, nothing), "programs/abort.efi"},
      {"nothing to do, by HTTP that is off", both(both(by_http, http_off), nothing), "!nothing-to-do"},
      {"nothing for a stranger: silence", both(nothing, [](Case& c) { c.become_stranger(); }),
       "!no-deployment"},
      {"rejected", [](Case& c) { c.record.state = DeviceState::rejected; }, "programs/abort.efi"},
      {"waits in the detecting program", both(bios, pending), "programs/detect.0"},
      {"waits in what boots, where none detects", pending, "programs/boot.efi"},
      {"waits in a script", both(both(ipxe_x64, reads_http), pending), "script"},
      {"waits by HTTP that is off", both(both(by_http, http_off), pending), "!http-needed"},
      {"waits by itself, in the program that can", both(wds, pending), "wait"},
      {"gives up, in the program that can", both(wds, nothing), "give up "},
      {"gives up in another program", both(as(ClientKind::wds_program, Arch::x64), nothing),
       "give up programs/abort.efi"},
      {"rejected while it waited", both(wds, [](Case& c) { c.record.state = DeviceState::rejected; }),
       "give up "},
      {"a stranger hears nothing there either",
       both(both(wds, nothing), [](Case& c) { c.become_stranger(); }), "!no-deployment"},
      {"approved while it waited", wds, "bios/pxelinux.0"},
      {"approved while it waited, on UEFI", as(ClientKind::wds_program, Arch::x64), "programs/boot.efi"},
      {"it is the detecting program", both(wds, detecting), "bios/pxelinux.0"},
      {"it found a processor that the image is not for",
       both(both(wds, detecting), [](Case& c) { c.facts.processor = Arch::ia32; }), "give up "},
      {"tells its processor first", both(bios, detecting), "programs/detect.0"},
      {"has told it", both(both(bios, detecting), [](Case& c) { c.facts.processor = Arch::x64; }),
       "bios/pxelinux.0"},
      {"only BIOS machines are asked", detecting, "programs/boot.efi"},
      {"iPXE on BIOS has got past the ROM",
       both(both(detecting, reads_http), as(ClientKind::ipxe, Arch::bios)), "script"},
      {"is not asked unless that is on", bios, "bios/pxelinux.0"},
      {"named for the device", own("named.efi"), "programs/named.efi"},
      {"named, and asks", both(own("named.efi"), asks), "programs/named.efi"},
      {"named by the deployment", [](Case& c) { c.d().program = "named.efi"; }, "programs/named.efi"},
      {"named, and gone", own("nowhere"), "!program-gone"},
      {"named, for another architecture", both(bios, own("named.efi")), "!no-program-for-arch"},
      {"named, by HTTP that is off", both(both(by_http, http_off), own("named.efi")), "!http-needed"},
      {"named: iPXE goes on to the image", both(both(ipxe_x64, reads_http), own("named.efi")), "script"},
      {"named alone, without an image: iPXE, too, gets it",
       both(both(both(ipxe_x64, reads_http), own("named.efi")), nothing), "programs/named.efi"},
      {"referred",
       [](Case& c) {
         c.model.servers = {{5, "west", ipv4("10.9.0.1"), {{Arch::x64, "west/boot.efi"}}}};
         c.model.referrals = {{6, "west", {{5, 1}}}};
         c.extras.referral = 6;
       },
       "refer west/boot.efi"},
  };
  for (const Row& row : rows) {
    Case c;
    c.model.programs = {
        program(1, "boot.efi", Arch::x64, {Role::boot}), program(2, "ask.efi", Arch::x64, {Role::prompt}),
        program(3, "abort.efi", Arch::x64, {Role::abort}), program(4, "detect.0", Arch::bios, {Role::detect}),
        program(5, "named.efi", Arch::x64, {})};
    row.change(c);
    const Snapshot s = c.make();
    EXPECT_EQ(in_words(answer(c.facts, s, c.at).step), row.want) << row.name;
  }
}

TEST(NextStep, ADeliveredReferralKnowsItsServer) {
  Case c;
  c.model.servers = {{5, "west", ipv4("10.9.0.1"), {{Arch::x64, "west/boot.efi"}}}};
  c.model.referrals = {{6, "west", {{5, 1}}}};
  c.n().referral = 6;
  const Snapshot s = c.make();
  const Answer got = answer(c.facts, s, c.at);
  const auto* const step = std::get_if<Step>(&got.step);
  ASSERT_NE(step, nullptr);
  ASSERT_NE(step->server, nullptr);
  EXPECT_EQ(step->server->address.print(), "10.9.0.1");
}

TEST(NextStep, AnIpxeIsNotReferredToAnIpxe) {
  const auto step = [](const char* file, bool reads_http, bool we_have_http, ClientKind kind) {
    Case c;
    c.model.servers = {{5, "west", ipv4("10.9.0.1"), {{Arch::x64, file}}}};
    c.model.referrals = {{6, "west", {{5, 1}}}};
    c.extras.referral = 6;
    c.model.settings.http = we_have_http;
    c.facts.kind = kind;
    c.facts.ipxe.http = reads_http;
    const Snapshot s = c.make();
    return in_words(answer(c.facts, s, c.at).step);
  };
  using enum ClientKind;
  EXPECT_EQ(step("x64/snponly.efi", true, true, uefi_pxe), "refer x64/snponly.efi");
  EXPECT_EQ(step("x64/snponly.efi", true, true, ClientKind::ipxe), "script");
  EXPECT_EQ(step("X64\\SNPONLY.EFI", true, true, ClientKind::ipxe), "script");
  EXPECT_EQ(step("boot/ipxe-x86_64.efi", true, true, ClientKind::ipxe), "script");
  EXPECT_EQ(step("x64/snponly.efi", false, true, ClientKind::ipxe), "!ipxe-without-http");
  EXPECT_EQ(step("x64/snponly.efi", true, false, ClientKind::ipxe), "!http-needed");
  EXPECT_EQ(step("boot/wdsnbp.com", true, true, ClientKind::ipxe), "refer boot/wdsnbp.com");
  EXPECT_EQ(step("ipxe/pxelinux.0", true, true, ClientKind::ipxe), "refer ipxe/pxelinux.0");
}

// A site with something of everything, and a machine of each sort that asks it.
TEST(Answer, AllocatesNothingHoweverMuchThereIs) {
  Case c;
  for (std::int64_t id = 2; id <= 300; ++id) {
    Collection one = collection(id, {id - 1});
    one.rule = rule("subnet 10.1.0.0/16 and not (name \"x*\" or vendor *)");
    c.model.collections.push_back(one);
    c.model.deployments.push_back(deployment(id, ToCollection{id}, Purpose::available, 1 + id % 2));
    c.model.deployments.push_back(deployment(1000 + id, ToUnknown{}));
  }
  c.d().purpose = Purpose::available;
  c.extras.image = 2;
  c.extras.program = "a program with a name that no short string holds";
  const Snapshot s = c.make();
  Facts stranger = machine(mac_3), new_board = c.facts;
  new_board.uuid = numbered_uuid(9);
  for (const Facts& facts : {c.facts, stranger, new_board}) {
    static_cast<void>(answer(facts, s, c.at));
    const std::size_t before = allocations;
    const Answer got = answer(facts, s, c.at);
    EXPECT_EQ(allocations, before) << in_words(got.plan);
    EXPECT_NE(got.plan.menu(), nullptr) << in_words(got.plan);
  }
}

}  // namespace
}  // namespace policy
