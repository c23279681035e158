// SPDX-License-Identifier: GPL-3.0-or-later
// Code-length-value lists: the inside of options 43, 82, 175 and 250. One walker for all.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace wire {

struct Tlv {
  std::uint8_t code = 0;
  base::ByteView value;
};

// 43 and 250 close with 255 and pad with 0 (RFC 2132 §8.4); 82 has neither (RFC 3046 §2.0).
enum class TlvStyle { with_end, plain };

// Walks without copying. next() yields nullopt at the end, at the end tag, or where a
// length passes the end; ok() tells the last case from the others.
class TlvWalker {
 public:
  explicit TlvWalker(base::ByteView bytes, TlvStyle style = TlvStyle::with_end)
      : rest_(bytes), style_(style) {}
  std::optional<Tlv> next();
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  base::ByteView rest_;
  TlvStyle style_;
  bool ok_ = true;
};

// The first value under `code`; nullopt when absent or behind a broken length.
std::optional<base::ByteView> find_tlv(base::ByteView bytes, std::uint8_t code,
                                       TlvStyle style = TlvStyle::with_end);

}  // namespace wire
