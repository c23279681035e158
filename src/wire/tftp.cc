// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/tftp.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "wire/printable.h"

namespace wire::tftp {
namespace {

constexpr std::array<std::string_view, 3> mode_names = {"netascii", "octet", "mail"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool holds_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

// Takes the text up to the next NUL, and the NUL. Fails the reader when there is none.
std::string_view take_text(base::Reader& reader) {
  const std::string_view rest = base::as_text(reader.rest());
  const std::size_t size = rest.find('\0');
  if (size == std::string_view::npos) {
    reader.fail();
    return {};
  }
  reader.take(size + 1);
  return rest.substr(0, size);
}

std::optional<Mode> find_mode(std::string_view name) {
  for (std::size_t i = 0; i < mode_names.size(); ++i) {
    if (same_name(name, mode_names[i])) return static_cast<Mode>(i);
  }
  return std::nullopt;
}

// The rest of a request or OACK: name, NUL, value, NUL, and so on (RFC 2347). NULs alone
// behind the last pair are padding: refusing them would gain nothing.
std::optional<Refusal> take_options(base::Reader& reader, OptionList& options) {
  const auto is_padding = [](base::ByteView rest) {
    return std::all_of(rest.begin(), rest.end(), [](std::uint8_t b) { return b == 0; });
  };
  while (!is_padding(reader.rest())) {
    const std::string_view name = take_text(reader);
    if (!reader.ok()) return Refusal::unterminated;
    if (name.empty() || reader.empty()) return Refusal::option_without_value;
    const std::string_view value = take_text(reader);
    if (!reader.ok()) return Refusal::unterminated;
    if (!options.add(name, value)) return Refusal::too_many_options;
  }
  return std::nullopt;
}

base::Result<Packet, Refusal> decode_request(base::Reader& reader, bool write) {
  Request request;
  request.write = write;
  request.filename = take_text(reader);
  const std::string_view mode_name = take_text(reader);
  if (!reader.ok()) return tl::unexpected(Refusal::unterminated);
  const std::optional<Mode> mode = find_mode(mode_name);
  if (!mode) return tl::unexpected(Refusal::bad_mode);
  request.mode = *mode;
  if (const auto refusal = take_options(reader, request.options)) return tl::unexpected(*refusal);
  return request;
}

base::Result<Packet, Refusal> decode_oack(base::Reader& reader) {
  Oack oack;
  if (const auto refusal = take_options(reader, oack.options)) return tl::unexpected(*refusal);
  // A server that grants nothing answers with DATA, never with an empty OACK (RFC 2347).
  if (oack.options.size() == 0) return tl::unexpected(Refusal::option_without_value);
  return oack;
}

// The message should end with a NUL, but nothing depends on it: take what is there. The
// packet ends a transfer, and refusing it would leave us sending to nobody.
Error decode_error(base::Reader& reader) {
  Error error;
  error.code = static_cast<ErrorCode>(reader.u16());
  const std::string_view rest = base::as_text(reader.rest());
  error.message = rest.substr(0, rest.find('\0'));
  return error;
}

// Writes `text` and its NUL; false when the text holds a NUL itself.
bool put_text(base::Writer& writer, std::string_view text) {
  writer.text(text);
  writer.u8(0);
  return !holds_nul(text);
}

bool put_options(base::Writer& writer, const OptionList& options) {
  for (const OptionPair& option : options) {
    if (option.name.empty()) return false;  // would read as padding
    if (!put_text(writer, option.name) || !put_text(writer, option.value)) return false;
  }
  return true;
}

void put_opcode(base::Writer& writer, Opcode opcode) { writer.u16(static_cast<std::uint16_t>(opcode)); }

// One put() for each kind of packet; false when the value has no form on the wire.
bool put(base::Writer& writer, const Request& request) {
  const auto mode = static_cast<std::size_t>(request.mode);
  put_opcode(writer, request.write ? Opcode::wrq : Opcode::rrq);
  return mode < mode_names.size() && put_text(writer, request.filename) &&
         put_text(writer, mode_names[mode]) && put_options(writer, request.options) &&
         writer.size() <= max_request;
}

bool put(base::Writer& writer, const Data& data) {
  put_opcode(writer, Opcode::data);
  writer.u16(data.block);
  writer.bytes(data.payload);
  return true;
}

bool put(base::Writer& writer, const Ack& ack) {
  put_opcode(writer, Opcode::ack);
  writer.u16(ack.block);
  return true;
}

bool put(base::Writer& writer, const Error& error) {
  put_opcode(writer, Opcode::error);
  writer.u16(static_cast<std::uint16_t>(error.code));
  return put_text(writer, error.message);
}

bool put(base::Writer& writer, const Oack& oack) {
  put_opcode(writer, Opcode::oack);
  return oack.options.size() > 0 && put_options(writer, oack.options);
}

// print() for each kind, in the words of the RFCs.
std::string print(const OptionList& options) {
  std::string out;
  for (const OptionPair& option : options)
    out += fmt::format("\n{}: {}", quoted(option.name), quoted(option.value));
  return out;
}

std::string print(const Request& request) {
  const auto mode = static_cast<std::size_t>(request.mode);
  return fmt::format("{} {} {}", request.write ? "WRQ" : "RRQ", quoted(request.filename),
                     mode < mode_names.size() ? mode_names[mode] : "?") +
         print(request.options);
}
std::string print(const Data& data) {
  return fmt::format("DATA {}, {} octets", data.block, data.payload.size());
}
std::string print(const Ack& ack) { return fmt::format("ACK {}", ack.block); }
std::string print(const Error& error) {
  return fmt::format("ERROR {} {}", static_cast<std::uint16_t>(error.code), quoted(error.message));
}
std::string print(const Oack& oack) { return "OACK" + print(oack.options); }

}  // namespace

bool OptionList::add(std::string_view name, std::string_view value) {
  if (count_ == pairs_.size()) return false;
  pairs_[count_++] = {name, value};
  return true;
}

std::optional<std::string_view> OptionList::find(std::string_view name) const {
  for (const OptionPair& option : *this) {
    if (same_name(option.name, name)) return option.value;
  }
  return std::nullopt;
}

bool OptionList::operator==(const OptionList& other) const {
  return std::equal(begin(), end(), other.begin(), other.end());
}

bool Data::operator==(const Data& other) const {
  return block == other.block &&
         std::equal(payload.begin(), payload.end(), other.payload.begin(), other.payload.end());
}

std::string_view print(Refusal refusal) {
  switch (refusal) {
    case Refusal::too_short:
      return "shorter than 4 octets";
    case Refusal::bad_opcode:
      return "unknown opcode";
    case Refusal::unterminated:
      return "a text without its NUL";
    case Refusal::bad_mode:
      return "unknown transfer mode";
    case Refusal::option_without_value:
      return "an option without its name or value";
    case Refusal::too_many_options:
      return "too many options";
    case Refusal::too_long:
      return "request too long";
  }
  return "?";
}

base::Result<Packet, Refusal> decode(base::ByteView datagram) {
  if (datagram.size() < 4) return tl::unexpected(Refusal::too_short);
  base::Reader reader(datagram);
  const auto opcode = static_cast<Opcode>(reader.u16());
  switch (opcode) {
    case Opcode::rrq:
    case Opcode::wrq:
      if (datagram.size() > max_request) return tl::unexpected(Refusal::too_long);
      return decode_request(reader, opcode == Opcode::wrq);
    case Opcode::data: {
      const std::uint16_t block = reader.u16();
      return Data{block, reader.rest()};
    }
    case Opcode::ack:
      // More may follow: Microsoft's variable window puts a fifth octet here.
      return Ack{reader.u16()};
    case Opcode::error:
      return decode_error(reader);
    case Opcode::oack:
      return decode_oack(reader);
  }
  return tl::unexpected(Refusal::bad_opcode);
}

std::optional<std::size_t> encode(const Packet& packet, std::span<std::uint8_t> buffer) {
  base::Writer writer(buffer);
  const bool sound = std::visit([&](const auto& p) { return put(writer, p); }, packet);
  if (!sound || !writer.ok()) return std::nullopt;
  return writer.size();
}

std::string print(const Packet& packet) {
  return std::visit([](const auto& p) { return print(p); }, packet);
}

void encode_data_header(std::uint16_t block, std::span<std::uint8_t, data_header_size> out) {
  base::Writer writer(out);
  put_opcode(writer, Opcode::data);
  writer.u16(block);
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  // For an unsigned type from_chars takes neither sign nor blanks.
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace wire::tftp
