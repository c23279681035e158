// SPDX-License-Identifier: GPL-3.0-or-later
// An ISO 9660 image of a stranger's. Properties: disc_input.h's.
#include "disc_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const DiscInput input({data, size});
  check_disc(input.source(), format::read_disc(input.source()));
  return 0;
}
