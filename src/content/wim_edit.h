// SPDX-License-Identifier: GPL-3.0-or-later
// Changing a Windows image: first a look at what stands where, then a new file with the changes.
// Both are done by the limited process (confined.h), which has the image to read, the new files in
// one file beside it, and one file to write.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "content/confined.h"
#include "format/wim.h"
#include "format/wim_change.h"

namespace content {

struct WimQuestion {
  int image = 0;                   // from 1 on; 0: the one that the file boots
  std::vector<std::string> paths;  // what stands there?
  std::vector<std::string> texts;  // what do these files say?
};

struct WimLook {
  format::WimFacts facts;                         // without boot files
  std::vector<format::WimEntryKind> kinds;        // as the question's paths
  std::vector<std::optional<std::string>> texts;  // as the question's; nullopt: there is no such file
  bool landlock = false;
};

inline constexpr std::size_t largest_wim_text = 256 * 1024;  // octets of a file that is asked for
inline constexpr std::size_t most_wim_paths = 100'000;       // in a question, or an edit

ConfinedResult<WimLook> look_into_wim(const FilePart& file, const WimQuestion& question);

// A file that is to come into the image.
struct WimContent {
  std::string text = {};
  std::function<base::Result<base::Fd>()> open = {};  // in place of the text
};
struct WimStep {
  format::WimChange change;  // where it adds: without `other`
  WimContent content = {};
};

struct WimEdit {
  int image = 0;  // as the question's
  std::span<const WimStep> steps;
  base::Fd scratch;  // empty and open for both: the new files are gathered there
  int output = -1;   // empty and open for both: the result
  std::function<void(std::uint64_t)> written = {};
};

// The result's size in octets. Whatever it fails for, the output is not to be used.
ConfinedResult<std::uint64_t> edit_wim(const FilePart& file, WimEdit edit);

}  // namespace content
