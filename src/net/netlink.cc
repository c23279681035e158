// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/netlink.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

namespace net {
namespace {

constexpr std::size_t align(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

// The next padded record of `size` octets off the front, header included.
base::ByteView take_record(base::ByteView& bytes, std::size_t size) {
  const base::ByteView record = bytes.first(size);
  bytes = bytes.subspan(std::min(bytes.size(), align(size)));
  return record;
}

base::Error refusal(base::ByteView payload) {
  const auto error = netlink_header<nlmsgerr>(payload);
  return base::fail_errno("ask the kernel (rtnetlink)", error ? -error->error : EBADMSG).value();
}

}  // namespace

std::vector<NetlinkAttribute> netlink_attributes(base::ByteView bytes) {
  std::vector<NetlinkAttribute> result;
  while (const auto header = netlink_header<rtattr>(bytes)) {
    if (header->rta_len < sizeof(rtattr) || header->rta_len > bytes.size()) break;
    const base::ByteView record = take_record(bytes, header->rta_len);
    const auto type = static_cast<std::uint16_t>(header->rta_type & NLA_TYPE_MASK);
    result.push_back({type, record.subspan(sizeof(rtattr))});
  }
  return result;
}

std::vector<NetlinkMessage> netlink_messages(base::ByteView bytes) {
  std::vector<NetlinkMessage> result;
  while (const auto header = netlink_header<nlmsghdr>(bytes)) {
    if (header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > bytes.size()) break;
    const base::ByteView record = take_record(bytes, header->nlmsg_len);
    result.push_back(
        {header->nlmsg_type, header->nlmsg_flags, header->nlmsg_seq, record.subspan(sizeof(nlmsghdr))});
  }
  return result;
}

std::optional<std::uint32_t> as_number(const NetlinkAttribute& attribute) {
  if (attribute.value.size() != 4) return std::nullopt;
  return netlink_header<std::uint32_t>(attribute.value);
}

std::optional<base::Ip> as_ip(const NetlinkAttribute& attribute) {
  if (attribute.value.size() == 4) return netlink_header<base::Ipv4>(attribute.value);
  if (attribute.value.size() == 16) return netlink_header<base::Ip>(attribute.value);
  return std::nullopt;
}

std::optional<base::Mac> as_mac(const NetlinkAttribute& attribute) {
  if (attribute.value.size() != 6) return std::nullopt;
  return netlink_header<base::Mac>(attribute.value);
}

base::Result<Fd> open_netlink(unsigned groups) {
  const int flags = SOCK_RAW | SOCK_CLOEXEC | (groups != 0 ? SOCK_NONBLOCK : 0);
  Fd fd(socket(AF_NETLINK, flags, NETLINK_ROUTE));
  if (!fd.open()) return base::fail_errno("open an rtnetlink socket", errno);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    return base::fail_errno("listen on rtnetlink", errno);
  }
  // The kernel answers at once or never; an event loop must not hang on the second.
  const timeval patience{2, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header.nlmsg_seq = 1;
  append({reinterpret_cast<const std::uint8_t*>(&header), sizeof header});
}

NetlinkRequest& NetlinkRequest::attribute(std::uint16_t type, base::ByteView value) {
  const rtattr header{static_cast<std::uint16_t>(sizeof(rtattr) + value.size()), type};
  append({reinterpret_cast<const std::uint8_t*>(&header), sizeof header});
  append(value);
  return *this;
}

void NetlinkRequest::append(base::ByteView bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  bytes_.resize(align(bytes_.size()));
  const auto size = static_cast<std::uint32_t>(bytes_.size());
  std::memcpy(bytes_.data(), &size, sizeof size);  // nlmsg_len is the first field
}

base::Status NetlinkRequest::ask(const std::function<void(const NetlinkMessage&)>& take) const {
  auto fd = open_netlink();
  if (!fd) return tl::unexpected(fd.error());
  if (::send(fd->get(), bytes_.data(), bytes_.size(), 0) < 0)
    return base::fail_errno("send to rtnetlink", errno);
  base::Bytes buffer(64 << 10);
  for (;;) {
    sockaddr_nl from{};
    socklen_t from_size = sizeof from;
    const ssize_t size = recvfrom(fd->get(), buffer.data(), buffer.size(), MSG_TRUNC,
                                  reinterpret_cast<sockaddr*>(&from), &from_size);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return base::fail_errno("read from rtnetlink", errno);
    if (static_cast<std::size_t>(size) > buffer.size()) return base::fail("an rtnetlink answer is too long");
    if (from.nl_pid != 0) continue;  // any process may write to us; only port 0 is the kernel
    for (const NetlinkMessage& message :
         netlink_messages(base::ByteView(buffer).first(static_cast<std::size_t>(size)))) {
      if (message.sequence != 1) continue;
      if (message.type == NLMSG_ERROR) return tl::unexpected(refusal(message.payload));
      // The tables changed while they were being read: the caller asks again.
      if ((message.flags & NLM_F_DUMP_INTR) != 0) return base::fail_errno("read rtnetlink's tables", EINTR);
      if (message.type == NLMSG_DONE) return {};
      take(message);
      if ((message.flags & NLM_F_MULTI) == 0) return {};
    }
  }
}

}  // namespace net
