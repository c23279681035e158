// SPDX-License-Identifier: GPL-3.0-or-later
// A kernel and its modules out of a Debian package, with the drivers that somebody adds.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "bootimage/modules.h"

namespace bootimage {

struct ChosenModules {
  std::set<std::string> network, storage;  // that were asked for, by name
  std::set<std::string> all;               // with support, and what they need
  std::set<std::string> added;             // of them, --driver's
  std::set<PciId> pci_ids;
  std::set<PciId> newly_served;       // by --driver's
  std::vector<std::string> warnings;  // each one line
  std::vector<std::string> firmware;  // files that they ask for, sorted
};

class KernelTree {
 public:
  // Unpacks the package below `folder`.
  static base::Result<KernelTree> unpack(const std::string& package, const std::string& folder);

  [[nodiscard]] const std::string& release() const { return release_; }  // «6.1.0-56-amd64»
  [[nodiscard]] std::string kernel() const;                              // the file
  [[nodiscard]] std::string modules() const;                             // lib/modules/RELEASE, the folder

  // The table's drivers and those in `files` (modules or folders with modules). Refused: one
  // for another kernel.
  base::Result<ChosenModules> choose(const std::vector<std::string>& files);
  // Their files with pruned modules.dep and modules.alias, into lib/modules/RELEASE below `root`.
  base::Status put(const ChosenModules& chosen, const std::string& root) const;

 private:
  KernelTree(std::string folder, std::string release)
      : folder_(std::move(folder)), release_(std::move(release)) {}
  [[nodiscard]] base::Result<ModuleTree> read() const;
  base::Status take_in(const std::vector<std::string>& files, ChosenModules& chosen) const;

  std::string folder_, release_;
};

}  // namespace bootimage
