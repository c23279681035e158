// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/published.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "content/loaders.h"
#include "content/windows_names.h"

namespace content {
namespace {

constexpr std::size_t longest_name = 512;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Cuts `prefix` off the front; false, and nothing changes, when it is not there.
bool consume(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool consume_end(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// Exactly the spellings that loaders and our scripts write. Mac::parse reads more of them,
// but each one accepted here would be one more name for the same thing.
std::optional<base::Mac> dashed_mac(std::string_view text) {
  const auto mac = base::Mac::parse(text);
  if (!mac || mac->print_dashed() != text) return std::nullopt;
  return mac;
}

// GRUB's $net_default_mac has colons.
std::optional<base::Mac> dashed_or_colon_mac(std::string_view text) {
  const auto mac = base::Mac::parse(text);
  if (!mac || (mac->print_dashed() != text && mac->print() != text)) return std::nullopt;
  return mac;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// pxelinux prints the 16 octets of option 97 in the order in which they came, without
// swapping the little-endian fields back (seen live: a machine 00112233-4455-… asks for
// 33221100-5544-…). So this is no Uuid::parse, which reads the usual text.
std::optional<base::Uuid> pxelinux_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  base::Uuid uuid;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash_here = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash_here != (text[i] == '-')) return std::nullopt;
    if (dash_here) continue;
    const int digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    auto& octet = uuid.octets.at(digits / 2);
    octet = static_cast<std::uint8_t>((octet << 4) | digit);
    ++digits;
  }
  return uuid;
}

std::optional<RenderedName> pxelinux_name(std::string_view rest) {
  if (rest == "default") return RenderedName{Rendered::pxelinux_config, {}, {}};
  // A blank UUID names no machine. Not found makes pxelinux ask under its MAC next.
  if (const auto uuid = pxelinux_uuid(rest)) {
    if (uuid->is_blank()) return std::nullopt;
    return RenderedName{Rendered::pxelinux_config, {}, uuid};
  }
  if (!consume(rest, "01-")) return std::nullopt;  // 01 is the hardware type Ethernet
  const auto mac = dashed_mac(rest);
  if (!mac) return std::nullopt;
  return RenderedName{Rendered::pxelinux_config, mac, {}};
}

std::optional<RenderedName> grub_name(std::string_view rest) {
  if (rest == "grub.cfg") return RenderedName{Rendered::grub_entry, {}, {}};
  std::optional<base::Mac> mac;
  if (consume(rest, "machine/")) {
    if (consume_end(rest, ".cfg")) mac = dashed_or_colon_mac(rest);
  } else if (consume(rest, "grub.cfg-01-")) {  // GRUB 2.06 looks for it by itself, before grub.cfg
    mac = dashed_mac(rest);
  }
  if (!mac) return std::nullopt;
  return RenderedName{Rendered::grub_config, mac, {}};
}

std::optional<RenderedName> bcd_name(std::string_view rest) {
  if (consume_end(rest, ".boot.var")) {
    const auto mac = dashed_mac(rest);
    return mac ? std::optional(RenderedName{Rendered::boot_variables, mac, {}}) : std::nullopt;
  }
  if (!consume_end(rest, ".bcd")) return std::nullopt;
  const std::size_t slash = rest.find('/');
  RenderedName name{Rendered::windows_bcd, dashed_mac(rest.substr(0, slash)), {}};
  if (!name.mac) return std::nullopt;
  if (slash == std::string_view::npos) return name;
  const std::string_view number = rest.substr(slash + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), name.image);
  const bool whole = error == std::errc() && end == number.data() + number.size();
  if (!whole || name.image <= 0 || number.front() == '0') return std::nullopt;
  return name;
}

}  // namespace

std::optional<std::string> normalise(std::string_view requested) {
  if (requested.size() > longest_name || std::any_of(requested.begin(), requested.end(), is_control)) {
    return std::nullopt;
  }
  std::string out;
  out.reserve(requested.size());
  while (!requested.empty()) {
    const std::size_t end = std::min(requested.find_first_of("/\\"), requested.size());
    const std::string_view part = requested.substr(0, end);
    requested.remove_prefix(std::min(end + 1, requested.size()));
    if (part == "..") return std::nullopt;
    if (part.empty() || part == ".") continue;
    if (!out.empty()) out += '/';
    std::transform(part.begin(), part.end(), std::back_inserter(out), lower);
  }
  return out;
}

bool is_ipxe(std::string_view normalised) {
  return normalised == "x64/snponly.efi" || normalised == "x64/ipxe.efi" ||
         normalised == "bios/undionly.kpxe";
}

bool is_loader(std::string_view normalised) {
  if (normalised.starts_with("programs/")) return true;
  const auto table = loaders();
  return std::any_of(table.begin(), table.end(),
                     [&](const Loader& loader) { return loader.boots && loader.name == normalised; });
}

void Published::add(std::string name, DiskFile file) {
  BOOTFERRY_CHECK(normalise(name) == name);
  files_.insert_or_assign(std::move(name), std::move(file));
}

Entry Published::find(std::string_view normalised) const {
  const auto found = files_.find(std::string(normalised));
  if (found != files_.end()) return &found->second;
  if (const auto rendered = parse_rendered_name(normalised)) return *rendered;
  return NotFound{};
}

void Published::add_answer(std::string_view directory, std::string_view name, std::string path) {
  answers_.insert_or_assign(normalise(fmt::format("{}/{}", directory, name)).value_or(""), std::move(path));
}

std::string Published::answer(std::string_view directory, std::string_view name) const {
  const auto wanted = normalise(fmt::format("{}/{}", directory, name));
  const auto found = wanted ? answers_.find(*wanted) : answers_.end();
  return found == answers_.end() ? "" : found->second;
}

std::optional<RenderedName> parse_rendered_name(std::string_view name) {
  if (name == "boot.ipxe") return RenderedName{Rendered::ipxe_entry, {}, {}};
  if (consume(name, "ipxe/")) {
    if (!consume_end(name, ".ipxe")) return std::nullopt;
    const auto mac = dashed_mac(name);
    if (!mac) return std::nullopt;
    return RenderedName{Rendered::ipxe_script, mac, {}};
  }
  if (is_windows_bcd(name)) return RenderedName{Rendered::windows_bcd, {}, {}};
  if (consume(name, "bcd/")) return bcd_name(name);
  if (consume(name, "bios/pxelinux.cfg/")) return pxelinux_name(name);
  if (consume(name, "grub/") || consume(name, "debian-installer/amd64/grub/")) return grub_name(name);
  return std::nullopt;
}

}  // namespace content
