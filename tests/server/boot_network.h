// SPDX-License-Identifier: GPL-3.0-or-later
// What the site's services stand in: an interface that is not really there, machines that were seen,
// a network of the test's own.
#pragma once

#include <fcntl.h>
#include <sched.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "../site/boot_site.h"
#include "base/fd.h"
#include "server/machines.h"
#include "server/served_interfaces.h"

namespace boot_test {

// So high that the kernel has no such interface, hence no neighbour there either.
inline constexpr unsigned eth0 = 0x7ffffff0, eth1 = 0x7ffffff1;

inline net::Interface interface(unsigned index, std::string name, base::Ipv4 address) {
  net::Interface i;
  i.index = index;
  i.name = std::move(name);
  i.up = true;
  i.addresses = {{address, 24}};
  return i;
}

// The machine has spoken DHCP from this address.
inline void seen_at(server::Machines& machines, const policy::Facts& facts, base::Ipv4 address,
                    base::Time now) {
  machines.with([&](auto& bindings, auto&) {
    bindings.learn({address, eth0, facts, session::LearnedFrom::boot_service}, now);
  });
}

// A network of this thread's own until the test ends, for ports and addresses as they really
// are; `there` is false where that is not allowed.
class OwnNetwork {
 public:
  // Shell commands that set it up.
  explicit OwnNetwork(const std::string& commands)
      : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)),
        entered_(::unshare(CLONE_NEWNET) == 0) {
    there = entered_ && std::system(commands.c_str()) == 0;
  }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;
  ~OwnNetwork() {
    if (entered_ && ::setns(before_.get(), CLONE_NEWNET) != 0) std::abort();
  }

  bool there = false;

 private:
  base::Fd before_;
  bool entered_;
};

}  // namespace boot_test
