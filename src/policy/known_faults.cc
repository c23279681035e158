// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/known_faults.h"

#include <string_view>

#include "base/result.h"

namespace policy {
namespace {

// As CapaSystems, who inventory Windows fleets, met them; 03000200-… is the octets 0, 2, 0, 3 …
// in the order of SMBIOS, that board makers' sample tables bring.
constexpr std::string_view duplicate_uuids[] = {
    "03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009",
    "07090201-0103-0301-0807-060504030201", "fefefefe-fefe-fefe-fefe-fefefefefefe",
    "58585858-5858-5858-5858-585858585858", "12345678-1234-5678-90ab-cddeefaabbcc",
    "50fb9712-ffff-ffff-ffff-ffffffffffff", "52309712-ffff-ffff-ffff-ffffffffffff",
    "56f49712-ffff-ffff-ffff-ffffffffffff", "61f39712-ffff-ffff-ffff-ffffffffffff",
    "93309712-ffff-ffff-ffff-ffffffffffff", "dc698397-fa54-4cf2-82c8-b1b5307a6a7f",
    "8e275844-178f-44a8-aceb-a7d7e5178c63", "890e2d14-cacd-45d1-ae66-bc80e8bfeb0f",
};

struct WanderingMaker {
  std::string_view prefix;
  std::string_view who;
};
// Makers of adapters and of the network part of docks. Some of them are found on boards, too:
// identify() goes by such an address where nothing speaks against it.
constexpr WanderingMaker wandering_makers[] = {
    {"50:1a:c5", "Microsoft: Surface Ethernet adapter"},
    {"00:e0:4c", "Realtek: adapters without a maker's own address"},
    {"00:50:b6", "Good Way: docks of several brands"},
    {"00:24:9b", "Action Star: docks and adapters"},
    {"9c:eb:e8", "BizLink: docks and USB-C adapters"},
    {"48:2a:e3", "Wistron: docks"},
    {"00:05:1b", "Magic Control: USB adapters"},
    {"00:0e:c6", "ASIX: USB adapters"},
};

}  // namespace

std::vector<base::Uuid> known_duplicate_uuids() {
  std::vector<base::Uuid> out;
  for (const std::string_view text : duplicate_uuids) {
    const auto uuid = base::Uuid::parse(text);
    BOOTFERRY_CHECK(uuid.has_value());
    out.push_back(*uuid);
  }
  return out;
}

std::vector<MacPrefix> known_wandering_macs() {
  std::vector<MacPrefix> out;
  for (const WanderingMaker& maker : wandering_makers) {
    const auto prefix = MacPrefix::parse(maker.prefix);
    BOOTFERRY_CHECK(prefix.has_value());
    out.push_back(*prefix);
  }
  return out;
}

}  // namespace policy
