// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/next_step.h"

#include "base/overloaded.h"
#include "policy/referred_program.h"
#include "policy/rom_menu.h"

namespace policy {
namespace {

// Our own loaders, by their places in the published tree. shim asks for grubx64.efi in the
// directory it came from, so the two lie side by side in x64/.
constexpr std::string_view pxelinux = "bios/pxelinux.0";
constexpr std::string_view snponly_x64 = "x64/snponly.efi";
constexpr std::string_view shim_x64 = "x64/shimx64.efi";

using Result = std::variant<Step, Reason>;

Result loader(std::string_view path) { return Step{StepKind::loader, path}; }

// snponly.efi fetches its script and the kernel over HTTP: without our HTTP service the
// chain would end in an iPXE that finds nothing.
Result snponly(const Settings& settings) {
  if (!settings.http) return Reason::http_needed;
  return loader(snponly_x64);
}

// HTTP Boot reads from our HTTP service, whatever the program.
bool can_load(const Facts& facts, const Settings& settings) {
  return facts.kind != ClientKind::uefi_http || settings.http;
}

// A program that an administrator added, for what this machine is to be told.
const Program* added(const Facts& facts, const Snapshot& snapshot, Role role) {
  return snapshot.program(facts.arch, role);
}

Result for_ipxe(const Facts& facts, const Snapshot& snapshot, Role role) {
  const Settings& settings = snapshot.settings();
  const bool bios = facts.arch == Arch::bios;
  const bool script = settings.http && facts.ipxe.http;
  if (bios && (!script || settings.bios_ipxe == BiosIpxe::pxelinux)) return loader(pxelinux);
  if (script) return Step{StepKind::script};
  if (!settings.http) return Reason::http_needed;
  // Without HTTP inside: another iPXE, from Debian, that has it. Never shim here: under the
  // iPXE EFI ROM of 2019 it cannot tell the size of what it loads and gives up.
  if (facts.arch == Arch::x64) return snponly(settings);
  const Program* program = added(facts, snapshot, role);
  if (program == nullptr) return Reason::no_program_for_arch;
  return loader(program->path);
}

Result for_uefi_x64(const Facts& facts, const Settings& settings) {
  if (settings.unknown_uefi == UnknownUefi::ipxe) return snponly(settings);
  // Debian's signed GRUB holds no http module: it comes up with root=http and sends nothing.
  if (facts.kind == ClientKind::uefi_http) return Reason::shim_has_no_http;
  return loader(shim_x64);
}

// The loader that renders menus, prompts and waiting scripts, or what stands in for it.
Result choose_program(const Facts& facts, const Snapshot& snapshot, Role role) {
  if (facts.kind == ClientKind::ipxe) return for_ipxe(facts, snapshot, role);
  if (const Program* program = added(facts, snapshot, role)) return loader(program->path);
  switch (facts.kind) {
    case ClientKind::bios_rom:
      if (facts.arch == Arch::bios) return loader(pxelinux);
      break;
    case ClientKind::wds_program:  // goes by the firmware that it runs on
      if (facts.arch == Arch::bios) return loader(pxelinux);
      [[fallthrough]];
    case ClientKind::uefi_pxe:
    case ClientKind::uefi_http:
      if (facts.arch == Arch::x64) return for_uefi_x64(facts, snapshot.settings());
      break;
    case ClientKind::ipxe:
    case ClientKind::uboot:
    case ClientKind::raspberry_pi:
      break;
  }
  return Reason::no_program_for_arch;
}

// The one named for the machine or the deployment. An iPXE that asks for what to do has it
// already, where that is an iPXE, or came past it.
Result named_program(const Facts& facts, const Snapshot& snapshot, std::string_view name, bool has_image) {
  const Program* const program = snapshot.program(name);
  if (program == nullptr) return Reason::program_gone;
  if (facts.kind == ClientKind::ipxe && has_image) return for_ipxe(facts, snapshot, Role::boot);
  if (facts.firmware_known && program->arch != facts.arch) return Reason::no_program_for_arch;
  return loader(program->path);
}

// Whether the firmware starts Windows' boot manager itself. iPXE hands over to it as any ROM does;
// where something is to be asked before, its script asks.
bool starts_windows(const Facts& facts, const Plan& plan, Role role) {
  const Boot* const boot = plan.boot();
  if (boot == nullptr || boot->choice.image == nullptr) return false;
  if (boot->choice.image->kind != ImageKind::wim || facts.kind == ClientKind::uefi_http) return false;
  return facts.kind != ClientKind::ipxe || role == Role::boot;
}

Result towards_windows(const Facts& facts, const WindowsFiles* files, Role role) {
  const std::string_view program =
      files == nullptr ? std::string_view() : windows_program(facts, *files, role == Role::prompt);
  if (program.empty()) return Reason::no_windows_program;
  return loader(program);
}

// Before anything is chosen by its width, a BIOS machine tells it.
const Program* detecting_program(const Facts& facts, const Snapshot& snapshot) {
  const bool wanted = snapshot.model().policy.detect_processor && facts.kind == ClientKind::bios_rom &&
                      facts.arch == Arch::bios && !facts.processor;
  return wanted ? added(facts, snapshot, Role::detect) : nullptr;
}

Result towards_disk(const Facts& facts, const Snapshot& snapshot, Reason reason) {
  if (facts.kind == ClientKind::ipxe && facts.ipxe.http && snapshot.settings().http) {
    return Step{StepKind::script};
  }
  const Program* const program = added(facts, snapshot, Role::abort);
  if (facts.kind == ClientKind::wds_program) {
    return Step{StepKind::abort, program != nullptr ? std::string_view(program->path) : std::string_view()};
  }
  if (program == nullptr || !can_load(facts, snapshot.settings())) return reason;
  return loader(program->path);
}

Result towards_approval(const Facts& facts, const Snapshot& snapshot) {
  if (facts.kind == ClientKind::wds_program) return Step{StepKind::wait};
  if (!can_load(facts, snapshot.settings())) return Reason::http_needed;
  const Program* const waiting = added(facts, snapshot, Role::detect);
  if (waiting != nullptr && facts.kind != ClientKind::ipxe) return loader(waiting->path);
  return choose_program(facts, snapshot, Role::boot);
}

// The plan boots, by way of a menu or not.
Result towards_image(const Facts& facts, const Plan& plan, const Snapshot& snapshot, std::string_view named,
                     Role role) {
  const bool has_image = plan.menu() != nullptr || plan.boot()->choice.image != nullptr;
  if (!can_load(facts, snapshot.settings())) return Reason::http_needed;
  if (const Program* detecting = detecting_program(facts, snapshot)) return loader(detecting->path);
  if (!named.empty()) return named_program(facts, snapshot, named, has_image);
  if (starts_windows(facts, plan, role)) return towards_windows(facts, plan.boot()->choice.windows, role);
  return choose_program(facts, snapshot, role);
}

// An iPXE that is sent to an iPXE would come back and be sent there for ever. It is one already,
// so it gets a script of ours that leads to that server's script.
Result towards_server(const Facts& facts, const Settings& settings, const Refer& refer) {
  if (facts.kind != ClientKind::ipxe || !is_ipxe_program(refer.file)) {
    return Step{StepKind::refer, refer.file, refer.server};
  }
  if (!settings.http) return Reason::http_needed;
  if (!facts.ipxe.http) return Reason::ipxe_without_http;
  return Step{StepKind::script, {}, refer.server};
}

// A question that somebody at the machine is to answer: by a loader that can ask it, or by the ROM.
Result towards_question(const Facts& facts, const Plan& plan, const Snapshot& snapshot,
                        std::string_view named) {
  const Result by_loader = towards_image(facts, plan, snapshot, {}, Role::prompt);
  const bool asked = std::holds_alternative<Step>(by_loader);
  if (!asked && rom_menu(facts, plan, snapshot).size > 0) return Step{StepKind::menu};
  return named.empty() ? by_loader : towards_image(facts, plan, snapshot, named, Role::prompt);
}

}  // namespace

std::variant<Step, Reason> next_step(const Facts& facts, const Plan& plan, const Snapshot& snapshot) {
  return std::visit(
      base::Overloaded{
          [](const Silent& silent) -> Result { return silent.reason; },
          [&](const Abort& abort) { return towards_disk(facts, snapshot, abort.reason); },
          [&](const Boot& boot) {
            const bool asks = boot.prompt != Prompting::none;
            if (asks && boot.choice.image != nullptr)
              return towards_question(facts, plan, snapshot, boot.program);
            const Role role = asks ? Role::prompt : Role::boot;
            return towards_image(facts, plan, snapshot, boot.program, role);
          },
          [&](const Menu& menu) { return towards_question(facts, plan, snapshot, menu.program); },
          [&](const AskApproval&) { return towards_approval(facts, snapshot); },
          [&](const Refer& refer) { return towards_server(facts, snapshot.settings(), refer); },
      },
      plan.outcome);
}

Answer answer(const Facts& facts, const Snapshot& snapshot, const Now& now) {
  Answer result{decide(facts, snapshot, now), Reason::no_deployment};
  result.step = next_step(facts, result.plan, snapshot);
  if (!result.plan.reason()) {
    const bool found = std::holds_alternative<Step>(result.step);
    result.plan.trail.add({Point::program, found ? Verdict::applied : Verdict::refused});
  }
  return result;
}

}  // namespace policy
