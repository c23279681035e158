// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/pxe_service.h"

#include "session/facts.h"
#include "session/probe_packets.h"
#include "session/pxe_answer.h"
#include "wire/pxe.h"

namespace session {
namespace {

namespace option = wire::dhcp4::option;
using wire::dhcp4::Message;
using wire::dhcp4::MessageType;

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

// What a request on 4011 says beside who asks: it comes from a WDS boot program, or after a choice
// in the ROM's own menu.
std::optional<wire::wds::Block> read_boot_request(const Message& request, policy::Facts& facts) {
  using policy::ClientKind;
  if (facts.kind != ClientKind::bios_rom && facts.kind != ClientKind::uefi_pxe) return std::nullopt;
  auto wds = read_wds(request);
  if (wds) {
    add_wds(*wds, facts);
  } else if (const auto vendor_info = request.options.find(option::vendor_info)) {
    if (const auto item = wire::pxe::find_boot_item(*vendor_info)) facts.chosen_item = item->type;
  }
  return wds;
}

}  // namespace

PxeResult handle(base::ByteView datagram, const Arrival& arrival, const PxeServices& services,
                 const policy::Snapshot& snapshot, const policy::Now& now, const Advice& advice,
                 std::span<std::uint8_t> buffer) {
  const auto message = wire::dhcp4::decode(datagram);
  if (message) return handle(*message, arrival, services, snapshot, now, advice, buffer);
  PxeResult result;
  result.event.malformed = message.error();
  return result;
}

PxeResult handle(const Message& request, const Arrival& arrival, const PxeServices& services,
                 const policy::Snapshot& snapshot, const policy::Now& now, const Advice& advice,
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
  std::optional<wire::wds::Block> wds;
  if (boot_service) wds = read_boot_request(request, *event.facts);
  if (advice.recall && facts->kind == policy::ClientKind::ipxe) advice.recall(*event.facts);
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
  answer({request, arrival, services, snapshot, advice}, wds, now, buffer, result);
  return result;
}

}  // namespace session
