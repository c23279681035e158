// SPDX-License-Identifier: GPL-3.0-or-later
// rtnetlink questions and answers, no more of it than interfaces.cc needs. Messages are read
// with bounds checks although the kernel writes them: a length that is wrong must not become
// a read past the end. For this room only.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <functional>
#include <optional>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/ip.h"
#include "base/result.h"

namespace net {

using base::Fd;

// Walks attributes, and with the same padding rule messages: {length, type, payload}.
struct NetlinkAttribute {
  std::uint16_t type = 0;
  base::ByteView value;
};
std::vector<NetlinkAttribute> netlink_attributes(base::ByteView bytes);

struct NetlinkMessage {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  base::ByteView payload;
};
std::vector<NetlinkMessage> netlink_messages(base::ByteView bytes);

// The fixed header of a message; nullopt when the payload is too short for it.
template <class Header>
std::optional<Header> netlink_header(base::ByteView payload) {
  static_assert(std::is_trivially_copyable_v<Header>);
  if (payload.size() < sizeof(Header)) return std::nullopt;
  Header header;
  std::memcpy(&header, payload.data(), sizeof header);
  return header;
}
// What follows it.
template <class Header>
std::vector<NetlinkAttribute> attributes_after(base::ByteView payload) {
  constexpr std::size_t size = NLMSG_ALIGN(sizeof(Header));
  return payload.size() < size ? std::vector<NetlinkAttribute>{} : netlink_attributes(payload.subspan(size));
}

std::optional<std::uint32_t> as_number(const NetlinkAttribute& attribute);  // host order, as netlink has it
std::optional<base::Ip> as_ip(const NetlinkAttribute& attribute);           // by its length
std::optional<base::Mac> as_mac(const NetlinkAttribute& attribute);

// A socket that listens to `groups` (RTMGRP_*), or to answers only.
base::Result<Fd> open_netlink(unsigned groups = 0);

// One question: the fixed header, then attributes.
class NetlinkRequest {
 public:
  template <class Header>
  NetlinkRequest(std::uint16_t type, std::uint16_t flags, const Header& header)
      : NetlinkRequest(type, flags) {
    append({reinterpret_cast<const std::uint8_t*>(&header), sizeof header});
  }
  NetlinkRequest& attribute(std::uint16_t type, base::ByteView value);
  // Asks, waits, and hands over each message of the answer.
  base::Status ask(const std::function<void(const NetlinkMessage&)>& take) const;

 private:
  NetlinkRequest(std::uint16_t type, std::uint16_t flags);
  void append(base::ByteView bytes);
  base::Bytes bytes_;
};

}  // namespace net
