// SPDX-License-Identifier: GPL-3.0-or-later
// What the transfers of all loops have in common: how many there are, whose, how much may be
// on the wire, and who loses. Locked when a transfer starts and when it ends, never for a block.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/ip.h"
#include "base/time.h"
#include "server/tftp_event.h"
#include "session/loss_memory.h"

namespace server {

class TftpClients {
 public:
  // Octets under way on an interface, of all its transfers together: what switches and the
  // queue of a network card still hold. A machine that starts while many load is granted
  // smaller windows.
  static constexpr std::uint32_t most_in_flight = 4 << 20;

  explicit TftpClients(unsigned most = 8192, unsigned most_per_address = 64)
      : most_(most), most_per_address_(most_per_address) {}

  struct Terms {
    TftpReason refused = TftpReason::none;  // or total_limit, client_limit
    std::uint16_t max_windowsize = UINT16_MAX;
    std::uint32_t max_in_flight = UINT32_MAX;  // octets
  };
  // Counts one more for this client on this interface, unless refused. A client is an address,
  // in IPv6 too: a classroom shares its /64, so counting by prefix would let the first machines
  // starve the others, and whoever takes many addresses of its /64 meets `most`, as does
  // whoever forges IPv4 ones.
  Terms admit(const base::Ip& client, unsigned interface, base::Time now);

  void leave(const base::Ip& client, unsigned interface);
  // After a transfer: its windows and their losses are remembered for the next.
  void leave(const base::Ip& client, unsigned interface, const session::TftpSend& transfer, base::Time now);

 private:
  void count_down(const base::Ip& client, unsigned interface);  // under the lock

  const unsigned most_;
  const unsigned most_per_address_;
  std::mutex mutex_;
  unsigned all_ = 0;
  std::unordered_map<base::Ip, unsigned> per_address_;
  std::unordered_map<unsigned, std::uint32_t> per_interface_;
  session::LossMemory losses_;
};

}  // namespace server
