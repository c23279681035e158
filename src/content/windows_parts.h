// SPDX-License-Identifier: GPL-3.0-or-later
// What a WIM becomes when it is taken in: itself, and beside it the boot programs, fonts and
// boot.sdi that it brings, under the names that machines ask for. What is missing is no error
// here: the facts say so (format/wim_boot_files.h), and they are kept as a file, too.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "content/sources.h"
#include "format/wim.h"

namespace content {

class WindowsParts {
 public:
  // `index` counts from 1; 0 is the image that the WIM itself boots. `sdi`: in place of the WIM's
  // own boot.sdi; may be null. The files are taken out below `scratch`, by the limited process, and
  // are gone from there when this returns. `wim` and `sdi` stay open as long as this is used.
  static base::Result<WindowsParts> take_out(const SourceFile& wim, const SourceFile* sdi, int index,
                                             const std::string& scratch);

  // Files from elsewhere, «boot.sdi» or «fonts/wgl4_boot.ttf», where the WIM brings none of that
  // name; they stay open as long as this is used.
  void add_missing(std::span<const SourceFile> files);

  [[nodiscard]] const format::WimFacts& facts() const { return facts_; }
  // "boot.wim", "wim.json", "pxeboot.n12", "fonts/wgl4_boot.ttf", …
  [[nodiscard]] std::span<const SourceFile> files() const { return files_; }

 private:
  format::WimFacts facts_;
  std::vector<base::Fd> open_;
  std::vector<SourceFile> files_;
};

}  // namespace content
