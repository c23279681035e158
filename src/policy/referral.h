// SPDX-License-Identifier: GPL-3.0-or-later
// Sending machines to other boot servers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "policy/arch.h"

namespace policy {

// Another server that boots machines: what it is called, where, what it gives first.
struct BootServer {
  std::int64_t id = 0;
  std::string name;
  base::Ipv4 address;
  struct File {  // what machines of that architecture load from it
    Arch arch = Arch::bios;
    std::string path;
    bool operator==(const File&) const = default;
  };
  std::vector<File> files;
  bool operator==(const BootServer&) const = default;
};

// A machine that is referred keeps to one of these servers, chosen by its address and their
// weights; a server that does not answer its probes is left out while another serves the same.
struct Referral {
  std::int64_t id = 0;
  std::string name;
  struct Share {
    std::int64_t server = 0;
    std::uint16_t weight = 1;
    bool operator==(const Share&) const = default;
  };
  std::vector<Share> shares;
  bool operator==(const Referral&) const = default;
};

}  // namespace policy
