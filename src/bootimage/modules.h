// SPDX-License-Identifier: GPL-3.0-or-later
// A kernel's modules as depmod(8) describes them: what needs what, and what serves which device.
// Text in, text out; no files.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bootimage {

struct PciId {
  std::uint16_t vendor = 0, device = 0;
  auto operator<=>(const PciId&) const = default;
};
std::string print(PciId id);  // «8086:15b8»

class ModuleTree {
 public:
  // The texts of modules.dep, modules.alias, modules.softdep and modules.builtin.
  ModuleTree(std::string_view dep, std::string_view alias, std::string_view softdep,
             std::string_view builtin);

  enum class Where { module, builtin, nowhere };
  [[nodiscard]] Where where(std::string_view name) const;
  // Below lib/modules/VERSION: «kernel/drivers/net/mii.ko».
  [[nodiscard]] std::string path_of(std::string_view name) const;

  // Those modules, by name, and all that they need.
  [[nodiscard]] std::set<std::string> with_needs(const std::vector<std::string>& names) const;

  // modules.dep and modules.alias of some modules only.
  [[nodiscard]] std::string dep_text(const std::set<std::string>& names) const;
  [[nodiscard]] std::string alias_text(const std::set<std::string>& names) const;
  // Devices that they name one by one.
  [[nodiscard]] std::set<PciId> pci_ids(const std::set<std::string>& names) const;

 private:
  struct Module {
    std::string path;
    std::vector<std::string> needs;  // paths, as modules.dep has them
  };
  struct Alias {
    std::string pattern, name;
  };
  std::map<std::string, Module, std::less<>> modules_;
  std::map<std::string, std::vector<std::string>> soft_;  // what else to load with a module
  std::set<std::string, std::less<>> builtin_;
  std::vector<Alias> aliases_;
};

// «drivers/net/8139cp.ko» → «8139cp», «virtio-net» → «virtio_net».
std::string module_name(std::string_view path);

}  // namespace bootimage
