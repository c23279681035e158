// SPDX-License-Identifier: GPL-3.0-or-later
// The decision: facts about who asks + snapshot -> plan. Pure, quick, no allocation: the
// same call serves a packet, a rendered menu and (later) `explain`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/address.h"
#include "policy/model.h"

namespace policy {

// What speaks to us. Firmware and loaders take turns on one machine.
enum class ClientKind : std::uint8_t {
  bios_rom,      // PXE ROM that is not iPXE
  uefi_pxe,      // EDK2's PXE and its relatives
  uefi_http,     // UEFI HTTP Boot (option 60 HTTPClient)
  ipxe,          // user class iPXE: a ROM or a chained one, there is no telling them apart
  uboot,         // reads the header's file and siaddr only
  raspberry_pi,  // boot ROM: claims arch 0, wants a menu entry of its own
};
std::string_view print(ClientKind kind);

// What an iPXE build can do, as it says itself (option 175); all false for everybody else.
struct IpxeAbilities {
  bool http = false;
  bool efi = false;
  bool operator==(const IpxeAbilities&) const = default;
};

// Who asks, in people's words. Built in one place from a packet (session/facts) or from a
// binding; policy never sees an option number.
//
// A machine that is known by a name alone (a file name with its MAC in it, a neighbour's
// entry) has told nothing about its processor: firmware_known is false then, and kind, arch
// and ipxe mean nothing.
struct Facts {
  base::Mac mac;
  std::optional<base::Uuid> uuid;
  ClientKind kind = ClientKind::bios_rom;
  Arch arch = Arch::bios;
  std::uint16_t arch_id = 0;  // as sent, for messages
  IpxeAbilities ipxe;
  base::Ipv4 relay;  // zero when the client is on our own wire
  bool firmware_known = true;
  // How long it has been asking by its own account; policy::Waiting says whose counts.
  std::uint16_t seconds_asking = 0;
  bool operator==(const Facts&) const = default;
};

// Why a machine is not served. Each has one counter, one log line, one sentence.
enum class Reason : std::uint8_t {
  no_deployment,        // nobody said what this machine boots: the default for strangers
  no_program_for_arch,  // no loader for its architecture; `bootferry program add` helps
  image_not_for_arch,   // deployed image runs on another architecture
  http_needed,          // the chain needs our HTTP service and it is switched off
  ipxe_without_http,    // this iPXE cannot fetch over HTTP and was given another iPXE already
  deployed_image_gone,  // the deployment names an image that is no longer there
  shim_has_no_http,     // UEFI HTTP Boot while shim is what UEFI machines get: its GRUB has no http
  boot_loop,            // the machine came back for the loader it had just been given (session/attempts)
  held,                 // as many machines are loading as may: its turn comes (session/admission)
};
inline constexpr std::size_t reason_count = 9;
std::string_view print(Reason reason);    // "no-deployment": counters, JSON
std::string_view explain(Reason reason);  // one sentence with what to do; plain ASCII, scripts show it

// The rules in the order they are tried, each with its verdict: a plan explains itself.
enum class Rule : std::uint8_t {
  deployment_for_machine,
  deployment_for_all,
  image_present,
  image_arch,
  program
};
enum class Verdict : std::uint8_t { applied, did_not_apply, refused };
std::string_view print(Rule rule);
std::string_view print(Verdict verdict);
struct Considered {
  Rule rule;
  Verdict verdict;
  bool operator==(const Considered&) const = default;
};
class Trail {
 public:
  void add(Rule rule, Verdict verdict);
  [[nodiscard]] std::span<const Considered> entries() const { return {entries_.data(), size_}; }

 private:
  std::array<Considered, 8> entries_{};
  std::size_t size_ = 0;
};

struct Ignore {
  Reason reason;
};
struct Boot {
  const Image* image = nullptr;            // lives in the snapshot
  const Deployment* deployment = nullptr;  // likewise
  bool prompt = false;
};
struct Plan {
  std::variant<Ignore, Boot> outcome;
  Trail trail;
  [[nodiscard]] const Boot* boot() const { return std::get_if<Boot>(&outcome); }
};

// What this machine boots, whoever is speaking on it just now.
Plan decide(const Facts& facts, const Snapshot& snapshot);

// --- which program the present speaker gets, to get there -------------------------------

// A loader's place in the published tree, and whether it is a script rendered per machine.
enum class StepKind : std::uint8_t {
  loader,  // a program file; path is static
  script,  // iPXE script, rendered; the URL carries the MAC
};
struct Step {
  StepKind kind = StepKind::loader;
  std::string_view path;  // loader only: in the published tree, e.g. "x64/snponly.efi"
};
// The next program for who speaks now; or why there is none. One rule keeps chains from
// looping without telling a ROM's iPXE from a chained one, which the wire does not reveal:
// an iPXE that can do HTTP gets a script, everything else the program of its architecture.
// A UEFI iPXE without HTTP is given one with it, which session/attempts allows once.
std::variant<Step, Reason> next_step(const Facts& facts, const Snapshot& snapshot);

// Both at once, with the program rule in the plan's trail: what a packet is answered from.
struct Answer {
  Plan plan;
  std::variant<Step, Reason> step;
};
Answer answer(const Facts& facts, const Snapshot& snapshot);

}  // namespace policy
