// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/taken_image.h"

#include <algorithm>
#include <utility>

#include "content/inspect.h"
#include "content/windows_names.h"
#include "format/wim_boot_files.h"
#include "render/quote.h"

namespace site {
namespace {

base::Result<TakenImage> look_at_linux(const NewImage& image, const std::vector<content::SourceFile>& files) {
  auto boots = content::inspect_image(files, {image.kind, image.kernel, image.initrds, image.command_line});
  if (!boots) return tl::unexpected(boots.error());
  if (const auto acts = render::what_ipxe_acts_on(boots->command_line); !acts.empty()) {
    return base::fail(
        "the command line holds \"{}\", which iPXE would act on instead of passing it to the kernel", acts);
  }
  return TakenImage{files, std::move(boots->kernel), std::move(boots->command_line),
                    std::move(boots->initrds), boots->kernel_facts.arch};
}

base::Result<TakenImage> look_at_windows(const NewImage& image, const std::vector<content::SourceFile>& files,
                                         const std::string& scratch) {
  if (files.size() > 2)
    return base::fail("a WIM and perhaps a boot.sdi are taken, not {} files", files.size());
  const content::SourceFile* const sdi = files.size() == 2 ? &files[1] : nullptr;
  auto parts = content::WindowsParts::take_out(files[0], sdi, image.wim_index, scratch);
  if (!parts) return tl::unexpected(parts.error());
  const format::WimImage& booted = parts->facts().booted();
  if (!booted.arch) return base::fail("{}: image {} holds no Windows", files[0].name, booted.index);
  TakenImage taken;
  taken.arch = *booted.arch;
  if (format::served_by(parts->facts()).empty()) {
    return base::fail(
        "{}: no machine could boot it over the network: it brings neither bootmgr.exe nor "
        "bootmgfw.efi. `bootferry image inspect` says what else it lacks",
        files[0].name);
  }
  const bool has_sdi =
      std::ranges::any_of(parts->files(), [](const auto& file) { return file.name == "boot.sdi"; });
  if (!has_sdi) {
    return base::fail("{}: brings no boot.sdi, without which Windows cannot make its RAM disk: --sdi FILE",
                      files[0].name);
  }
  taken.kernel = content::windows_image_name;
  taken.files.assign(parts->files().begin(), parts->files().end());
  taken.windows = std::move(*parts);
  return taken;
}

}  // namespace

base::Result<TakenImage> look_at_image(const NewImage& image, const std::vector<content::SourceFile>& files,
                                       const std::string& scratch) {
  if (image.kind == policy::ImageKind::wim) return look_at_windows(image, files, scratch);
  return look_at_linux(image, files);
}

}  // namespace site
