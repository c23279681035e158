// SPDX-License-Identifier: GPL-3.0-or-later
// What the limited process does to change a Windows image. What is wished stands in the file
// beside it, as JSON:
//
//   look  {"image":0,"paths":["/Drivers"],"texts":["/Windows/System32/winpeshl.ini"]}
//         answer {"facts":{…},"kinds":"-","sizes":[null]}, the texts one behind the other in the output
//   edit  the new files, and behind them from the octet that the argument says
//         {"image":0,"steps":[["remove","/a"],["rename","/b","/c"],["add","/d",0,17]]}
//         with the place and size of each new file; no answer, the result is the output
#pragma once

#include <string_view>

#include "content/confined_child.h"

namespace content {

inline constexpr std::string_view wim_look_job = "wim-look";
inline constexpr std::string_view wim_edit_job = "wim-edit";

ConfinedResult<std::string> run_wim_look_job(std::string_view argument);
ConfinedResult<std::string> run_wim_edit_job(std::string_view argument);

}  // namespace content
