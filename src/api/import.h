// SPDX-License-Identifier: GPL-3.0-or-later
// Machines from files that people have already: spreadsheets, and the host entries of DHCP
// servers. Text -> devices by name -> a batch; all of it or nothing, each bad line named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/names.h"
#include "base/address.h"
#include "base/result.h"
#include "policy/device.h"
#include "store/records.h"

namespace api {

enum class ImportFormat : std::uint8_t {
  csv,      // with a line of column names; Configuration Manager's lists of computers as well
  wds,      // `wdsutil /get-alldevices`, or prestaged computers as csvde and Excel write them
  dnsmasq,  // dnsmasq.conf, or a file for dhcp-hostsfile
  isc,      // dhcpd.conf
  kea,      // kea-dhcp4.conf
};
std::string_view print(ImportFormat format);  // "csv"
std::optional<ImportFormat> parse_import_format(std::string_view text);

struct LineFault {
  std::size_t line = 0;  // from 1; 0: the whole
  std::string what;      // a sentence
  bool operator==(const LineFault&) const = default;
};
// At most `capacity` of them are kept, the others counted.
struct LineFaults {
  static constexpr std::size_t capacity = 100;
  std::vector<LineFault> lines;  // in the order of reading
  std::size_t more = 0;
  void add(std::size_t line, std::string what);
  [[nodiscard]] bool empty() const { return lines.empty(); }
  bool operator==(const LineFaults&) const = default;
};

// One machine as a file has it. What it does not say is nothing or empty.
struct ImportedDevice {
  std::size_t line = 0;  // where it was first named
  std::string name;
  std::vector<base::Mac> macs;  // at least one of macs and uuid is there
  std::optional<base::Uuid> uuid;
  std::optional<policy::DeviceState> state;
  std::vector<std::string> collections;
  std::string image, program, referral;
  policy::Variables variables;
  bool operator==(const ImportedDevice&) const = default;
};
struct Imported {
  std::vector<ImportedDevice> devices;  // in the order of their first lines
  LineFaults passed_over;  // entries that are right and name no machine that boots: without an address
};

// Text in UTF-8, or in UTF-16 with a byte order mark; faults are never none. Lines of one name
// are one machine with several addresses; one address, or UUID, under two names is refused.
base::Result<Imported, LineFaults> parse_import(ImportFormat format, std::string_view text);

struct ImportPlan {
  store::Batch batch;  // tidy; verb "imported"; who is the caller's
  std::size_t created = 0, changed = 0, unchanged = 0;
};
// An import adds: a device of that name gets what it has not; nothing is taken from it, and
// what a machine is told to boot (image, program, referral, variables) is replaced where the
// file says so. A machine that waits for approval, or was never given a name, is named and
// approved. One without a name in the file is called by its address with dashes, or its UUID.
// All get into `collection` too, unless that is empty. An address or a UUID that another device
// has is refused with its name, a record that is not there with its own.
base::Result<ImportPlan, LineFaults> plan_import(const std::vector<ImportedDevice>& devices,
                                                 std::string_view collection, const Names& names);

}  // namespace api
