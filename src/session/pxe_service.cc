// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/pxe_service.h"

#include <algorithm>
#include <array>

#include "base/result.h"
#include "policy/recipe.h"
#include "session/facts.h"
#include "session/probe_packets.h"
#include "session/pxe_reply.h"

namespace session {
namespace {

namespace option = wire::dhcp4::option;
using wire::dhcp4::Message;
using wire::dhcp4::MessageType;
using wire::dhcp4::Refusal;

constexpr std::array<std::string_view, outcome_count> outcome_names = {
    "offered",
    "acknowledged",
    "overheard",
    "malformed",
    "refused",
    "reply-not-request",
    "no-message-type",
    "other-message-type",
    "wrong-port",
    "service-off",
    "bad-hardware-address",
    "malformed-machine-id",
    "not-network-boot",
    "names-no-server",
    "names-us",
    "other-server",
    "address-mismatch",
    "bad-source",
    "no-own-address",
    "probed",
    "reply-too-large",
};
static_assert(static_cast<std::size_t>(Outcome::reply_too_large) + 1 == outcome_count);

std::string_view counter_name(Refusal refusal) {
  switch (refusal) {
    case Refusal::too_short:
      return "too-short";
    case Refusal::too_long:
      return "too-long";
    case Refusal::bad_op:
      return "bad-op";
    case Refusal::bad_cookie:
      return "bad-cookie";
    case Refusal::option_past_end:
      return "option-past-end";
    case Refusal::bad_overload:
      return "bad-overload";
    case Refusal::too_many_options:
      return "too-many-options";
  }
  return "malformed";
}

Outcome outcome_of(FactsRefusal refusal) {
  switch (refusal) {
    case FactsRefusal::bad_hardware_address:
      return Outcome::bad_hardware_address;
    case FactsRefusal::not_network_boot:
      return Outcome::not_network_boot;
    case FactsRefusal::malformed_machine_id:
      return Outcome::malformed_machine_id;
  }
  return Outcome::not_network_boot;
}

// Neither this network's own nothing nor a group: somebody who can be answered.
bool is_unicast(base::Ipv4 address) {
  return address.octets[0] != 0 && address.octets[0] != 127 && address.octets[0] < 224;
}

// A REQUEST on 67 is between the client and the server that leases; it is never answered,
// but it tells which machine has which address from now on. An operating system's counts
// too: it may take over an address that a booting machine had.
void overhear(const Message& request, const Arrival& arrival, PxeResult& result) {
  const auto server = request.ip(option::server_id);
  const auto address = request.ip(option::requested_address);
  const auto facts = facts_from(request);
  if (facts) {
    result.event.facts = *facts;
    if (facts->relay.is_zero()) result.event.facts->network = arrival.local;
  } else if (facts.error() != FactsRefusal::not_network_boot) {
    result.event.outcome = outcome_of(facts.error());
    return;
  }
  if (!server || !address || !is_unicast(*address)) {
    result.event.outcome = Outcome::names_no_server;
    return;
  }
  if (*server == arrival.local) {
    result.event.outcome = Outcome::names_us;
    return;
  }
  result.event.outcome = Outcome::overheard;
  Learned learned{*address, arrival.interface, {}, LearnedFrom::overheard_request};
  if (facts) {
    learned.facts = *result.event.facts;
  } else {
    learned.facts.mac = request.mac().value_or(base::Mac{});
    learned.facts.relay = request.giaddr;
    learned.facts.firmware_known = false;
  }
  result.learned = learned;
}

// Whether a request on 4011 may be answered to where it came from.
std::optional<Outcome> fault_of_boot_request(const Message& request, const Arrival& arrival) {
  if (!is_unicast(arrival.from.address) || arrival.from.port == 0) return Outcome::bad_source;
  // Routed by the network, 4011 comes from the client itself. From a relay it must at least
  // be that relay who sends.
  const base::Ipv4 claimed = request.giaddr.is_zero() ? request.ciaddr : request.giaddr;
  if (!claimed.is_zero() && claimed != arrival.from.address) return Outcome::address_mismatch;
  const auto server = request.ip(option::server_id);
  if (server && !server->is_zero() && *server != arrival.local && *server != arrival.to)
    return Outcome::other_server;
  return std::nullopt;
}

// RFC 2131 §4.1 for 67; 4011 answers where the request came from, source port included
// (EDK2 listens on 4011, ROMs and iPXE on 68).
void address_reply(const Message& request, const Arrival& arrival, PxeReply& reply) {
  reply.from = arrival.local;
  if (!request.giaddr.is_zero()) {
    reply.to = {request.giaddr, dhcp_server_port};
  } else if (arrival.port == boot_service_port) {
    reply.to = arrival.from;
  } else {
    reply.to = {base::Ipv4::broadcast(), dhcp_client_port};
    reply.interface = arrival.interface;  // a broadcast has no route
  }
}

void send(const Message& reply, const Message& request, const Arrival& arrival, Outcome outcome,
          std::span<std::uint8_t> buffer, PxeResult& result) {
  result.event.outcome = Outcome::reply_too_large;
  const auto size = wire::dhcp4::encode(reply, buffer.first(std::min(buffer.size(), request.max_reply())));
  if (!size) return;
  result.event.outcome = outcome;
  result.reply.emplace();
  result.reply->bytes = buffer.first(*size);
  address_reply(request, arrival, *result.reply);
}

void answer(const Message& request, const Arrival& arrival, const PxeServices& services,
            const policy::Snapshot& snapshot, const policy::Now& now, const Objection& objection,
            std::span<std::uint8_t> buffer, PxeResult& result) {
  PxeEvent& event = result.event;
  const policy::Facts& facts = *event.facts;
  const auto refuse = [&](policy::Reason reason) {
    event.outcome = Outcome::refused;
    event.reason = reason;
  };
  const policy::Answer decided = policy::answer(facts, snapshot, now);
  if (const policy::Boot* boot = decided.plan.boot()) {
    event.image = boot->choice.image;
    event.prompt = boot->prompt != policy::Prompting::none;
  }
  if (const auto* reason = std::get_if<policy::Reason>(&decided.step)) return refuse(*reason);
  const auto& step = std::get<policy::Step>(decided.step);
  event.step = step.kind;
  event.referred_to = step.server;
  if (objection) {
    const bool discover = event.type == MessageType::discover;
    if (const auto reason = objection(facts, step, discover)) return refuse(*reason);
  }

  event.outcome = Outcome::reply_too_large;
  const policy::Recipe& recipe = policy::recipe_for(facts.kind);
  const bool refers = step.kind == policy::StepKind::refer;  // a script of ours goes there by itself
  const base::Ipv4 boots_from = refers ? step.server->address : arrival.local;
  // What port another server's HTTP has, nobody told us.
  const std::uint16_t http_port = refers ? 80 : snapshot.settings().http_port;
  const auto file = boot_file(facts, step, recipe, boots_from, http_port);
  if (!file) return;
  event.file = *file;
  const bool offer = arrival.port == dhcp_server_port;
  const bool asks_us_next = offer && services.boot_service && recipe.asks_siaddr_on_4011;
  const auto reply = build_reply(request,
                                 {offer ? MessageType::offer : MessageType::ack, arrival.local,
                                  asks_us_next ? arrival.local : boots_from, services.boot_service},
                                 recipe, *file);
  if (!reply) return;
  send(*reply, request, arrival, offer ? Outcome::offered : Outcome::acknowledged, buffer, result);
}

}  // namespace

std::string_view print(Outcome outcome) { return outcome_names[static_cast<std::size_t>(outcome)]; }

std::size_t counter_of(const PxeEvent& event) {
  if (event.outcome == Outcome::malformed && event.malformed) {
    return outcome_count + static_cast<std::size_t>(*event.malformed);
  }
  if (event.outcome == Outcome::refused && event.reason) {
    return outcome_count + wire::dhcp4::refusal_count + static_cast<std::size_t>(*event.reason);
  }
  return static_cast<std::size_t>(event.outcome);
}

std::string_view counter_name(std::size_t index) {
  if (index < outcome_count) return outcome_names[index];
  index -= outcome_count;
  if (index < wire::dhcp4::refusal_count) return counter_name(static_cast<Refusal>(index));
  index -= wire::dhcp4::refusal_count;
  BOOTFERRY_CHECK(index < policy::reason_count);
  return policy::print(static_cast<policy::Reason>(index));
}

PxeResult handle(base::ByteView datagram, const Arrival& arrival, const PxeServices& services,
                 const policy::Snapshot& snapshot, const policy::Now& now, const Objection& objection,
                 std::span<std::uint8_t> buffer) {
  const auto message = wire::dhcp4::decode(datagram);
  if (message) return handle(*message, arrival, services, snapshot, now, objection, buffer);
  PxeResult result;
  result.event.malformed = message.error();
  return result;
}

PxeResult handle(const Message& request, const Arrival& arrival, const PxeServices& services,
                 const policy::Snapshot& snapshot, const policy::Now& now, const Objection& objection,
                 std::span<std::uint8_t> buffer) {
  PxeResult result;
  PxeEvent& event = result.event;
  const auto drop = [&](Outcome outcome) {
    event.outcome = outcome;
    return result;
  };
  const bool boot_service = arrival.port == boot_service_port;
  event.type = request.type();
  if (!(boot_service ? services.boot_service : services.proxy)) return drop(Outcome::service_off);
  if (request.op != 1) return drop(Outcome::reply_not_request);
  if (!event.type) return drop(Outcome::no_message_type);
  if (arrival.local.is_zero()) return drop(Outcome::no_own_address);

  switch (*event.type) {
    case MessageType::discover:
      if (boot_service) return drop(Outcome::wrong_port);
      break;
    case MessageType::request:
      if (!boot_service) {
        overhear(request, arrival, result);
        return result;
      }
      break;
    case MessageType::inform:
      if (!boot_service) return drop(Outcome::wrong_port);
      break;
    default:
      return drop(Outcome::other_message_type);
  }

  const auto facts = facts_from(request);
  if (!facts) return drop(outcome_of(facts.error()));
  event.facts = *facts;
  if (facts->relay.is_zero()) event.facts->network = arrival.local;
  if (boot_service) {
    if (const auto fault = fault_of_boot_request(request, arrival)) return drop(*fault);
    if (is_probe(request)) {  // no machine: nothing is decided, learned or listed
      event.facts.reset();
      send(probe_answer(request, arrival.local), request, arrival, Outcome::probed, buffer, result);
      return result;
    }
    const base::Ipv4 address = request.giaddr.is_zero() ? arrival.from.address : request.ciaddr;
    // A relay's word for where its client is: it may be nothing yet.
    if (is_unicast(address)) {
      result.learned = Learned{address, arrival.interface, *event.facts, LearnedFrom::boot_service};
    }
  } else if (!request.giaddr.is_zero() && !is_unicast(request.giaddr)) {
    return drop(Outcome::bad_source);
  }
  answer(request, arrival, services, snapshot, now, objection, buffer, result);
  return result;
}

}  // namespace session
