// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/identify.h"

#include <gtest/gtest.h>

#include "sites.h"

namespace policy {
namespace {

const base::Uuid uuid_1 = numbered_uuid(1), uuid_2 = numbered_uuid(2), uuid_9 = numbered_uuid(9);
// A maker repeated it; another by the administrator's word.
const base::Uuid repeated = uuid("03000200-0400-0500-0006-000700080009");
const base::Uuid banned_here = numbered_uuid(77);
// A dock's, by the maker; another by the administrator's word.
const base::Mac dock = mac("50:1a:c5:00:00:01"), lent = mac("de:ad:00:00:00:01");
const base::Mac dock_2 = mac("50:1a:c5:00:00:02");

struct Row {
  const char* name;
  base::Mac mac;
  std::optional<base::Uuid> uuid;
  IdentifiedBy by;
  std::int64_t device, other = 0;
  bool banned = false, wanders = false;
};

TEST(Identify, ARowForEachRule) {
  SiteModel model;
  model.banned_uuids = {banned_here};
  model.wandering_macs = {MacPrefix::parse("de:ad").value()};
  const Snapshot s = site(model, {
                                     device(1, {mac_1}, uuid_1),
                                     device(2, {mac_2}, uuid_2),
                                     device(3, {mac_3}),               // no UUID was ever recorded
                                     device(4, {}, numbered_uuid(4)),  // no address
                                     device(5, {dock}, numbered_uuid(5)),
                                     device(6, {dock_2}),  // a dock's address alone
                                     device(7, {lent}, numbered_uuid(7)),
                                     device(8, {mac("50:1a:c5:00:00:08")}, repeated),
                                     device(10, {mac("52:54:00:00:0a:01"), mac("52:54:00:00:0a:02")}),
                                 });
  const base::Uuid zeros, ones = uuid("ffffffff-ffff-ffff-ffff-ffffffffffff");
  const base::Mac new_mac = mac("52:54:00:00:00:99");
  const Row rows[] = {
      {"neither is known", new_mac, uuid_9, IdentifiedBy::nothing, 0},
      {"no UUID told, address unknown", new_mac, std::nullopt, IdentifiedBy::nothing, 0},
      {"both agree", mac_1, uuid_1, IdentifiedBy::both, 1},
      {"address alone: no UUID told", mac_1, std::nullopt, IdentifiedBy::mac, 1},
      {"address alone: a new main board", mac_1, uuid_9, IdentifiedBy::mac, 1},
      {"address alone: none recorded", mac_3, uuid_9, IdentifiedBy::mac, 3},
      {"UUID alone: a new network card", new_mac, uuid_1, IdentifiedBy::uuid, 1},
      {"UUID alone: no address recorded", new_mac, numbered_uuid(4), IdentifiedBy::uuid, 4},
      {"two devices", mac_1, uuid_2, IdentifiedBy::conflict, 1, 2},
      {"two devices, though the one has no UUID", mac_3, uuid_2, IdentifiedBy::conflict, 3, 2},
      {"the second of its addresses", mac("52:54:00:00:0a:02"), std::nullopt, IdentifiedBy::mac, 10},
      {"a repeated UUID is not looked up", new_mac, repeated, IdentifiedBy::nothing, 0, 0, true},
      {"a repeated UUID does not speak against the address", mac_1, repeated, IdentifiedBy::mac, 1, 0, true},
      {"a UUID banned by the administrator", mac_1, banned_here, IdentifiedBy::mac, 1, 0, true},
      {"zeros", mac_1, zeros, IdentifiedBy::mac, 1, 0, true},
      {"ones", new_mac, ones, IdentifiedBy::nothing, 0, 0, true},
      {"a dock on its own machine", dock, numbered_uuid(5), IdentifiedBy::both, 5, 0, false, true},
      {"a dock on another known machine: no conflict", dock, uuid_1, IdentifiedBy::uuid, 1, 0, false, true},
      {"a dock of a known machine on a stranger", dock, uuid_9, IdentifiedBy::nothing, 0, 0, false, true},
      {"a dock, and no UUID told", dock, std::nullopt, IdentifiedBy::mac, 5, 0, false, true},
      {"a dock, and a UUID that says nothing", dock, zeros, IdentifiedBy::mac, 5, 0, true, true},
      {"a record without UUID goes by the dock", dock_2, uuid_9, IdentifiedBy::mac, 6, 0, false, true},
      {"but not against a UUID that is known", dock_2, uuid_1, IdentifiedBy::uuid, 1, 0, false, true},
      {"a record's repeated UUID says nothing against it", mac("50:1a:c5:00:00:08"), uuid_9,
       IdentifiedBy::mac, 8, 0, false, true},
      {"an unknown dock on a known machine", mac("50:1a:c5:ff:ff:ff"), uuid_2, IdentifiedBy::uuid, 2, 0,
       false, true},
      {"lent by the administrator's word", lent, uuid_2, IdentifiedBy::uuid, 2, 0, false, true},
  };
  for (const Row& row : rows) {
    Facts facts = machine(row.mac);
    facts.uuid = row.uuid;
    const Identity got = identify(facts, s);
    EXPECT_EQ(print(got.by), print(row.by)) << row.name;
    EXPECT_EQ(got.device != nullptr ? got.device->id : 0, row.device) << row.name;
    EXPECT_EQ(got.other != nullptr ? got.other->id : 0, row.other) << row.name;
    EXPECT_EQ(got.uuid_banned, row.banned) << row.name;
    EXPECT_EQ(got.mac_wanders, row.wanders) << row.name;
  }
}

}  // namespace
}  // namespace policy
