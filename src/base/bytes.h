// SPDX-License-Identifier: GPL-3.0-or-later
// Octets, and the two cursors that every codec uses. All multi-byte numbers of DHCP and
// TFTP are big-endian, so that is the only order here.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace base {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Reads from the front of a view. The error is sticky: reading past the end yields zeros
// and empty views from then on, so that a decoder reads all its fields and asks ok() once.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  std::uint8_t u8() {
    const ByteView b = take(1);
    return b.empty() ? std::uint8_t{0} : b[0];
  }
  std::uint16_t u16() {
    const ByteView b = take(2);
    return b.empty() ? std::uint16_t{0} : static_cast<std::uint16_t>((b[0] << 8) | b[1]);
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return (high << 16) | u16();
  }
  // The next `size` octets, or an empty view (and the sticky error) when there are fewer.
  ByteView take(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  template <std::size_t N>
  void copy_to(std::uint8_t (&out)[N]) {
    copy_to(std::span<std::uint8_t>(out));
  }
  void copy_to(std::span<std::uint8_t> out) {
    const ByteView b = take(out.size());
    if (!b.empty()) std::memcpy(out.data(), b.data(), b.size());
  }

  [[nodiscard]] ByteView rest() const { return rest_; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] bool ok() const { return ok_; }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  ByteView rest_;
  bool ok_ = true;
};

// Writes into a buffer the caller owns; never past its end. The error is sticky too.
class Writer {
 public:
  explicit Writer(std::span<std::uint8_t> buffer) : buffer_(buffer) {}

  void u8(std::uint8_t v) {
    if (auto out = grow(1); !out.empty()) out[0] = v;
  }
  void u16(std::uint16_t v) {
    if (auto out = grow(2); !out.empty()) {
      out[0] = static_cast<std::uint8_t>(v >> 8);
      out[1] = static_cast<std::uint8_t>(v);
    }
  }
  void u32(std::uint32_t v) {
    u16(static_cast<std::uint16_t>(v >> 16));
    u16(static_cast<std::uint16_t>(v));
  }
  void bytes(ByteView v) {
    if (v.empty()) return;
    if (auto out = grow(v.size()); !out.empty()) std::memcpy(out.data(), v.data(), v.size());
  }
  void text(std::string_view v) { bytes(as_bytes(v)); }
  void zeros(std::size_t count) {
    if (count == 0) return;
    if (auto out = grow(count); !out.empty()) std::memset(out.data(), 0, count);
  }

  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] std::size_t room() const { return buffer_.size() - used_; }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] ByteView written() const { return buffer_.first(used_); }

 private:
  std::span<std::uint8_t> grow(std::size_t size) {
    if (!ok_ || size > room()) {
      ok_ = false;
      return {};
    }
    const auto out = buffer_.subspan(used_, size);
    used_ += size;
    return out;
  }

  std::span<std::uint8_t> buffer_;
  std::size_t used_ = 0;
  bool ok_ = true;
};

}  // namespace base
