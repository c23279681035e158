// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/tlv.h"

namespace wire {
namespace {

constexpr std::uint8_t pad_code = 0, end_code = 255;

}  // namespace

std::optional<Tlv> TlvWalker::next() {
  if (style_ == TlvStyle::with_end) {
    while (!rest_.empty() && rest_.front() == pad_code) rest_ = rest_.subspan(1);
    if (!rest_.empty() && rest_.front() == end_code) rest_ = {};
  }
  // A list that stops without its end tag is common and harmless.
  if (rest_.empty()) return std::nullopt;
  base::Reader reader(rest_);
  const std::uint8_t code = reader.u8();
  const base::ByteView value = reader.take(reader.u8());
  ok_ = reader.ok();
  rest_ = reader.rest();  // empty after an error, so that the walk ends here
  if (!ok_) return std::nullopt;
  return Tlv{code, value};
}

std::optional<base::ByteView> find_tlv(base::ByteView bytes, std::uint8_t code, TlvStyle style) {
  TlvWalker walker(bytes, style);
  while (const std::optional<Tlv> tlv = walker.next()) {
    if (tlv->code == code) return tlv->value;
  }
  return std::nullopt;
}

}  // namespace wire
