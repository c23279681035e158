// SPDX-License-Identifier: GPL-3.0-or-later
// The machines of one file as they are read, each once. For the readers of imports only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/import.h"
#include "base/address.h"

namespace api {

class Collector {
 public:
  // `device.line` says where. One of the same name, or without a name one of the same address,
  // joins the machine of an earlier line.
  void add(ImportedDevice device);
  void fault(std::size_t line, std::string what) { faults_.add(line, std::move(what)); }
  void pass_over(std::size_t line, std::string what) { imported_.passed_over.add(line, std::move(what)); }
  [[nodiscard]] base::Result<Imported, LineFaults> finish() &&;

 private:
  [[nodiscard]] std::optional<std::string> what_is_wrong(const ImportedDevice& device) const;
  void join(ImportedDevice& first, ImportedDevice& more);
  void claim(std::size_t index, ImportedDevice& device);
  [[nodiscard]] std::string called(const ImportedDevice& device) const;

  Imported imported_;
  LineFaults faults_;
  std::unordered_map<std::string, std::size_t> by_name_;  // folded; index of the device
  std::unordered_map<base::Mac, std::size_t> by_mac_;
  std::unordered_map<base::Uuid, std::size_t> by_uuid_;
};

base::Result<Imported, LineFaults> read_csv(std::string_view text);
base::Result<Imported, LineFaults> read_wds(std::string_view text);
base::Result<Imported, LineFaults> read_dnsmasq(std::string_view text);
base::Result<Imported, LineFaults> read_isc(std::string_view text);
base::Result<Imported, LineFaults> read_kea(std::string_view text);

}  // namespace api
