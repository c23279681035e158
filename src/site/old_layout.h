// SPDX-License-Identifier: GPL-3.0-or-later
// Until 0.1 each version of an image was a directory of its own, images/debian/3, and so was each
// of a boot program. They become packages of the content library when their site is opened.
#pragma once

#include <string>
#include <vector>

#include "content/library.h"
#include "site/records.h"
#include "site/state_directory.h"

namespace site {

// Links the files into the library, lets the records name the packages, and removes the directories;
// nothing is copied. Killed on the way it goes on at the next start. What it cannot take over is
// served from where it stands; returned is a sentence about each.
std::vector<std::string> take_over_directories(const StateDirectory& state, SiteRecords& records,
                                               content::Library& library);

}  // namespace site
