// SPDX-License-Identifier: GPL-3.0-or-later
// Any configuration file. Properties: it is refused with the file's name in front, or every
// value is within what docs/configuration.md promises; written out again it means the same.
#include "server/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/bytes.h"

namespace {

using server::Config;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7f || c == '"' || c == '\\') {
      out += fmt::format("\\u{:04x}", u);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string level(base::LogLevel value) {
  switch (value) {
    case base::LogLevel::debug:
      return "debug";
    case base::LogLevel::info:
      return "info";
    case base::LogLevel::warning:
      return "warning";
    case base::LogLevel::error:
      break;
  }
  return "error";
}

std::string format(base::LogFormat value) {
  return value == base::LogFormat::text ? "text" : value == base::LogFormat::json ? "json" : "journal";
}

// Half an octet more, so that reading it back cuts it to the same number.
std::string megabytes(std::uint64_t octets) {
  return fmt::format("{:.7f}", (static_cast<double>(octets) + 0.5) / 1e6);
}

std::string print(const Config& c) {
  std::string text;
  const auto section = [&](std::string_view name) { text += fmt::format("[{}]\n", name); };
  const auto key = [&](std::string_view name, const auto& value) {
    text += fmt::format("{} = {}\n", name, value);
  };
  std::vector<std::string> interfaces;
  for (const std::string& name : c.interfaces) interfaces.push_back(quoted(name));
  section("server");
  key("interfaces", fmt::format("[{}]", fmt::join(interfaces, ", ")));
  key("state", quoted(c.state));
  key("socket", quoted(c.socket));
  key("user", quoted(c.user));
  key("log_level", quoted(level(c.log_level)));
  key("log_format", quoted(format(c.log_format)));
  section("services");
  key("proxydhcp", c.proxydhcp);
  key("boot_service", c.boot_service);
  key("tftp", c.tftp);
  key("http", c.http);
  section("dhcp");
  key("shared_port", c.shared_port);
  section("tftp");
  key("port", c.tftp_port);
  key("threads", c.tftp_threads);
  key("single_port", c.single_port);
  key("allow_fragments", c.allow_fragments);
  key("max_windowsize", c.max_windowsize);
  key("max_transfers", c.max_transfers);
  key("max_transfers_per_client", c.max_transfers_per_client);
  key("port_range", fmt::format("[{}, {}]", c.tftp_port_range.first, c.tftp_port_range.second));
  section("http");
  key("port", c.http_port);
  key("threads", c.http_threads);
  key("max_connections", c.http_max_connections);
  key("max_connections_per_client", c.http_max_connections_per_client);
  key("images_port", c.images_port);
  key("tls_port", c.tls_port);
  key("tls_certificate", quoted(c.tls_certificate));
  key("tls_key", quoted(c.tls_key));
  section("limits");
  std::vector<std::string> limits;
  for (const auto& limit : c.interface_limits) {
    limits.push_back(fmt::format("{} = {}", quoted(limit.name), megabytes(limit.octets_per_second)));
  }
  key("interfaces", fmt::format("{{ {} }}", fmt::join(limits, ", ")));
  limits.clear();
  for (const auto& limit : c.network_limits) {
    limits.push_back(fmt::format("\"{}\" = {}", limit.network.print(), megabytes(limit.octets_per_second)));
  }
  key("networks", fmt::format("{{ {} }}", fmt::join(limits, ", ")));
  section("boot");
  key("unknown_uefi", quoted(c.unknown_uefi == policy::UnknownUefi::shim ? "shim" : "ipxe"));
  key("bios_ipxe", quoted(c.bios_ipxe == policy::BiosIpxe::pxelinux ? "pxelinux" : "script"));
  key("prompt_seconds", c.prompt_seconds);
  section("windows");
  key("tftp_block_size", c.windows.tftp_block_size);
  key("tftp_window_size", c.windows.tftp_window_size);
  key("locale", quoted(c.windows.locale));
  section("boot_service");
  key("wds_approved",
      quoted(c.wds_approved == session::WdsApproved::with_option ? "with-option" : "file-only"));
  section("admission");
  key("at_once", c.at_once);
  limits.clear();
  for (const auto& slots : c.at_once_by_network) {
    limits.push_back(
        fmt::format("\"{}/{}\" = {}", slots.network.address.print(), slots.network.prefix, slots.at_once));
  }
  key("networks", fmt::format("{{ {} }}", fmt::join(limits, ", ")));
  section("api");
  const auto people = [&](std::string_view name, const std::vector<std::string>& all) {
    std::vector<std::string> names;
    for (const std::string& one : all) names.push_back(quoted(one));
    key(name, fmt::format("[{}]", fmt::join(names, ", ")));
  };
  people("administrators", c.api_people.administrators);
  people("helpdesk", c.api_people.helpdesk);
  people("viewers", c.api_people.viewers);
  key("tls_port", c.api_tls_port);
  key("tokens", quoted(c.api_tokens));
  section("runs");
  key("silent_minutes", c.silent_minutes);
  key("offers_again", c.offers_again);
  key("installs", c.installs);
  key("installs_minutes", c.installs_minutes);
  key("failures_in_row", c.failures_in_row);
  key("loop_boots", c.loop_boots);
  key("loop_minutes", c.loop_minutes);
  key("loop_to_disk", c.loop_to_disk);
  section("referrals");
  key("probe_seconds", c.probe_seconds);
  return text;
}

bool is_path(std::string_view text) { return text.starts_with('/') && text.find('\0') == text.npos; }

void check_values(const Config& c) {
  BOOTFERRY_CHECK(is_path(c.state) && is_path(c.socket) && c.socket.size() < 108);
  BOOTFERRY_CHECK(std::all_of(c.interfaces.begin(), c.interfaces.end(), [](const std::string& name) {
    return !name.empty() && name.size() < 16 && name.find('/') == name.npos;
  }));
  BOOTFERRY_CHECK(c.proxydhcp || c.boot_service || c.tftp || c.http);
  BOOTFERRY_CHECK(c.tftp_port != 0 && c.http_port != 0 && c.http_threads <= 64);
  BOOTFERRY_CHECK(c.tftp_threads <= 64 && c.http_max_connections >= 1 &&
                  c.http_max_connections_per_client >= 1);
  BOOTFERRY_CHECK(c.tls_port == 0 || (is_path(c.tls_certificate) && is_path(c.tls_key)));
  BOOTFERRY_CHECK(c.api_tls_port == 0 || (is_path(c.api_tokens) && is_path(c.tls_key)));
  BOOTFERRY_CHECK(c.max_windowsize >= 1 && c.max_windowsize <= 256);
  BOOTFERRY_CHECK(c.max_transfers >= 1 && c.max_transfers_per_client >= 1);
  const auto [low, high] = c.tftp_port_range;
  BOOTFERRY_CHECK(c.probe_seconds <= 3600);
  BOOTFERRY_CHECK((low == 0 && high == 0) || (low >= 1024 && low <= high));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(base::as_text({data, size}));
  const auto config = server::parse_config(text, "bootferry.toml");
  if (!config) {
    const std::string& what = config.error().what;
    BOOTFERRY_CHECK(what.starts_with("bootferry.toml:") && what.size() <= size + 1000);
    return 0;
  }
  check_values(*config);
  const auto again = server::parse_config(print(*config), "again");
  BOOTFERRY_CHECK(again && *again == *config && again->settings() == config->settings());
  return 0;
}
