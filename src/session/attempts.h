// SPDX-License-Identifier: GPL-3.0-or-later
// Boot attempts, machine by machine: what each was given lately, so that a chain that goes
// in circles ends with a reason, and one that silently stops is noticed.
//
// Nothing is keyed on the xid: chained iPXEs of 2019 used two values in eighteen boots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "policy/next_step.h"
#include "session/recent_map.h"

namespace session {

enum class Transport : std::uint8_t { tftp, http };
std::string_view print(Transport transport);

// The machine took the same loader over the same transport twice in one attempt. From now on
// it is refused that loader (Reason::boot_loop) for a while.
struct LoopEnded {
  base::Mac mac;
  std::string loader;
  Transport transport = Transport::tftp;
};
// GRUB was delivered and then asked us for nothing: behind a proxy it asks the DHCP server.
struct GrubAsksElsewhere {
  base::Mac mac;
};
using AttemptEvent = std::variant<LoopEnded, GrubAsksElsewhere>;
// One sentence for people, with what to do.
std::string explain(const AttemptEvent& event);

// Not locked: the server shares it between its threads.
class Attempts {
 public:
  static constexpr std::size_t default_capacity = 65536;

  // The same loader completed twice within this time is one attempt going in circles. Loops
  // that were watched came round every 2.2 s (UEFI; up to 7 s later on, SNP stacked on SNP)
  // and every 3 to 7 s (BIOS). A person's reset or a firmware's own way back to PXE takes
  // longer than ten seconds.
  static constexpr base::Duration loop_window = std::chrono::seconds(10);
  // How long a looping machine is refused. EDK2 asks at 0, 4, 12 and 28 s and gives up after
  // 61: it must find nobody until then, or the circle starts again.
  static constexpr base::Duration refused_for = std::chrono::seconds(60);
  // An iPXE that lacks a feature may be given one that has it; if that one asks again, it is
  // not it. Together with loading and the Ctrl-B prompt that shows within some seconds.
  static constexpr base::Duration ipxe_again = std::chrono::seconds(30);
  // GRUB sends its first request within a second of its last block, more under emulation.
  static constexpr base::Duration grub_silence = std::chrono::seconds(8);

  // `beside_dhcp`: another server gives the leases. Only then can GRUB ask the wrong one.
  explicit Attempts(bool beside_dhcp = true, std::size_t capacity = default_capacity);

  // What speaks against giving this step now, if anything.
  [[nodiscard]] std::optional<policy::Reason> objection(const policy::Facts& facts, const policy::Step& step,
                                                        base::Time now);

  // Whether the machine was given this loader whole within ipxe_again.
  [[nodiscard]] bool has_lately(const base::Mac& mac, std::string_view path, base::Time now);

  // The machine asked by DHCP (67 or 4011) and was answered.
  void on_asked(const policy::Facts& facts, base::Time now);
  // A loader went out complete: its last block was acknowledged, its last octet written. Size
  // probes, HEADs, ranges and aborted transfers are none of that.
  std::optional<AttemptEvent> on_loader_sent(const base::Mac& mac, std::string_view path, Transport transport,
                                             base::Time now);
  // The machine asked for any name at all, found or not: GRUB has found us.
  void on_request(const base::Mac& mac, base::Time now);
  // A kernel or initrd went out: the chain did its work, what comes next is a new attempt.
  void on_image_file_sent(const base::Mac& mac, base::Time now);

  // What has come due.
  std::vector<AttemptEvent> poll(base::Time now);
  [[nodiscard]] std::optional<base::Time> wake_at() const;

  // The administrator changed something: whoever was refused may try again.
  void forget() { by_mac_.clear(); }
  [[nodiscard]] std::size_t size() const { return by_mac_.size(); }

 private:
  struct Loader {
    std::string path;
    Transport transport = Transport::tftp;
    base::Time completed;
    bool asked_since = false;
    std::optional<base::Time> refused_until;
  };
  struct Attempt {
    policy::ClientKind asker = policy::ClientKind::bios_rom;
    policy::Arch arch = policy::Arch::bios;
    std::vector<Loader> loaders;  // at most max_loaders, the oldest makes room
    std::optional<base::Time> ipxe_given_to_ipxe;
    std::optional<base::Time> grub_due;
  };
  static constexpr std::size_t max_loaders = 8;

  static Loader* find_loader(Attempt& attempt, std::string_view path, Transport transport);

  bool beside_dhcp_;
  std::size_t capacity_;
  RecentMap<Attempt> by_mac_;
  std::multimap<base::Time, base::Mac> grub_due_;  // may hold stale entries: Attempt::grub_due decides
};

}  // namespace session
