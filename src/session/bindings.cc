// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/bindings.h"

namespace session {
namespace {

// All that a bare MAC tells.
policy::Facts facts_of(const base::Mac& mac) {
  policy::Facts facts;
  facts.mac = mac;
  facts.firmware_known = false;
  return facts;
}

// A ROM's own request begins a boot; what the programs that it loads say belongs to that one.
bool begins_a_boot(const policy::Facts& facts) {
  using policy::ClientKind;
  return facts.kind == ClientKind::bios_rom || facts.kind == ClientKind::uefi_pxe ||
         facts.kind == ClientKind::uefi_http;
}

bool contradicts(const NameIdentity& name, const policy::Facts& bound) {
  if (name.mac && *name.mac != bound.mac) return true;
  // A machine whose firmware told no UUID may still print one from SMBIOS: that is no
  // contradiction. Neither is a UUID that was never set.
  return name.uuid && !name.uuid->is_blank() && bound.uuid && *name.uuid != *bound.uuid;
}

}  // namespace

std::string_view print(LearnedFrom from) {
  switch (from) {
    case LearnedFrom::boot_service:
      return "boot-service";
    case LearnedFrom::overheard_request:
      return "overheard-request";
    case LearnedFrom::name:
      return "name";
    case LearnedFrom::neighbour:
      return "neighbour";
  }
  return "unknown";
}

Bindings::Bindings(std::size_t capacity, base::Duration lifetime)
    : by_address_(capacity, lifetime), last_of_machine_(capacity, lifetime) {}

void Bindings::learn(const Learned& learned, base::Time now) {
  if (learned.address.is_zero() || learned.facts.mac.is_zero()) return;

  policy::Facts facts = learned.facts;
  if (facts.firmware_known && !begins_a_boot(facts)) recall(facts, now);
  Place& last = last_of_machine_.touch(key_of(learned.facts.mac), now);
  const Place here{learned.address, learned.interface};
  if (last.interface == here.interface && last.address != here.address) {
    // Its old address may be somebody else's before long, and that we might not hear.
    const std::uint64_t old_key = key_of(last.address, last.interface);
    if (const Binding* old = by_address_.find(old_key, now);
        old != nullptr && old->facts.mac == learned.facts.mac) {
      by_address_.erase(old_key);
    }
  }
  last = here;

  const std::uint64_t key = key_of(learned.address, learned.interface);
  const Binding* present = by_address_.find(key, now);
  const bool same_machine = present != nullptr && present->facts.mac == learned.facts.mac;
  Binding& binding = by_address_.touch(key, now);
  binding.when = now;
  if (same_machine && !learned.facts.firmware_known) return;
  if (!facts.uuid && same_machine) facts.uuid = binding.facts.uuid;  // pxelinux and GRUB do not repeat it
  binding.facts = facts;
  binding.from = learned.from;
}

void Bindings::recall(policy::Facts& facts, base::Time now) {
  const Place* const last = last_of_machine_.find(key_of(facts.mac), now);
  const Binding* const binding = last == nullptr ? nullptr : who(last->address, last->interface, now);
  if (binding == nullptr || binding->facts.mac != facts.mac) return;
  if (!facts.processor) facts.processor = binding->facts.processor;
  if (!facts.chosen_item) facts.chosen_item = binding->facts.chosen_item;
}

const Binding* Bindings::who(base::Ipv4 address, unsigned interface, base::Time now) {
  return by_address_.find(key_of(address, interface), now);
}

Resolved Bindings::resolve(base::Ipv4 address, unsigned interface, const NameIdentity& name,
                           const NeighbourOf& neighbour, base::Time now) {
  if (const Binding* binding = who(address, interface, now)) {
    if (contradicts(name, binding->facts)) return Contradiction{binding->facts.mac};
    return Known{binding->facts, binding->from};
  }
  if (name.mac) return Known{facts_of(*name.mac), LearnedFrom::name};
  if (name.uuid || !neighbour) return Unknown{};
  if (const auto mac = neighbour(address, interface)) return Known{facts_of(*mac), LearnedFrom::neighbour};
  return Unknown{};
}

}  // namespace session
