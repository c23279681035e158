// SPDX-License-Identifier: GPL-3.0-or-later
// What the TFTP server has to tell: events, for the log and the timeline, and counters.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/ip.h"
#include "base/time.h"
#include "session/tftp_send.h"
#include "wire/tftp.h"

namespace server {

struct TftpRequestFacts {
  base::Endpoint from;
  base::Ip local;             // of ours, that the client sent to and gets its answer from
  unsigned interface = 0;     // index
  std::string_view filename;  // as sent
};

enum class TftpEventKind : std::uint8_t { started, finished, size_probe, failed, refused };

enum class TftpReason : std::uint8_t {
  none,
  // refused
  not_found,
  by_policy,
  write,
  not_octet,
  unreadable,
  client_limit,
  total_limit,
  no_port,
  // failed
  timed_out,
  client_error,
  client_gone,
  file_changed,
  superseded,  // the client asked anew from the same port and went on there
};
std::string_view print(TftpReason reason);

struct TftpEvent {
  TftpEventKind kind = TftpEventKind::started;
  TftpReason reason = TftpReason::none;
  std::string_view detail;  // the client's or our error text; this and filename live during the callback
  TftpRequestFacts request;
  // Of transfers, not of refused requests:
  std::uint64_t size = 0;
  std::uint64_t acknowledged = 0;  // octets
  std::uint64_t resent_blocks = 0;
  base::Duration took{};
  session::TftpTerms terms;
  // finished: false when the client was gone before its last ACK came. Many do not wait for
  // the case that it is lost.
  bool confirmed = true;
};

// Each datagram on the request port is counted once in `received` and once below it.
struct TftpCounters {
  std::uint64_t received = 0;
  std::uint64_t started = 0, repeated = 0;  // repeated: answered again from the same TID
  std::uint64_t to_group = 0;               // asked of a multicast group
  std::uint64_t not_found = 0, by_policy = 0, unserved = 0, write = 0, not_octet = 0, unreadable = 0;
  std::uint64_t client_limit = 0, total_limit = 0, no_port = 0;
  std::uint64_t of_transfers = 0;   // single-port mode: what belongs to a transfer
  std::uint64_t not_a_request = 0;  // DATA, ACK, OACK, ERROR: never answered, that is how loops start
  std::array<std::uint64_t, wire::tftp::refusal_count> malformed{};  // by wire::tftp::Refusal
  [[nodiscard]] std::uint64_t accounted() const;                     // equals received
  std::uint64_t& of(TftpReason reason);                              // any but none
  TftpCounters& operator+=(const TftpCounters& other);

  // Of transfers.
  std::uint64_t finished = 0, unconfirmed = 0, size_probes = 0;  // unconfirmed: of finished
  std::uint64_t timed_out = 0, client_error = 0, client_gone = 0, file_changed = 0, superseded = 0;
  std::uint64_t blocks = 0, resent_blocks = 0, octets = 0;  // sent
  std::uint64_t held_back = 0;                              // windows, under a limit
  std::uint64_t send_errors = 0;
  std::uint64_t acks = 0, useless_acks = 0;  // useless: old, repeated or out of the window
  std::uint64_t stray = 0;                   // on transfer ports, neither ACK nor ERROR
};

}  // namespace server
