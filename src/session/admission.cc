// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/admission.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace session {

using policy::WaitsBy;

Admission::Machine* Admission::find(const base::Mac& mac) {
  const auto found = by_mac_.find(mac);
  return found == by_mac_.end() ? nullptr : &found->second;
}

Admission::Admission(AdmissionBounds bounds, std::size_t capacity) : capacity_(capacity) {
  set_bounds(std::move(bounds));
}

void Admission::set_bounds(AdmissionBounds bounds) {
  at_once_ = bounds.at_once;
  std::ranges::stable_sort(bounds.networks, std::greater<>(),
                           [](const NetworkSlots& n) { return n.network.prefix; });
  networks_.clear();
  for (const NetworkSlots& n : bounds.networks) networks_.push_back({n.network, n.at_once, 0, {}});
  networks_.emplace_back();
  for (auto& [mac, machine] : by_mac_) {
    machine.network = network_of(machine.where);
    Network& its = networks_[machine.network];
    machine.loading_since ? static_cast<void>(++its.loading)
                          : static_cast<void>(its.waiting.emplace(machine.ticket, mac));
  }
}

std::size_t Admission::network_of(base::Ip where) const {
  const auto found = std::ranges::find_if(networks_, [&](const Network& n) {
    return !n.network || (!where.is_zero() && n.network->contains(where));
  });
  return static_cast<std::size_t>(found - networks_.begin());
}

// nullptr when the table is full.
Admission::Machine* Admission::enter(const base::Mac& mac, policy::ClientKind kind, base::Ip where,
                                     base::Time now) {
  Machine* known = find(mac);
  if (known == nullptr) {
    if (by_mac_.size() >= capacity_) return nullptr;
    known = &by_mac_[mac];
    *known = {kind, next_ticket_++, std::nullopt, now, now, now};
    known->where = where;
    known->network = network_of(where);
    networks_[known->network].waiting.emplace(known->ticket, mac);
  }
  known->last_seen = now;
  return known;
}

// It has its address by now, which tells its network better than its relay's did.
void Admission::move_to(Machine& machine, const base::Mac& mac, base::Ip where) {
  if (machine.loading_since || where.is_zero() || machine.where == where) return;
  networks_[machine.network].waiting.erase(machine.ticket);
  machine.where = where;
  machine.network = network_of(where);
  networks_[machine.network].waiting.emplace(machine.ticket, mac);
}

std::size_t Admission::waiting() const {
  std::size_t sum = 0;
  for (const Network& n : networks_) sum += n.waiting.size();
  return sum;
}

namespace {

std::size_t room(std::size_t at_once, std::size_t loading) {
  if (at_once == 0) return SIZE_MAX;
  return at_once - std::min(at_once, loading);
}

}  // namespace

Admission::Bound Admission::bound_of(const Machine& machine) const {
  const std::size_t free = room(at_once_, loading());
  const Network& own = networks_[machine.network];
  // Those before it who may go: of each network as many as it has room for.
  const auto before_in = [&](const Network& n, std::size_t most) {
    std::size_t count = 0;
    for (auto one = n.waiting.begin(); count < most && one != n.waiting.end() && one->first < machine.ticket;
         ++one)
      ++count;
    return count;
  };
  if (const std::size_t own_room = room(own.at_once, own.loading);
      own_room != SIZE_MAX && before_in(own, own_room) == own_room) {
    return Bound::network;
  }
  if (free == SIZE_MAX) return Bound::none;
  std::size_t before = 0;
  for (const Network& n : networks_)
    before += before_in(n, std::min(room(n.at_once, n.loading), free - before));
  return before < free ? Bound::none : Bound::all;
}

policy::Hold Admission::hold(const Machine& machine) const {
  const auto before_in = [&](const Network& n) {
    return static_cast<std::size_t>(std::distance(n.waiting.begin(), n.waiting.lower_bound(machine.ticket)));
  };
  if (bound_of(machine) == Bound::network) {
    const Network& own = networks_[machine.network];
    return {own.loading, before_in(own) + 1, own.network};
  }
  std::size_t place = 1;
  for (const Network& n : networks_) place += before_in(n);
  return {loading(), place};
}

void Admission::start(Machine& machine, base::Time now) {
  machine.loading_since = now;
  Network& its = networks_[machine.network];
  its.waiting.erase(machine.ticket);
  ++its.loading;
}

Admission::Place Admission::remove(Place place) {
  Network& its = networks_[place->second.network];
  if (place->second.loading_since) {
    --its.loading;
  } else {
    its.waiting.erase(place->second.ticket);
  }
  return by_mac_.erase(place);
}

Admission::Verdict Admission::on_dhcp(const policy::Facts& facts, bool discover, base::Time now,
                                      base::Ip where) {
  // No loader asks for an address once it loads the image: that attempt came to nothing, and a
  // machine that fails over and over must not keep its slot from the others.
  if (const auto known = by_mac_.find(facts.mac);
      discover && known != by_mac_.end() && known->second.has_begun) {
    remove(known);
  }
  Machine* machine = enter(facts.mac, facts.kind, facts.relay.is_zero() ? where : base::Ip(facts.relay), now);
  if (machine == nullptr) return std::nullopt;
  if (machine->kind != facts.kind) {  // another speaker, with a patience of its own
    machine->kind = facts.kind;
    machine->asking_since = now;
  }
  const policy::Waiting& waiting = policy::waiting_of(facts.kind);
  // It may have asked before we heard it: a switch port that was not yet open, our restart.
  // (On 4011 OVMF 2022.11 counts its tries there, octets swapped: 0, 256, 512, 768.)
  if (discover && waiting.tells_seconds) {
    machine->asking_since = std::min(machine->asking_since, now - std::chrono::seconds(facts.seconds_asking));
  }
  if (machine->loading_since) return std::nullopt;
  switch (waiting.by) {
    case WaitsBy::transfer:
      start(*machine, now);
      return std::nullopt;
    case WaitsBy::script:
      return std::nullopt;  // takes its slot when it asks for the script
    case WaitsBy::offer:
      if (its_turn(*machine)) {
        start(*machine, now);
        return std::nullopt;
      }
      // Answered without a slot: it is no longer the firmware that waits but the loader that it
      // gets, in its script.
      if (!discover || now - machine->asking_since >= waiting.answered_from) return std::nullopt;
      return hold(*machine);
  }
  return std::nullopt;
}

Admission::Verdict Admission::on_script(const base::Mac& mac, policy::ClientKind kind, base::Time now,
                                        base::Ip where) {
  Machine* machine = enter(mac, kind, where, now);
  if (machine == nullptr || machine->loading_since) return std::nullopt;
  move_to(*machine, mac, where);
  if (!its_turn(*machine)) return hold(*machine);
  start(*machine, now);
  return std::nullopt;
}

void Admission::on_menu(const base::Mac& mac, policy::ClientKind kind, base::Time now, base::Ip where) {
  Machine* machine = enter(mac, kind, where, now);
  if (machine == nullptr || machine->loading_since) return;
  move_to(*machine, mac, where);
  start(*machine, now);
}

void Admission::on_request(const base::Mac& mac, base::Time now) {
  if (Machine* machine = find(mac)) machine->last_seen = now;
}

void Admission::on_transfer_begun(const base::Mac& mac, base::Time now) {
  if (Machine* machine = find(mac)) {
    machine->last_seen = now;
    machine->has_begun = true;
    ++machine->transfers;
    if (!machine->loading_since) start(*machine, now);  // it had its script, before its slot lapsed
  }
}

void Admission::on_transfer_ended(const base::Mac& mac, base::Time now) {
  if (Machine* machine = find(mac)) {
    machine->last_seen = now;
    if (machine->transfers > 0) --machine->transfers;
  }
}

void Admission::on_image_sent(const base::Mac& mac) {
  if (const auto found = by_mac_.find(mac); found != by_mac_.end()) remove(found);
}

bool Admission::may_go(const base::Mac& mac, base::Time now) {
  Machine* machine = find(mac);
  if (machine == nullptr) return false;
  if (machine->loading_since) return true;
  if (!its_turn(*machine)) return false;
  // No sign of life: a machine that has left must not live on by being called.
  start(*machine, now);
  return true;
}

void Admission::poll(base::Time now) {
  for (auto place = by_mac_.begin(); place != by_mac_.end();) {
    const Machine& machine = place->second;
    const bool silent = now - machine.last_seen >= (machine.transfers > 0 ? transfer_silence : silence);
    const bool idle =
        machine.loading_since && !machine.has_begun && now - *machine.loading_since >= image_within;
    place = silent || idle ? remove(place) : std::next(place);
  }
}

LineSummary Admission::summary(base::Time now) const {
  LineSummary out{at_once_, loading(), waiting(), {}, {}};
  for (const Network& n : networks_) {
    if (!n.waiting.empty()) {  // its first came first
      out.longest = std::max(out.longest, now - by_mac_.at(n.waiting.begin()->second).first_seen);
    }
    if (n.network) out.networks.push_back({*n.network, n.at_once, n.loading, n.waiting.size()});
  }
  return out;
}

std::vector<InLine> Admission::line(base::Time now) const {
  std::vector<InLine> out;
  out.reserve(by_mac_.size());
  const auto add = [&](const base::Mac& mac, const Machine& machine) {
    const base::Time since = machine.loading_since.value_or(machine.first_seen);
    InLine one{mac, machine.kind, machine.loading_since.has_value(), policy::waiting_of(machine.kind).by,
               now - since};
    if (!one.loading) {
      const Bound bound = bound_of(machine);
      one.held = bound != Bound::none;
      if (bound == Bound::network) one.held_by = networks_[machine.network].network;
    }
    out.push_back(one);
  };
  std::map<Ticket, base::Mac> all;
  for (const auto& [mac, machine] : by_mac_) {
    if (machine.loading_since)
      add(mac, machine);
    else
      all.emplace(machine.ticket, mac);
  }
  for (const auto& [ticket, mac] : all) add(mac, by_mac_.at(mac));
  return out;
}

}  // namespace session
