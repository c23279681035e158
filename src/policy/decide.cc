// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/decide.h"

#include "base/result.h"

namespace policy {
namespace {

// Our own loaders, by their places in the published tree. shim asks for grubx64.efi in the
// directory it came from, so the two lie side by side in x64/.
constexpr std::string_view pxelinux = "bios/pxelinux.0";
constexpr std::string_view snponly_x64 = "x64/snponly.efi";
constexpr std::string_view shim_x64 = "x64/shimx64.efi";

using Choice = std::variant<Step, Reason>;

Choice loader(std::string_view path) { return Step{StepKind::loader, path}; }

// snponly.efi fetches its script and the kernel over HTTP: without our HTTP service the
// chain would end in an iPXE that finds nothing.
Choice snponly(const Settings& settings) {
  if (!settings.http) return Reason::http_needed;
  return loader(snponly_x64);
}

Choice for_ipxe(const Facts& facts, const Snapshot& snapshot) {
  const Settings& settings = snapshot.settings();
  const bool bios = facts.arch == Arch::bios;
  const bool script = settings.http && facts.ipxe.http;
  if (bios && (!script || settings.bios_ipxe == BiosIpxe::pxelinux)) return loader(pxelinux);
  if (script) return Step{StepKind::script, {}};
  if (!settings.http) return Reason::http_needed;
  // Without HTTP inside: another iPXE, from Debian, that has it. Never shim here: under the
  // iPXE EFI ROM of 2019 it cannot tell the size of what it loads and gives up.
  if (facts.arch == Arch::x64) return snponly(settings);
  const Program* program = snapshot.program(facts.arch);
  if (program == nullptr) return Reason::no_program_for_arch;
  return loader(program->path);
}

Choice for_uefi_x64(const Facts& facts, const Settings& settings) {
  if (settings.unknown_uefi == UnknownUefi::ipxe) return snponly(settings);
  // Debian's signed GRUB holds no http module: it comes up with root=http and sends nothing.
  if (facts.kind == ClientKind::uefi_http) return Reason::shim_has_no_http;
  return loader(shim_x64);
}

Choice choose_program(const Facts& facts, const Snapshot& snapshot) {
  if (facts.kind == ClientKind::ipxe) return for_ipxe(facts, snapshot);
  // HTTP Boot reads from our HTTP service, whatever the program.
  if (facts.kind == ClientKind::uefi_http && !snapshot.settings().http) return Reason::http_needed;
  if (const Program* program = snapshot.program(facts.arch)) return loader(program->path);
  switch (facts.kind) {
    case ClientKind::bios_rom:
      if (facts.arch == Arch::bios) return loader(pxelinux);
      break;
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

// A BIOS machine says 0 whatever its processor: it may be 64 bits wide, so both PC kernels
// pass. On UEFI the kernel's width must be the firmware's.
bool runs_on(Arch image, const Facts& facts) {
  if (!facts.firmware_known) return true;  // nothing is known against it
  if (facts.arch == Arch::bios) return image == Arch::x64 || image == Arch::ia32 || image == Arch::bios;
  return image == facts.arch;
}

}  // namespace

std::string_view print(ClientKind kind) {
  switch (kind) {
    case ClientKind::bios_rom:
      return "bios-rom";
    case ClientKind::uefi_pxe:
      return "uefi-pxe";
    case ClientKind::uefi_http:
      return "uefi-http";
    case ClientKind::ipxe:
      return "ipxe";
    case ClientKind::uboot:
      return "u-boot";
    case ClientKind::raspberry_pi:
      return "raspberry-pi";
  }
  return "unknown";
}

std::string_view print(Reason reason) {
  switch (reason) {
    case Reason::no_deployment:
      return "no-deployment";
    case Reason::no_program_for_arch:
      return "no-program-for-arch";
    case Reason::image_not_for_arch:
      return "image-not-for-arch";
    case Reason::http_needed:
      return "http-needed";
    case Reason::ipxe_without_http:
      return "ipxe-without-http";
    case Reason::deployed_image_gone:
      return "deployed-image-gone";
    case Reason::shim_has_no_http:
      return "shim-has-no-http";
    case Reason::boot_loop:
      return "boot-loop";
    case Reason::held:
      return "held";
  }
  return "unknown";
}

std::string_view explain(Reason reason) {
  switch (reason) {
    case Reason::no_deployment:
      return "nothing is deployed to this machine: `bootferry deploy IMAGE --to MAC` says what it boots";
    case Reason::no_program_for_arch:
      return "there is no boot program for this architecture: `bootferry program add --arch ARCH FILE` adds "
             "one";
    case Reason::image_not_for_arch:
      return "the deployed image is built for another architecture than this machine's firmware: deploy one "
             "that "
             "matches";
    case Reason::http_needed:
      return "this machine's boot chain reads over HTTP and the HTTP service is off: switch it on";
    case Reason::ipxe_without_http:
      return "this iPXE cannot read over HTTP and was given one that can a moment ago, to no effect: update "
             "the "
             "network card's iPXE, or boot through the firmware's own PXE";
    case Reason::deployed_image_gone:
      return "the deployment names an image that is no longer there: add the image again or deploy another";
    case Reason::shim_has_no_http:
      return "UEFI machines are set to get shim, and its signed GRUB cannot read over HTTP: let this machine "
             "boot "
             "by PXE instead of HTTP Boot, or set the UEFI chain to ipxe (without Secure Boot)";
    case Reason::boot_loop:
      return "the machine came back for the boot program that it had just been given, so the chain was "
             "ended: "
             "Secure Boot may refuse the program, or its firmware cannot run it";
    case Reason::held:
      return "as many machines are loading as may at once: it asks again, and its turn comes";
  }
  return "unknown";
}

std::string_view print(Rule rule) {
  switch (rule) {
    case Rule::deployment_for_machine:
      return "deployment-for-machine";
    case Rule::deployment_for_all:
      return "deployment-for-all";
    case Rule::image_present:
      return "image-present";
    case Rule::image_arch:
      return "image-arch";
    case Rule::program:
      return "program";
  }
  return "unknown";
}

std::string_view print(Verdict verdict) {
  switch (verdict) {
    case Verdict::applied:
      return "applied";
    case Verdict::did_not_apply:
      return "did-not-apply";
    case Verdict::refused:
      return "refused";
  }
  return "unknown";
}

void Trail::add(Rule rule, Verdict verdict) {
  BOOTFERRY_CHECK(size_ < entries_.size());
  entries_[size_++] = {rule, verdict};
}

Plan decide(const Facts& facts, const Snapshot& snapshot) {
  Plan plan{Ignore{Reason::no_deployment}, {}};
  const Deployment* deployment = snapshot.deployment_for(facts.mac);
  plan.trail.add(Rule::deployment_for_machine,
                 deployment != nullptr ? Verdict::applied : Verdict::did_not_apply);
  if (deployment == nullptr) {
    deployment = snapshot.deployment_for_all();
    plan.trail.add(Rule::deployment_for_all, deployment != nullptr ? Verdict::applied : Verdict::refused);
    if (deployment == nullptr) return plan;
  }
  const Image* image = snapshot.image(deployment->image);
  plan.trail.add(Rule::image_present, image != nullptr ? Verdict::applied : Verdict::refused);
  if (image == nullptr) {
    plan.outcome = Ignore{Reason::deployed_image_gone};
    return plan;
  }
  const bool fits = runs_on(image->arch, facts);
  plan.trail.add(Rule::image_arch, !facts.firmware_known ? Verdict::did_not_apply
                                   : fits                ? Verdict::applied
                                                         : Verdict::refused);
  if (!fits) {
    plan.outcome = Ignore{Reason::image_not_for_arch};
    return plan;
  }
  // Whoever is not named asked for nothing: such a machine always prompts, even where an
  // old database row says otherwise.
  const bool for_all = std::holds_alternative<AllMachines>(deployment->target);
  plan.outcome = Boot{image, deployment, deployment->prompt || for_all};
  return plan;
}

Answer answer(const Facts& facts, const Snapshot& snapshot) {
  Answer result{decide(facts, snapshot), Reason::no_deployment};
  if (const auto* ignore = std::get_if<Ignore>(&result.plan.outcome)) {
    result.step = ignore->reason;
    return result;
  }
  result.step = choose_program(facts, snapshot);
  result.plan.trail.add(Rule::program,
                        std::holds_alternative<Step>(result.step) ? Verdict::applied : Verdict::refused);
  return result;
}

std::variant<Step, Reason> next_step(const Facts& facts, const Snapshot& snapshot) {
  return answer(facts, snapshot).step;
}

}  // namespace policy
