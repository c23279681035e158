// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/kernel_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "bootimage/drivers.h"
#include "bootimage/files.h"
#include "bootimage/packages.h"
#include "bootimage/tool.h"

namespace bootimage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kernel_begin = "vmlinuz-";
// depmod prefers what is in here, so a newer driver of the same name takes the kernel's place.
constexpr std::string_view added_folder = "updates/bootferry/";

std::string without_line_end(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

base::Result<std::string> info(const char* field, const std::string& file) {
  auto said = run(modinfo, {"-F", field, file});
  if (!said) return base::fail("{}: {}", file, said.error().what);
  return without_line_end(std::move(*said));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

base::Result<KernelTree> KernelTree::unpack(const std::string& package, const std::string& folder) {
  if (const auto unpacked = bootimage::unpack(package, folder); !unpacked)
    return tl::unexpected(unpacked.error());
  std::error_code error;
  std::vector<std::string> releases;
  for (const auto& entry : fs::directory_iterator(folder + "/boot", error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kernel_begin)) releases.push_back(name.substr(kernel_begin.size()));
  }
  if (releases.size() != 1)
    return base::fail("{}: no kernel package: it has no boot/vmlinuz-VERSION", package);
  KernelTree tree(folder, releases.front());
  if (!fs::is_directory(tree.modules(), error)) {
    // Debian 13 has /usr/lib/modules; the rest need not know.
    const std::string other = fmt::format("{}/usr/lib/modules/{}", folder, tree.release_);
    if (!fs::is_directory(other, error))
      return base::fail("{}: it has no modules of {}: a whole kernel package is needed", package,
                        tree.release_);
    fs::create_directories(folder + "/lib/modules", error);
    fs::rename(other, tree.modules(), error);
    if (error) return base::fail("{}: {}", other, error.message());
  }
  return tree;
}

std::string KernelTree::kernel() const {
  return fmt::format("{}/boot/{}{}", folder_, kernel_begin, release_);
}
std::string KernelTree::modules() const { return fmt::format("{}/lib/modules/{}", folder_, release_); }

base::Result<ModuleTree> KernelTree::read() const {
  // Without the machine's own configuration: the result is the packages' alone.
  const auto made = run(depmod, {"-C", "/dev/null", "-b", folder_, release_});
  if (!made) return tl::unexpected(made.error());
  std::vector<std::string> texts;
  for (const char* name : {"modules.dep", "modules.alias", "modules.softdep", "modules.builtin"}) {
    auto text = read_file(fmt::format("{}/{}", modules(), name));
    if (!text) return tl::unexpected(text.error());
    texts.push_back(std::move(*text));
  }
  return ModuleTree(texts[0], texts[1], texts[2], texts[3]);
}

base::Status KernelTree::take_in(const std::vector<std::string>& files, ChosenModules& chosen) const {
  const auto own = files_at(modules() + "/kernel");
  if (!own) return tl::unexpected(own.error());
  const auto module = std::find_if(own->begin(), own->end(), [](const std::string& file) {
    return file.find(".ko") != std::string::npos;
  });
  if (module == own->end()) return base::fail("{}: there are no modules", modules());
  const auto magic = info("vermagic", *module);
  if (!magic) return tl::unexpected(magic.error());
  for (const std::string& given : files) {
    const auto found = files_at(given);
    if (!found) return tl::unexpected(found.error());
    bool any = false;
    for (const std::string& file : *found) {
      if (!file.ends_with(".ko")) continue;
      any = true;
      const auto its = info("vermagic", file);
      if (!its) return tl::unexpected(its.error());
      if (*its != *magic)
        return base::fail("{}: it is for another kernel: \"{}\", and this one is \"{}\"", file, *its, *magic);
      const auto octets = read_file(file);
      if (!octets) return tl::unexpected(octets.error());
      const std::string name = module_name(file);
      const auto kind = kind_of_module(*octets);
      if (kind == DriverKind::network) chosen.network.insert(name);
      if (kind == DriverKind::storage) chosen.storage.insert(name);
      if (!kind) {
        chosen.warnings.push_back(fmt::format(
            "{}: neither network nor storage: left out, unless one of the others needs it", file));
      }
      chosen.added.insert(name);
      const auto copied = copy_file(
          file, fmt::format("{}/{}{}", modules(), added_folder, fs::path(file).filename().string()));
      if (!copied) return copied;
    }
    if (!any) return base::fail("{}: there is no module (*.ko)", given);
  }
  return {};
}

base::Result<ChosenModules> KernelTree::choose(const std::vector<std::string>& files) {
  ChosenModules chosen;
  auto tree = read();
  if (!tree) return tl::unexpected(tree.error());
  std::vector<std::string> names;
  for (const Driver& driver : drivers()) {
    const auto where = tree->where(driver.module);
    if (where == ModuleTree::Where::nowhere) {
      chosen.warnings.push_back(fmt::format("the kernel has no {} ({})", driver.module, driver.reason));
    }
    if (where != ModuleTree::Where::module) continue;
    names.emplace_back(driver.module);
    if (driver.kind == DriverKind::network) chosen.network.insert(driver.module);
    if (driver.kind == DriverKind::storage) chosen.storage.insert(driver.module);
  }
  chosen.all = tree->with_needs(names);
  const std::set<PciId> before = tree->pci_ids(chosen.all);

  if (!files.empty()) {
    if (const auto taken = take_in(files, chosen); !taken) return tl::unexpected(taken.error());
    tree = read();
    if (!tree) return tl::unexpected(tree.error());
    for (const std::set<std::string>* of : {&chosen.network, &chosen.storage}) {
      for (const std::string& name : *of) {
        if (chosen.added.contains(name)) names.push_back(name);
      }
    }
    chosen.all = tree->with_needs(names);
    std::erase_if(chosen.added, [&](const std::string& name) { return !chosen.all.contains(name); });
  }
  chosen.pci_ids = tree->pci_ids(chosen.all);
  std::set_difference(chosen.pci_ids.begin(), chosen.pci_ids.end(), before.begin(), before.end(),
                      std::inserter(chosen.newly_served, chosen.newly_served.end()));

  std::set<std::string> firmware;
  for (const std::string& name : chosen.all) {
    const auto asked = info("firmware", fmt::format("{}/{}", modules(), tree->path_of(name)));
    if (!asked) return tl::unexpected(asked.error());
    for (std::string& file : lines_of(*asked)) firmware.insert(std::move(file));
  }
  chosen.firmware.assign(firmware.begin(), firmware.end());
  return chosen;
}

base::Status KernelTree::put(const ChosenModules& chosen, const std::string& root) const {
  const auto tree = read();
  if (!tree) return tl::unexpected(tree.error());
  const std::string into = fmt::format("{}/lib/modules/{}/", root, release_);
  for (const std::string& name : chosen.all) {
    const std::string path = tree->path_of(name);
    // Its own format of files would need a decompressor in the image, and they would be packed twice.
    if (!path.ends_with(".ko")) return base::fail("{}: compressed modules are not supported yet", path);
    if (const auto copied = copy_file(fmt::format("{}/{}", modules(), path), into + path); !copied)
      return copied;
  }
  if (const auto written = write_file(into + "modules.dep", tree->dep_text(chosen.all)); !written)
    return written;
  return write_file(into + "modules.alias", tree->alias_text(chosen.all));
}

}  // namespace bootimage
