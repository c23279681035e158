// SPDX-License-Identifier: GPL-3.0-or-later
// TFTP on the wire: RFC 1350 (packets), RFC 2347 (options), RFC 2348 (blksize), RFC 2349
// (timeout, tsize), RFC 7440 (windowsize). A datagram in, a value out; no sockets, no
// files, no opinion on what a server should grant (session/tftp_negotiate does that).
//
// Packets are views into the caller's datagram: nothing is copied or allocated.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"

namespace wire::tftp {

enum class Opcode : std::uint16_t { rrq = 1, wrq = 2, data = 3, ack = 4, error = 5, oack = 6 };

enum class ErrorCode : std::uint16_t {
  undefined = 0,
  not_found = 1,
  access = 2,
  disk_full = 3,
  illegal = 4,
  unknown_tid = 5,
  exists = 6,
  no_user = 7,
  option = 8
};

enum class Mode : std::uint8_t { netascii, octet, mail };

// RFC 2347: a request fits 512 octets. Some loaders send long paths; twice that is taken.
inline constexpr std::size_t max_request = 1024;
inline constexpr std::size_t max_options = 16;
inline constexpr std::uint16_t min_blksize = 8, default_blksize = 512, max_blksize = 65464;

struct OptionPair {
  std::string_view name;  // as sent; compare with same_name()
  std::string_view value;
  bool operator==(const OptionPair&) const = default;
};

// Options in the order they came, unknown ones included.
class OptionList {
 public:
  bool add(std::string_view name, std::string_view value);  // false when full
  // Case-insensitive; the first of several wins.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] const OptionPair* begin() const { return pairs_.data(); }
  [[nodiscard]] const OptionPair* end() const { return pairs_.data() + count_; }
  [[nodiscard]] std::size_t size() const { return count_; }
  bool operator==(const OptionList& other) const;

 private:
  std::array<OptionPair, max_options> pairs_{};
  std::size_t count_ = 0;
};

struct Request {
  bool write = false;
  std::string_view filename;
  Mode mode = Mode::octet;
  OptionList options;
  bool operator==(const Request&) const = default;
};
struct Data {
  std::uint16_t block = 0;
  base::ByteView payload;
  bool operator==(const Data& other) const;
};
struct Ack {
  std::uint16_t block = 0;
  bool operator==(const Ack&) const = default;
};
struct Error {
  ErrorCode code = ErrorCode::undefined;
  std::string_view message;
  bool operator==(const Error&) const = default;
};
struct Oack {
  OptionList options;
  bool operator==(const Oack&) const = default;
};
using Packet = std::variant<Request, Data, Ack, Error, Oack>;

enum class Refusal : std::uint8_t {
  too_short,             // under 4 octets
  bad_opcode,            // not 1..6
  unterminated,          // a file name, mode or option without its NUL; an error message may lack it
  bad_mode,              // none of the three modes
  option_without_value,  // or without a name; also an OACK without any option
  too_many_options,      // over max_options
  too_long,              // a request over max_request
};
inline constexpr std::size_t refusal_count = 7;
std::string_view print(Refusal refusal);

base::Result<Packet, Refusal> decode(base::ByteView datagram);

// Octets written, or nullopt when the buffer is too small or decode() would refuse the
// packet: a NUL inside a text, an option without name, an empty OACK, a long request.
std::optional<std::size_t> encode(const Packet& packet, std::span<std::uint8_t> buffer);

// One line for the packet and one for each option; a block's bytes are only counted.
std::string print(const Packet& packet);

// The four octets in front of a block's bytes: the hot path sends these and the file's
// own pages by iovec, so that DATA never becomes a value.
inline constexpr std::size_t data_header_size = 4;
void encode_data_header(std::uint16_t block, std::span<std::uint8_t, data_header_size> out);

// A decimal number without sign or blanks; nullopt for anything else and on overflow.
std::optional<std::uint64_t> parse_number(std::string_view text);
bool same_name(std::string_view a, std::string_view b);  // ASCII case-insensitive

}  // namespace wire::tftp
