// SPDX-License-Identifier: GPL-3.0-or-later
// What the transfers of all loops have in common: how many there are, and whose. Locked when
// a transfer starts and when it ends, never for a block.
#pragma once

#include <mutex>
#include <unordered_map>

#include "base/address.h"
#include "server/tftp_event.h"

namespace server {

class TftpClients {
 public:
  explicit TftpClients(unsigned most = 8192, unsigned most_per_address = 64)
      : most_(most), most_per_address_(most_per_address) {}

  // Counts one more for this address; else why not: total_limit or client_limit.
  TftpReason admit(base::Ipv4 client) {
    const std::lock_guard lock(mutex_);
    if (all_ >= most_) return TftpReason::total_limit;
    unsigned& here = per_address_[client];
    if (here >= most_per_address_) return TftpReason::client_limit;
    ++here;
    ++all_;
    return TftpReason::none;
  }
  void leave(base::Ipv4 client) {
    const std::lock_guard lock(mutex_);
    --all_;
    const auto found = per_address_.find(client);
    if (--found->second == 0) per_address_.erase(found);
  }

 private:
  const unsigned most_;
  const unsigned most_per_address_;
  std::mutex mutex_;
  unsigned all_ = 0;
  std::unordered_map<base::Ipv4, unsigned> per_address_;
};

}  // namespace server
