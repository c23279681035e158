// SPDX-License-Identifier: GPL-3.0-or-later
// What a machine boots, and why: the value that packets are answered from, menus are rendered
// from, and `explain` prints.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "policy/identify.h"
#include "policy/snapshot.h"

namespace policy {

// Why a machine is not served. Each has one counter, one log line, one sentence.
enum class Reason : std::uint8_t {
  no_deployment,        // a stranger for whom nothing is deployed: the default
  no_program_for_arch,  // no loader for its architecture; `bootferry program add` helps
  image_not_for_arch,   // what is deployed runs on another architecture
  http_needed,          // the chain needs our HTTP service and it is switched off
  ipxe_without_http,    // this iPXE cannot fetch over HTTP and was given another iPXE already
  deployed_image_gone,  // the deployment names an image that is no longer there
  shim_has_no_http,     // UEFI HTTP Boot while shim is what UEFI machines get: its GRUB has no http
  boot_loop,            // the machine came back for the loader it had just been given (session/attempts)
  held,                 // as many machines are loading as may: its turn comes (session/admission)
  ignored_address,      // its hardware address is on the ignore list
  answers_nobody,       // answer policy
  answers_known_only,   // answer policy, and no record knows it
  delayed,              // a stranger that has not asked for long enough yet
  identity_conflict,    // address and UUID name two devices
  rejected,             // an administrator said no
  nothing_to_do,        // a known device for which nothing is deployed, now
  program_gone,         // an override names a boot program that is not there
  no_boot_server,       // referred, and no server has a program for its architecture and firmware
  installs_stopped,     // too many required deployments began or failed lately (session/install_breaker)
  boots_too_often,      // it has booted from the network over and over (session/boot_counts)
  approval_late,        // nobody approved it while it waited; its request stays listed
  image_not_published,  // what is deployed is a draft, or was withdrawn
  image_not_here,       // files of what is deployed are missing or damaged on this server
  no_windows_program,   // the Windows image brought no boot program for this firmware
};
inline constexpr std::size_t reason_count = 24;
std::string_view print(Reason reason);    // "no-deployment": counters, JSON
std::string_view explain(Reason reason);  // one sentence with what to do; plain ASCII, scripts show it

// What was looked at on the way to a plan, in this order.
enum class Point : std::uint8_t {
  ignore_list,
  identity,
  network,
  answer_policy,
  delay,
  state,
  boot_count,  // only where it speaks against booting
  referral,
  deployment,  // one entry each
  image_override,
  program_override,
  auto_add,
  program,  // the boot program for who speaks now
};
enum class Verdict : std::uint8_t { applied, did_not_apply, refused };
// What tells apart entries of one point and verdict. For deployments: why not this one.
enum class Detail : std::uint8_t {
  none,
  by_mac,
  by_uuid,
  by_both,
  unknown_machine,
  uuid_banned,
  mac_wanders,
  for_unknown_only,  // this machine is known
  condition,         // its condition does not hold for this machine
  disabled,
  not_yet,
  over,
  outside_maintenance,
  done,      // required and done already
  run_held,  // failed or fell silent too often
  installs_stopped,
  image_gone,
  image_draft,
  image_withdrawn,
  image_not_here,
  image_not_for_arch,
  comes_later,  // another one was before it
  chosen,
  offered,        // in the menu
  not_answering,  // the boot server, and all others that serve the same
};
std::string_view print(Point point);
std::string_view print(Verdict verdict);
std::string_view print(Detail detail);

struct Considered {
  Point point = Point::identity;
  Verdict verdict = Verdict::did_not_apply;
  Detail detail = Detail::none;
  std::int64_t subject = 0;  // the deployment, device, network, referral or image; 0: none
  bool operator==(const Considered&) const = default;
};
class Trail {
 public:
  static constexpr std::size_t capacity = 40;
  // Kept free for what was chosen, by those deployments that were not: a full menu, overrides, program.
  static constexpr std::size_t kept_free = 20;
  // What does not fit is counted.
  void add(Considered entry);
  [[nodiscard]] std::span<const Considered> entries() const { return {entries_.data(), size_}; }
  [[nodiscard]] std::size_t left_out() const { return left_out_; }

 private:
  std::array<Considered, capacity> entries_{};
  std::size_t size_ = 0;
  std::size_t left_out_ = 0;
};

// All pointers live in the snapshot.
struct Choice {
  const Image* image = nullptr;            // null: only a program was named
  const Deployment* deployment = nullptr;  // null: an override stands alone
  const TaskSequence* task_sequence = nullptr;
  const WindowsFiles* windows = nullptr;  // of a Windows image whose files are published here
  bool operator==(const Choice&) const = default;
};

struct Silent {  // no answer: as if we were not there
  Reason reason = Reason::no_deployment;
};
struct Abort {  // on to its next boot device
  Reason reason = Reason::nothing_to_do;
};
struct Boot {
  Choice choice;
  Prompting prompt = Prompting::none;
  std::string_view program;  // named by an override; empty: the default of its role
};
struct Menu {  // the local disk comes last
  static constexpr std::size_t capacity = 16;
  std::array<Choice, capacity> choices{};
  std::size_t size = 0;
  Prompting prompt = Prompting::opt_in;  // opt_out: silence boots the first; else it means the disk
  std::string_view program;
  [[nodiscard]] std::span<const Choice> entries() const { return {choices.data(), size}; }
};
struct AskApproval {
  const Device* device = nullptr;  // null: not recorded yet
};
struct Refer {
  const Referral* referral = nullptr;
  const BootServer* server = nullptr;
  std::string_view file;
};
using Outcome = std::variant<Silent, Abort, Boot, Menu, AskApproval, Refer>;

struct Plan {
  Outcome outcome;
  Identity identity;
  const Network* network = nullptr;
  Trail trail;
  [[nodiscard]] const Boot* boot() const { return std::get_if<Boot>(&outcome); }
  [[nodiscard]] const Menu* menu() const { return std::get_if<Menu>(&outcome); }
  // Why it gets nothing, if so.
  [[nodiscard]] std::optional<Reason> reason() const;
};

}  // namespace policy
