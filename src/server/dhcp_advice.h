// SPDX-License-Identifier: GPL-3.0-or-later
// What a DHCP server must and must not say for machines to boot from here: text to paste, what to
// take out first, and why. Facts in, text out; nothing is looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "policy/model.h"
#include "server/config.h"

namespace server {

enum class DhcpSoftware : std::uint8_t { kea, isc, dnsmasq, windows };
std::string_view print(DhcpSoftware software);  // "kea"
std::optional<DhcpSoftware> parse_dhcp_software(std::string_view text);

// Where the DHCP server stands, as the configuration of this one says.
enum class Arrangement : std::uint8_t {
  beside,      // on another host; we answer on port 67 ourselves
  same_host,   // it holds port 67 here: machines come to port 4011, sent by its option 60
  files_only,  // it names the boot files, and we only serve them
};
Arrangement arrangement_of(const Config& config);

struct AdviceFacts {
  Arrangement arrangement = Arrangement::beside;
  policy::UnknownUefi unknown_uefi = policy::UnknownUefi::ipxe;
  bool http = true;
  std::uint16_t http_port = 80;
  base::Ipv4 here;                  // this server's address, as machines reach it
  std::vector<std::string> others;  // further ones: «10.2.0.2 on eth1»
  std::optional<base::Ipv4> dhcp_server;
  std::vector<base::Ipv4> relays;  // that machines stand behind
  // Second order referral: machines get this detecting program by options 66 and 67 and are then
  // sent on by port 4011. Its name as TFTP serves it.
  std::optional<std::string> second_order_file;
};

struct AdviceSection {
  std::string id;     // "remove", "set", "relay", "reach"
  std::string title;  // one line
  std::string why;    // sentences
  std::string text;   // to paste; empty: nothing is to be done
  std::string file;   // where it goes, or what runs it; empty: nowhere
  bool operator==(const AdviceSection&) const = default;
};
// In the order in which it is to be done.
std::vector<AdviceSection> dhcp_advice(DhcpSoftware software, const AdviceFacts& facts);

}  // namespace server
