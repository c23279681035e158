// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/udp_batch.h"

#include <array>
#include <cerrno>

#include "net/socket_address.h"

namespace net {

struct UdpBatch::Slots {
  struct Slot {
    SocketAddress to;
    iovec part{};
    ControlRoom control;
  };
  std::array<Slot, capacity> all;
  std::array<mmsghdr, capacity> messages;
};

UdpBatch::UdpBatch(std::size_t longest)
    : longest_(longest),
      bytes_(std::make_unique<std::uint8_t[]>(capacity * longest)),
      slots_(std::make_unique<Slots>()) {}
UdpBatch::~UdpBatch() = default;

std::span<std::uint8_t> UdpBatch::room() {
  BOOTFERRY_CHECK(!full());
  return {bytes_.get() + count_ * longest_, longest_};
}

void UdpBatch::add(std::size_t octets, const Route& route) {
  BOOTFERRY_CHECK(!full() && octets <= longest_);
  Slots::Slot& slot = slots_->all[count_];
  slot.to = SocketAddress(route.to);
  slot.part = {bytes_.get() + count_ * longest_, octets};
  msghdr& header = slots_->messages[count_].msg_hdr;
  header = {};
  header.msg_name = slot.to.get();
  header.msg_namelen = slot.to.size();
  header.msg_iov = &slot.part;
  header.msg_iovlen = 1;
  slot.control = {};
  slot.control.add_source(route.to.address, route.local, route.interface);
  slot.control.put_into(header);
  ++count_;
}

UdpBatch::Refused UdpBatch::flush(const UdpSocket& socket) {
  Refused refused;
  for (std::size_t done = 0; done < count_;) {
    const int sent =
        sendmmsg(socket.fd(), slots_->messages.data() + done, static_cast<unsigned>(count_ - done), 0);
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      refused = {refused.count + 1, errno, slots_->all[done].to.endpoint()};
      ++done;
    }
  }
  count_ = 0;
  return refused;
}

}  // namespace net
