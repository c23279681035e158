// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/identify.h"

#include "policy/snapshot.h"

namespace policy {

std::string_view print(IdentifiedBy by) {
  switch (by) {
    case IdentifiedBy::nothing:
      return "nothing";
    case IdentifiedBy::both:
      return "both";
    case IdentifiedBy::mac:
      return "mac";
    case IdentifiedBy::uuid:
      return "uuid";
    case IdentifiedBy::conflict:
      return "conflict";
  }
  return "unknown";
}

Identity identify(const Facts& facts, const Snapshot& snapshot) {
  snapshot.expect(facts.mac, facts.uuid);
  Identity identity;
  identity.uuid_banned = facts.uuid && snapshot.bans(*facts.uuid);
  const bool has_uuid = facts.uuid && !identity.uuid_banned;
  identity.mac_wanders = snapshot.wandering_macs().covering(facts.mac) != nullptr;
  const Device* const by_uuid = has_uuid ? snapshot.device(*facts.uuid) : nullptr;
  const Device* by_mac = snapshot.device(facts.mac);
  // The adapter of a machine that has another UUID was lent to this one. A record without any
  // that tells machines apart says nothing against it.
  const auto speaks_against = [&](const Device& record) {
    return by_uuid != nullptr || (record.uuid && !snapshot.bans(*record.uuid));
  };
  if (identity.mac_wanders && has_uuid && by_mac != nullptr && by_mac != by_uuid && speaks_against(*by_mac))
    by_mac = nullptr;
  identity.device = by_mac != nullptr ? by_mac : by_uuid;
  if (by_mac != nullptr && by_uuid != nullptr) {
    identity.by = by_mac == by_uuid ? IdentifiedBy::both : IdentifiedBy::conflict;
    if (by_mac != by_uuid) identity.other = by_uuid;
  } else if (by_mac != nullptr) {
    identity.by = IdentifiedBy::mac;
  } else if (by_uuid != nullptr) {
    identity.by = IdentifiedBy::uuid;
  }
  return identity;
}

}  // namespace policy
