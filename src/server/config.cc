// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/un.h>

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <concepts>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>

#include "format/bcd.h"

namespace server {
namespace {

// nullopt, or what is wrong with the value: "must be a whole number from 1 to 65535".
using Complaint = std::optional<std::string>;
using Setter = Complaint (*)(const toml::node&, Config&);

struct Key {
  std::string_view section;
  std::string_view name;
  Setter set;
  [[nodiscard]] std::string full() const { return fmt::format("{}.{}", section, name); }
};

constexpr std::size_t longest_path = 4095;
constexpr std::size_t longest_socket = sizeof(sockaddr_un::sun_path) - 1;

Complaint set_flag(const toml::node& node, bool& out) {
  const auto value = node.value_exact<bool>();
  if (!value) return "must be true or false";
  out = *value;
  return std::nullopt;
}

template <std::unsigned_integral Number>
Complaint set_number(const toml::node& node, Number& out, std::int64_t least, std::int64_t most) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value || *value < least || *value > most) {
    return fmt::format("must be a whole number from {} to {}", least, most);
  }
  out = static_cast<Number>(*value);
  return std::nullopt;
}

template <class Value, std::size_t N>
Complaint set_choice(const toml::node& node, Value& out,
                     const std::array<std::pair<std::string_view, Value>, N>& choices) {
  const auto value = node.value_exact<std::string>();
  if (value) {
    for (const auto& [name, meaning] : choices) {
      if (*value != name) continue;
      out = meaning;
      return std::nullopt;
    }
  }
  std::vector<std::string> names;
  for (const auto& choice : choices) names.push_back(fmt::format("\"{}\"", choice.first));
  return fmt::format("must be one of {}", fmt::join(names, ", "));
}

Complaint set_path(const toml::node& node, std::string& out, std::size_t longest) {
  const auto value = node.value_exact<std::string>();
  if (!value || value->empty() || value->front() != '/') return "must be an absolute path";
  if (value->size() > longest) return fmt::format("must not be longer than {} characters", longest);
  if (value->find('\0') != std::string::npos) return "must not contain a zero character";
  out = *value;
  return std::nullopt;
}

// The kernel's own limits on a name (IFNAMSIZ, no slash, no space).
bool is_interface_name(std::string_view name) {
  return !name.empty() && name.size() <= 15 && name.find_first_of("/ \t\n") == std::string_view::npos;
}

// "" for none.
Complaint set_optional_path(const toml::node& node, std::string& out) {
  if (node.value_exact<std::string>() != "") return set_path(node, out, longest_path);
  out.clear();
  return std::nullopt;
}

Complaint set_number_or_0(const toml::node& node, std::uint32_t& out, std::int64_t least, std::int64_t most) {
  if (node.value_exact<std::int64_t>() == 0) {
    out = 0;
    return std::nullopt;
  }
  if (!set_number(node, out, least, most)) return std::nullopt;
  return fmt::format("must be 0 or a whole number from {} to {}", least, most);
}

Complaint set_locale(const toml::node& node, std::string& out) {
  const auto value = node.value_exact<std::string>();
  if (!value || (!value->empty() && !format::is_bcd_locale(*value)))
    return R"(must be of the form "en-US", or "" for the image's own)";
  out = *value;
  return std::nullopt;
}

Complaint set_interfaces(const toml::node& node, std::vector<std::string>& out) {
  const char* const wanted = R"(must be a list of interface names: ["eth0", "eth1"])";
  const toml::array* list = node.as_array();
  if (list == nullptr) return wanted;
  std::vector<std::string> names;
  for (const toml::node& element : *list) {
    const auto name = element.value_exact<std::string>();
    if (!name || !is_interface_name(*name)) return wanted;
    names.push_back(*name);
  }
  out = std::move(names);
  return std::nullopt;
}

Complaint set_user(const toml::node& node, std::string& out) {
  const auto value = node.value_exact<std::string>();
  if (!value || value->find_first_of(":/ \t\n") != std::string::npos) {
    return R"(must be the name of a user, or "" to stay the one that started the server)";
  }
  out = *value;
  return std::nullopt;
}

// Users, and groups with '@' in front.
Complaint set_people(const toml::node& node, std::vector<std::string>& out) {
  const char* const wanted = R"(must be a list of users and groups: ["anna", "@helpdesk"])";
  const toml::array* list = node.as_array();
  if (list == nullptr) return wanted;
  std::vector<std::string> names;
  for (const toml::node& element : *list) {
    const auto name = element.value_exact<std::string>();
    if (!name || name->empty() || *name == "@" || name->find_first_of(":/ \t\n") != std::string::npos)
      return wanted;
    names.push_back(*name);
  }
  out = std::move(names);
  return std::nullopt;
}

Complaint set_port_range(const toml::node& node, std::pair<std::uint16_t, std::uint16_t>& out) {
  const char* const wanted = "must be [lowest, highest], both from 1024 to 65535, or [0, 0] for any port";
  const toml::array* list = node.as_array();
  if (list == nullptr || list->size() != 2) return wanted;
  const auto low = list->get(0)->value_exact<std::int64_t>();
  const auto high = list->get(1)->value_exact<std::int64_t>();
  if (!low || !high || *low > *high || *high > 65535) return wanted;
  // Ports of transfers are opened after the privileges are gone: none below 1024.
  if (*low < 1024 && !(*low == 0 && *high == 0)) return wanted;
  out = {static_cast<std::uint16_t>(*low), static_cast<std::uint16_t>(*high)};
  return std::nullopt;
}

// MB/s as people write them: 100 or 12.5.
std::optional<std::uint64_t> octets_per_second(const toml::node& node) {
  const auto megabytes = node.value<double>();  // whole numbers too
  if (!megabytes || node.is_boolean() || !(*megabytes >= 0.01 && *megabytes <= 100'000)) return std::nullopt;
  return static_cast<std::uint64_t>(*megabytes * 1e6);
}

Complaint set_interface_limits(const toml::node& node, std::vector<InterfaceLimit>& out) {
  const char* const wanted = "must give MB/s by interface: { eth0 = 100, eth1 = 12.5 }";
  const toml::table* table = node.as_table();
  if (table == nullptr) return wanted;
  std::vector<InterfaceLimit> limits;
  for (const auto& [name, value] : *table) {
    const auto rate = octets_per_second(value);
    if (!rate || !is_interface_name(name.str())) return wanted;
    limits.push_back({std::string(name.str()), *rate});
  }
  out = std::move(limits);
  return std::nullopt;
}

Complaint set_network_limits(const toml::node& node, std::vector<NetworkLimit>& out) {
  const char* const wanted =
      R"(must give MB/s by network: { "10.1.0.0/16" = 100, "2001:db8:7::/64" = 12.5 })";
  const toml::table* table = node.as_table();
  if (table == nullptr) return wanted;
  std::vector<NetworkLimit> limits;
  for (const auto& [name, value] : *table) {
    const auto network = base::IpNet::parse(name.str());
    const auto rate = octets_per_second(value);
    if (!network || !rate) return wanted;
    limits.push_back({*network, *rate});
  }
  out = std::move(limits);
  return std::nullopt;
}

Complaint set_network_slots(const toml::node& node, std::vector<session::NetworkSlots>& out) {
  const char* const wanted =
      R"(must give a whole number from 0 to 65535 by network: { "10.1.0.0/16" = 64, "2001:db8::/32" = 8 })";
  const toml::table* table = node.as_table();
  if (table == nullptr) return wanted;
  std::vector<session::NetworkSlots> networks;
  for (const auto& [name, value] : *table) {
    const auto network = base::IpNet::parse(name.str());
    const auto number = value.value_exact<std::int64_t>();
    if (!network || !number || *number < 0 || *number > 65535) return wanted;
    networks.push_back({*network, static_cast<std::size_t>(*number)});
  }
  out = std::move(networks);
  return std::nullopt;
}

using base::LogFormat;
using base::LogLevel;
using policy::BiosIpxe;
using policy::UnknownUefi;

constexpr std::array<std::pair<std::string_view, LogLevel>, 4> log_levels{{{"debug", LogLevel::debug},
                                                                           {"info", LogLevel::info},
                                                                           {"warning", LogLevel::warning},
                                                                           {"error", LogLevel::error}}};
constexpr std::array<std::pair<std::string_view, LogFormat>, 3> log_formats{
    {{"text", LogFormat::text}, {"json", LogFormat::json}, {"journal", LogFormat::journal}}};
constexpr std::array<std::pair<std::string_view, UnknownUefi>, 2> uefi_chains{
    {{"ipxe", UnknownUefi::ipxe}, {"shim", UnknownUefi::shim}}};
constexpr std::array<std::pair<std::string_view, BiosIpxe>, 2> bios_chains{
    {{"script", BiosIpxe::script}, {"pxelinux", BiosIpxe::pxelinux}}};
constexpr std::array<std::pair<std::string_view, session::WdsApproved>, 2> wds_approved_forms{
    {{"file-only", session::WdsApproved::file_only}, {"with-option", session::WdsApproved::with_option}}};

// Ten times the commented example. The TOML library takes nested tables apart by recursion:
// "a.a.a…" of 30,000 parts uses up the stack.
constexpr std::size_t longest_file = 16 * 1024;

// Every key there is. Adding one: a field in config.h, a line here, a paragraph in
// docs/configuration.md, a commented line in packaging/bootferry.toml.
constexpr std::array keys = {
    Key{"server", "interfaces", [](const auto& n, Config& c) { return set_interfaces(n, c.interfaces); }},
    Key{"server", "state", [](const auto& n, Config& c) { return set_path(n, c.state, longest_path); }},
    Key{"server", "socket", [](const auto& n, Config& c) { return set_path(n, c.socket, longest_socket); }},
    Key{"server", "user", [](const auto& n, Config& c) { return set_user(n, c.user); }},
    Key{"server", "log_level",
        [](const auto& n, Config& c) { return set_choice(n, c.log_level, log_levels); }},
    Key{"server", "log_format",
        [](const auto& n, Config& c) { return set_choice(n, c.log_format, log_formats); }},
    Key{"services", "proxydhcp", [](const auto& n, Config& c) { return set_flag(n, c.proxydhcp); }},
    Key{"services", "boot_service", [](const auto& n, Config& c) { return set_flag(n, c.boot_service); }},
    Key{"services", "tftp", [](const auto& n, Config& c) { return set_flag(n, c.tftp); }},
    Key{"services", "http", [](const auto& n, Config& c) { return set_flag(n, c.http); }},
    Key{"dhcp", "shared_port", [](const auto& n, Config& c) { return set_flag(n, c.shared_port); }},
    Key{"tftp", "port", [](const auto& n, Config& c) { return set_number(n, c.tftp_port, 1, 65535); }},
    Key{"tftp", "threads", [](const auto& n, Config& c) { return set_number(n, c.tftp_threads, 0, 64); }},
    Key{"tftp", "single_port", [](const auto& n, Config& c) { return set_flag(n, c.single_port); }},
    Key{"tftp", "allow_fragments", [](const auto& n, Config& c) { return set_flag(n, c.allow_fragments); }},
    Key{"tftp", "max_windowsize",
        [](const auto& n, Config& c) { return set_number(n, c.max_windowsize, 1, 256); }},
    Key{"tftp", "max_transfers",
        [](const auto& n, Config& c) { return set_number(n, c.max_transfers, 1, 65535); }},
    Key{"tftp", "max_transfers_per_client",
        [](const auto& n, Config& c) { return set_number(n, c.max_transfers_per_client, 1, 65535); }},
    Key{"tftp", "port_range", [](const auto& n, Config& c) { return set_port_range(n, c.tftp_port_range); }},
    Key{"http", "port", [](const auto& n, Config& c) { return set_number(n, c.http_port, 1, 65535); }},
    Key{"http", "threads", [](const auto& n, Config& c) { return set_number(n, c.http_threads, 0, 64); }},
    Key{"http", "max_connections",
        [](const auto& n, Config& c) { return set_number(n, c.http_max_connections, 1, 65535); }},
    Key{"http", "max_connections_per_client",
        [](const auto& n, Config& c) { return set_number(n, c.http_max_connections_per_client, 1, 65535); }},
    Key{"http", "images_port",
        [](const auto& n, Config& c) { return set_number(n, c.images_port, 0, 65535); }},
    Key{"http", "tls_port", [](const auto& n, Config& c) { return set_number(n, c.tls_port, 0, 65535); }},
    Key{"http", "tls_certificate",
        [](const auto& n, Config& c) { return set_optional_path(n, c.tls_certificate); }},
    Key{"http", "tls_key", [](const auto& n, Config& c) { return set_optional_path(n, c.tls_key); }},
    Key{"limits", "interfaces",
        [](const auto& n, Config& c) { return set_interface_limits(n, c.interface_limits); }},
    Key{"limits", "networks",
        [](const auto& n, Config& c) { return set_network_limits(n, c.network_limits); }},
    Key{"boot", "unknown_uefi",
        [](const auto& n, Config& c) { return set_choice(n, c.unknown_uefi, uefi_chains); }},
    Key{"boot", "bios_ipxe",
        [](const auto& n, Config& c) { return set_choice(n, c.bios_ipxe, bios_chains); }},
    Key{"boot", "prompt_seconds",
        [](const auto& n, Config& c) { return set_number(n, c.prompt_seconds, 1, 3600); }},
    Key{"windows", "tftp_block_size",
        [](const auto& n, Config& c) { return set_number_or_0(n, c.windows.tftp_block_size, 512, 65464); }},
    Key{"windows", "tftp_window_size",
        [](const auto& n, Config& c) { return set_number(n, c.windows.tftp_window_size, 0, 65535); }},
    Key{"windows", "locale", [](const auto& n, Config& c) { return set_locale(n, c.windows.locale); }},
    Key{"boot_service", "wds_approved",
        [](const auto& n, Config& c) { return set_choice(n, c.wds_approved, wds_approved_forms); }},
    Key{"admission", "at_once", [](const auto& n, Config& c) { return set_number(n, c.at_once, 0, 65535); }},
    Key{"admission", "networks",
        [](const auto& n, Config& c) { return set_network_slots(n, c.at_once_by_network); }},
    Key{"api", "administrators",
        [](const auto& n, Config& c) { return set_people(n, c.api_people.administrators); }},
    Key{"api", "helpdesk", [](const auto& n, Config& c) { return set_people(n, c.api_people.helpdesk); }},
    Key{"api", "viewers", [](const auto& n, Config& c) { return set_people(n, c.api_people.viewers); }},
    Key{"api", "tls_port", [](const auto& n, Config& c) { return set_number(n, c.api_tls_port, 0, 65535); }},
    Key{"api", "tokens", [](const auto& n, Config& c) { return set_optional_path(n, c.api_tokens); }},
    Key{"runs", "silent_minutes",
        [](const auto& n, Config& c) { return set_number(n, c.silent_minutes, 1, 10080); }},
    Key{"runs", "offers_again",
        [](const auto& n, Config& c) { return set_number(n, c.offers_again, 0, 1000); }},
    Key{"runs", "installs", [](const auto& n, Config& c) { return set_number(n, c.installs, 0, 100'000); }},
    Key{"runs", "installs_minutes",
        [](const auto& n, Config& c) { return set_number(n, c.installs_minutes, 1, 10080); }},
    Key{"runs", "failures_in_row",
        [](const auto& n, Config& c) { return set_number(n, c.failures_in_row, 0, 100'000); }},
    Key{"runs", "loop_boots", [](const auto& n, Config& c) { return set_number(n, c.loop_boots, 0, 100); }},
    Key{"runs", "loop_minutes",
        [](const auto& n, Config& c) { return set_number(n, c.loop_minutes, 1, 1440); }},
    Key{"runs", "loop_to_disk", [](const auto& n, Config& c) { return set_flag(n, c.loop_to_disk); }},
    Key{"referrals", "probe_seconds",
        [](const auto& n, Config& c) { return set_number(n, c.probe_seconds, 0, 3600); }},
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

// Near enough to be a slip: up to a third of the letters, and always two swapped ones.
bool looks_like(std::size_t distance, std::string_view written) {
  return distance <= std::max<std::size_t>(2, written.size() / 3);
}

std::vector<std::string_view> sections() {
  std::vector<std::string_view> names;
  for (const Key& key : keys) {
    if (names.empty() || names.back() != key.section) names.push_back(key.section);
  }
  return names;
}

// A hint for a key that does not exist: the one it resembles (here or in another section),
// else what this section knows.
std::string hint_for_key(std::string_view section, std::string_view name) {
  const Key* nearest = nullptr;
  std::size_t best = name.size() + 1;
  for (const Key& key : keys) {
    // The same word in another section («[http] single_port») counts as one slip.
    const std::size_t distance = edit_distance(name, key.name) + (key.section == section ? 0 : 1);
    if (distance < best) {
      best = distance;
      nearest = &key;
    }
  }
  if (nearest != nullptr && looks_like(best, name))
    return fmt::format("did you mean \"{}\"?", nearest->full());
  std::vector<std::string_view> known;
  for (const Key& key : keys) {
    if (key.section == section) known.push_back(key.name);
  }
  return fmt::format("[{}] knows {}", section, fmt::join(known, ", "));
}

std::string hint_for_section(std::string_view name) {
  for (const Key& key : keys) {
    if (key.name == name) return fmt::format("did you mean \"{}\" in section [{}]?", key.name, key.section);
  }
  const auto names = sections();
  const auto nearest = std::min_element(names.begin(), names.end(), [&](auto a, auto b) {
    return edit_distance(name, a) < edit_distance(name, b);
  });
  if (looks_like(edit_distance(name, *nearest), name)) return fmt::format("did you mean [{}]?", *nearest);
  return fmt::format("there are [{}]", fmt::join(names, "], ["));
}

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  base::Result<Config> read(const toml::table& document) {
    for (const auto& [section, node] : document) {
      if (auto status = read_section(section.str(), section.source().begin.line, node); !status) {
        return tl::unexpected(status.error());
      }
    }
    if (!config_.proxydhcp && !config_.boot_service && !config_.tftp && !config_.http) {
      return base::fail("{}: services: all four are switched off: switch on what this server is for", file_);
    }
    if (config_.tftp && ((config_.proxydhcp && config_.tftp_port == 67) ||
                         (config_.boot_service && config_.tftp_port == 4011))) {
      return base::fail("{}: tftp.port: {} belongs to another service: choose another port, or 69", file_,
                        config_.tftp_port);
    }
    if (config_.https() && (config_.tls_certificate.empty() || config_.tls_key.empty())) {
      return base::fail(
          "{}: http.tls_port: HTTPS needs http.tls_certificate and http.tls_key: name both files", file_);
    }
    if (config_.https() && config_.tls_port == config_.http_port) {
      return base::fail("{}: http.tls_port: {} is http.port: choose another port, or 443", file_,
                        config_.tls_port);
    }
    if (config_.api_tls_port != 0) {
      if (config_.tls_certificate.empty() || config_.tls_key.empty() || config_.api_tokens.empty()) {
        return base::fail(
            "{}: api.tls_port: needs http.tls_certificate, http.tls_key and api.tokens: name all three files",
            file_);
      }
      if ((config_.http && config_.api_tls_port == config_.http_port) ||
          (config_.https() && config_.api_tls_port == config_.tls_port)) {
        return base::fail("{}: api.tls_port: {} belongs to boot files: choose another port, or 8443", file_,
                          config_.api_tls_port);
      }
    }
    return config_;
  }

 private:
  base::Status read_section(std::string_view section, unsigned line, const toml::node& node) {
    const auto known = sections();
    if (std::find(known.begin(), known.end(), section) == known.end()) {
      return base::fail("{}:{}: {}: unknown {} ({})", file_, line, section,
                        node.is_table() ? "section" : "key", hint_for_section(section));
    }
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      return base::fail("{}:{}: {}: is a section: write [{}] and its keys below it", file_, line, section,
                        section);
    }
    for (const auto& [toml_key, value] : *table) {
      const std::string_view name = toml_key.str();
      const auto key = std::find_if(keys.begin(), keys.end(),
                                    [&](const Key& k) { return k.section == section && k.name == name; });
      const unsigned at = toml_key.source().begin.line;
      if (key == keys.end()) {
        return base::fail("{}:{}: {}.{}: unknown key ({})", file_, at, section, name,
                          hint_for_key(section, name));
      }
      if (const Complaint complaint = key->set(value, config_)) {
        return base::fail("{}:{}: {}: {}", file_, at, key->full(), *complaint);
      }
    }
    return {};
  }

  const std::string& file_;
  Config config_;
};

}  // namespace

policy::Settings Config::settings() const {
  policy::Settings settings;
  settings.unknown_uefi = unknown_uefi;
  settings.bios_ipxe = bios_ipxe;
  settings.prompt_seconds = prompt_seconds;
  settings.http = http;
  settings.http_port = http_port;
  settings.images_port = images_port;
  settings.windows = windows;
  return settings;
}

site::RunsTerms Config::runs() const {
  site::RunsTerms terms;
  terms.life = {std::int64_t{silent_minutes} * 60, offers_again};
  terms.breaker = {installs, std::int64_t{installs_minutes} * 60, failures_in_row};
  terms.counts = {loop_boots, std::chrono::minutes(loop_minutes), loop_to_disk};
  return terms;
}

base::Result<Config> parse_config(std::string_view text, const std::string& name_for_errors) {
  if (text.size() > longest_file)
    return base::fail("{}: longer than {} octets: not a configuration", name_for_errors, longest_file);
  try {  // the library's edge: it reports syntax errors by throwing
    return Reader(name_for_errors).read(toml::parse(text));
  } catch (const toml::parse_error& error) {
    // Its message goes on for more than a line when it quotes what it saw.
    const std::string_view said = error.description();
    return base::fail("{}:{}: not valid TOML: {}", name_for_errors, error.source().begin.line,
                      said.substr(0, said.find('\n')));
  }
}

base::Result<Config> read_config(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return base::fail("read configuration {}: it is a folder: name the file", path);
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail_errno(fmt::format("read configuration {}", path), errno);
  std::string text(longest_file + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse_config(text, path);
}

std::vector<std::string_view> config_keys() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Key& key : keys) all.push_back(key.full());
    return all;
  }();
  return {names.begin(), names.end()};
}

}  // namespace server
