// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/boot_media.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/utf8.h"
#include "content/disc_needs.h"
#include "content/published.h"
#include "format/wim_boot_files.h"

namespace content {
namespace {

using format::Disc;
using format::DiscFile;
using format::DiscSource;
using policy::Arch;

constexpr std::size_t longest_configuration = 256 * 1024;
constexpr std::size_t most_configurations = 256;
constexpr std::array<std::string_view, 4> wims = {"sources/boot.wim", "sources/install.wim",
                                                  "sources/install.esd", "sources/install.swm"};

std::optional<DiscFile> copy_of(const DiscFile* file) {
  return file == nullptr ? std::nullopt : std::optional(*file);
}

std::string in(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
}

// Of Windows' boot manager, right below boot/fonts.
std::vector<DiscFile> fonts_in(const Disc& disc, std::string_view folder) {
  std::vector<DiscFile> fonts;
  const std::string wanted = in(folder, "boot/fonts/");
  for (const DiscFile& file : disc.files) {
    if (fonts.size() == most_disc_fonts) break;
    const std::string_view path = file.path;
    if (base::same_but_for_case(path.substr(0, wanted.size()), wanted) &&
        format::is_wim_font(path.substr(wanted.size())))
      fonts.push_back(file);
  }
  return fonts;
}

// The machine that programs are for, by their own headers; the names lie on media that
// somebody put together by hand.
Arch machine_of(const DiscSource& source, const Disc& disc, std::string_view folder) {
  for (const std::string_view name :
       {"sources/setup.exe", "setup.exe", "efi/boot/bootx64.efi", "efi/boot/bootia32.efi",
        "efi/boot/bootaa64.efi", "efi/boot/bootarm.efi"}) {
    const DiscFile* file = disc.find(in(folder, name));
    if (file == nullptr) continue;
    const auto head = format::read_disc_file(source, *file, kernel_head_size);
    if (!head) continue;
    if (const auto arch = efi_program_arch(*head)) return *arch;
  }
  return Arch::other;
}

// The folders that have a WIM where Windows media have it: the image itself, or some right
// below it.
std::set<std::string> folders_with_wims(const Disc& disc) {
  std::set<std::string> out;
  for (const DiscFile& file : disc.files) {
    const auto parts = std::count(file.path.begin(), file.path.end(), '/');
    if (parts != 1 && parts != 2) continue;
    const std::string folder = parts == 1 ? "" : file.path.substr(0, file.path.find('/'));
    const auto name = normalise(std::string_view(file.path).substr(folder.empty() ? 0 : folder.size() + 1));
    if (name && std::find(wims.begin(), wims.end(), *name) != wims.end()) out.insert(folder);
  }
  return out;
}

WindowsTree windows_tree(const DiscSource& source, const Disc& disc, const std::string& folder) {
  WindowsTree tree;
  tree.folder = folder;
  tree.boot_wim = copy_of(disc.find(in(folder, wims[0])));
  for (std::size_t i = 1; i < wims.size() && !tree.install; ++i) {
    tree.install = copy_of(disc.find(in(folder, wims[i])));
  }
  tree.boot_sdi = copy_of(disc.find(in(folder, "boot/boot.sdi")));
  if (!tree.boot_sdi) tree.boot_sdi = copy_of(disc.find("boot/boot.sdi"));
  tree.fonts = fonts_in(disc, folder);
  if (tree.fonts.empty() && !folder.empty()) tree.fonts = fonts_in(disc, "");
  tree.arch = machine_of(source, disc, folder);
  return tree;
}

base::Result<LinuxMedia> linux_media(const DiscSource& source, const Disc& disc, std::string_view wanted) {
  TreeView tree;
  tree.to_choose = "choose one with --entry NAME";
  for (const DiscFile& file : disc.files) tree.names.push_back(file.path);
  std::size_t reads = 0;
  tree.read = [&](const std::string& name) -> base::Result<std::string> {
    if (++reads > most_configurations) {
      return base::fail("over {} loader configurations", most_configurations);
    }
    const DiscFile* file = disc.find(name);
    BOOTFERRY_CHECK(file != nullptr);  // only names of the tree are asked for
    const auto bytes = format::read_disc_file(source, *file, longest_configuration);
    if (!bytes) return tl::unexpected(bytes.error());
    return std::string(base::as_text(*bytes));
  };
  auto menu = find_boot_menu(tree, wanted);
  if (!menu) return tl::unexpected(menu.error());
  BootEntry* const entry = &menu->chosen;
  LinuxMedia media;
  media.entries = std::move(menu->labels);
  media.needs = marked_needs(disc);
  media.kernel = *disc.find(entry->kernel);
  for (const std::string& initrd : entry->initrds) media.initrds.push_back(*disc.find(initrd));
  const auto head = format::read_disc_file(source, media.kernel, kernel_head_size);
  if (!head) return tl::unexpected(head.error());
  auto facts = read_kernel_header(*head);
  if (!facts) return base::fail("{}: {}", base::one_line(entry->kernel, 120), facts.error().what);
  media.kernel_facts = std::move(*facts);
  media.entry = std::move(*entry);
  return media;
}

}  // namespace

base::Result<BootMedia> find_boot_parts(const DiscSource& source, const Disc& disc, std::string_view entry) {
  if (disc.files.empty()) return base::fail("a disc image without a file");
  const auto folders = folders_with_wims(disc);
  if (folders.size() > most_windows_trees) {
    return base::fail("{} folders with Windows in them: at most {}", folders.size(), most_windows_trees);
  }
  if (!folders.empty()) {
    WindowsMedia media;
    for (const std::string& folder : folders) media.trees.push_back(windows_tree(source, disc, folder));
    return media;
  }
  auto media = linux_media(source, disc, entry);
  if (!media) {
    return base::fail(
        "neither Windows media (no sources/boot.wim) nor Linux media that tell what they boot: {}",
        media.error().what);
  }
  return std::move(*media);
}

}  // namespace content
