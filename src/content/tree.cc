// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/tree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

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

// Which of a menu's entries: nullopt when it has none that boots a kernel.
base::Result<std::optional<BootEntry>> choose(const std::vector<ConfigEntry>& entries, const Names& names,
                                              const std::string& config) {
  std::vector<BootEntry> bootable;
  std::optional<BootEntry> chosen_default;
  for (const ConfigEntry& entry : entries) {
    auto resolved = resolve(entry, names, config);
    if (!resolved) continue;
    if (is_install(resolved->label)) return resolved;
    if (entry.is_default && !chosen_default) chosen_default = resolved;
    bootable.push_back(std::move(*resolved));
  }
  if (chosen_default) return chosen_default;
  if (bootable.empty()) return std::nullopt;
  if (bootable.size() > 1) {
    std::vector<std::string> labels;
    for (const BootEntry& entry : bootable) labels.push_back(fmt::format("«{}»", entry.label));
    return base::fail("{} has several entries ({}), none called «install» and none the default: {}", config,
                      some_of(labels), help);
  }
  return bootable.front();
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

// All configuration files of one kind must agree on the kernel: a tree for two
// architectures has two answers, and guessing would boot the wrong one.
base::Result<std::optional<BootEntry>> from_configuration(const TreeView& tree, const Names& names,
                                                          const Source& source) {
  std::optional<BootEntry> found;
  std::string found_in;
  for (const std::string& name : tree.names) {
    if (!is_or_ends_with(name, source.ending)) continue;
    const auto text = tree.read(name);
    if (!text) return tl::unexpected(text.error());
    auto entry = choose(source.parse(tree, names, name, *text), names, name);
    if (!entry) return tl::unexpected(entry.error());
    if (!*entry) continue;
    if (found && found->kernel != (*entry)->kernel) {
      return base::fail("{} boots {}, {} boots {}: {}", found_in, found->kernel, name, (*entry)->kernel,
                        help);
    }
    if (found) continue;
    found = std::move(*entry);
    found_in = name;
  }
  return found;
}

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

base::Result<BootEntry> find_boot_entry(const TreeView& tree) {
  const Names names(tree.names);
  for (const Source& source : sources) {
    auto entry = from_configuration(tree, names, source);
    if (!entry) return tl::unexpected(entry.error());
    if (*entry) return std::move(**entry);
  }
  return by_names(tree);
}

}  // namespace content
