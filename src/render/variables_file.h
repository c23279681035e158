// SPDX-License-Identifier: GPL-3.0-or-later
// What option 243 names: a few lines that tell a booted Windows PE, or whoever else asks, where it
// reports and by which word (docs/formats/variables-file.md). Whoever is on the machine's wire can
// read it, so no secret and no root of trust stands in it.
#pragma once

#include <string>

#include "render/template.h"

namespace render {

// `choice`: what the machine boots, where that is one thing; of a menu it is empty.
std::string variables_file(const BootWords& boot, const Choosing& choice);

}  // namespace render
