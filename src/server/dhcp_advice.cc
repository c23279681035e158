// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/dhcp_advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "server/dhcp_advice_text.h"

namespace server {
namespace {

constexpr std::array names{std::pair{DhcpSoftware::kea, std::string_view("kea")},
                           std::pair{DhcpSoftware::isc, std::string_view("isc")},
                           std::pair{DhcpSoftware::dnsmasq, std::string_view("dnsmasq")},
                           std::pair{DhcpSoftware::windows, std::string_view("windows")}};

// IANA's ids of option 93. 7 and 9 are one: both readings of RFC 4578 are in the field.
constexpr std::array<unsigned, 1> bios{0};
constexpr std::array<unsigned, 2> uefi_x64{7, 9};
constexpr std::array<unsigned, 1> uefi_x64_http{16};

class Advice {
 public:
  Advice(DhcpSoftware software, const AdviceFacts& facts)
      : software_(software), words_(words_of(software)), facts_(facts) {}

  std::vector<AdviceSection> make() {
    remove();
    set();
    for (const base::Ipv4 relay : facts_.relays) relayed(relay);
    reach();
    return std::move(sections_);
  }

 private:
  [[nodiscard]] bool shim() const { return facts_.unknown_uefi == policy::UnknownUefi::shim; }

  void remove() {
    std::string what, why;
    if (facts_.second_order_file || facts_.arrangement == Arrangement::files_only) {
      what = "Take out options 60, 66 and 67, next-server and boot file names from before";
      why = "What stands at a narrower scope wins over what is set below, and sends its machines elsewhere.";
    } else if (facts_.arrangement == Arrangement::same_host) {
      what = "Take out options 66 and 67, next-server and boot file names; option 60 alone is set below";
      why =
          "A boot file that the DHCP server names is loaded at once, and nobody asks port 4011: it may seem "
          "to go further, and ends at the wrong file.";
    } else {
      what = "Take out options 60, 66 and 67, next-server and boot file names";
      why =
          "Option 60 from a DHCP server says «ask this host on port 4011», where nobody answers; 66 and 67 "
          "name one file for every firmware. It may seem to go further with them, and ends at the wrong "
          "file. "
          "This server names the right file for each machine itself.";
    }
    sections_.push_back({"remove", what, why + " " + words_.order, words_.remove(), words_.remove_file});
  }

  void set() {
    if (software_ == DhcpSoftware::windows && facts_.arrangement == Arrangement::same_host) {
      sections_.push_back(
          {"set", "Set nothing: this arrangement is not one of a Windows DHCP server",
           "This server's configuration says that a DHCP server stands on its own host, which "
           "Windows cannot. Set services.proxydhcp = true here, and leave Windows as it is.",
           "", ""});
    } else if (facts_.second_order_file) {
      second_order();
    } else if (facts_.arrangement == Arrangement::files_only) {
      files();
    } else if (facts_.arrangement == Arrangement::same_host) {
      same_host();
    } else if (shim()) {
      sections_.push_back(
          {"set", "Set next-server to this server, and nothing else",
           "boot.unknown_uefi is \"shim\": its GRUB asks only the server that the DHCP server's own answer "
           "names (siaddr). No option 60, 66 or 67 goes with it.",
           words_.next_server(facts_.here), words_.file});
    } else {
      sections_.push_back(
          {"set", "Set nothing: the DHCP server stays as it is",
           "This server answers on UDP port 67 itself, beside the DHCP server, and gives out no "
           "addresses.",
           "", ""});
    }
    if (!facts_.others.empty() && !sections_.back().text.empty()) {
      std::string all;
      for (const std::string& other : facts_.others) all += (all.empty() ? "" : ", ") + other;
      sections_.back().why += fmt::format(
          " {} is the first of this server's addresses; for machines that reach it by another one, name "
          "that: {}.",
          facts_.here.print(), all);
    }
  }

  void same_host() {
    std::string text = words_.option_60();
    std::string why =
        "The DHCP server holds port 67 of this host, so its own offer must say where to ask: option 60, "
        "«PXEClient», sends machines to port 4011 of the same host. UEFI HTTP Boot is not possible this way.";
    if (shim()) {
      why +=
          " boot.unknown_uefi is \"shim\": GRUB takes the server from siaddr, which a DHCP server on this "
          "host "
          "names by itself.";
    }
    sections_.push_back({"set", "Set option 60 to PXEClient, and nothing else", why, text, words_.file});
  }

  void files() {
    std::vector<BootChoice> choices{{"bios", bios, "bios/pxelinux.0"},
                                    {"uefi-x64", uefi_x64, shim() ? "x64/shimx64.efi" : "x64/snponly.efi"}};
    std::string why =
        "services.proxydhcp and services.boot_service are off here: the DHCP server alone tells machines "
        "what "
        "to load, so it must tell their firmware apart (option 93).";
    if (facts_.http) {
      const std::string port = facts_.http_port == 80 ? "" : fmt::format(":{}", facts_.http_port);
      const std::string base = fmt::format("http://{}{}", facts_.here.print(), port);
      if (!shim()) choices.push_back({"uefi-x64-http", uefi_x64_http, base + "/x64/snponly.efi", true});
      choices.push_back({"ipxe", {}, base + "/boot.ipxe"});
      why += " iPXE speaks twice, as ROM and as itself, and gets its script the second time.";
    }
    sections_.push_back({"set", "Name this server and the file for each kind of firmware", why,
                         words_.files(facts_.here, choices), words_.file});
  }

  void second_order() {
    const std::array choices{BootChoice{"bios", bios, *facts_.second_order_file}};
    sections_.push_back(
        {"set", "Send BIOS machines to the detecting program of this server, and nobody else",
         "A referral of the second order: options 66 and 67 send a machine to this server's detecting "
         "program; "
         "that program asks this server on port 4011, and is sent on to the server of its referral. UEFI "
         "machines "
         "do not go this way: they are referred by port 4011 from the start, without options 66 and 67.",
         words_.files(facts_.here, choices), words_.file});
  }

  void relayed(base::Ipv4 relay) {
    const std::string dhcp = facts_.dhcp_server ? facts_.dhcp_server->print() : "DHCP-SERVER";
    const std::string here = facts_.here.print();
    const bool answers = facts_.arrangement == Arrangement::beside;
    std::string text;
    std::string why;
    if (answers) {
      text = fmt::format(
          "# a router of Cisco's kind, on the interface that has {0}:\n"
          "ip helper-address {1}\n"
          "ip helper-address {2}\n"
          "# Debian's isc-dhcp-relay, /etc/default/isc-dhcp-relay:\n"
          "SERVERS=\"{1} {2}\"\n"
          "# dnsmasq as a relay:\n"
          "dhcp-relay={0},{1}\n"
          "dhcp-relay={0},{2}",
          relay.print(), dhcp, here);
      why =
          "A machine's question is a broadcast and ends at the router. The router has to pass it to both "
          "servers, "
          "the DHCP server for an address and this one for a boot file. That is better than options 66 and "
          "67: the "
          "answer stays one for each firmware.";
    } else {
      text =
          fmt::format("# the DHCP server alone; this one answers no broadcasts\nip helper-address {}", dhcp);
      why =
          "This server answers no broadcasts in this arrangement: relays pass them to the DHCP server only.";
    }
    sections_.push_back({"relay", fmt::format("Relay at {}", relay.print()), why, text, "the relay"});
  }

  void reach() {
    std::string ports;
    const auto port = [&](bool open, const std::string& what) {
      if (open) ports += (ports.empty() ? "" : ", ") + what;
    };
    const bool asks_us =
        facts_.arrangement != Arrangement::files_only || facts_.second_order_file.has_value();
    port(facts_.arrangement == Arrangement::beside, "UDP 67 (from relays, too)");
    port(asks_us, "UDP 4011");
    port(true, "UDP 69 and the ports that TFTP answers from");
    port(facts_.http, fmt::format("TCP {}", facts_.http_port));
    sections_.push_back({"reach", fmt::format("Let machines reach {}", facts_.here.print()),
                         fmt::format("Routers and firewalls between must let through: {}.", ports), "", ""});
  }

  DhcpSoftware software_;
  const DhcpWords& words_;
  const AdviceFacts& facts_;
  std::vector<AdviceSection> sections_;
};

}  // namespace

std::string_view print(DhcpSoftware software) {
  return std::ranges::find(names, software, &decltype(names)::value_type::first)->second;
}

std::optional<DhcpSoftware> parse_dhcp_software(std::string_view text) {
  const auto found = std::ranges::find(names, text, &decltype(names)::value_type::second);
  if (found == names.end()) return std::nullopt;
  return found->first;
}

Arrangement arrangement_of(const Config& config) {
  if (config.proxydhcp) return Arrangement::beside;
  return config.boot_service ? Arrangement::same_host : Arrangement::files_only;
}

std::vector<AdviceSection> dhcp_advice(DhcpSoftware software, const AdviceFacts& facts) {
  return Advice(software, facts).make();
}

}  // namespace server
