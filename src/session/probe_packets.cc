// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/probe_packets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "wire/pxe.h"
#include "wire/tftp.h"

namespace session {
namespace {

namespace option = wire::dhcp4::option;
using wire::dhcp4::Message;
using wire::dhcp4::MessageType;

// A BIOS ROM: every boot server has something for one.
constexpr std::string_view vendor_class = "PXEClient:Arch:00000:UNDI:002001";
constexpr std::array<std::uint8_t, 3> undi = {1, 2, 1};

base::Bytes encoded(const wire::tftp::Packet& packet) {
  base::Bytes bytes(wire::tftp::max_request);
  bytes.resize(wire::tftp::encode(packet, bytes).value_or(0));
  return bytes;
}

// Control characters would end up in logs and on screens.
std::string printable(std::string_view text) {
  std::string out(text.substr(0, 100));
  std::ranges::replace_if(
      out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

}  // namespace

base::Bytes boot_service_probe(std::uint32_t xid, base::Ipv4 own) {
  Message request;
  request.xid = xid;
  request.ciaddr = own;
  std::ranges::copy(probe_mac.octets, request.chaddr.begin());
  request.options.add_u8(option::message_type, static_cast<std::uint8_t>(MessageType::request));
  request.options.add_u16(option::max_message_size, 1472);
  request.options.add_text(option::vendor_class, vendor_class);
  request.options.add_u16(option::client_arch, 0);
  request.options.add(option::client_ndi, undi);
  base::Bytes bytes(wire::dhcp4::largest_reply);
  const std::size_t size = wire::dhcp4::encode(request, bytes).value_or(0);
  bytes.resize(std::max(size, wire::dhcp4::min_reply));  // as clients do; behind the end are zeros
  return bytes;
}

bool answers_probe(base::ByteView datagram, std::uint32_t xid) {
  const auto answer = wire::dhcp4::decode(datagram);
  return answer && answer->op == 2 && answer->xid == xid && answer->mac() == probe_mac;
}

bool is_probe(const Message& request) { return request.mac() == probe_mac; }

Message probe_answer(const Message& request, base::Ipv4 server) {
  Message answer;
  answer.op = 2;
  answer.xid = request.xid;
  answer.flags = request.flags;
  answer.ciaddr = request.ciaddr;
  answer.chaddr = request.chaddr;
  answer.options.add_u8(option::message_type, static_cast<std::uint8_t>(MessageType::ack));
  answer.options.add_ip(option::server_id, server);
  answer.options.add_text(option::vendor_class, wire::pxe::pxe_client);
  return answer;
}

base::Bytes tftp_probe(std::string_view file) {
  wire::tftp::Request request{false, file, wire::tftp::Mode::octet, {}};
  request.options.add("tsize", "0");
  return encoded(request);
}

base::Bytes tftp_break_off() {
  return encoded(wire::tftp::Error{wire::tftp::ErrorCode::option, "Only the size was wanted"});
}

std::optional<std::variant<FileIsThere, FileRefused>> tftp_answer(base::ByteView datagram) {
  const auto packet = wire::tftp::decode(datagram);
  if (!packet) return std::nullopt;
  if (const auto* error = std::get_if<wire::tftp::Error>(&*packet)) {
    if (error->code == wire::tftp::ErrorCode::not_found) return FileRefused{"the file is not there"};
    return FileRefused{
        fmt::format("error {}: {}", static_cast<unsigned>(error->code), printable(error->message))};
  }
  const bool there =
      std::holds_alternative<wire::tftp::Oack>(*packet) || std::holds_alternative<wire::tftp::Data>(*packet);
  if (!there) return std::nullopt;
  return FileIsThere{};
}

}  // namespace session
