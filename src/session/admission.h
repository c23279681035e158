// SPDX-License-Identifier: GPL-3.0-or-later
// Who loads now and who waits, when more machines ask than may be fed at once.
//
// One line, in the order of first sight. As many of its first as there are free slots may
// go, whichever of them asks first: nobody overtakes, and no slot waits for a call. Who goes
// keeps its slot until its image was delivered; it is never held again in that attempt. Who
// takes a slot and no image, or falls silent, loses it. How a machine is made to wait is policy's table
// (policy/waiting.h); who cannot wait loads at once, beyond the number of slots if need be, and then the
// others wait the longer.
//
// Beside the number for all there may be one for each network. Each network then has a line of
// its own in the same order: a machine goes when it is its turn there, and when there are slots
// for all those before it, of any network, whose turn it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "policy/next_step.h"
#include "policy/waiting.h"

namespace session {

// How many may load at one time; 0: no limit.
struct NetworkSlots {
  base::IpNet network;
  std::size_t at_once = 0;
  bool operator==(const NetworkSlots&) const = default;
};
struct AdmissionBounds {
  std::size_t at_once = 0;
  std::vector<NetworkSlots> networks;  // of several that contain a machine the narrowest counts
};

// For operators.
struct InLine {
  base::Mac mac;
  policy::ClientKind kind = policy::ClientKind::bios_rom;  // as it spoke last by DHCP
  bool loading = false;
  policy::WaitsBy by = policy::WaitsBy::script;
  base::Duration since{};  // how long it has been loading, or waiting
  // What keeps it waiting: nothing once it is its turn, else the bound of its network, or if it
  // has none or room left there, that of all.
  bool held = false;
  std::optional<base::IpNet> held_by = std::nullopt;
};
struct NetworkSummary {
  base::IpNet network;
  std::size_t at_once = 0;
  std::size_t loading = 0;
  std::size_t waiting = 0;
};
struct LineSummary {
  std::size_t at_once = 0;  // 0: no limit
  std::size_t loading = 0;
  std::size_t waiting = 0;
  base::Duration longest{};  // wait of those who wait now
  std::vector<NetworkSummary> networks;
};

// Not locked: the server shares it between its threads.
class Admission {
 public:
  using Verdict = std::optional<policy::Hold>;  // nothing: go

  // When so many machines are known and another comes, it goes: strangers who fill the table
  // get the machines there served sooner, not refused.
  static constexpr std::size_t default_capacity = 4096;
  // A machine that neither asks nor fetches for so long has given up. EDK2 says nothing for
  // 32 s once its last DISCOVER has been answered; an iPXE without an IPv6 router for 16 s.
  static constexpr base::Duration silence = std::chrono::seconds(60);
  // From the slot to the first file of the image. EDK2 may need 32 s until it takes its OFFER;
  // a slot must not stay with somebody who sits before a menu, or whose loader never runs.
  static constexpr base::Duration image_within = std::chrono::seconds(120);
  // A transfer under way is no silence, however long it takes; but one whose end is never
  // told may not hold a slot for ever.
  static constexpr base::Duration transfer_silence = std::chrono::hours(1);

  explicit Admission(AdmissionBounds bounds = {}, std::size_t capacity = default_capacity);
  explicit Admission(std::size_t at_once, std::size_t capacity = default_capacity)
      : Admission(AdmissionBounds{at_once, {}}, capacity) {}
  // Who loads goes on; who waits keeps its place.
  void set_bounds(AdmissionBounds bounds);

  // `where` tells the machine's network: its own address, or while it has none its relay's or
  // ours on its wire. Zero: not known.

  // A machine that is to be served asks by DHCP. Only a DISCOVER can be held: a request on
  // 4011 comes from a machine that has our OFFER and gives up within seconds.
  Verdict on_dhcp(const policy::Facts& facts, bool discover, base::Time now, base::Ip where = {});
  // It asks for a script that can wait in our stead (iPXE, GRUB).
  Verdict on_script(const base::Mac& mac, policy::ClientKind kind, base::Time now, base::Ip where = {});
  // It asks for a menu that cannot wait (pxelinux), and loads what that says.
  void on_menu(const base::Mac& mac, policy::ClientKind kind, base::Time now, base::Ip where = {});

  // Signs of life: a file asked for, a DHCPREQUEST overheard.
  void on_request(const base::Mac& mac, base::Time now);
  // One of its image's files is under way; has ended, one way or the other.
  void on_transfer_begun(const base::Mac& mac, base::Time now);
  void on_transfer_ended(const base::Mac& mac, base::Time now);
  // The last file of its image was delivered: somebody else's turn.
  void on_image_sent(const base::Mac& mac);

  // Whether a machine that waits for its OFFER may have it now; it then has its slot, too.
  bool may_go(const base::Mac& mac, base::Time now);
  // Forgets who fell silent. Once a second or so.
  void poll(base::Time now);

  [[nodiscard]] LineSummary summary(base::Time now) const;
  [[nodiscard]] std::vector<InLine> line(base::Time now) const;  // those who load, then the line

 private:
  using Ticket = std::uint64_t;
  struct Machine {
    policy::ClientKind kind = policy::ClientKind::bios_rom;
    Ticket ticket = 0;
    std::optional<base::Time> loading_since;  // nothing: waits
    base::Time first_seen;
    base::Time asking_since;  // as this kind: its firmware's patience began then
    base::Time last_seen;
    std::size_t transfers = 0;  // of image files, under way
    bool has_begun = false;     // to fetch its image
    base::Ip where{};
    std::size_t network = 0;  // in networks_
  };
  struct Network {
    std::optional<base::IpNet> network;  // nothing: the rest of the world
    std::size_t at_once = 0;
    std::size_t loading = 0;
    std::map<Ticket, base::Mac> waiting;
  };
  // What a waiting machine waits for: nothing, its network's bound, or that of all.
  enum class Bound : std::uint8_t { none, network, all };

  using Place = std::map<base::Mac, Machine>::iterator;

  Machine* enter(const base::Mac& mac, policy::ClientKind kind, base::Ip where, base::Time now);
  void move_to(Machine& machine, const base::Mac& mac, base::Ip where);
  [[nodiscard]] std::size_t network_of(base::Ip where) const;
  [[nodiscard]] Machine* find(const base::Mac& mac);
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::size_t loading() const { return by_mac_.size() - waiting(); }
  [[nodiscard]] Bound bound_of(const Machine& machine) const;
  [[nodiscard]] bool its_turn(const Machine& machine) const { return bound_of(machine) == Bound::none; }
  [[nodiscard]] policy::Hold hold(const Machine& machine) const;
  void start(Machine& machine, base::Time now);
  Place remove(Place place);

  std::size_t at_once_;
  std::size_t capacity_;
  Ticket next_ticket_ = 0;
  // Ordered maps: the keys come from packets, and no choice of keys makes these slow.
  std::map<base::Mac, Machine> by_mac_;
  std::vector<Network> networks_;  // the narrowest first; the last is the rest of the world
};

}  // namespace session
