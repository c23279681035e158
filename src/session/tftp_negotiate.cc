// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/tftp_negotiate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace session {
namespace {

// UDP header and TFTP header, behind the IP header.
constexpr unsigned udp_and_tftp_headers = 8 + 4;

// A number in [low, high]. Anything else is no request for the option at all: it is dropped
// and not answered with a guess (a server that read "abc" as 0 granted a blksize of 1).
std::optional<std::uint64_t> number(const wire::tftp::Request& request, std::string_view option,
                                    std::uint64_t low, std::uint64_t high) {
  const auto text = request.options.find(option);
  if (!text) return std::nullopt;
  const auto value = wire::tftp::parse_number(*text);
  if (!value || *value < low || *value > high) return std::nullopt;
  return value;
}

std::uint16_t largest_block(const TftpLimits& limits) {
  const unsigned headers = limits.ip_header + udp_and_tftp_headers;
  if (limits.allow_fragments || limits.path_mtu >= wire::tftp::max_blksize + headers) {
    return wire::tftp::max_blksize;
  }
  const unsigned unfragmented = limits.path_mtu > headers ? limits.path_mtu - headers : 0;
  return static_cast<std::uint16_t>(std::max<unsigned>(unfragmented, wire::tftp::min_blksize));
}

std::uint16_t largest_window(const TftpLimits& limits, std::uint16_t blksize) {
  // Half the range of block numbers, else an old ACK would look like a new one.
  constexpr std::uint32_t unambiguous = 0x7fff;
  const std::uint32_t by_bytes = limits.max_in_flight / blksize;
  return static_cast<std::uint16_t>(
      std::clamp<std::uint32_t>(std::min<std::uint32_t>(by_bytes, limits.max_windowsize), 1, unambiguous));
}

}  // namespace

std::optional<TftpRefusal> refuse(const wire::tftp::Request& request) {
  if (request.write) return TftpRefusal::write;
  if (request.mode != wire::tftp::Mode::octet) return TftpRefusal::not_octet;
  return std::nullopt;
}

base::Result<TftpGrant, TftpRefusal> negotiate(const wire::tftp::Request& request, std::uint64_t file_size,
                                               const TftpLimits& limits) {
  if (const auto refusal = refuse(request)) return tl::unexpected(*refusal);
  TftpGrant grant;
  // Above 65464 nothing is defined, but some clients ask for 65536; less than asked is a
  // legal answer (RFC 2348).
  if (const auto asked = number(request, "blksize", wire::tftp::min_blksize, UINT32_MAX)) {
    grant.blksize = static_cast<std::uint16_t>(std::min<std::uint64_t>(*asked, largest_block(limits)));
  }
  // Equal to what was asked or not at all (RFC 2349); EDK2 ends the transfer otherwise.
  if (const auto asked = number(request, "timeout", 1, 255)) {
    grant.timeout = static_cast<std::uint8_t>(*asked);
  }
  // Not for an empty file: curl 7.88 calls a tsize of 0 illegal and gives up. Its end is
  // plain from the first block.
  if (file_size > 0 && number(request, "tsize", 0, UINT64_MAX)) grant.tsize = file_size;
  // msftwindow is not granted: Windows then uses this one.
  if (const auto asked = number(request, "windowsize", 1, 65535)) {
    const std::uint16_t blksize = grant.blksize.value_or(wire::tftp::default_blksize);
    grant.windowsize =
        static_cast<std::uint16_t>(std::min<std::uint64_t>(*asked, largest_window(limits, blksize)));
  }
  return grant;
}

TftpTerms TftpGrant::terms() const {
  TftpTerms terms{.blksize = blksize.value_or(wire::tftp::default_blksize),
                  .windowsize = windowsize.value_or(1),
                  .oack = !empty()};
  if (timeout) terms.timeout = std::chrono::seconds(*timeout);
  return terms;
}

std::size_t TftpGrant::encode_oack(std::span<std::uint8_t, max_oack> buffer) const {
  std::array<std::array<char, 20>, 4> digits;  // 2^64 has 20
  std::size_t used = 0;
  wire::tftp::Oack oack;
  const auto add = [&](std::string_view name, const auto& value) {
    if (!value) return;
    char* const text = digits.at(used++).data();
    const char* const end = fmt::format_to(text, "{}", *value);
    oack.options.add(name, {text, static_cast<std::size_t>(end - text)});
  };
  add("tsize", tsize);
  add("blksize", blksize);
  add("timeout", timeout);
  add("windowsize", windowsize);
  const auto size = wire::tftp::encode(oack, buffer);
  BOOTFERRY_CHECK(size.has_value());
  return *size;
}

wire::tftp::Error error_for(TftpRefusal refusal) {
  switch (refusal) {
    case TftpRefusal::write:
      return {wire::tftp::ErrorCode::access, "this server only sends files"};
    case TftpRefusal::not_octet:
      break;
  }
  return {wire::tftp::ErrorCode::undefined, "only octet mode is served"};
}

}  // namespace session
