// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/admission.h"

#include <algorithm>

namespace session {

using policy::WaitsBy;

Admission::Machine* Admission::find(const base::Mac& mac) {
  const auto found = by_mac_.find(mac);
  return found == by_mac_.end() ? nullptr : &found->second;
}

// nullptr when the table is full.
Admission::Machine* Admission::enter(const base::Mac& mac, policy::ClientKind kind, base::Time now) {
  Machine* known = find(mac);
  if (known == nullptr) {
    if (by_mac_.size() >= capacity_) return nullptr;
    known = &by_mac_[mac];
    *known = {kind, next_ticket_++, std::nullopt, now, now, now};
    waiting_.emplace(known->ticket, mac);
  }
  known->last_seen = now;
  return known;
}

bool Admission::its_turn(const Machine& machine) const {
  if (at_once_ == 0) return true;
  if (loading() >= at_once_) return false;
  const std::size_t free = at_once_ - loading();
  auto one = waiting_.begin();
  for (std::size_t i = 0; i < free && one != waiting_.end(); ++i, ++one) {
    if (one->first == machine.ticket) return true;
  }
  return false;
}

policy::Hold Admission::hold(const Machine& machine) const {
  const auto ahead = std::distance(waiting_.begin(), waiting_.lower_bound(machine.ticket));
  return {loading(), static_cast<std::size_t>(ahead) + 1};
}

void Admission::start(Machine& machine, base::Time now) {
  machine.loading_since = now;
  waiting_.erase(machine.ticket);
}

Admission::Place Admission::remove(Place place) {
  waiting_.erase(place->second.ticket);
  return by_mac_.erase(place);
}

Admission::Verdict Admission::on_dhcp(const policy::Facts& facts, bool discover, base::Time now) {
  // No loader asks for an address once it loads the image: that attempt came to nothing, and a
  // machine that fails over and over must not keep its slot from the others.
  if (const auto known = by_mac_.find(facts.mac);
      discover && known != by_mac_.end() && known->second.has_begun) {
    remove(known);
  }
  Machine* machine = enter(facts.mac, facts.kind, now);
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

Admission::Verdict Admission::on_script(const base::Mac& mac, policy::ClientKind kind, base::Time now) {
  Machine* machine = enter(mac, kind, now);
  if (machine == nullptr || machine->loading_since) return std::nullopt;
  if (!its_turn(*machine)) return hold(*machine);
  start(*machine, now);
  return std::nullopt;
}

void Admission::on_menu(const base::Mac& mac, policy::ClientKind kind, base::Time now) {
  Machine* machine = enter(mac, kind, now);
  if (machine != nullptr && !machine->loading_since) start(*machine, now);
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
  LineSummary out{at_once_, loading(), waiting_.size(), {}};
  for (const auto& [ticket, mac] : waiting_) {
    out.longest = std::max(out.longest, now - by_mac_.at(mac).first_seen);
  }
  return out;
}

std::vector<InLine> Admission::line(base::Time now) const {
  std::vector<InLine> out;
  out.reserve(by_mac_.size());
  const auto add = [&](const base::Mac& mac, const Machine& machine) {
    const base::Time since = machine.loading_since.value_or(machine.first_seen);
    out.push_back({mac, machine.kind, machine.loading_since.has_value(), policy::waiting_of(machine.kind).by,
                   now - since});
  };
  for (const auto& [mac, machine] : by_mac_) {
    if (machine.loading_since) add(mac, machine);
  }
  for (const auto& [ticket, mac] : waiting_) add(mac, by_mac_.at(mac));
  return out;
}

}  // namespace session
