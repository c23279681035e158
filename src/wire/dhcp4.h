// SPDX-License-Identifier: GPL-3.0-or-later
// DHCPv4 on the wire: RFC 2131 (frame), RFC 2132 (options), RFC 3396 (long options),
// RFC 3046 (relay agent information). A datagram in, a value out; and back.
//
//   decode() refuses what cannot be a DHCP message and says why with an enum; it never
//   asks whether the message is for us. decode(encode(m)) == m for each m that fits.
//   Neither function allocates: a Message holds its options in place.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/bytes.h"
#include "base/fixed_text.h"
#include "base/result.h"

namespace wire::dhcp4 {

// The frame (RFC 2131 §2). Each field starts where the one before it ends.
inline constexpr std::size_t chaddr_at = 28, chaddr_size = 16;
inline constexpr std::size_t sname_at = 44, sname_size = 64;
inline constexpr std::size_t file_at = 108, file_size = 128;
inline constexpr std::size_t header_size = 236;
inline constexpr std::size_t options_at = 240;  // after the cookie 63 82 53 63
static_assert(chaddr_at + chaddr_size == sname_at);
static_assert(sname_at + sname_size == file_at);
static_assert(file_at + file_size == header_size);
static_assert(header_size + 4 == options_at);

// Largest datagram taken in. A client that asks for 65280 octets (EDK2 does in REQUEST)
// still sends a few hundred.
inline constexpr std::size_t max_datagram = 2048;
// BOOTP's smallest reply (RFC 1542 §2.1); shorter ones are dropped by relays and ROMs.
inline constexpr std::size_t min_reply = 300;
// What a client takes that names no maximum: a 576-octet IP datagram less headers.
inline constexpr std::size_t default_max_reply = 548;
// What no reply exceeds, whatever option 57 says: EDK2 throws longer ones away, and one
// more octet would be fragmented on Ethernet.
inline constexpr std::size_t largest_reply = 1472;

enum class MessageType : std::uint8_t {
  discover = 1,
  offer = 2,
  request = 3,
  decline = 4,
  ack = 5,
  nak = 6,
  release = 7,
  inform = 8
};

// Option codes. The list holds what we read or write, with the specification's names.
namespace option {
inline constexpr std::uint8_t pad = 0, subnet_mask = 1, router = 3, domain_name_server = 6, host_name = 12,
                              boot_file_size = 13, vendor_info = 43, requested_address = 50, lease_time = 51,
                              overload = 52, message_type = 53, server_id = 54, parameter_list = 55,
                              message = 56, max_message_size = 57, vendor_class = 60, client_id = 61,
                              tftp_server_name = 66, boot_file_name = 67, user_class = 77,
                              relay_agent_info = 82, client_arch = 93, client_ndi = 94, machine_id = 97,
                              subnet_selection = 118, tftp_server_address = 150, ipxe_encapsulated = 175,
                              pxelinux_magic = 208, pxelinux_config_file = 209, pxelinux_path_prefix = 210,
                              pxelinux_reboot_time = 211, sccm_variables = 243, wds = 250, wds_bcd_path = 252,
                              end = 255;
}

struct Option {
  std::uint8_t code = 0;
  base::ByteView data;
};

// The options of one message in order of first appearance, split ones joined (RFC 3396);
// 82 is kept behind all others, where RFC 3046 §2.2 wants it sent. Pad (0), end (255) and
// overload (52) only frame the others and are never held.
// Held in place, up to max_datagram octets and 255 distinct codes.
class Options {
 public:
  Options() {}  // NOLINT: data_ and slots_ stay uninitialised
  Options(const Options& other);
  Options& operator=(const Options& other);

  // Appends; joins with an earlier option of the same code. False when there is no room or
  // the code is one of the framing three. `data` must not be a view into this object.
  bool add(std::uint8_t code, base::ByteView data);
  bool add_u8(std::uint8_t code, std::uint8_t value);
  bool add_u16(std::uint8_t code, std::uint16_t value);
  bool add_u32(std::uint8_t code, std::uint32_t value);
  bool add_ip(std::uint8_t code, base::Ipv4 value);
  bool add_text(std::uint8_t code, std::string_view value);

  [[nodiscard]] std::optional<base::ByteView> find(std::uint8_t code) const;
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] Option at(std::size_t index) const;
  [[nodiscard]] bool contains(std::uint8_t code) const { return find(code).has_value(); }
  bool operator==(const Options& other) const;

 private:
  struct Slot {
    std::uint8_t code;
    std::uint16_t start;
    std::uint16_t size;
  };
  std::array<std::uint8_t, max_datagram> data_;  // left uninitialised on purpose: only [0, used_) is read
  std::array<Slot, 255> slots_;
  std::uint16_t used_ = 0;
  std::uint16_t count_ = 0;
};

// What stands in an option's value when it may be absent or wrong: three different things.
enum class Presence { absent, malformed, present };

inline constexpr std::uint16_t flag_broadcast = 0x8000;

struct Message {
  std::uint8_t op = 1;  // 1 request, 2 reply
  std::uint8_t htype = 1;
  std::uint8_t hlen = 6;
  std::uint8_t hops = 0;
  std::uint32_t xid = 0;
  std::uint16_t secs = 0;
  std::uint16_t flags = 0;
  base::Ipv4 ciaddr, yiaddr, siaddr, giaddr;
  std::array<std::uint8_t, chaddr_size> chaddr{};
  base::FixedText<sname_size> sname;  // up to the first NUL; empty when overloaded
  base::FixedText<file_size> file;    // likewise
  Options options;

  bool operator==(const Message&) const = default;

  // Readers of single options. nullopt when absent or not of the option's form.
  [[nodiscard]] std::optional<MessageType> type() const;
  [[nodiscard]] std::optional<base::Ipv4> ip(std::uint8_t code) const;  // first address
  [[nodiscard]] std::optional<std::uint16_t> u16(std::uint8_t code) const;
  [[nodiscard]] std::string_view text(std::uint8_t code) const;  // trailing NULs cut
  // Ethernet address; nullopt unless htype 1 and hlen 6. iPXE and EDK2 send both right.
  [[nodiscard]] std::optional<base::Mac> mac() const;
  // Option 97. malformed: length other than 0 or 17, or type other than 0 (RFC 4578 §2.3).
  [[nodiscard]] Presence machine_id(base::Uuid& out) const;
  // Largest reply the client takes, in octets of UDP payload: option 57 less 28 octets of
  // headers, from default_max_reply to largest_reply. RFC 2132 §9.10 does not say whether
  // its «DHCP message» includes the IP and UDP headers; its least value, 576, is that of
  // an IP datagram. Reading it so costs 28 octets and is safe under both readings.
  [[nodiscard]] std::size_t max_reply() const;
};

enum class Refusal : std::uint8_t {
  too_short,         // under 240 octets
  too_long,          // over max_datagram
  bad_op,            // neither 1 nor 2
  bad_cookie,        // BOOTP without DHCP, or noise
  option_past_end,   // a length octet points behind the buffer
  bad_overload,      // option 52 twice, or of another length or value than RFC 2132 §9.3
  too_many_options,  // more than 255 instances: no client does that
};
inline constexpr std::size_t refusal_count = 7;
std::string_view print(Refusal refusal);

base::Result<Message, Refusal> decode(base::ByteView datagram);

// Writes m into `buffer`; returns the octets written, padded to min_reply. Options go in
// order, 82 last (RFC 3046 §2.2), those over 255 octets split (RFC 3396).
// nullopt when the message does not fit the buffer (pass a subspan to set a limit) or when
// decode() would not give m back: over max_datagram, too many pieces, a NUL in sname or
// file, an op that is neither 1 nor 2. Never writes overload (52): ROMs break on it.
std::optional<std::size_t> encode(const Message& m, std::span<std::uint8_t> buffer);

// One line an item, as golden tests and `debug` logs show it: the frame's fields, then the
// options by number and name. Lists inside options get a line a tag ("43.6 ...").
// A value that is not of its option's form is shown as "malformed" and in hex.
std::string print(const Message& m);

}  // namespace wire::dhcp4
