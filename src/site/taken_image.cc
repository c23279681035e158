// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/taken_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "base/ascii.h"
#include "base/utf8.h"
#include "content/disc.h"
#include "content/inspect.h"
#include "content/uki.h"
#include "content/windows_names.h"
#include "format/wim_boot_files.h"
#include "render/quote.h"

namespace site {
namespace {

using content::SourceFile;
using format::DiscFile;

base::Result<TakenImage> look_at_linux(const content::BootWish& wish, const std::vector<SourceFile>& files) {
  auto boots = content::inspect_image(files, wish);
  if (!boots) return tl::unexpected(boots.error());
  if (const auto acts = render::what_ipxe_acts_on(boots->command_line); !acts.empty()) {
    return base::fail(
        "the command line holds \"{}\", which iPXE would act on instead of passing it to the kernel", acts);
  }
  return TakenImage{wish.kind,
                    files,
                    std::move(boots->kernel),
                    std::move(boots->command_line),
                    std::move(boots->initrds),
                    boots->kernel_facts.arch};
}

// Files from elsewhere that a WIM's machines need where it does not bring them.
struct WindowsSource {
  SourceFile wim;
  const SourceFile* sdi = nullptr;  // in place of the WIM's own
  std::vector<SourceFile> beside = {};
};

base::Result<TakenImage> look_at_windows(const WindowsSource& source, int index, const std::string& scratch) {
  const std::string& name = source.wim.name;
  auto parts = content::WindowsParts::take_out(source.wim, source.sdi, index, scratch);
  if (!parts) return tl::unexpected(parts.error());
  const format::WimImage& booted = parts->facts().booted();
  if (!booted.arch) return base::fail("{}: image {} holds no Windows", name, booted.index);
  TakenImage taken;
  taken.kind = policy::ImageKind::wim;
  taken.arch = *booted.arch;
  if (format::served_by(parts->facts()).empty()) {
    return base::fail(
        "{}: no machine could boot it over the network: it brings neither bootmgr.exe nor "
        "bootmgfw.efi. `bootferry image inspect` says what else it lacks",
        name);
  }
  parts->add_missing(source.beside);
  const bool has_sdi =
      std::ranges::any_of(parts->files(), [](const auto& file) { return file.name == "boot.sdi"; });
  if (!has_sdi) {
    return base::fail("{}: brings no boot.sdi, without which Windows cannot make its RAM disk: --sdi FILE",
                      name);
  }
  taken.kernel = content::windows_image_name;
  taken.files.assign(parts->files().begin(), parts->files().end());
  taken.windows = std::move(*parts);
  return taken;
}

const SourceFile* second_of(const std::vector<SourceFile>& files) {
  return files.size() > 1 ? &files[1] : nullptr;
}

// A file on a disc, under a name of its own. The limited process said where it stands, and the
// library looks again that it stands in the image.
base::Result<SourceFile> part_of(const SourceFile& disc, const DiscFile& file, std::string name) {
  const auto part = content::part_of_disc(disc.part.fd, file);
  if (!part) return base::fail("{}: {}", disc.name, part.error().what);
  return SourceFile{std::move(name), *part};
}

// The name within its folder, where clients can ask for it.
std::string plain_name(const DiscFile& file, std::string_view otherwise) {
  std::string name = file.path.substr(file.path.rfind('/') + 1);
  return content::check_file_name(name) ? name : std::string(otherwise);
}

class DiscTaking {
 public:
  DiscTaking(const NewImage& image, const std::vector<SourceFile>& files, const std::string& scratch)
      : image_(image), disc_(files.front()), sdi_(second_of(files)), scratch_(scratch) {}

  base::Result<TakenImage> operator()(const content::LinuxMedia& media) const {
    if (sdi_ != nullptr) return base::fail("{}: holds no Windows: --sdi is not for it", disc_.name);
    content::BootWish wish{policy::ImageKind::linux_kernel,
                           plain_name(media.kernel, "kernel"),
                           {},
                           image_.command_line.value_or(media.entry.command_line)};
    auto kernel = part_of(disc_, media.kernel, wish.kernel);
    if (!kernel) return tl::unexpected(kernel.error());
    std::vector<SourceFile> files{std::move(*kernel)};
    for (const DiscFile& initrd : media.initrds) {
      std::string name = plain_name(initrd, "initrd");
      const auto same = [&](const SourceFile& other) { return base::same_but_for_case(other.name, name); };
      if (std::ranges::any_of(files, same)) name = fmt::format("{}-{}", files.size(), name);
      auto file = part_of(disc_, initrd, name);
      if (!file) return tl::unexpected(file.error());
      files.push_back(std::move(*file));
      wish.initrds.push_back(std::move(name));
    }
    return look_at_linux(wish, files);
  }

  base::Result<TakenImage> operator()(const content::WindowsMedia& media) const {
    if (image_.command_line) return base::fail("{}: Windows takes no --cmdline", disc_.name);
    const auto tree = choose(media);
    if (!tree) return tl::unexpected(tree.error());
    auto wim = part_of(disc_, *(*tree)->boot_wim, (*tree)->boot_wim->path);
    if (!wim) return tl::unexpected(wim.error());
    WindowsSource source{std::move(*wim), sdi_};
    if ((*tree)->boot_sdi && (*tree)->boot_sdi->size > 0) {
      auto sdi = part_of(disc_, *(*tree)->boot_sdi, "boot.sdi");
      if (!sdi) return tl::unexpected(sdi.error());
      source.beside.push_back(std::move(*sdi));
    }
    for (const DiscFile& font : (*tree)->fonts) {
      if (font.size == 0) continue;
      auto file = part_of(disc_, font, "fonts/" + plain_name(font, "font.ttf"));
      if (!file) return tl::unexpected(file.error());
      source.beside.push_back(std::move(*file));
    }
    return look_at_windows(source, image_.wim_index, scratch_);
  }

 private:
  [[nodiscard]] base::Result<const content::WindowsTree*> choose(const content::WindowsMedia& media) const {
    std::vector<const content::WindowsTree*> bootable;
    std::string folders;
    for (const content::WindowsTree& tree : media.trees) {
      if (!image_.entry.empty() && !base::same_but_for_case(tree.folder, image_.entry)) continue;
      if (!tree.boot_wim) continue;
      bootable.push_back(&tree);
      folders += (folders.empty() ? "" : ", ") + base::one_line(tree.folder, 80);
    }
    if (bootable.size() == 1) return bootable.front();
    if (bootable.size() > 1) {
      return base::fail("{}: has Windows in several folders ({}): choose one with --entry NAME", disc_.name,
                        folders);
    }
    if (!image_.entry.empty())
      return base::fail("{}: has no {}/sources/boot.wim", disc_.name, base::one_line(image_.entry, 80));
    return base::fail("{}: has no sources/boot.wim, only {}, which is what Setup installs and not what boots",
                      disc_.name, base::one_line(media.trees.front().install->path, 80));
  }

  const NewImage& image_;
  const SourceFile& disc_;
  const SourceFile* sdi_;
  const std::string& scratch_;
};

// The program as it is, and, for BIOS machines, what it holds.
base::Result<TakenImage> look_at_uki(const NewImage& image, const SourceFile& file) {
  if (image.command_line)
    return base::fail("{}: a unified kernel image brings its command line: no --cmdline", file.name);
  const auto looked = content::inspect_uki(file.part);
  if (!looked) return base::fail("{}: {}", file.name, looked.error().what);
  const content::UkiFacts& facts = looked->facts;
  const auto part = [&](std::string name, const format::PeRange& range) {
    return SourceFile{std::move(name), {file.part.fd, range.offset, range.size}};
  };
  content::BootWish wish{
      policy::ImageKind::linux_kernel, std::string(policy::uki_kernel_name), {}, facts.command_line};
  std::vector<SourceFile> files{part(wish.kernel, facts.kernel)};
  for (const format::PeRange& initrd : facts.initrds) {
    const std::string name(content::uki_initrd_name);
    wish.initrds.push_back(wish.initrds.empty() ? name : fmt::format("{}-{}", wish.initrds.size(), name));
    files.push_back(part(wish.initrds.back(), initrd));
  }
  auto taken = look_at_linux(wish, files);
  if (!taken) return taken;
  taken->kind = policy::ImageKind::uki;
  taken->kernel = content::uki_name;
  taken->files.push_back({taken->kernel, file.part});
  return taken;
}

base::Result<TakenImage> look_at_disc(const NewImage& image, const std::vector<SourceFile>& files,
                                      const std::string& scratch) {
  const auto looked = content::inspect_disc(files.front().part, image.entry);
  if (!looked) return base::fail("{}: {}", files.front().name, looked.error().what);
  return std::visit(DiscTaking(image, files, scratch), looked->facts.media);
}

}  // namespace

base::Result<TakenImage> look_at_image(const NewImage& image, const std::vector<SourceFile>& files,
                                       const std::string& scratch) {
  const bool windows = image.kind == policy::ImageKind::wim;
  if ((windows || image.disc) && files.size() > 2) {
    return base::fail("a {} and perhaps a boot.sdi are taken, not {} files", windows ? "WIM" : "disc image",
                      files.size());
  }
  if (image.disc) return look_at_disc(image, files, scratch);
  if (image.kind == policy::ImageKind::uki) {
    if (files.size() != 1) return base::fail("a unified kernel image is one file, not {}", files.size());
    return look_at_uki(image, files.front());
  }
  if (windows) return look_at_windows({files[0], second_of(files)}, image.wim_index, scratch);
  return look_at_linux({image.kind, image.kernel, image.initrds, image.command_line}, files);
}

}  // namespace site
