// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/tftp_event.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <numeric>

#include "base/result.h"

namespace server {

std::string_view print(TftpReason reason) {
  switch (reason) {
    case TftpReason::none:
      return "";
    case TftpReason::not_found:
      return "no such file";
    case TftpReason::by_policy:
      return "not to be had";
    case TftpReason::write:
      return "write requests are not served";
    case TftpReason::not_octet:
      return "only octet mode is served";
    case TftpReason::unreadable:
      return "file not readable";
    case TftpReason::client_limit:
      return "too many transfers of this client";
    case TftpReason::total_limit:
      return "too many transfers";
    case TftpReason::no_port:
      return "no free port";
    case TftpReason::timed_out:
      return "client stopped answering";
    case TftpReason::client_error:
      return "client reported an error";
    case TftpReason::client_gone:
      return "client closed its port";
    case TftpReason::file_changed:
      return "file changed while it was sent";
    case TftpReason::superseded:
      return "client asked anew";
  }
  return "?";
}

std::uint64_t& TftpCounters::of(TftpReason reason) {
  switch (reason) {
    case TftpReason::none:
      break;
    case TftpReason::not_found:
      return not_found;
    case TftpReason::by_policy:
      return by_policy;
    case TftpReason::write:
      return write;
    case TftpReason::not_octet:
      return not_octet;
    case TftpReason::unreadable:
      return unreadable;
    case TftpReason::client_limit:
      return client_limit;
    case TftpReason::total_limit:
      return total_limit;
    case TftpReason::no_port:
      return no_port;
    case TftpReason::timed_out:
      return timed_out;
    case TftpReason::client_error:
      return client_error;
    case TftpReason::client_gone:
      return client_gone;
    case TftpReason::file_changed:
      return file_changed;
    case TftpReason::superseded:
      return superseded;
  }
  base::check_failed("a reason", __FILE__, __LINE__);
}

TftpCounters& TftpCounters::operator+=(const TftpCounters& other) {
  using Words = std::array<std::uint64_t, sizeof(TftpCounters) / sizeof(std::uint64_t)>;
  auto sum = std::bit_cast<Words>(*this);
  const auto more = std::bit_cast<Words>(other);
  std::transform(sum.begin(), sum.end(), more.begin(), sum.begin(), std::plus<>());
  return *this = std::bit_cast<TftpCounters>(sum);
}

std::uint64_t TftpCounters::accounted() const {
  return std::accumulate(malformed.begin(), malformed.end(), std::uint64_t{0}) + started + repeated +
         to_group + not_found + by_policy + unserved + write + not_octet + unreadable + client_limit +
         total_limit + no_port + of_transfers + not_a_request;
}

}  // namespace server
