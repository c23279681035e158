// SPDX-License-Identifier: GPL-3.0-or-later
// A UDF image of a stranger's. Everything in it carries a checksum, which keeps a fuzzer out:
// so wherever the input has something like a tag, its sums are made right first. (Damage that
// the sums find is in tests/interop/test_disc_images.py.) Properties: disc_input.h's.
#include "disc_input.h"
#include "format/udf_descriptors.h"

namespace {

bool is_tag(std::uint16_t identifier) {
  return (identifier > 0 && identifier < 10) || (identifier > 255 && identifier < 267);
}

void mend(base::Bytes& sector) {
  constexpr std::size_t tag = 16;
  // From the end: names stand within the entry of their directory, which has sums of its own.
  for (std::size_t at = sector.size() - tag + 4; at >= 4;) {
    at -= 4;
    const base::ByteView rest = base::ByteView(sector).subspan(at);
    const auto version = format::number_at<std::uint16_t>(rest, 2);
    if (!is_tag(format::number_at<std::uint16_t>(rest, 0)) || version < 2 || version > 3) continue;
    const std::size_t covered =
        std::min<std::size_t>(format::number_at<std::uint16_t>(rest, 10), rest.size() - tag);
    format::put_little(sector, at + 10, static_cast<std::uint16_t>(covered));
    format::put_little(sector, at + 8, format::udf::crc16(rest.subspan(tag, covered)));
    unsigned sum = 0;
    for (std::size_t i = 0; i < tag; ++i) sum += i == 4 ? 0U : sector[at + i];
    sector[at + 4] = static_cast<std::uint8_t>(sum);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  DiscInput input({data, size});
  for (auto& [number, sector] : input.sectors()) mend(sector);
  check_disc(input.source(), format::read_disc(input.source()));
  return 0;
}
