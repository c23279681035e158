// SPDX-License-Identifier: GPL-3.0-or-later
#include "given_image.h"

#include "content/disc.h"
#include "content/uki.h"

namespace cli {

GivenImage recognise(int file) {
  if (content::is_disc_image(file)) return GivenImage::disc;
  return content::is_uki(file) ? GivenImage::uki : GivenImage::wim;
}

}  // namespace cli
