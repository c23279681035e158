// SPDX-License-Identifier: GPL-3.0-or-later
// The PXE service: proxyDHCP on UDP 67 and the boot service on UDP 4011, IPv4. A datagram
// in, a value out: what to send where, what was learned, what to count and log.
//
// Stateless and without a clock: 4011 may be reached without a DISCOVER that we remember
// (a restart, a second server). Nothing on this path allocates or waits: iPXE takes the
// plain lease after two seconds and goes on without us.
//
// Nobody can be aimed at through 4011: its answers go to where the request came from, and
// a request that names another address as its own is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/fixed_text.h"
#include "base/ip.h"
#include "policy/next_step.h"
#include "session/bindings.h"
#include "session/wds_dialogue.h"
#include "wire/dhcp4.h"

namespace session {

inline constexpr std::uint16_t dhcp_server_port = 67, dhcp_client_port = 68, boot_service_port = 4011;
// Room for any answer; give handle() at least this much.
inline constexpr std::size_t max_pxe_reply = 1472;

// How a datagram came in (net::Datagram, and the port it was sent to).
struct Arrival {
  std::uint16_t port = dhcp_server_port;  // 67 or 4011
  unsigned interface = 0;                 // index
  base::Ipv4 local;                       // our address there, to answer from
  base::Ipv4 to;                          // destination in the IP header
  base::Ipv4Endpoint from;
};

// What became of a datagram. Each has one.
enum class Outcome : std::uint8_t {
  offered,               // DISCOVER on 67 answered with a proxy OFFER
  acknowledged,          // REQUEST or INFORM on 4011 answered with an ACK
  told_to_wait,          // the same of a WDS boot program, which now waits by itself
  told_to_give_up,       // likewise: it goes on to the next boot device
  overheard,             // REQUEST to another DHCP server: address and machine learned
  malformed,             // no DHCP message: Event::malformed says why
  refused,               // a network boot client that is not served: Event::reason says why
  reply_not_request,     // op 2: an answer of some server
  no_message_type,       // BOOTP, or option 53 broken
  other_message_type,    // DECLINE, RELEASE, OFFER …: not for a proxy
  wrong_port,            // DISCOVER on 4011, INFORM on 67
  service_off,           // the service of this port is switched off
  bad_hardware_address,  // not Ethernet, zero, or a group address
  malformed_machine_id,  // option 97 of another form than RFC 4578 has it
  not_network_boot,      // an operating system's DHCP client
  names_no_server,       // REQUEST on 67 without server or address: nothing to learn
  names_us,              // REQUEST on 67 to us, who lease nothing
  other_server,          // REQUEST on 4011 that names another server
  address_mismatch,      // 4011: ciaddr or giaddr is not where the datagram came from
  bad_source,            // no address or port that could be answered
  no_own_address,        // the arrival interface has no address of ours
  probed,                // 4011: another Bootferry asks whether this one is there (session/probe_packets.h)
  reply_too_large,       // the answer passes what the client takes
};
inline constexpr std::size_t outcome_count = 23;
std::string_view print(Outcome outcome);  // "offered", "other-server"

// What happened, for counters, logs and diagnosis. `image` lives in the snapshot.
struct PxeEvent {
  Outcome outcome = Outcome::malformed;
  std::optional<wire::dhcp4::Refusal> malformed;
  std::optional<policy::Reason> reason;
  std::optional<wire::dhcp4::MessageType> type;
  std::optional<policy::Facts> facts;
  const policy::Image* image = nullptr;
  policy::StepKind step = policy::StepKind::loader;
  base::FixedText<255> file;  // as sent: a path or a URL
  bool prompt = false;
  const policy::BootServer* referred_to = nullptr;  // likewise
  bool menu = false;                                // somebody at the machine is to choose
  bool to_disk = false;                             // what it was given only sends it there
  bool waits = false;                               // for an approval, whatever it was given to do so
  std::uint32_t request = 0;                        // its number then; 0: none yet
};

// One counter a datagram, under one name, the malformed and the refused by their reasons.
inline constexpr std::size_t pxe_counter_count =
    outcome_count + wire::dhcp4::refusal_count + policy::reason_count;
[[nodiscard]] std::size_t counter_of(const PxeEvent& event);     // below pxe_counter_count
[[nodiscard]] std::string_view counter_name(std::size_t index);  // "offered", "bad-cookie", "no-deployment"

// A datagram to send, from the port that the request came to: iPXE looks at that.
struct PxeReply {
  base::ByteView bytes;  // in the caller's buffer
  base::Ipv4Endpoint to;
  base::Ipv4 from;         // source address
  unsigned interface = 0;  // to send out of; 0 where the routing table decides
};

struct PxeResult {
  PxeEvent event;
  std::optional<PxeReply> reply;
  std::optional<Learned> learned;  // for Bindings::learn, also where nobody is answered
};

// Which of the two services run here. On a DHCP server's own host only 4011 does.
struct PxeServices {
  bool proxy = true;
  bool boot_service = true;
  WdsApproved wds_approved = WdsApproved::file_only;
};

// What is known beyond the packet and the snapshot. Each may be empty.
struct Advice {
  // What speaks against a step: Attempts and Admission. `discover`: it asks by a DISCOVER.
  // `loads`: an image is where it leads.
  std::function<std::optional<policy::Reason>(const policy::Facts&, const policy::Step&, bool discover,
                                              bool loads)>
      objection;
  // Adds what the machine told earlier in this boot: Bindings::recall.
  std::function<void(policy::Facts&)> recall;
  // A machine asks that has to be approved first, by its ROM or, `polls`, again by the program that
  // waits. False: it has waited for long enough.
  std::function<bool(const policy::Facts&, const policy::AskApproval&, bool polls)> may_wait;
  // Whether what a known machine boots is still being looked up elsewhere. A WDS boot program is
  // told to ask again; others get what the plan says.
  std::function<bool(const policy::Facts&, const policy::Plan&)> looks_up;
};

PxeResult handle(base::ByteView datagram, const Arrival& arrival, const PxeServices& services,
                 const policy::Snapshot& snapshot, const policy::Now& now, const Advice& advice,
                 std::span<std::uint8_t> buffer);
// The same for a message that is decoded already.
PxeResult handle(const wire::dhcp4::Message& request, const Arrival& arrival, const PxeServices& services,
                 const policy::Snapshot& snapshot, const policy::Now& now, const Advice& advice,
                 std::span<std::uint8_t> buffer);

}  // namespace session
