// SPDX-License-Identifier: GPL-3.0-or-later
// dnsmasq's dhcp-host entries (its manual page), from a configuration or a file for
// --dhcp-hostsfile, which has the values alone.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "api/import_collector.h"
#include "api/import_text.h"

namespace api {
namespace {

constexpr std::string_view option = "dhcp-host";

std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t'))
      return trimmed(line.substr(0, i));
  }
  return trimmed(line);
}

// Of "dhcp-host=VALUE"; nothing for another option.
std::optional<std::string_view> value_of(std::string_view line) {
  if (!line.starts_with(option)) return std::nullopt;
  const std::string_view rest = trimmed(line.substr(option.size()));
  if (!rest.starts_with('=')) return std::nullopt;
  return trimmed(rest.substr(1));
}

bool is_configuration(std::string_view text) {
  while (!text.empty()) {
    if (without_comment(take_line(text)).find('=') != std::string_view::npos) return true;
  }
  return false;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

// "infinite", "deprecated", or a number with an optional unit.
bool is_lease_time(std::string_view part) {
  if (part == "infinite" || part == "deprecated") return true;
  constexpr std::string_view units = "smhdwSMHDW";
  if (!part.empty() && units.find(part.back()) != units.npos) part.remove_suffix(1);
  return is_number(part);
}

bool begins_as(std::string_view part, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return part.starts_with(word); });
}

class Entry {
 public:
  Entry(std::size_t line, Collector& out) : out_(out) { device_.line = line; }

  void read(std::string_view value) {
    while (!value.empty() && !fault_) {
      // An IPv6 address stands in brackets, and they may hold anything.
      const auto bracket = value.starts_with('[') ? value.find(']') : 0;
      const auto end = value.find(',', bracket == value.npos ? 0 : bracket);
      part(trimmed(value.substr(0, end)));
      value.remove_prefix(end == value.npos ? value.size() : end + 1);
    }
    if (fault_) return;
    const std::size_t line = device_.line;
    if (ignored_) return out_.pass_over(line, "dnsmasq is told to ignore this machine");
    if (device_.macs.empty())
      return out_.pass_over(line, wildcard_ ? "its hardware address stands for many machines"
                                  : other_  ? "its hardware address is not of Ethernet"
                                            : "it has no hardware address");
    out_.add(std::move(device_));
  }

 private:
  void part(std::string_view part) {
    if (part.empty() || part.starts_with('[') || base::Ipv4::parse(part)) return;
    if (begins_as(part, {"id:", "set:", "tag:", "net:"})) return;
    if (part == "ignore") {
      ignored_ = true;
    } else if (part.find(':') != part.npos) {
      address(part);
    } else if (const auto mac = base::Mac::parse(part)) {
      device_.macs.push_back(*mac);  // with dashes or bare: dnsmasq takes a name for it, people do not
    } else if (is_lease_time(part)) {
      return;
    } else if (device_.name.empty()) {
      device_.name = part;
    } else {
      fault(fmt::format("\"{}\" and \"{}\": a machine has one name", device_.name, part));
    }
  }

  void address(std::string_view text) {
    // "06-00:20:e0:3b:13:af": a kind of hardware in front.
    const auto dash = text.find('-');
    if (dash != text.npos && dash <= 2 && dash < text.find(':')) {
      const std::string_view kind = text.substr(0, dash);
      if (kind != "1" && kind != "01") {
        other_ = true;
        return;
      }
      text.remove_prefix(dash + 1);
    }
    if (text.find('*') != text.npos) {
      wildcard_ = true;
    } else if (const auto mac = parse_loose_mac(text)) {
      device_.macs.push_back(*mac);
    } else if (std::ranges::count(text, ':') > 5 &&
               text.find_first_not_of("0123456789abcdefABCDEF:") == text.npos) {
      other_ = true;
    } else {
      fault(fmt::format("\"{}\" is no hardware address", text.substr(0, 60)));
    }
  }

  void fault(std::string what) {
    fault_ = true;
    out_.fault(device_.line, std::move(what));
  }

  Collector& out_;
  ImportedDevice device_;
  bool fault_ = false, ignored_ = false, wildcard_ = false, other_ = false;
};

}  // namespace

base::Result<Imported, LineFaults> read_dnsmasq(std::string_view text) {
  Collector out;
  const bool configuration = is_configuration(text);
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::string_view content = without_comment(take_line(text));
    if (content.empty()) continue;
    const auto value = configuration ? value_of(content) : std::optional(content);
    if (value) Entry(line, out).read(*value);
  }
  return std::move(out).finish();
}

}  // namespace api
