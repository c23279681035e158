// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/publication.h"

#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "content/disk_file.h"
#include "content/loaders.h"

namespace site {
namespace {

bool is_there(const content::Published& published, const std::string& path) {
  return std::holds_alternative<const content::DiskFile*>(published.find(path));
}

void publish_record(Publication& out, const StateDirectory& state, const std::string& directory) {
  if (auto done = content::publish_directory(out.published, state.below(directory), directory); !done) {
    out.problems.push_back(done.error().what);
  }
}

// What is there of what Windows' boot programs need, beside the WIM.
policy::WindowsFiles windows_files(const content::Published& published, const policy::Image& image) {
  const std::string beside = image.kernel.substr(0, image.kernel.rfind('/') + 1);
  const auto named = [&](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      const std::string path = beside + std::string(name);
      if (is_there(published, path)) return path;
    }
    return std::string();
  };
  // Signed by the CA of 2011, which most firmware knows; the other where it is the only one.
  return {image.id,
          named({"pxeboot.com"}),
          named({"pxeboot.n12"}),
          named({"bootmgr.exe"}),
          named({"bootmgfw.efi", "bootmgfw_ex.efi"}),
          named({"boot.sdi"}),
          beside + "fonts"};
}

}  // namespace

Publication publish(const StateDirectory& state, const SiteRecords& records,
                    const std::vector<std::string>& superseded) {
  Publication out;
  out.problems = content::publish_loaders(out.published);
  for (const std::string& directory : superseded) publish_record(out, state, directory);
  for (const auto& [image, directory, created] : records.images()) {
    if (image.state != policy::ImageState::published) continue;
    publish_record(out, state, directory);
    std::vector<std::string> needed = image.initrds;
    needed.insert(needed.begin(), image.kernel);
    bool whole = true;
    for (const std::string& path : needed) {
      if (is_there(out.published, path)) continue;
      whole = false;
      out.problems.push_back(fmt::format("image \"{}\": {} is gone or cannot be read: add the image again",
                                         image.name, state.below(path)));
    }
    if (whole && image.kind == policy::ImageKind::wim) {
      out.windows.push_back(windows_files(out.published, image));
      whole = !out.windows.back().boot_sdi.empty();
      if (!whole) {
        out.problems.push_back(fmt::format(
            "image \"{}\" brought no boot.sdi, without which Windows cannot make its RAM disk: add it again "
            "with --sdi FILE",
            image.name));
      }
    }
    if (!whole) out.broken_images.push_back(image.id);
  }
  for (const policy::Program& program : records.model().programs) {
    publish_record(out, state, program_directory(program));
    if (is_there(out.published, program.path)) continue;
    out.problems.push_back(fmt::format("boot program for {}: {} is gone or cannot be read: add it again",
                                       policy::print(program.arch), state.below(program.path)));
  }
  return out;
}

}  // namespace site
