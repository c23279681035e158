// SPDX-License-Identifier: GPL-3.0-or-later
// Who is behind an address. TFTP and HTTP carry no identity, yet what they serve is rendered
// per machine: so we remember which machine used an address when it spoke DHCP.
//
// Everything here is unauthenticated LAN talk, and bounded and short-lived for that reason:
// a binding chooses whose menu is shown, it grants nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <variant>

#include "base/address.h"
#include "base/time.h"
#include "policy/facts.h"
#include "session/recent_map.h"

namespace session {

enum class LearnedFrom : std::uint8_t {
  boot_service,       // its request on 4011, from this very address
  overheard_request,  // its broadcast DHCPREQUEST for this address (option 50)
  name,               // the name it asked for carries its MAC
  neighbour,          // the kernel's neighbour table
};
std::string_view print(LearnedFrom from);

// A piece of evidence. facts.firmware_known is false where only the MAC was seen.
struct Learned {
  base::Ipv4 address;
  unsigned interface = 0;  // the arrival interface; facts.relay says whether a relay was between
  policy::Facts facts;
  LearnedFrom from = LearnedFrom::boot_service;
  bool operator==(const Learned&) const = default;
};

struct Binding {
  policy::Facts facts;
  LearnedFrom from = LearnedFrom::boot_service;
  base::Time when;
};

// The identity that a requested name carries, as content::RenderedName has it.
struct NameIdentity {
  std::optional<base::Mac> mac;
  std::optional<base::Uuid> uuid;
};

struct Known {
  policy::Facts facts;
  LearnedFrom from = LearnedFrom::boot_service;
};
struct Unknown {};      // the site's default; never another machine's file
struct Contradiction {  // to be refused and counted
  base::Mac bound;      // who the address belongs to
};
using Resolved = std::variant<Known, Unknown, Contradiction>;

// Asks the system for the MAC behind an address on our own wire.
using NeighbourOf = std::function<std::optional<base::Mac>(base::Ipv4 address, unsigned interface)>;

// Not locked: the server shares it between its threads.
class Bindings {
 public:
  static constexpr std::size_t default_capacity = 65536;
  // Long enough for a person at a prompt and a slow installer's own requests; short against
  // the life of a lease, after which the address may be another machine's.
  static constexpr base::Duration default_lifetime = std::chrono::hours(1);

  explicit Bindings(std::size_t capacity = default_capacity, base::Duration lifetime = default_lifetime);

  // Newer evidence wins: another MAC on an address takes it over, and a machine that shows
  // up under a new address leaves its old one on that interface. Only for the machine bound
  // already, evidence without firmware renews the binding and leaves its facts.
  void learn(const Learned& learned, base::Time now);

  // What the machine told earlier in this boot and its present speaker does not say: its processor,
  // what was chosen in its ROM's menu.
  void recall(policy::Facts& facts, base::Time now);

  [[nodiscard]] const Binding* who(base::Ipv4 address, unsigned interface, base::Time now);

  // In this order: what the name says, if no binding contradicts it; the binding; the
  // neighbour table. A UUID in the name makes nobody known without a binding: policy goes by
  // MAC, and who asks by UUID (pxelinux) asks by MAC next.
  [[nodiscard]] Resolved resolve(base::Ipv4 address, unsigned interface, const NameIdentity& name,
                                 const NeighbourOf& neighbour, base::Time now);

  [[nodiscard]] std::size_t size() const { return by_address_.size(); }

 private:
  struct Place {
    base::Ipv4 address;
    unsigned interface = 0;
  };
  RecentMap<Binding> by_address_;
  RecentMap<Place> last_of_machine_;  // by MAC
};

}  // namespace session
