// SPDX-License-Identifier: GPL-3.0-or-later
// The private options of WDS in words, for the DHCP printer and for logs.
#include <fmt/format.h>

#include <iterator>

#include "wire/printable.h"
#include "wire/wds_fields.h"

namespace wire::wds {
namespace {

constexpr std::string_view names[] = {"",
                                      "architecture",
                                      "next action",
                                      "poll interval",
                                      "poll retry count",
                                      "request id",
                                      "message",
                                      "version query",
                                      "server version",
                                      "referral server",
                                      "",
                                      "client prompt",
                                      "prompt done",
                                      "boot program version",
                                      "action done",
                                      "allow server selection",
                                      "server features"};
static_assert(std::size(names) == tag::server_features + 1);

std::string_view name_of(std::uint8_t code) { return code < std::size(names) ? names[code] : ""; }

std::string_view word(Architecture value) {
  switch (value) {
    case Architecture::x86:
      return "x86";
    case Architecture::x64:
      return "x64";
  }
  return "unknown";
}

std::string_view word(NextAction value) {
  switch (value) {
    case NextAction::approval:
      return "approval";
    case NextAction::referral:
      return "referral";
    case NextAction::abort:
      return "abort";
  }
  return "unknown";
}

std::string_view word(Prompt value) {
  switch (value) {
    case Prompt::opt_in:
      return "opt-in";
    case Prompt::no_prompt:
      return "no prompt";
    case Prompt::opt_out:
      return "opt-out";
  }
  return "unknown";
}

// The numbers stand beside the words: a number without a word is what a person looks for.
template <class Enum>
std::string value_of(std::uint8_t, Enum value) {
  return fmt::format("{} {}", static_cast<unsigned>(value), word(value));
}
std::string value_of(std::uint8_t, std::uint8_t value) { return fmt::format("{}", value); }
std::string value_of(std::uint8_t code, std::uint16_t value) {
  if (code == tag::nbp_version) return fmt::format("{:04x}", value);
  return fmt::format("{}{}", value, code == tag::poll_interval ? " s" : "");
}
std::string value_of(std::uint8_t code, std::uint32_t value) {
  return code == tag::request_id ? fmt::format("{}", value) : fmt::format("{:08x}", value);
}
std::string value_of(std::uint8_t, base::Ipv4 value) { return value.print(); }
std::string value_of(std::uint8_t, const MessageText& value) { return quoted(value.view()); }

void line(std::string& out, std::uint8_t code, std::string_view value) {
  const std::string_view name = name_of(code);
  out += fmt::format("250.{}{}{}: {}\n", code, name.empty() ? "" : " ", name, value);
}

template <class T>
void print_field(std::string& out, std::uint8_t code, const std::optional<T>& field) {
  if (field) line(out, code, value_of(code, *field));
}
void print_field(std::string& out, std::uint8_t code, bool field) {
  if (field) line(out, code, "present");
}

}  // namespace

std::string print(const Block& block) {
  std::string out;
  each_field(block, [&](std::uint8_t code, const auto& field) { print_field(out, code, field); });
  TlvWalker others = block.others.walk();
  while (const std::optional<Tlv> tlv = others.next()) {
    const std::string octets = tlv->value.empty() ? "empty" : hex(tlv->value);
    line(out, tlv->code, (name_of(tlv->code).empty() ? "" : "malformed ") + octets);
  }
  return out;
}

std::string print(const Variables& variables) {
  std::string out = fmt::format("type {}", static_cast<unsigned>(variables.type));
  if (variables.type == RecordType::key_and_path) {
    out += fmt::format(", key of {} octets, {:02x}", variables.key.size(), variables.between);
  }
  return out + ", path " + quoted(variables.path);
}

}  // namespace wire::wds
