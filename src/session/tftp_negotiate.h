// SPDX-License-Identifier: GPL-3.0-or-later
// What a read request asks for and what this server grants: RFC 2347 (OACK), RFC 2348
// (blksize), RFC 2349 (timeout, tsize), RFC 7440 (windowsize). A new option goes here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "session/tftp_send.h"
#include "wire/tftp.h"

namespace session {

// Octets, without options and extension headers: we send none.
inline constexpr unsigned ipv4_header = 20, ipv6_header = 40;

struct TftpLimits {
  unsigned path_mtu = 1500;
  unsigned ip_header = ipv4_header;
  // Blocks above the path's MTU travel as IP fragments. Windows' boot manager may be told to
  // use 16384 and more; networks that drop fragments then hang, so it must be asked for.
  bool allow_fragments = false;
  // The NICs of real ROMs drop bursts of more than 16 to 32 frames; EDK2 asks for 4.
  std::uint16_t max_windowsize = 16;
  // blksize times windowsize: what one request can make us send at once.
  std::uint32_t max_in_flight = 64 * 1024;
};

// The options that the OACK names: only such as the client sent (RFC 2347).
struct TftpGrant {
  std::optional<std::uint16_t> blksize;
  std::optional<std::uint8_t> timeout;  // seconds
  std::optional<std::uint64_t> tsize;
  std::optional<std::uint16_t> windowsize;
  bool operator==(const TftpGrant&) const = default;

  [[nodiscard]] bool empty() const { return *this == TftpGrant{}; }
  [[nodiscard]] TftpTerms terms() const;
  // The OACK packet; octets written. Any buffer of max_oack holds it.
  static constexpr std::size_t max_oack = 128;
  std::size_t encode_oack(std::span<std::uint8_t, max_oack> buffer) const;
};

enum class TftpRefusal : std::uint8_t {
  write,      // read-only, always
  not_octet,  // netascii would change the bytes of a program; nobody boots with it
};
wire::tftp::Error error_for(TftpRefusal refusal);

base::Result<TftpGrant, TftpRefusal> negotiate(const wire::tftp::Request& request, std::uint64_t file_size,
                                               const TftpLimits& limits);
// The part of it that can be told before the file is looked for.
std::optional<TftpRefusal> refuse(const wire::tftp::Request& request);

}  // namespace session
