// SPDX-License-Identifier: GPL-3.0-or-later
// What somebody hands over as an image, looked at before a single octet is copied: what it will
// consist of, and what it boots.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "content/sources.h"
#include "content/windows_parts.h"
#include "policy/arch.h"
#include "site/administration.h"

namespace site {

struct TakenImage {
  policy::ImageKind kind = policy::ImageKind::linux_kernel;
  std::vector<content::SourceFile> files;
  std::string kernel, command_line;  // names in `files`
  std::vector<std::string> initrds;
  policy::Arch arch = policy::Arch::other;
  std::optional<content::WindowsParts> windows = {};  // keeps its files open
};

// `files` are the image's, and stay open as long as what is returned is used. What the limited
// process takes out of a WIM stands below `scratch` for a moment.
base::Result<TakenImage> look_at_image(const NewImage& image, const std::vector<content::SourceFile>& files,
                                       const std::string& scratch);

}  // namespace site
