// SPDX-License-Identifier: GPL-3.0-or-later
// A file that somebody hands over as an image without saying what it is.
#pragma once

namespace cli {

enum class GivenImage { wim, disc, uki };
// By its front, which nobody trusts: whoever reads the rest does that in a limited process. What is
// none of them counts as a WIM, and is refused as one.
GivenImage recognise(int file);

}  // namespace cli
