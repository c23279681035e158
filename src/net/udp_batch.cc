// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/udp_batch.h"

#include <cerrno>
#include <cstring>

#include "net/socket_address.h"

namespace net {

UdpBatch::UdpBatch(std::size_t longest)
    : longest_(longest), bytes_(std::make_unique<std::uint8_t[]>(capacity * longest)) {}

std::span<std::uint8_t> UdpBatch::room() {
  BOOTFERRY_CHECK(!full());
  return {bytes_.get() + count_ * longest_, longest_};
}

void UdpBatch::add(std::size_t octets, const Route& route) {
  BOOTFERRY_CHECK(!full() && octets <= longest_);
  Slot& slot = slots_[count_];
  slot.to = to_sockaddr(route.to);
  slot.part = {bytes_.get() + count_ * longest_, octets};
  msghdr& header = messages_[count_].msg_hdr;
  header = {};
  header.msg_name = &slot.to;
  header.msg_namelen = sizeof slot.to;
  header.msg_iov = &slot.part;
  header.msg_iovlen = 1;
  header.msg_control = slot.control.data();
  header.msg_controllen = slot.control.size();
  cmsghdr* const control = CMSG_FIRSTHDR(&header);
  control->cmsg_level = IPPROTO_IP;
  control->cmsg_type = IP_PKTINFO;
  control->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  in_pktinfo info{};
  info.ipi_ifindex = static_cast<int>(route.interface);
  info.ipi_spec_dst = to_in_addr(route.local);
  std::memcpy(CMSG_DATA(control), &info, sizeof info);
  ++count_;
}

UdpBatch::Refused UdpBatch::flush(const UdpSocket& socket) {
  Refused refused;
  for (std::size_t done = 0; done < count_;) {
    const int sent = sendmmsg(socket.fd(), messages_.data() + done, static_cast<unsigned>(count_ - done), 0);
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      refused = {refused.count + 1, errno, from_sockaddr(slots_[done].to)};
      ++done;
    }
  }
  count_ = 0;
  return refused;
}

}  // namespace net
