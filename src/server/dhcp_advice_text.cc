// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/dhcp_advice_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace server {
namespace {

// «HTTPClient» or «PXEClient»: who is told; nobody else is.
std::string_view asked_class(const BootChoice& choice) {
  return choice.http_class ? "HTTPClient" : "PXEClient";
}

namespace kea {

// One class; `says` are its members besides name and test.
std::string one_class(std::string_view name, std::string_view test, std::string_view says) {
  return fmt::format("  {{\n    \"name\": \"bootferry-{}\",\n    \"test\": \"{}\",\n{}\n  }}", name, test,
                     says);
}

std::string classes(const std::vector<std::string>& all) {
  return fmt::format("\"client-classes\": [\n{}\n]", fmt::join(all, ",\n"));
}

std::string starts_with(std::string_view text) {
  return fmt::format("substring(option[60].hex,0,{}) == '{}'", text.size(), text);
}

std::string option_60() {
  return classes({one_class("pxe", starts_with("PXEClient"),
                            "    \"option-data\": [ { \"name\": \"vendor-class-identifier\", "
                            "\"data\": \"PXEClient\", \"always-send\": true } ]")});
}

std::string next_server(base::Ipv4 address) {
  return classes({one_class("pxe", starts_with("PXEClient"),
                            fmt::format("    \"next-server\": \"{}\"", address.print()))});
}

std::string files(base::Ipv4 address, std::span<const BootChoice> choices) {
  std::vector<std::string> all;
  // An option of the first class that matches stands: iPXE before the firmware that it came in.
  std::vector<BootChoice> sorted(choices.begin(), choices.end());
  std::stable_partition(sorted.begin(), sorted.end(),
                        [](const BootChoice& choice) { return choice.archs.empty(); });
  for (const BootChoice& choice : sorted) {
    std::string test = "option[77].hex == 'iPXE'";
    if (!choice.archs.empty()) {
      std::vector<std::string> ids;
      for (const unsigned id : choice.archs) ids.push_back(fmt::format("option[93].hex == 0x{:04x}", id));
      test = fmt::format("{} and ({})", starts_with(asked_class(choice)), fmt::join(ids, " or "));
      if (choices.size() > 1) test += " and not (option[77].hex == 'iPXE')";
    }
    std::string says = fmt::format("    \"next-server\": \"{}\",\n    \"boot-file-name\": \"{}\"",
                                   address.print(), choice.file);
    if (choice.http_class) {
      says +=
          ",\n    \"option-data\": [ { \"name\": \"vendor-class-identifier\", \"data\": \"HTTPClient\", "
          "\"always-send\": true } ]";
    }
    all.push_back(one_class(choice.name, test, says));
  }
  return classes(all);
}

std::string remove() {
  return "grep -nE "
         "'\"(next-server|server-hostname|boot-file-name)\"|\"(vendor-class-identifier|tftp-server-name)\"|"
         "\"code\": *(60|66|67)\\b' /etc/kea/kea-dhcp4.conf\n"
         "# take out what it finds, in this order: reservations, classes, pools, subnets, shared networks, "
         "global\n"
         "kea-dhcp4 -t /etc/kea/kea-dhcp4.conf && systemctl reload kea-dhcp4-server";
}

}  // namespace kea

namespace isc {

std::string one_class(std::string_view name, std::string_view match, std::string_view says) {
  return fmt::format("class \"bootferry-{}\" {{\n  match if {};\n{}\n}}", name, match, says);
}

std::string starts_with(std::string_view text) {
  return fmt::format("substring(option vendor-class-identifier, 0, {}) = \"{}\"", text.size(), text);
}

std::string option_60() {
  return one_class("pxe", starts_with("PXEClient"), "  option vendor-class-identifier \"PXEClient\";");
}

std::string next_server(base::Ipv4 address) {
  return one_class("pxe", starts_with("PXEClient"), fmt::format("  next-server {};", address.print()));
}

std::string files(base::Ipv4 address, std::span<const BootChoice> choices) {
  std::string out = "option bootferry-arch code 93 = unsigned integer 16;";
  for (const BootChoice& choice : choices) {
    std::string match = "option user-class = \"iPXE\"";
    if (!choice.archs.empty()) {
      std::vector<std::string> ids;
      for (const unsigned id : choice.archs) ids.push_back(fmt::format("option bootferry-arch = {}", id));
      match = fmt::format("{} and ({})", starts_with(asked_class(choice)), fmt::join(ids, " or "));
      if (choices.size() > 1) match += "\n    and not (option user-class = \"iPXE\")";
    }
    std::string says = fmt::format("  next-server {};\n  filename \"{}\";", address.print(), choice.file);
    if (choice.http_class) says += "\n  option vendor-class-identifier \"HTTPClient\";";
    out += "\n" + one_class(choice.name, match, says);
  }
  return out;
}

std::string remove() {
  return "grep -nE '^[^#]*\\b(next-server|server-name|filename|vendor-class-identifier|tftp-server-name|"
         "bootfile-name)\\b' /etc/dhcp/dhcpd.conf\n"
         "# take out what it finds, in this order: hosts, classes, pools, subnets, shared networks, groups, "
         "global\n"
         "dhcpd -t -cf /etc/dhcp/dhcpd.conf && systemctl restart isc-dhcp-server";
}

}  // namespace isc

namespace dnsmasq {

std::string option_60() {
  return "dhcp-vendorclass=set:bootferry-pxe,PXEClient\n"
         "dhcp-option-force=tag:bootferry-pxe,60,PXEClient";
}

std::string next_server(base::Ipv4 address) {
  return fmt::format("dhcp-vendorclass=set:bootferry-pxe,PXEClient\ndhcp-boot=tag:bootferry-pxe,,,{}",
                     address.print());
}

std::string files(base::Ipv4 address, std::span<const BootChoice> choices) {
  std::string out = "dhcp-vendorclass=set:bootferry-PXEClient,PXEClient";
  std::string_view except;
  if (choices.size() > 1) {
    if (std::ranges::any_of(choices, &BootChoice::http_class))
      out += "\ndhcp-vendorclass=set:bootferry-HTTPClient,HTTPClient";
    out += "\ndhcp-userclass=set:bootferry-ipxe,iPXE";
    except = "tag:!bootferry-ipxe,";
  }
  for (const BootChoice& choice : choices) {
    if (choice.archs.empty()) {
      out += fmt::format("\ndhcp-boot=tag:bootferry-{},{},,{}", choice.name, choice.file, address.print());
      continue;
    }
    for (const unsigned id : choice.archs)
      out += fmt::format("\ndhcp-match=set:bootferry-{},option:client-arch,{}", choice.name, id);
    const std::string tags =
        fmt::format("tag:bootferry-{},tag:bootferry-{},{}", asked_class(choice), choice.name, except);
    out += fmt::format("\ndhcp-boot={}{},,{}", tags, choice.file, address.print());
    if (choice.http_class) out += fmt::format("\ndhcp-option-force={}60,HTTPClient", tags);
  }
  return out;
}

std::string remove() {
  return "grep -nE '^(dhcp-boot|pxe-service|pxe-prompt|enable-tftp|dhcp-option(-force)?=.*\\b(60|66|67|"
         "option:(vendor-class|tftp-server|bootfile-name))\\b)' /etc/dnsmasq.conf /etc/dnsmasq.d/*\n"
         "# take out what it finds: lines with a tag first, then those for everybody\n"
         "dnsmasq --test && systemctl restart dnsmasq";
}

}  // namespace dnsmasq

namespace windows {

std::string option_60() { return ""; }  // of a server on this host, which Windows cannot be

std::string next_server(base::Ipv4 address) {
  return fmt::format(
      "Add-DhcpServerv4Class -Name 'Bootferry PXE' -Type Vendor -Data 'PXEClient'\n"
      "Add-DhcpServerv4Policy -Name 'Bootferry PXE' -Condition OR -VendorClass EQ,'Bootferry PXE*'\n"
      "Set-DhcpServerv4OptionValue -PolicyName 'Bootferry PXE' -OptionId 66 -Value '{}'",
      address.print());
}

std::string files(base::Ipv4 address, std::span<const BootChoice> choices) {
  std::vector<std::string> lines;
  for (const BootChoice& choice : choices) {
    const std::string name = fmt::format("Bootferry {}", choice.name);
    std::vector<std::string> conditions;
    if (choice.archs.empty()) {
      lines.push_back(fmt::format("Add-DhcpServerv4Class -Name '{}' -Type User -Data 'iPXE'", name));
      lines.push_back(fmt::format(
          "Add-DhcpServerv4Policy -Name '{0}' -Condition OR -UserClass EQ,'{0}' -ProcessingOrder 1", name));
    } else {
      for (const unsigned id : choice.archs) {
        const std::string one = fmt::format("{} {}", name, id);
        lines.push_back(fmt::format("Add-DhcpServerv4Class -Name '{}' -Type Vendor -Data '{}:Arch:{:05}'",
                                    one, asked_class(choice), id));
        conditions.push_back(fmt::format("EQ,'{}*'", one));
      }
      lines.push_back(fmt::format("Add-DhcpServerv4Policy -Name '{}' -Condition OR -VendorClass {}", name,
                                  fmt::join(conditions, ",")));
    }
    lines.push_back(fmt::format("Set-DhcpServerv4OptionValue -PolicyName '{}' -OptionId 66 -Value '{}'", name,
                                address.print()));
    lines.push_back(fmt::format("Set-DhcpServerv4OptionValue -PolicyName '{}' -OptionId 67 -Value '{}'", name,
                                choice.file));
    if (choice.http_class) {
      lines.push_back(
          fmt::format("Set-DhcpServerv4OptionValue -PolicyName '{}' -OptionId 60 -Value 'HTTPClient'", name));
    }
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

std::string remove() {
  return "# what is set, and where\n"
         "Get-DhcpServerv4OptionValue -All | Where-Object OptionId -in 60,66,67\n"
         "Get-DhcpServerv4Scope | ForEach-Object { Get-DhcpServerv4OptionValue -ScopeId $_.ScopeId -All } |\n"
         "  Where-Object OptionId -in 60,66,67\n"
         "# 1. the scopes (and in them reservations and policies, by -ReservedIP and -PolicyName)\n"
         "Get-DhcpServerv4Scope | ForEach-Object { foreach ($id in 60,66,67) {\n"
         "  Remove-DhcpServerv4OptionValue -ScopeId $_.ScopeId -OptionId $id -ErrorAction SilentlyContinue } "
         "}\n"
         "# 2. the server\n"
         "foreach ($id in 60,66,67) { Remove-DhcpServerv4OptionValue -OptionId $id -ErrorAction "
         "SilentlyContinue }\n"
         "# 3. only if option 60 is to go altogether: its definition, when no value is left\n"
         "Remove-DhcpServerv4OptionDefinition -OptionId 60 -ErrorAction SilentlyContinue";
}

}  // namespace windows

constexpr const char* narrowest_first =
    "Begin with the narrowest scope: as long as a value stands there, it wins over what is wider.";

}  // namespace

const DhcpWords kea_words{kea::option_60,
                          kea::next_server,
                          kea::files,
                          kea::remove,
                          "/etc/kea/kea-dhcp4.conf, inside \"Dhcp4\"",
                          "a shell on the DHCP server",
                          narrowest_first};
const DhcpWords isc_words{isc::option_60, isc::next_server,       isc::files,
                          isc::remove,    "/etc/dhcp/dhcpd.conf", "a shell on the DHCP server",
                          narrowest_first};
const DhcpWords dnsmasq_words{dnsmasq::option_60,
                              dnsmasq::next_server,
                              dnsmasq::files,
                              dnsmasq::remove,
                              "/etc/dnsmasq.conf",
                              "a shell on the DHCP server",
                              "What has a tag wins over what is for everybody."};
const DhcpWords windows_words{
    windows::option_60,
    windows::next_server,
    windows::files,
    windows::remove,
    "PowerShell on the DHCP server, as an administrator",
    "PowerShell on the DHCP server, as an administrator",
    "Look at scopes and at the server: a scope's value wins over the server's. Values go before option 60's "
    "definition: with the definition alone taken away, the value stays behind as an option called "
    "«Unknown»."};

const DhcpWords& words_of(DhcpSoftware software) {
  switch (software) {
    case DhcpSoftware::kea:
      return kea_words;
    case DhcpSoftware::isc:
      return isc_words;
    case DhcpSoftware::dnsmasq:
      return dnsmasq_words;
    case DhcpSoftware::windows:
      return windows_words;
  }
  return kea_words;
}

}  // namespace server
