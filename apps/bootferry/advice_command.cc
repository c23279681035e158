// SPDX-License-Identifier: GPL-3.0-or-later
// dhcp-advice: what other people's DHCP servers are to say, from this server's configuration.
#include <fmt/format.h>

#include <algorithm>

#include "commands.h"
#include "net/interfaces.h"
#include "records.h"
#include "server/dhcp_advice.h"
#include "terminal.h"

namespace cli {
namespace {

struct Advice {
  std::string server, here, dhcp;
  std::vector<std::string> relays;
  bool second_order = false;
};

// Every address of ours that machines may know, the first one of the first interface served.
base::Status find_addresses(const server::Config& config, server::AdviceFacts& facts) {
  const auto interfaces = net::list_interfaces();
  if (!interfaces) return tl::unexpected(interfaces.error());
  for (const net::Interface& interface : *interfaces) {
    const auto& wanted = config.interfaces;
    const bool named = std::find(wanted.begin(), wanted.end(), interface.name) != wanted.end();
    if (wanted.empty() ? !interface.up || interface.loopback : !named) continue;
    for (const base::IpNet& net : interface.addresses) {
      if (!net.address.is_v4()) continue;
      if (facts.here.is_zero())
        facts.here = net.address.as_v4();
      else
        facts.others.push_back(fmt::format("{} on {}", net.address.print(), interface.name));
    }
  }
  if (facts.here.is_zero())
    return base::fail("no interface that is served has an IPv4 address: name this server's with --here");
  return {};
}

// The detecting program that machines of BIOS get, as TFTP serves it.
Got<std::string> detecting_program(const Common& common) {
  auto site = Site::reach(common);
  if (!site) return tl::unexpected(site.error());
  std::string path;
  const auto listed = site->each("/v1/programs", {}, [&](const Json& program) {
    const auto roles = program.value("roles", std::vector<std::string>());
    if (cell(program, "arch") == "bios" && std::ranges::find(roles, "detect") != roles.end())
      path = cell(program, "path");
    return path.empty();
  });
  if (!listed) return tl::unexpected(listed.error());
  if (path.empty()) {
    return tl::unexpected(
        Failure{"no boot program detects: `bootferry program add --arch bios --role detect FILE` adds one"});
  }
  return path;
}

Got<server::AdviceFacts> facts_of(const Advice& typed, const Common& common) {
  const auto config = load_config(common);
  if (!config) return tl::unexpected(Failure{config.error().what});
  server::AdviceFacts facts;
  facts.arrangement = server::arrangement_of(*config);
  facts.unknown_uefi = config->unknown_uefi;
  facts.http = config->http;
  facts.http_port = config->http_port;
  if (const auto here = base::Ipv4::parse(typed.here)) {
    facts.here = *here;
  } else if (auto found = find_addresses(*config, facts); !found) {
    return tl::unexpected(Failure{found.error().what});
  }
  facts.dhcp_server = base::Ipv4::parse(typed.dhcp);
  for (const std::string& relay : typed.relays) facts.relays.push_back(*base::Ipv4::parse(relay));
  if (typed.second_order) {
    auto path = detecting_program(common);
    if (!path) return tl::unexpected(path.error());
    facts.second_order_file = std::move(*path);
  }
  return facts;
}

std::string show(const std::vector<server::AdviceSection>& sections) {
  std::string out;
  int number = 0;
  for (const server::AdviceSection& section : sections) {
    out += fmt::format("{}# {}. {}\n# {}\n", out.empty() ? "" : "\n", ++number, section.title, section.why);
    if (!section.text.empty()) out += fmt::format("# -> {}\n{}\n", section.file, section.text);
  }
  out.pop_back();
  return out;
}

Json as_json(const std::vector<server::AdviceSection>& sections) {
  Json out = Json::array();
  for (const server::AdviceSection& section : sections) {
    out.push_back({{"id", section.id},
                   {"title", section.title},
                   {"why", section.why},
                   {"text", section.text},
                   {"file", section.file}});
  }
  return out;
}

int advise(const Advice& typed, const Common& common) {
  const auto facts = facts_of(typed, common);
  if (!facts) return failed(facts.error());
  Json all = Json::object();
  std::string text;
  for (const auto software : {server::DhcpSoftware::kea, server::DhcpSoftware::isc,
                              server::DhcpSoftware::dnsmasq, server::DhcpSoftware::windows}) {
    const std::string name(print(software));
    if (!typed.server.empty() && typed.server != name) continue;
    const auto sections = server::dhcp_advice(software, *facts);
    all[name] = as_json(sections);
    if (typed.server.empty()) text += fmt::format("{}## {}\n\n", text.empty() ? "" : "\n", name);
    text += show(sections) + "\n";
  }
  text.pop_back();
  print_line(common.json ? api::print_json(all) : text);
  return exit_ok;
}

}  // namespace

void add_advice_command(Command& root) {
  auto typed = std::make_shared<Advice>();
  Command command = root.leaf("dhcp-advice", "Say what your DHCP server must and must not set, and why",
                              [typed](const Common& common) { return advise(*typed, common); });
  command.option("--server", typed->server, "Which DHCP server it is [all]",
                 one_of({"kea", "isc", "dnsmasq", "windows"}));
  command.option("--relay", typed->relays, "Address of a relay that machines stand behind (may be repeated)");
  command.option("--dhcp-address", typed->dhcp, "The DHCP server's address, for the relays' lines");
  command.option("--here", typed->here, "This server's address, instead of its interface's");
  command.flag("--second-order", typed->second_order,
               "Machines get the detecting program by options 66 and 67 and are referred then");
  command.refuse_if([typed]() -> std::string {
    const auto fault = [](const char* option, const std::string& text) -> std::string {
      if (text.empty() || base::Ipv4::parse(text)) return "";
      return fmt::format("{}: \"{}\" is no IPv4 address", option, text);
    };
    for (const std::string& relay : typed->relays) {
      if (std::string what = fault("--relay", relay); !what.empty()) return what;
    }
    if (std::string what = fault("--here", typed->here); !what.empty()) return what;
    return fault("--dhcp-address", typed->dhcp);
  });
}

}  // namespace cli
