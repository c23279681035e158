// SPDX-License-Identifier: GPL-3.0-or-later
// Any answer on an rtnetlink socket. Properties: what is read lies inside the datagram, each
// part behind the one before; put together again it reads the same.
#include "net/netlink.h"

#include <linux/neighbour.h>

#include <algorithm>

namespace {

using base::ByteView;
using net::NetlinkAttribute;

std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

// In order, without overlap: `from` moves behind the part.
void check_part(ByteView part, std::size_t header, ByteView whole, std::size_t& from) {
  const auto start = static_cast<std::size_t>(part.data() - whole.data());
  BOOTFERRY_CHECK(start == from + header && part.size() <= whole.size() - start);
  from = padded(start + part.size());
}

// Reading ended where no further part can begin.
template <class Header, class Length>
void check_rest(ByteView whole, std::size_t from, Length Header::*length) {
  const ByteView rest = whole.subspan(std::min(from, whole.size()));
  const auto header = net::netlink_header<Header>(rest);
  BOOTFERRY_CHECK(!header || (*header).*length < sizeof(Header) || (*header).*length > rest.size());
}

template <class Header>
void append(base::Bytes& out, const Header& header, ByteView payload) {
  const auto* octets = reinterpret_cast<const std::uint8_t*>(&header);
  out.insert(out.end(), octets, octets + sizeof header);
  out.insert(out.end(), payload.begin(), payload.end());
  out.resize(padded(out.size()));
}

void check_attributes(ByteView bytes) {
  const auto attributes = net::netlink_attributes(bytes);
  base::Bytes rebuilt;
  std::size_t from = 0;
  for (const NetlinkAttribute& a : attributes) {
    check_part(a.value, sizeof(rtattr), bytes, from);
    append(rebuilt, rtattr{static_cast<std::uint16_t>(sizeof(rtattr) + a.value.size()), a.type}, a.value);
    BOOTFERRY_CHECK(net::as_number(a).has_value() == (a.value.size() == 4));
    BOOTFERRY_CHECK(net::as_ip(a).has_value() == (a.value.size() == 4 || a.value.size() == 16));
    const auto mac = net::as_mac(a);
    BOOTFERRY_CHECK(mac.has_value() == (a.value.size() == 6));
    if (mac) BOOTFERRY_CHECK(std::equal(a.value.begin(), a.value.end(), mac->octets.begin()));
  }
  check_rest(bytes, from, &rtattr::rta_len);
  const auto again = net::netlink_attributes(rebuilt);
  BOOTFERRY_CHECK(std::equal(again.begin(), again.end(), attributes.begin(), attributes.end(),
                             [](const NetlinkAttribute& a, const NetlinkAttribute& b) {
                               return a.type == b.type && std::ranges::equal(a.value, b.value);
                             }));
}

template <class Header>
void check_body(ByteView payload) {
  BOOTFERRY_CHECK(net::netlink_header<Header>(payload).has_value() == (payload.size() >= sizeof(Header)));
  for (const NetlinkAttribute& a : net::attributes_after<Header>(payload)) {
    BOOTFERRY_CHECK(a.value.size() + sizeof(rtattr) + sizeof(Header) <= payload.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView datagram(data, size);
  check_attributes(datagram);

  const auto messages = net::netlink_messages(datagram);
  base::Bytes rebuilt;
  std::size_t from = 0;
  for (const net::NetlinkMessage& m : messages) {
    check_part(m.payload, sizeof(nlmsghdr), datagram, from);
    append(rebuilt,
           nlmsghdr{static_cast<std::uint32_t>(sizeof(nlmsghdr) + m.payload.size()), m.type, m.flags,
                    m.sequence, 0},
           m.payload);
    check_body<ifinfomsg>(m.payload);
    check_body<ifaddrmsg>(m.payload);
    check_body<rtmsg>(m.payload);
    check_body<ndmsg>(m.payload);
    check_body<nlmsgerr>(m.payload);
  }
  check_rest(datagram, from, &nlmsghdr::nlmsg_len);
  const auto again = net::netlink_messages(rebuilt);
  BOOTFERRY_CHECK(std::equal(again.begin(), again.end(), messages.begin(), messages.end(),
                             [](const net::NetlinkMessage& a, const net::NetlinkMessage& b) {
                               return a.type == b.type && a.flags == b.flags && a.sequence == b.sequence &&
                                      std::ranges::equal(a.payload, b.payload);
                             }));
  return 0;
}
