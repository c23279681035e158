// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "policy/recipe.h"

// Every allocation of this test binary is counted: deciding must not make one. Not inlined, or
// the compiler sees malloc() meet an operator delete and warns.
namespace {
std::size_t allocations = 0;
}
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const base::Mac known_mac{{0x52, 0x54, 0, 0, 0, 1}};
const base::Mac other_mac{{0x52, 0x54, 0, 0, 0, 2}};

Facts machine(ClientKind kind, Arch arch) {
  Facts facts;
  facts.mac = known_mac;
  facts.kind = kind;
  facts.arch = arch;
  return facts;
}
Facts ipxe(Arch arch, bool http) {
  Facts facts = machine(ClientKind::ipxe, arch);
  facts.ipxe.http = http;
  return facts;
}

Image image(std::int64_t id, std::string name, Arch arch = Arch::x64) {
  Image image;
  image.id = id;
  image.name = std::move(name);
  image.arch = arch;
  return image;
}

Snapshot site(Settings settings = {}, Arch image_arch = Arch::x64, std::vector<Program> programs = {}) {
  return {settings,
          {image(1, "debian", image_arch)},
          {{.id = 1, .image = 1, .target = known_mac}},
          std::move(programs)};
}

Reason reason_of(const Plan& plan) { return std::get<Ignore>(plan.outcome).reason; }

TEST(Decide, StrangersGetNothing) {
  Facts stranger = machine(ClientKind::uefi_pxe, Arch::x64);
  stranger.mac = other_mac;
  const Plan plan = decide(stranger, site());
  EXPECT_EQ(reason_of(plan), Reason::no_deployment);
  EXPECT_THAT(plan.trail.entries(),
              ElementsAre(Considered{Rule::deployment_for_machine, Verdict::did_not_apply},
                          Considered{Rule::deployment_for_all, Verdict::refused}));
}

TEST(Decide, OwnDeploymentComesBeforeAll) {
  const Snapshot s(
      {}, {image(1, "own"), image(2, "all")},
      {{.id = 1, .image = 2, .target = AllMachines{}}, {.id = 2, .image = 1, .target = known_mac}}, {});
  Facts facts = machine(ClientKind::bios_rom, Arch::bios);
  const Plan own = decide(facts, s);
  EXPECT_EQ(own.boot()->image->name, "own");
  EXPECT_FALSE(own.boot()->prompt);
  facts.mac = other_mac;
  const Plan all = decide(facts, s);
  EXPECT_EQ(all.boot()->image->name, "all");
  EXPECT_TRUE(all.boot()->prompt) << "`all` prompts even where the row forgot to say so";
}

TEST(Decide, PromptIsTheDeployments) {
  const Snapshot s({}, {image(1, "debian")}, {{.id = 1, .image = 1, .target = known_mac, .prompt = true}},
                   {});
  EXPECT_TRUE(decide(machine(ClientKind::bios_rom, Arch::bios), s).boot()->prompt);
}

TEST(Decide, DeployedImageThatIsGone) {
  const Snapshot s({}, {}, {{.id = 1, .image = 5, .target = known_mac}}, {});
  EXPECT_EQ(reason_of(decide(machine(ClientKind::bios_rom, Arch::bios), s)), Reason::deployed_image_gone);
}

TEST(Decide, ImageAndMachineMustMatch) {
  struct Row {
    Arch machine, image;
    bool boots;
  };
  const Row rows[] = {
      {Arch::bios, Arch::x64, true},    {Arch::bios, Arch::ia32, true},  {Arch::bios, Arch::bios, true},
      {Arch::bios, Arch::arm64, false}, {Arch::x64, Arch::x64, true},    {Arch::x64, Arch::ia32, false},
      {Arch::ia32, Arch::x64, false},   {Arch::ia32, Arch::ia32, true},  {Arch::arm64, Arch::arm64, true},
      {Arch::arm64, Arch::x64, false},  {Arch::other, Arch::x64, false},
  };
  for (const Row& row : rows) {
    const Plan plan = decide(machine(ClientKind::uefi_pxe, row.machine), site({}, row.image));
    EXPECT_EQ(plan.boot() != nullptr, row.boots) << print(row.machine) << " with " << print(row.image);
    if (plan.boot() == nullptr) {
      EXPECT_EQ(reason_of(plan), Reason::image_not_for_arch);
    }
  }
}

TEST(Decide, MachineKnownByItsMacAloneHasNoArchToCompare) {
  Facts facts = machine(ClientKind::bios_rom, Arch::bios);
  facts.firmware_known = false;
  const Plan plan = decide(facts, site({}, Arch::arm64));
  ASSERT_NE(plan.boot(), nullptr);
  EXPECT_EQ(plan.trail.entries().back(), (Considered{Rule::image_arch, Verdict::did_not_apply}));
}

TEST(NextStep, Table) {
  const Settings standard;
  Settings no_http;
  no_http.http = false;
  Settings shim;
  shim.unknown_uefi = UnknownUefi::shim;
  Settings pxelinux;
  pxelinux.bios_ipxe = BiosIpxe::pxelinux;
  Settings shim_no_http = shim;
  shim_no_http.http = false;
  const std::vector<Program> none;
  const std::vector<Program> arm = {{Arch::arm64, "programs/arm64/a.efi"}};
  const std::vector<Program> pc = {{Arch::x64, "programs/x64/mine.efi"},
                                   {Arch::bios, "programs/bios/mine.0"}};
  struct Row {
    const char* name;
    Facts facts;
    Settings settings;
    std::vector<Program> programs;
    const char* want;  // a path, "script", or "!reason"
  };
  const Row rows[] = {
      {"BIOS ROM", machine(ClientKind::bios_rom, Arch::bios), standard, none, "bios/pxelinux.0"},
      {"BIOS ROM without our HTTP", machine(ClientKind::bios_rom, Arch::bios), no_http, none,
       "bios/pxelinux.0"},
      {"BIOS ROM, own program", machine(ClientKind::bios_rom, Arch::bios), standard, pc,
       "programs/bios/mine.0"},
      {"UEFI PXE", machine(ClientKind::uefi_pxe, Arch::x64), standard, none, "x64/snponly.efi"},
      {"UEFI PXE without our HTTP", machine(ClientKind::uefi_pxe, Arch::x64), no_http, none, "!http-needed"},
      {"UEFI PXE by shim", machine(ClientKind::uefi_pxe, Arch::x64), shim, none, "x64/shimx64.efi"},
      {"UEFI PXE by shim needs no HTTP", machine(ClientKind::uefi_pxe, Arch::x64), shim_no_http, none,
       "x64/shimx64.efi"},
      {"UEFI PXE, own program", machine(ClientKind::uefi_pxe, Arch::x64), shim, pc, "programs/x64/mine.efi"},
      {"UEFI HTTP", machine(ClientKind::uefi_http, Arch::x64), standard, none, "x64/snponly.efi"},
      {"UEFI HTTP by shim", machine(ClientKind::uefi_http, Arch::x64), shim, none, "!shim-has-no-http"},
      {"UEFI HTTP, own program", machine(ClientKind::uefi_http, Arch::x64), shim, pc,
       "programs/x64/mine.efi"},
      {"UEFI HTTP, own program, HTTP off", machine(ClientKind::uefi_http, Arch::x64), no_http, pc,
       "!http-needed"},
      {"BIOS that calls itself HTTP", machine(ClientKind::uefi_http, Arch::bios), standard, none,
       "!no-program-for-arch"},
      {"iPXE, BIOS", ipxe(Arch::bios, true), standard, none, "script"},
      {"iPXE, UEFI", ipxe(Arch::x64, true), standard, none, "script"},
      {"iPXE, UEFI, shim for the unknown", ipxe(Arch::x64, true), shim, none, "script"},
      {"iPXE gets the script, not the own program", ipxe(Arch::x64, true), standard, pc, "script"},
      {"iPXE, BIOS, pxelinux wanted", ipxe(Arch::bios, true), pxelinux, none, "bios/pxelinux.0"},
      {"iPXE, BIOS, own program might be iPXE", ipxe(Arch::bios, true), pxelinux, pc, "bios/pxelinux.0"},
      {"iPXE, BIOS, our HTTP off", ipxe(Arch::bios, true), no_http, none, "bios/pxelinux.0"},
      {"iPXE, BIOS, without the feature", ipxe(Arch::bios, false), standard, none, "bios/pxelinux.0"},
      {"iPXE, UEFI, pxelinux setting is BIOS's", ipxe(Arch::x64, true), pxelinux, none, "script"},
      {"iPXE, UEFI, our HTTP off", ipxe(Arch::x64, true), no_http, none, "!http-needed"},
      {"iPXE, UEFI, without the feature", ipxe(Arch::x64, false), shim, none, "x64/snponly.efi"},
      {"iPXE, ARM64, without the feature", ipxe(Arch::arm64, false), standard, none, "!no-program-for-arch"},
      {"iPXE, ARM64, without it, own program", ipxe(Arch::arm64, false), standard, arm,
       "programs/arm64/a.efi"},
      {"ARM64 UEFI", machine(ClientKind::uefi_pxe, Arch::arm64), standard, none, "!no-program-for-arch"},
      {"ARM64 UEFI, own program", machine(ClientKind::uefi_pxe, Arch::arm64), standard, arm,
       "programs/arm64/a.efi"},
      {"ia32 UEFI", machine(ClientKind::uefi_pxe, Arch::ia32), standard, pc, "!no-program-for-arch"},
      {"U-Boot", machine(ClientKind::uboot, Arch::arm64), standard, none, "!no-program-for-arch"},
      {"U-Boot, own program", machine(ClientKind::uboot, Arch::arm64), standard, arm, "programs/arm64/a.efi"},
      {"Raspberry Pi, own program", machine(ClientKind::raspberry_pi, Arch::arm64), standard, arm,
       "programs/arm64/a.efi"},
  };
  for (const Row& row : rows) {
    const Arch image_arch = row.facts.arch == Arch::bios ? Arch::x64 : row.facts.arch;
    const Snapshot s = site(row.settings, image_arch, row.programs);
    const std::size_t before = allocations;
    const Answer got = answer(row.facts, s);
    EXPECT_EQ(allocations, before) << row.name << ": deciding allocated";
    std::string said;
    if (const auto* step = std::get_if<Step>(&got.step)) {
      said = step->kind == StepKind::script ? "script" : std::string(step->path);
    } else {
      said = "!" + std::string(print(std::get<Reason>(got.step)));
    }
    EXPECT_EQ(said, row.want) << row.name;
    EXPECT_EQ(got.plan.trail.entries().back().rule, Rule::program) << row.name;
  }
}

TEST(NextStep, IsThePlansReasonWhereNothingBoots) {
  Facts stranger = machine(ClientKind::bios_rom, Arch::bios);
  stranger.mac = other_mac;
  EXPECT_EQ(std::get<Reason>(next_step(stranger, site())), Reason::no_deployment);
}

TEST(Reason, EachHasANameAndASentenceInAscii) {
  for (std::size_t i = 0; i < reason_count; ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_NE(print(reason), "unknown") << i;
    EXPECT_GT(explain(reason).size(), 30U) << i;
    for (const char c : explain(reason)) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << explain(reason);
  }
  EXPECT_EQ(print(static_cast<Reason>(reason_count)), "unknown") << "reason_count is out of date";
}

TEST(Recipe, EveryKindHasOneWithEvidence) {
  for (const auto kind : {ClientKind::bios_rom, ClientKind::uefi_pxe, ClientKind::uefi_http, ClientKind::ipxe,
                          ClientKind::uboot, ClientKind::raspberry_pi}) {
    const Recipe& recipe = recipe_for(kind);
    EXPECT_EQ(recipe.kind, kind);
    EXPECT_TRUE(recipe.file_in_header || recipe.file_in_option_67) << print(kind);
    EXPECT_EQ(recipe.answer_class, kind == ClientKind::uefi_http ? "HTTPClient" : "PXEClient");
    EXPECT_THAT(std::string(recipe.evidence), HasSubstr(recipe.seen_live ? "seen live" : "not seen live"));
  }
  EXPECT_EQ(recipes().size(), 6U);
}

TEST(Recipe, NoDiscoveryTagsForEdk2WhileTheBootServiceRuns) {
  EXPECT_EQ(recipe_for(ClientKind::uefi_pxe).offer_vendor_info, VendorInfo::none);
  EXPECT_EQ(recipe_for(ClientKind::uefi_http).offer_vendor_info, VendorInfo::none);
}

}  // namespace
}  // namespace policy
