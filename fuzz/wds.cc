// SPDX-License-Identifier: GPL-3.0-or-later
// Any value of the options 250, 252 and 243: each decoder gets the whole input. Properties:
// the decoders refuse or yield a value; what fits one option goes back to octets which
// decode to it again; and no text for people holds a control character.
#include "wire/wds.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/result.h"

namespace wds = wire::wds;

namespace {

bool is_printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); });
}

void try_block(base::ByteView value) {
  const auto block = wds::decode(value);
  if (!block) {
    BOOTFERRY_CHECK(wds::print(block.error()) != "?");
    return;
  }
  BOOTFERRY_CHECK(is_printable(wds::print(*block)));
  for (unsigned code = 0; code < 256; ++code) {
    const auto c = static_cast<std::uint8_t>(code);
    BOOTFERRY_CHECK(!block->malformed(c) || block->others.contains(c));
  }
  std::array<std::uint8_t, wds::max_option + 1> buffer{};
  const auto written = wds::encode(*block, buffer);
  // Encoding adds at most the end that the input may lack.
  BOOTFERRY_CHECK(written || value.size() + 1 > wds::max_option);
  if (!written) return;
  BOOTFERRY_CHECK(*written <= std::min(value.size() + 1, wds::max_option));
  const auto again = wds::decode(base::ByteView(buffer).first(*written));
  BOOTFERRY_CHECK(again && *again == *block);
  BOOTFERRY_CHECK(!wds::encode(*block, std::span(buffer).first(*written - 1)));
}

void try_bcd_path(base::ByteView value) {
  std::array<std::uint8_t, wds::max_option> buffer{};
  const auto path = wds::decode_bcd_path(value);
  const auto written = wds::encode_bcd_path(path ? *path : base::as_text(value), buffer);
  BOOTFERRY_CHECK(written.has_value() == path.has_value());
  if (!path) return;
  BOOTFERRY_CHECK(wds::decode_bcd_path(base::ByteView(buffer).first(*written)) == *path);
}

void try_variables(base::ByteView value) {
  std::array<std::uint8_t, wds::max_option> buffer{};
  const auto variables = wds::decode_variables(value);
  if (!variables) return;
  BOOTFERRY_CHECK(variables->key.size() + variables->path.size() + 2 <= value.size());
  BOOTFERRY_CHECK(is_printable(wds::print(*variables)));
  const auto written = wds::encode_variables(variables->path, buffer);
  BOOTFERRY_CHECK(written.has_value());
  const auto again = wds::decode_variables(base::ByteView(buffer).first(*written));
  BOOTFERRY_CHECK(again && again->path == variables->path && again->key.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView value(data, size);
  try_block(value);
  try_bcd_path(value);
  try_variables(value);
  return 0;
}
