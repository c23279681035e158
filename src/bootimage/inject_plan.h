// SPDX-License-Identifier: GPL-3.0-or-later
// What an injection changes in a Windows image: from a wish and a look at the image to the steps.
// The steps first take back what an earlier inject did, so that a second one takes its place.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "bootimage/inject_drivers.h"
#include "content/wim_edit.h"

namespace bootimage {

struct InjectWish {
  std::vector<DriverFolder> drivers;
  std::vector<InjectSource> files;  // by their paths in the image
  std::string command;              // of the start; empty: none
};

// Where a driver's folder comes to stand: «/Drivers/1-e1d».
std::string driver_place(const InjectWish& wish, std::size_t which);

// What has to be known of the image before a plan can be made.
content::WimQuestion question_for(const InjectWish& wish, int image);

struct InjectPlan {
  std::vector<content::WimStep> steps;
  std::vector<std::string> replaced;    // files that were there and will not be any more
  std::vector<std::string> taken_back;  // what an earlier inject had put there
  std::string start;                    // how the script is started, as a sentence; empty: it is not
};
base::Result<InjectPlan> plan_injection(const InjectWish& wish, const content::WimQuestion& question,
                                        const content::WimLook& look);

}  // namespace bootimage
