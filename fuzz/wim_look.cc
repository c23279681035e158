// SPDX-License-Identifier: GPL-3.0-or-later
// What a limited process says about an image that is to be changed: it may have been taken over by
// the image. The first two octets say how much was asked. Properties: as many answers as
// questions, within their bounds, and what is taken survives being written again.
#include "content/wim_look_json.h"

#include "content/wim_edit.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t paths = data[0] % 16, texts = data[1] % 16;
  const auto answer = content::parse_wim_look(base::as_text({data + 2, size - 2}), paths, texts);
  if (!answer) return 0;
  BOOTFERRY_CHECK(answer->kinds.size() == paths && answer->sizes.size() == texts);
  for (const auto& octets : answer->sizes) BOOTFERRY_CHECK(!octets || *octets <= content::largest_wim_text);
  BOOTFERRY_CHECK(answer->facts.image >= 1);
  const auto again = content::parse_wim_look(content::print_wim_look(*answer), paths, texts);
  BOOTFERRY_CHECK(again && *again == *answer);
  return 0;
}
