// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "api/explanation.h"
#include "api/fields.h"

namespace api {
namespace {

using policy::Arch;
using policy::ClientKind;
using policy::Firmware;

std::optional<ClientKind> parse_client(std::string_view text) {
  for (const ClientKind kind : {ClientKind::bios_rom, ClientKind::uefi_pxe, ClientKind::uefi_http,
                                ClientKind::ipxe, ClientKind::uboot, ClientKind::raspberry_pi}) {
    if (policy::print(kind) == text) return kind;
  }
  return std::nullopt;
}

Firmware firmware_of(ClientKind kind, Arch arch) {
  policy::Facts facts;
  facts.kind = kind;
  facts.arch = arch;
  return facts.firmware();
}

ClientKind usual_client(Firmware firmware) {
  switch (firmware) {
    case Firmware::bios:
      return ClientKind::bios_rom;
    case Firmware::uefi:
      return ClientKind::uefi_pxe;
    case Firmware::uboot:
      return ClientKind::uboot;
    case Firmware::raspberry_pi:
      break;
  }
  return ClientKind::raspberry_pi;
}

// The architecture that machines of it most often have.
Arch usual_arch(ClientKind kind) {
  switch (kind) {
    case ClientKind::bios_rom:
    case ClientKind::wds_program:
      return Arch::bios;
    case ClientKind::uefi_pxe:
    case ClientKind::uefi_http:
    case ClientKind::ipxe:
      return Arch::x64;
    case ClientKind::uboot:
    case ClientKind::raspberry_pi:
      break;
  }
  return Arch::arm64;
}

// What was said of firmware, processor and program, as one machine would have it.
void speak(Fields& f, policy::Facts& facts) {
  const auto arch = f.parsed("arch", policy::parse_arch,
                             "it must be one of bios, ia32, x64, arm32, arm64, riscv64, loongarch64");
  const auto firmware =
      f.parsed("firmware", policy::parse_firmware, "it must be one of bios, uefi, u-boot, raspberry-pi");
  const auto client = f.parsed("client", parse_client,
                               "it must be one of bios-rom, uefi-pxe, uefi-http, ipxe, u-boot, raspberry-pi");
  facts.firmware_known = arch || firmware || client;
  if (!facts.firmware_known) return;
  const bool wants_bios = firmware == Firmware::bios || client == ClientKind::bios_rom;
  facts.kind = client.value_or(firmware             ? usual_client(*firmware)
                               : arch == Arch::bios ? ClientKind::bios_rom
                                                    : ClientKind::uefi_pxe);
  facts.arch = arch.value_or(wants_bios ? Arch::bios : usual_arch(facts.kind));
  if (wants_bios && facts.arch != Arch::bios) {
    // A BIOS speaks as one, whatever runs behind it.
    if (facts.arch != Arch::ia32 && facts.arch != Arch::x64)
      return f.complain("arch", fmt::format("no machine with a BIOS is {}", policy::print(facts.arch)));
    facts.processor = facts.arch;
    facts.arch = Arch::bios;
  }
  if (firmware && firmware_of(facts.kind, facts.arch) != *firmware) {
    return f.complain("firmware", fmt::format("a machine of architecture {} with client {} has {}, not {}",
                                              policy::print(facts.arch), policy::print(facts.kind),
                                              policy::print(firmware_of(facts.kind, facts.arch)),
                                              policy::print(*firmware)));
  }
  if (facts.kind == ClientKind::ipxe) facts.ipxe = {true, facts.arch != Arch::bios};
}

}  // namespace

base::Result<Question, Fault> question_from_json(const Json& object) {
  std::optional<Fault> fault;
  Fields f(object, "", fault);
  Question question;
  policy::Facts& facts = question.facts;
  const auto mac =
      f.parsed("mac", base::Mac::parse, "it must be a hardware address as \"52:54:00:12:34:56\"");
  facts.uuid =
      f.parsed("uuid", base::Uuid::parse, "it must be a UUID as \"32e5b71a-b626-4a4b-902e-7f94ad38b5b3\"");
  if (!mac && !facts.uuid)
    f.complain("mac", "a machine is asked about by its \"mac\", its \"uuid\", or both");
  facts.mac = mac.value_or(base::Mac{});
  speak(f, facts);
  const auto relay = f.parsed("relay", base::Ipv4::parse, "it must be an IPv4 address");
  facts.relay = relay.value_or(base::Ipv4{});
  facts.network = f.parsed("network", base::Ip::parse, "it must be an address in the machine's subnet")
                      .value_or(base::Ip(facts.relay));
  const auto short_text = [&](std::string_view name, auto& out) {
    const std::string text = f.line(name, out.capacity());
    if (!out.assign(text)) f.complain(name, "it is too long");
  };
  short_text("vendor_class", facts.vendor_class);
  short_text("circuit_id", facts.circuit_id);
  facts.seconds_asking = f.number<std::uint16_t>("seconds_asking", 0, UINT16_MAX, 0);
  question.at = f.time("at");
  f.refuse_others();
  if (fault) return tl::unexpected(std::move(*fault));
  return question;
}

}  // namespace api
