// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/wds.h"

#include <algorithm>
#include <bitset>

#include "wire/wds_fields.h"

namespace wire::wds {
namespace {

constexpr std::uint8_t end_code = 255;

std::string_view without_closing_nuls(base::ByteView value) {
  const std::string_view text = base::as_text(value);
  return text.substr(0, text.find_last_not_of('\0') + 1);
}

// --- fields of option 250: read() is false when the value has not the field's length ------

// Numbers and enums, big-endian, of as many octets as their type.
template <class T>
bool read(base::ByteView value, std::optional<T>& field) {
  if (value.size() != sizeof(T)) return false;
  std::uint32_t number = 0;
  for (const std::uint8_t octet : value) number = (number << 8) | octet;
  field = static_cast<T>(number);
  return true;
}

bool read(base::ByteView value, std::optional<base::Ipv4>& field) {
  if (value.size() != 4) return false;
  field = base::Ipv4::from_host_order(base::Reader(value).u32());
  return true;
}

bool read(base::ByteView value, std::optional<MessageText>& field) {
  return field.emplace().assign(without_closing_nuls(value));
}

bool read(base::ByteView value, bool& field) { return field = value.empty(); }

void put(base::Writer& writer, std::uint8_t code, base::ByteView value) {
  writer.u8(code);
  writer.u8(static_cast<std::uint8_t>(value.size()));  // none is longer than 255
  writer.bytes(value);
}

template <class T>
void write(base::Writer& writer, std::uint8_t code, const std::optional<T>& field) {
  if (!field) return;
  const auto number = static_cast<std::uint32_t>(*field);
  std::array<std::uint8_t, sizeof(T)> octets{};
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    octets[i] = static_cast<std::uint8_t>(number >> (8 * (sizeof(T) - 1 - i)));
  }
  put(writer, code, octets);
}

void write(base::Writer& writer, std::uint8_t code, const std::optional<base::Ipv4>& field) {
  if (field) put(writer, code, field->octets);
}

void write(base::Writer& writer, std::uint8_t code, const std::optional<MessageText>& field) {
  if (field) put(writer, code, base::as_bytes(field->view()));
}

void write(base::Writer& writer, std::uint8_t code, bool field) {
  if (field) put(writer, code, {});
}

// True when the sub-option found its field, and has its form.
bool read_field(const Tlv& tlv, Block& block) {
  bool done = false;
  each_field(block, [&](std::uint8_t code, auto& field) {
    if (code == tlv.code) done = read(tlv.value, field);
  });
  return done;
}

// --- paths of options 252 and 243 ----------------------------------------------------------

std::optional<Refusal> refuse_path(std::string_view path, std::size_t max_size) {
  if (path.empty()) return Refusal::empty_path;
  if (path.size() > max_size) return Refusal::too_long;
  const bool ascii = std::all_of(path.begin(), path.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return ascii ? std::nullopt : std::optional(Refusal::not_ascii);
}

}  // namespace

std::string_view print(Refusal refusal) {
  switch (refusal) {
    case Refusal::past_end:
      return "an item runs past the end";
    case Refusal::too_long:
      return "too long";
    case Refusal::duplicate:
      return "a sub-option comes twice";
    case Refusal::empty_path:
      return "an empty path";
    case Refusal::not_ascii:
      return "a path that is not printable ASCII";
    case Refusal::unknown_record:
      return "an unknown type of record";
  }
  return "?";
}

bool Others::add(std::uint8_t code, base::ByteView value) {
  if (value.size() + 2 > octets_.size() - used_) return false;
  base::Writer writer(std::span<std::uint8_t>(octets_).subspan(used_));
  put(writer, code, value);
  used_ = static_cast<std::uint8_t>(used_ + writer.size());
  return true;
}

bool Others::contains(std::uint8_t code) const {
  return find_tlv(octets(), code, TlvStyle::plain).has_value();
}

bool Others::operator==(const Others& other) const {
  const base::ByteView a = octets(), b = other.octets();
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

bool Block::malformed(std::uint8_t code) const {
  bool known = false;
  each_field(*this, [&](std::uint8_t known_code, const auto&) { known = known || known_code == code; });
  return known && others.contains(code);
}

base::Result<Block, Refusal> decode(base::ByteView value) {
  if (value.size() > max_option) return tl::unexpected(Refusal::too_long);
  base::Result<Block, Refusal> result(tl::in_place);
  std::bitset<256> seen;
  TlvWalker walker(value);
  while (const std::optional<Tlv> tlv = walker.next()) {
    if (seen[tlv->code]) return tl::unexpected(Refusal::duplicate);
    seen.set(tlv->code);
    if (read_field(*tlv, *result)) continue;
    // Never full: they came out of no more octets than there is room for.
    if (!result->others.add(tlv->code, tlv->value)) return tl::unexpected(Refusal::too_long);
  }
  if (!walker.ok()) return tl::unexpected(Refusal::past_end);
  return result;
}

std::optional<std::size_t> encode(const Block& block, std::span<std::uint8_t> buffer) {
  base::Writer writer(buffer.first(std::min(buffer.size(), max_option)));
  each_field(block, [&](std::uint8_t code, const auto& field) { write(writer, code, field); });
  TlvWalker others = block.others.walk();
  while (const std::optional<Tlv> tlv = others.next()) put(writer, tlv->code, tlv->value);
  writer.u8(end_code);
  if (!writer.ok()) return std::nullopt;
  // The block's maker may have put anything among the others: ask the reader himself.
  const auto again = decode(writer.written());
  if (!again || *again != block) return std::nullopt;
  return writer.size();
}

base::Result<std::string_view, Refusal> decode_bcd_path(base::ByteView value) {
  const std::string_view path = without_closing_nuls(value);
  if (const auto refusal = refuse_path(path, max_bcd_path)) return tl::unexpected(*refusal);
  return path;
}

std::optional<std::size_t> encode_bcd_path(std::string_view path, std::span<std::uint8_t> buffer) {
  if (refuse_path(path, max_bcd_path)) return std::nullopt;
  base::Writer writer(buffer);
  writer.text(path);
  writer.u8(0);
  return writer.ok() ? std::optional(writer.size()) : std::nullopt;
}

base::Result<Variables, Refusal> decode_variables(base::ByteView value) {
  base::Reader reader(value);
  Variables variables;
  const std::uint8_t type = reader.u8();
  if (!reader.ok()) return tl::unexpected(Refusal::past_end);
  variables.type = static_cast<RecordType>(type);
  if (variables.type == RecordType::key_and_path) {
    variables.key = reader.take(reader.u8());
    variables.between = reader.u8();
  } else if (variables.type != RecordType::path) {
    return tl::unexpected(Refusal::unknown_record);
  }
  variables.path = without_closing_nuls(reader.take(reader.u8()));
  if (!reader.ok()) return tl::unexpected(Refusal::past_end);
  if (const auto refusal = refuse_path(variables.path, max_variables_path)) return tl::unexpected(*refusal);
  return variables;
}

std::optional<std::size_t> encode_variables(std::string_view path, std::span<std::uint8_t> buffer) {
  if (refuse_path(path, max_variables_path)) return std::nullopt;
  base::Writer writer(buffer);
  put(writer, static_cast<std::uint8_t>(RecordType::path), base::as_bytes(path));
  return writer.ok() ? std::optional(writer.size()) : std::nullopt;
}

}  // namespace wire::wds
