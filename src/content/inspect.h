// SPDX-License-Identifier: GPL-3.0-or-later
// What an image that somebody hands over boots: looked up before a single byte is copied, so
// that a wrong one is refused at once.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "content/kernel.h"
#include "content/sources.h"
#include "policy/model.h"

namespace content {

// What the administrator said; what is left out is found in a tree.
struct BootWish {
  policy::ImageKind kind = policy::ImageKind::linux_kernel;
  std::string kernel = {};
  std::vector<std::string> initrds = {};
  std::optional<std::string> command_line = {};
};

struct BootFacts {
  std::string kernel;  // names as in the files
  std::vector<std::string> initrds;
  std::string command_line;
  KernelFacts kernel_facts;
};

base::Result<BootFacts> inspect_image(std::span<const SourceFile> files, const BootWish& wish);

}  // namespace content
