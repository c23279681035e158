// SPDX-License-Identifier: GPL-3.0-or-later
// The same settings in each DHCP server's own words.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/dhcp_advice.h"

namespace server {

// What one kind of machine is to be told. Kinds are told apart by option 93, iPXE by option 77.
struct BootChoice {
  std::string_view name;            // for the server's own tags: "uefi-x64"
  std::span<const unsigned> archs;  // option 93; empty: those that say iPXE in option 77
  std::string file;                 // option 67
  bool http_class = false;          // must be told HTTPClient in option 60
};

// What is to be set. Each writes it for PXE machines alone: nobody else is told anything new.
struct DhcpWords {
  std::string (*option_60)();                                             // PXEClient
  std::string (*next_server)(base::Ipv4 address);                         // siaddr
  std::string (*files)(base::Ipv4 address, std::span<const BootChoice>);  // siaddr and 67
  std::string (*remove)();  // how what is wrong is found and taken out, narrowest scope first
  const char* file;         // where settings go
  const char* remove_file;  // what runs the removal
  const char* order;        // why in this order
};
const DhcpWords& words_of(DhcpSoftware software);

extern const DhcpWords kea_words, isc_words, dnsmasq_words, windows_words;

}  // namespace server
