// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/loaders.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "content/disk_file.h"

namespace content {
namespace {

constexpr std::string_view syslinux = "syslinux-common";
constexpr std::string_view helpers = "shim-helpers-amd64-signed";
constexpr bool module = false;

// pxelinux looks for its modules beside itself. shim looks for grubx64.efi beside itself and,
// as some firmware gives it no path, at the root («//grubx64.efi»): both names are served.
// grubnetx64 has the prefix /grub built in; the installer's build of it another one.
constexpr std::array loader_table = {
    Loader{"bios/pxelinux.0", {"/usr/lib/PXELINUX/pxelinux.0"}, "pxelinux"},
    Loader{"bios/ldlinux.c32", {"/usr/lib/syslinux/modules/bios/ldlinux.c32"}, syslinux, module},
    Loader{"bios/libutil.c32", {"/usr/lib/syslinux/modules/bios/libutil.c32"}, syslinux, module},
    Loader{"bios/libcom32.c32", {"/usr/lib/syslinux/modules/bios/libcom32.c32"}, syslinux, module},
    Loader{"bios/pxechn.c32", {"/usr/lib/syslinux/modules/bios/pxechn.c32"}, syslinux, module},
    Loader{"bios/menu.c32", {"/usr/lib/syslinux/modules/bios/menu.c32"}, syslinux, module},
    Loader{"bios/vesamenu.c32", {"/usr/lib/syslinux/modules/bios/vesamenu.c32"}, syslinux, module},
    Loader{"bios/undionly.kpxe", {"/usr/lib/ipxe/undionly.kpxe"}, "ipxe"},
    Loader{"x64/snponly.efi", {"/usr/lib/ipxe/snponly.efi"}, "ipxe"},
    Loader{"x64/ipxe.efi", {"/usr/lib/ipxe/ipxe.efi", "/boot/ipxe.efi"}, "ipxe"},
    Loader{"x64/shimx64.efi", {"/usr/lib/shim/shimx64.efi.signed"}, "shim-signed"},
    Loader{"x64/grubx64.efi",
           {"/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed"},
           "grub-efi-amd64-signed"},
    Loader{"grubx64.efi", {"/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed"}, "grub-efi-amd64-signed"},
    Loader{"x64/mmx64.efi", {"/usr/lib/shim/mmx64.efi.signed"}, helpers, module, true},
    Loader{"mmx64.efi", {"/usr/lib/shim/mmx64.efi.signed"}, helpers, module, true},
    Loader{"x64/fbx64.efi", {"/usr/lib/shim/fbx64.efi.signed"}, helpers, module, true},
    Loader{"grub/fonts/unicode.pf2", {"/usr/share/grub/unicode.pf2"}, "grub-common", module, true},
};

// What GRUB reads below its prefix. Under Secure Boot it uses the modules inside its signed
// image, but asks for the lists all the same.
constexpr std::string_view grub_modules = "grub/x86_64-efi";
constexpr std::string_view grub_modules_on_disk = "/usr/lib/grub/x86_64-efi";
constexpr std::string_view grub_modules_package = "grub-efi-amd64-bin";

bool publish_one(Published& published, const Loader& loader, std::string_view root) {
  for (const std::string_view candidate : loader.candidates) {
    if (candidate.empty()) continue;
    auto file = describe_file(fmt::format("{}{}", root, candidate), loader.name);
    if (!file) continue;
    published.add(std::string(loader.name), std::move(*file));
    return true;
  }
  return false;
}

bool publish_grub_modules(Published& published, std::string_view root) {
  bool any = false;
  std::error_code error;
  const std::filesystem::directory_iterator files(fmt::format("{}{}", root, grub_modules_on_disk), error);
  if (error) return false;
  for (const auto& entry : files) {
    const std::string file_name = entry.path().filename().string();
    if (!file_name.ends_with(".mod") && !file_name.ends_with(".lst")) continue;
    const auto name = normalise(fmt::format("{}/{}", grub_modules, file_name));
    if (!name) continue;
    auto file = describe_file(entry.path().string(), *name);
    if (!file) continue;
    published.add(*name, std::move(*file));
    any = true;
  }
  return any;
}

}  // namespace

std::span<const Loader> loaders() { return loader_table; }

std::vector<std::string> publish_loaders(Published& published, std::string_view root) {
  // One sentence a package, not a file: five modules are one thing to install.
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> missing;
  const auto miss = [&](std::string_view package, std::string_view name) {
    auto found =
        std::find_if(missing.begin(), missing.end(), [&](const auto& m) { return m.first == package; });
    if (found == missing.end()) found = missing.insert(found, {package, {}});
    found->second.push_back(name);
  };
  for (const Loader& loader : loader_table) {
    if (!publish_one(published, loader, root) && !loader.optional) miss(loader.package, loader.name);
  }
  if (!publish_grub_modules(published, root)) miss(grub_modules_package, grub_modules);

  std::vector<std::string> problems;
  for (const auto& [package, names] : missing) {
    problems.push_back(
        fmt::format("{0}: package {1} is not installed: apt install {1}", fmt::join(names, ", "), package));
  }
  return problems;
}

}  // namespace content
