// SPDX-License-Identifier: GPL-3.0-or-later
// What the limited process does with a Windows image. The answer is the facts as JSON; the
// files stand in the output one behind the other, in the order of the facts.
#pragma once

#include <string_view>

#include "content/confined_child.h"
#include "format/wim_reader.h"

namespace content {

// "facts 0": looks at the image that boots; "files 2": takes the second one's boot files out.
inline constexpr std::string_view wim_facts_wish = "facts";
inline constexpr std::string_view wim_files_wish = "files";
ConfinedResult<std::string> run_wim_job(std::string_view argument);

// What libwim's refusal is to whoever asked this process.
tl::unexpected<ConfinedFailure> failure_of(format::WimFault fault);

}  // namespace content
