// SPDX-License-Identifier: GPL-3.0-or-later
// Answers that leave in one call (sendmmsg): those to one batch of requests.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "net/udp.h"

namespace net {

class UdpBatch {
 public:
  static constexpr std::size_t capacity = 32;

  explicit UdpBatch(std::size_t longest);
  ~UdpBatch();
  UdpBatch(const UdpBatch&) = delete;
  UdpBatch& operator=(const UdpBatch&) = delete;

  [[nodiscard]] bool full() const { return count_ == capacity; }
  // Where to write the next datagram; not when full.
  [[nodiscard]] std::span<std::uint8_t> room();
  // What was written there, `octets` of it, goes this way.
  void add(std::size_t octets, const Route& route);
  struct Refused {
    std::size_t count = 0;
    int error = 0;      // errno of the last
    base::Endpoint to;  // where it should have gone
  };
  // Sends all in order, and goes on behind one that the kernel refuses.
  Refused flush(const UdpSocket& socket);

 private:
  struct Slots;

  std::size_t longest_;
  std::size_t count_ = 0;
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::unique_ptr<Slots> slots_;
};

}  // namespace net
