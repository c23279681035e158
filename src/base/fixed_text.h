// SPDX-License-Identifier: GPL-3.0-or-later
// Text with a bound and no allocation, for fields whose size the wire fixes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace base {

template <std::size_t Capacity>
class FixedText {
 public:
  FixedText() = default;
  // False, and nothing changes, when the text is longer than Capacity.
  [[nodiscard]] bool assign(std::string_view text) {
    if (text.size() > Capacity) return false;
    std::copy(text.begin(), text.end(), chars_.begin());
    size_ = static_cast<std::uint16_t>(text.size());
    return true;
  }
  [[nodiscard]] std::string_view view() const { return {chars_.data(), size_}; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  static constexpr std::size_t capacity() { return Capacity; }
  bool operator==(const FixedText& other) const { return view() == other.view(); }

 private:
  std::array<char, Capacity> chars_{};
  std::uint16_t size_ = 0;
};

}  // namespace base
