// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/dhcp4.h"

#include <algorithm>

namespace wire::dhcp4 {
namespace {

constexpr std::uint32_t cookie = 0x63825363;
// Each instance may move the octets of all others (Options::add), so that their number
// bounds the work that one hostile datagram can cause.
constexpr std::size_t max_instances = 255;
constexpr std::size_t max_instance_size = 255;

// Option 52: where else options stand (RFC 2132 §9.3).
constexpr std::uint8_t overload_file = 1, overload_sname = 2, overload_both = 3;

constexpr bool is_framing(std::uint8_t code) {
  return code == option::pad || code == option::end || code == option::overload;
}

// What the options field and the overloaded ones after it add up to.
struct Gathered {
  Options& options;
  std::size_t instances = 0;
  std::uint8_t overload = 0;
};

// One field with options: the options field itself, or an overloaded file or sname.
// A field without its end tag is taken to its last octet: some ROMs fill theirs exactly.
std::optional<Refusal> read_field(base::ByteView field, Gathered& gathered) {
  base::Reader reader(field);
  while (!reader.empty()) {
    const std::uint8_t code = reader.u8();
    if (code == option::pad) continue;
    if (code == option::end) break;
    const base::ByteView data = reader.take(reader.u8());
    if (!reader.ok()) return Refusal::option_past_end;
    if (++gathered.instances > max_instances) return Refusal::too_many_options;
    if (code == option::overload) {
      if (gathered.overload != 0 || data.size() != 1 || data[0] < 1 || data[0] > overload_both) {
        return Refusal::bad_overload;
      }
      gathered.overload = data[0];
      continue;
    }
    // Never full: a datagram's options are shorter than the room for them.
    if (!gathered.options.add(code, data)) return Refusal::too_long;
  }
  return std::nullopt;
}

std::string_view up_to_nul(base::ByteView field) {
  const std::string_view text = base::as_text(field);
  return text.substr(0, text.find('\0'));
}

// A text field of fixed size, filled up with NULs; false when the text holds one itself.
bool put_padded(base::Writer& writer, std::string_view text, std::size_t field_size) {
  writer.text(text);
  writer.zeros(field_size - text.size());
  return text.find('\0') == std::string_view::npos;
}

// RFC 3396: as many instances as it takes, each full but the last. Returns their number.
std::size_t put_option(base::Writer& writer, const Option& o) {
  std::size_t instances = 0;
  base::ByteView rest = o.data;
  do {
    const base::ByteView piece = rest.first(std::min(rest.size(), max_instance_size));
    writer.u8(o.code);
    writer.u8(static_cast<std::uint8_t>(piece.size()));
    writer.bytes(piece);
    rest = rest.subspan(piece.size());
    ++instances;
  } while (!rest.empty());
  return instances;
}

base::Ipv4 read_ip(base::Reader& reader) { return base::Ipv4::from_host_order(reader.u32()); }

}  // namespace

// Only the octets in use are copied: the arrays behind them were never written.
Options::Options(const Options& other) : used_(other.used_), count_(other.count_) {
  std::copy_n(other.data_.begin(), used_, data_.begin());
  std::copy_n(other.slots_.begin(), count_, slots_.begin());
}

Options& Options::operator=(const Options& other) {
  if (this == &other) return *this;
  used_ = other.used_;
  count_ = other.count_;
  std::copy_n(other.data_.begin(), used_, data_.begin());
  std::copy_n(other.slots_.begin(), count_, slots_.begin());
  return *this;
}

bool Options::add(std::uint8_t code, base::ByteView data) {
  if (is_framing(code) || data.size() > data_.size() - used_) return false;
  const auto size = static_cast<std::uint16_t>(data.size());
  const auto slots_end = slots_.begin() + count_;
  auto slot = std::find_if(slots_.begin(), slots_end, [&](const Slot& s) { return s.code == code; });
  if (slot == slots_end) {
    if (count_ == slots_.size()) return false;
    // A new option goes to the end, yet in front of the relay agent information.
    if (count_ > 0 && slots_[count_ - 1U].code == option::relay_agent_info) {
      --slot;
      std::copy_backward(slot, slots_end, slots_end + 1);
      slot->size = 0;
    } else {
      slot->start = used_;
      slot->size = 0;
    }
    slot->code = code;
    ++count_;
  }
  // Make room behind what the option holds already; the options behind it move up.
  const auto at = data_.begin() + slot->start + slot->size;
  std::copy_backward(at, data_.begin() + used_, data_.begin() + used_ + size);
  std::copy(data.begin(), data.end(), at);
  slot->size = static_cast<std::uint16_t>(slot->size + size);
  used_ = static_cast<std::uint16_t>(used_ + size);
  for (auto later = slot + 1; later != slots_.begin() + count_; ++later) {
    later->start = static_cast<std::uint16_t>(later->start + size);
  }
  return true;
}

bool Options::add_u8(std::uint8_t code, std::uint8_t value) { return add(code, base::ByteView(&value, 1)); }

bool Options::add_u16(std::uint8_t code, std::uint16_t value) {
  const std::array<std::uint8_t, 2> octets = {static_cast<std::uint8_t>(value >> 8),
                                              static_cast<std::uint8_t>(value)};
  return add(code, octets);
}

bool Options::add_u32(std::uint8_t code, std::uint32_t value) {
  return add_ip(code, base::Ipv4::from_host_order(value));
}

bool Options::add_ip(std::uint8_t code, base::Ipv4 value) { return add(code, value.octets); }

bool Options::add_text(std::uint8_t code, std::string_view value) { return add(code, base::as_bytes(value)); }

std::optional<base::ByteView> Options::find(std::uint8_t code) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (slots_[i].code == code) return at(i).data;
  }
  return std::nullopt;
}

Option Options::at(std::size_t index) const {
  const Slot& slot = slots_.at(index);
  return {slot.code, base::ByteView(data_).subspan(slot.start, slot.size)};
}

bool Options::operator==(const Options& other) const {
  if (count_ != other.count_) return false;
  for (std::size_t i = 0; i < count_; ++i) {
    const Option a = at(i), b = other.at(i);
    if (a.code != b.code || !std::equal(a.data.begin(), a.data.end(), b.data.begin(), b.data.end()))
      return false;
  }
  return true;
}

std::optional<MessageType> Message::type() const {
  const auto data = options.find(option::message_type);
  if (!data || data->size() != 1) return std::nullopt;
  const std::uint8_t value = data->front();
  if (value < 1 || value > static_cast<std::uint8_t>(MessageType::inform)) return std::nullopt;
  return static_cast<MessageType>(value);
}

std::optional<base::Ipv4> Message::ip(std::uint8_t code) const {
  const auto data = options.find(code);
  if (!data || data->empty() || data->size() % 4 != 0) return std::nullopt;
  base::Reader reader(*data);
  return read_ip(reader);
}

std::optional<std::uint16_t> Message::u16(std::uint8_t code) const {
  const auto data = options.find(code);
  if (!data || data->size() != 2) return std::nullopt;
  return base::Reader(*data).u16();
}

std::string_view Message::text(std::uint8_t code) const {
  std::string_view text = base::as_text(options.find(code).value_or(base::ByteView()));
  while (text.ends_with('\0')) text.remove_suffix(1);
  return text;
}

std::optional<base::Mac> Message::mac() const {
  if (htype != 1 || hlen != 6) return std::nullopt;
  base::Mac mac;
  std::copy_n(chaddr.begin(), mac.octets.size(), mac.octets.begin());
  return mac;
}

Presence Message::machine_id(base::Uuid& out) const {
  const auto data = options.find(option::machine_id);
  if (!data || data->empty()) return Presence::absent;  // some ROMs send it empty
  if (data->size() != 17 || data->front() != 0) return Presence::malformed;
  std::copy(data->begin() + 1, data->end(), out.octets.begin());
  return Presence::present;
}

std::size_t Message::max_reply() const {
  constexpr std::size_t ip_and_udp = 20 + 8;
  // EDK2 names 1472 in DISCOVER and 65280 in REQUEST, and drops what is over 1472 anyway.
  const std::size_t accepted = u16(option::max_message_size).value_or(0);
  return std::clamp(std::max(accepted, ip_and_udp) - ip_and_udp, default_max_reply, largest_reply);
}

std::string_view print(Refusal refusal) {
  switch (refusal) {
    case Refusal::too_short:
      return "shorter than a DHCP header";
    case Refusal::too_long:
      return "longer than any DHCP message";
    case Refusal::bad_op:
      return "neither request nor reply";
    case Refusal::bad_cookie:
      return "no DHCP magic cookie";
    case Refusal::option_past_end:
      return "an option runs past the end";
    case Refusal::bad_overload:
      return "malformed option overload";
    case Refusal::too_many_options:
      return "too many options";
  }
  return "?";
}

base::Result<Message, Refusal> decode(base::ByteView datagram) {
  if (datagram.size() < options_at) return tl::unexpected(Refusal::too_short);
  if (datagram.size() > max_datagram) return tl::unexpected(Refusal::too_long);
  base::Result<Message, Refusal> result(tl::in_place);  // filled in place: a Message is big
  Message& m = *result;
  base::Reader reader(datagram);
  m.op = reader.u8();
  m.htype = reader.u8();
  m.hlen = reader.u8();
  m.hops = reader.u8();
  m.xid = reader.u32();
  m.secs = reader.u16();
  m.flags = reader.u16();
  m.ciaddr = read_ip(reader);
  m.yiaddr = read_ip(reader);
  m.siaddr = read_ip(reader);
  m.giaddr = read_ip(reader);
  reader.copy_to(m.chaddr);
  const base::ByteView sname = reader.take(sname_size);
  const base::ByteView file = reader.take(file_size);
  if (m.op != 1 && m.op != 2) return tl::unexpected(Refusal::bad_op);
  if (reader.u32() != cookie) return tl::unexpected(Refusal::bad_cookie);

  // RFC 3396 §5: pieces of one option join in the order options, file, sname.
  Gathered gathered{m.options};
  if (const auto refusal = read_field(reader.rest(), gathered)) return tl::unexpected(*refusal);
  const std::uint8_t overload = gathered.overload;
  if ((overload & overload_file) != 0) {
    if (const auto refusal = read_field(file, gathered)) return tl::unexpected(*refusal);
  }
  if ((overload & overload_sname) != 0) {
    if (const auto refusal = read_field(sname, gathered)) return tl::unexpected(*refusal);
  }
  // Neither can fail: the fields are as long as what they are copied to.
  if ((overload & overload_file) == 0) static_cast<void>(m.file.assign(up_to_nul(file)));
  if ((overload & overload_sname) == 0) static_cast<void>(m.sname.assign(up_to_nul(sname)));
  return result;
}

std::optional<std::size_t> encode(const Message& m, std::span<std::uint8_t> buffer) {
  if (m.op != 1 && m.op != 2) return std::nullopt;
  base::Writer writer(buffer.first(std::min(buffer.size(), max_datagram)));
  writer.u8(m.op);
  writer.u8(m.htype);
  writer.u8(m.hlen);
  writer.u8(m.hops);
  writer.u32(m.xid);
  writer.u16(m.secs);
  writer.u16(m.flags);
  for (const base::Ipv4& ip : {m.ciaddr, m.yiaddr, m.siaddr, m.giaddr}) writer.bytes(ip.octets);
  writer.bytes(m.chaddr);
  if (!put_padded(writer, m.sname.view(), sname_size)) return std::nullopt;
  if (!put_padded(writer, m.file.view(), file_size)) return std::nullopt;
  writer.u32(cookie);
  std::size_t instances = 0;
  for (std::size_t i = 0; i < m.options.size(); ++i) instances += put_option(writer, m.options.at(i));
  writer.u8(option::end);
  if (instances > max_instances) return std::nullopt;
  if (writer.size() < min_reply) writer.zeros(min_reply - writer.size());
  if (!writer.ok()) return std::nullopt;
  return writer.size();
}

}  // namespace wire::dhcp4
