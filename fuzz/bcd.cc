// SPDX-License-Identifier: GPL-3.0-or-later
// Settings of a boot configuration as somebody might hand them over: lines, each a text, and
// numbers from the octets themselves. Properties: a refusal is one printable line; what is
// written is a whole hive, the same each time, and small enough for the boot manager.
#include "format/bcd.h"

#include <algorithm>

#include "format/numbers_on_disk.h"

namespace {

std::string next_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string line(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

format::BcdStore store_of(base::ByteView input) {
  format::BcdStore store;
  const auto numbers = input.first(std::min<std::size_t>(input.size(), 16));
  store.default_image = format::number_at<std::uint8_t>(numbers, 0);
  store.timeout = format::number_at<std::uint32_t>(numbers, 1);
  if (const auto size = format::number_at<std::uint16_t>(numbers, 5)) store.tftp_block_size = size;
  if (const auto size = format::number_at<std::uint16_t>(numbers, 7)) store.tftp_window_size = size;
  const auto debugging = format::number_at<std::uint8_t>(numbers, 9);
  const auto number = format::number_at<std::uint32_t>(numbers, 10);
  std::string_view rest = base::as_text(input.subspan(numbers.size()));
  store.locale = next_line(rest);
  store.fonts_path = next_line(rest);
  const std::string key = next_line(rest);
  if (debugging % 3 == 1) store.debugging = format::SerialDebugging{debugging, number};
  if (debugging % 3 == 2) {
    store.debugging = format::NetDebugging{base::Ipv4::from_host_order(number), debugging, key};
  }
  while (!rest.empty() && store.images.size() < 100) {
    format::BcdImage image{next_line(rest), next_line(rest), next_line(rest)};
    image.loader = static_cast<format::WindowsLoader>(image.description.size() % 3);
    if (image.sdi_path.size() % 7 == 3) image.locale = image.description;
    store.images.push_back(std::move(image));
  }
  return store;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const format::BcdStore store = store_of({data, size});
  const auto bytes = format::write_bcd(store);
  if (!bytes) {
    const std::string& what = bytes.error().what;
    BOOTFERRY_CHECK(!what.empty() && what.size() < 200);
    BOOTFERRY_CHECK(std::all_of(what.begin(), what.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    return 0;
  }
  BOOTFERRY_CHECK(!store.images.empty() && store.images.size() <= format::most_bcd_images);
  BOOTFERRY_CHECK(bytes->size() % 0x1000 == 0 && bytes->size() <= 512 * 1024);
  BOOTFERRY_CHECK(format::number_at<std::uint32_t>(*bytes, 40) == bytes->size() - 0x1000);
  BOOTFERRY_CHECK(*bytes == format::write_bcd(store));
  return 0;
}
