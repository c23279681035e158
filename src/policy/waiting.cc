// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/waiting.h"

#include <fmt/format.h>

#include "base/result.h"

namespace policy {
namespace {

using std::chrono::seconds;

// EDK2's DISCOVERs come 4, 8 and 16 s after the one before, so at 0, 4, 12 and 28 s; 32 s
// after the last it gives up. The third may go unanswered, the fourth may not. Between these
// two, so that neither a slow clock nor a late packet mistakes one for the other.
constexpr base::Duration edk2_answered_from = seconds(20);
// After the third, the longest of those that may go unanswered.
constexpr base::Duration edk2_listens_for = seconds(16);
constexpr base::Duration none{};

constexpr Waiting table[] = {
    {.kind = ClientKind::bios_rom,
     .by = WaitsBy::transfer,
     .answered_from = none,
     .listens_for = none,
     .tells_seconds = false,
     .evidence = "How often such a ROM asks again, and whether it then takes the plain lease and says "
                 "PXE-E53, differs by maker; pxelinux, which follows, has no command that waits and asks "
                 "again: not seen live",
     .seen_live = false},
    {.kind = ClientKind::uefi_pxe,
     .by = WaitsBy::offer,
     .answered_from = edk2_answered_from,
     .listens_for = edk2_listens_for,
     .tells_seconds = true,
     .evidence =
         "OVMF 2022.11 beside a DHCP server that answers at once: it takes no lease without a boot file, "
         "asks "
         "again with secs 0, 4, 12, 28 and the same xid, and gives up 32 s after the last: seen live. An "
         "OFFER of ours in between is taken when its present window (4, 8, 16, 32 s) ends: seen live. On "
         "4011 "
         "it asks four times within 9 s and is gone after 15: a request there is never held. secs counts "
         "its own ticks and is truer than our clock under emulation",
     .seen_live = true},
    {.kind = ClientKind::uefi_http,
     .by = WaitsBy::offer,
     .answered_from = edk2_answered_from,
     .listens_for = edk2_listens_for,
     .tells_seconds = true,
     .evidence = "OVMF 2022.11: as by PXE, secs 0, 4, 12, 28, the plain DHCP server's OFFERs not taken, "
                 "an OFFER in between likewise: seen live",
     .seen_live = true},
    {.kind = ClientKind::ipxe,
     .by = WaitsBy::script,
     .answered_from = none,
     .listens_for = none,
     .tells_seconds = false,
     .evidence = "Takes the plain lease 3 s after its first DISCOVER, so it is answered at once; its "
                 "script can `sleep` and chain to itself: seen live (2019-01, BIOS ROM and snponly.efi). "
                 "secs holds flags",
     .seen_live = true},
    {.kind = ClientKind::uboot,
     .by = WaitsBy::transfer,
     .answered_from = none,
     .listens_for = none,
     .tells_seconds = false,
     .evidence = "U-Boot net/bootp.c takes the first OFFER there is, ours or not: not seen live",
     .seen_live = false},
    {.kind = ClientKind::raspberry_pi,
     .by = WaitsBy::transfer,
     .answered_from = none,
     .listens_for = none,
     .tells_seconds = false,
     .evidence = "How often the boot ROM asks differs by model and settings: not seen live",
     .seen_live = false},
    {.kind = ClientKind::wds_program,
     .by = WaitsBy::transfer,
     .answered_from = none,
     .listens_for = none,
     .tells_seconds = false,
     .evidence = "It waits for an approval by option 250 and could be told to wait for others likewise; what "
                 "it says to its user then is an administrator's message: not done, not seen live",
     .seen_live = false},
};

}  // namespace

std::string_view print(WaitsBy by) {
  switch (by) {
    case WaitsBy::offer:
      return "offer";
    case WaitsBy::script:
      return "script";
    case WaitsBy::transfer:
      return "transfer";
  }
  return "unknown";
}

std::span<const Waiting> waitings() { return table; }

const Waiting& waiting_of(ClientKind kind) {
  for (const Waiting& waiting : table) {
    if (waiting.kind == kind) return waiting;
  }
  base::check_failed("a way to wait for every client kind", __FILE__, __LINE__);
}

std::string explain(const Hold& hold) {
  const std::string whose = hold.network ? " of " + hold.network->print() : "";
  return fmt::format("{} machine{}{} {} loading; this one is number {} in the queue", hold.loading,
                     hold.loading == 1 ? "" : "s", whose, hold.loading == 1 ? "is" : "are", hold.place);
}

}  // namespace policy
