// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/tree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/ascii.h"
#include "base/utf8.h"
#include "content/loader_config.h"
#include "content/published.h"

namespace content {
namespace {

constexpr std::string_view help = "name them with --kernel and --initrd";

std::string_view base_name(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

std::string_view directory_of(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : name.substr(0, slash);
}

// Some of them, for a message: a tree has thousands of files, and a menu's labels may be of
// any length, but what is said about them must fit one message to the command line.
std::string some_of(const std::vector<std::string>& list) {
  constexpr std::size_t most = 8;
  constexpr std::size_t longest = 80;
  std::vector<std::string> shown;
  for (const std::string& text : list) {
    if (shown.size() == most) break;
    shown.push_back(text.size() > longest ? text.substr(0, longest) + "…" : text);
  }
  const std::string more =
      list.size() > most ? fmt::format(" and {} more", list.size() - most) : std::string();
  return fmt::format("{}{}", fmt::join(shown, ", "), more);
}

std::vector<std::string> in_quotes(std::vector<std::string> labels) {
  for (std::string& label : labels) label = fmt::format("«{}»", label);
  return labels;
}

// «a/b» is «b» or ends with «/b».
bool is_or_ends_with(std::string_view name, std::string_view ending) {
  return name == ending || (name.ends_with(ending) && name[name.size() - ending.size() - 1] == '/');
}

// Names by the one spelling that clients of all kinds are given.
class Names {
 public:
  explicit Names(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (auto key = normalise(name)) by_key_.emplace(std::move(*key), name);
    }
  }
  // A path in a configuration file starts at the tree's root, or (where the tree is a part
  // of a bigger one) at some directory above the file that names it.
  [[nodiscard]] std::optional<std::string> find(std::string_view path, std::string_view named_by) const {
    if (path.starts_with("::")) path.remove_prefix(2);  // pxelinux: «on the server I came from»
    const auto key = normalise(path);
    if (!key || key->empty()) return std::nullopt;
    if (auto found = look_up(*key)) return found;
    for (auto above = directory_of(named_by); !above.empty(); above = directory_of(above)) {
      if (auto found = look_up(fmt::format("{}/{}", normalise(above).value_or(""), *key))) return found;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::optional<std::string> look_up(const std::string& key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? std::nullopt : std::optional(found->second);
  }
  std::unordered_map<std::string, std::string> by_key_;
};

// The entry with real paths, or nullopt: menus also start modules, other menus and files
// that this tree does not hold.
std::optional<BootEntry> resolve(const ConfigEntry& entry, const Names& names, std::string_view named_by) {
  if (entry.kernel.empty() || entry.kernel.ends_with(".c32")) return std::nullopt;
  auto kernel = names.find(entry.kernel, named_by);
  if (!kernel) return std::nullopt;
  BootEntry out{entry.label, std::move(*kernel), {}, entry.command_line};
  for (const std::string& path : entry.initrds) {
    auto initrd = names.find(path, named_by);
    if (!initrd) return std::nullopt;
    out.initrds.push_back(std::move(*initrd));
  }
  return out;
}

bool is_install(std::string_view label) { return label == "install" || label == "Install"; }

// An entry that boots something of the tree.
struct Bootable {
  BootEntry entry;
  bool is_default = false;
};

// Which of a menu's entries; nullptr when it has none.
base::Result<const Bootable*> choose(const std::vector<Bootable>& menu, const std::string& config,
                                     std::string_view to_choose) {
  if (menu.empty()) return nullptr;
  const auto install =
      std::ranges::find_if(menu, [](const Bootable& each) { return is_install(each.entry.label); });
  if (install != menu.end()) return &*install;
  const auto chosen = std::ranges::find_if(menu, &Bootable::is_default);
  if (chosen != menu.end()) return &*chosen;
  if (menu.size() == 1) return &menu.front();
  std::vector<std::string> labels;
  for (const Bootable& each : menu) labels.push_back(each.entry.label);
  return base::fail("{} has several entries ({}), none called «install» and none the default: {}", config,
                    some_of(in_quotes(labels)), to_choose);
}

using Parser = std::vector<ConfigEntry> (*)(const TreeView&, const Names&, const std::string& config,
                                            std::string_view text);

std::vector<ConfigEntry> read_syslinux(const TreeView& tree, const Names& names, const std::string& config,
                                       std::string_view text) {
  return parse_syslinux(text, [&](std::string_view path) -> std::optional<std::string> {
    const auto name = names.find(path, config);
    if (!name) return std::nullopt;
    auto included = tree.read(*name);
    return included ? std::optional(std::move(*included)) : std::nullopt;
  });
}

std::vector<ConfigEntry> read_grub(const TreeView&, const Names&, const std::string&, std::string_view text) {
  return parse_grub(text);
}

// The loaders whose configuration is understood, the most telling first.
struct Source {
  std::string_view ending;
  Parser parse;
};
constexpr Source sources[] = {
    {"pxelinux.cfg/default", read_syslinux},
    {"syslinux.cfg", read_syslinux},
    {"isolinux.cfg", read_syslinux},
    {"grub.cfg", read_grub},
};

// Goes through the menus of a tree.
class Menus {
 public:
  Menus(const TreeView& tree, std::string_view wanted) : tree_(tree), wanted_(wanted), names_(tree.names) {}

  [[nodiscard]] const std::vector<std::string>& labels() const { return labels_; }

  // All configuration files of one kind must agree on the kernel: a tree for two
  // architectures has two answers, and guessing would boot the wrong one.
  base::Result<std::optional<BootEntry>> look_into(const Source& source) {
    std::optional<BootEntry> found;
    std::string found_in;
    for (const std::string& name : tree_.names) {
      if (!is_or_ends_with(name, source.ending)) continue;
      const auto text = tree_.read(name);
      if (!text) return tl::unexpected(text.error());
      const auto menu = bootable(source.parse(tree_, names_, name, *text), name);
      list(menu);
      const auto entry = wanted_.empty() ? choose(menu, name, tree_.to_choose) : find_wanted(menu);
      if (!entry) return tl::unexpected(entry.error());
      if (*entry == nullptr) continue;
      if (!wanted_.empty()) return (*entry)->entry;
      if (found && found->kernel != (*entry)->entry.kernel) {
        return base::fail("{} boots {}, {} boots {}: {}", found_in, found->kernel, name,
                          (*entry)->entry.kernel, tree_.to_choose);
      }
      if (found) continue;
      found = (*entry)->entry;
      found_in = name;
    }
    return found;
  }

 private:
  [[nodiscard]] std::vector<Bootable> bootable(const std::vector<ConfigEntry>& entries,
                                               const std::string& config) const {
    std::vector<Bootable> out;
    for (const ConfigEntry& entry : entries) {
      if (auto resolved = resolve(entry, names_, config))
        out.push_back({std::move(*resolved), entry.is_default});
    }
    return out;
  }

  void list(const std::vector<Bootable>& menu) {
    for (const Bootable& each : menu) {
      std::string label = base::one_line(each.entry.label, longest_menu_label);
      if (!label.empty() && labels_.size() < most_menu_labels &&
          std::ranges::find(labels_, label) == labels_.end())
        labels_.push_back(std::move(label));
    }
  }

  [[nodiscard]] base::Result<const Bootable*> find_wanted(const std::vector<Bootable>& menu) const {
    const auto found = std::ranges::find_if(menu, [&](const Bootable& each) {
      return base::same_but_for_case(base::one_line(each.entry.label, longest_menu_label), wanted_) ||
             each.entry.kernel == wanted_;
    });
    return found == menu.end() ? nullptr : &*found;
  }

  const TreeView& tree_;
  std::string_view wanted_;
  Names names_;
  std::vector<std::string> labels_;
};

bool starts_with_any(std::string_view name, std::initializer_list<std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(),
                     [&](std::string_view start) { return name.starts_with(start); });
}

bool has_kernel_name(std::string_view name) {
  const std::string_view file = base_name(name);
  return file == "linux" || file == "kernel" || starts_with_any(file, {"vmlinuz", "bzImage"});
}

bool has_initrd_name(std::string_view name) {
  return starts_with_any(base_name(name), {"initrd", "initramfs"});
}

base::Result<BootEntry> by_names(const TreeView& tree) {
  std::vector<std::string> kernels;
  std::vector<std::string> initrds;
  std::copy_if(tree.names.begin(), tree.names.end(), std::back_inserter(kernels), has_kernel_name);
  std::copy_if(tree.names.begin(), tree.names.end(), std::back_inserter(initrds), has_initrd_name);
  std::sort(kernels.begin(), kernels.end());
  if (kernels.empty()) {
    return base::fail(
        "no kernel in this tree: looked for entries in pxelinux.cfg/default, syslinux.cfg, isolinux.cfg and "
        "grub.cfg, "
        "then for a file vmlinuz*, linux, kernel or bzImage*: {}",
        help);
  }
  if (kernels.size() > 1) return base::fail("several kernels in this tree ({}): {}", some_of(kernels), help);
  // Those beside the kernel are its own; with none there, those of the whole tree.
  const std::string_view home = directory_of(kernels.front());
  std::vector<std::string> beside;
  std::copy_if(initrds.begin(), initrds.end(), std::back_inserter(beside),
               [&](const std::string& name) { return directory_of(name) == home; });
  const auto& candidates = beside.empty() ? initrds : beside;
  if (candidates.empty()) {
    return base::fail("a kernel ({}) but no initrd in this tree: looked for a file initrd* or initramfs*: {}",
                      kernels.front(), help);
  }
  if (candidates.size() > 1) {
    return base::fail("several initrds in this tree ({}): {}", some_of(candidates), help);
  }
  return BootEntry{"", kernels.front(), {candidates.front()}, ""};
}

}  // namespace

base::Result<BootMenu> find_boot_menu(const TreeView& tree, std::string_view wanted) {
  Menus menus(tree, wanted);
  for (const Source& source : sources) {
    auto entry = menus.look_into(source);
    if (!entry) return tl::unexpected(entry.error());
    if (*entry) return BootMenu{std::move(**entry), menus.labels()};
  }
  if (!wanted.empty()) {
    return base::fail("no menu entry «{}» that boots anything: there {}", base::one_line(wanted, 80),
                      menus.labels().empty() ? "is none" : "are " + some_of(in_quotes(menus.labels())));
  }
  auto entry = by_names(tree);
  if (!entry) return tl::unexpected(entry.error());
  return BootMenu{std::move(*entry), {}};
}

}  // namespace content
