// SPDX-License-Identifier: GPL-3.0-or-later
// The private DHCP options of Windows Deployment Services and ConfigMgr: 250 (the talk
// between a server and wdsnbp.com or wdsmgfw.efi), 252 (where bootmgr finds its BCD) and 243
// (where WinPE finds ConfigMgr's variables). Names and numbers of the Windows SDK's
// wdsbp.h; the layout as docs/formats/wds-options.md tells it, with what is proven of it.
//
//   Decoders refuse what would have to be guessed and take whatever else a client may send.
//   Nothing here allocates (but print) or decides: what an answer means is policy's affair.
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
#include "wire/tlv.h"

namespace wire::wds {

// What one instance of a DHCP option holds. Nothing longer is written, or it would be split.
inline constexpr std::size_t max_option = 255;

enum class Refusal : std::uint8_t {
  past_end,        // 250: a code without length, or a length behind the end; 243 likewise
  too_long,        // 250: over max_option; 252, 243: a path longer than can be written
  duplicate,       // 250: a code twice: which one counts would be a guess
  empty_path,      // 252, 243: no octet, or only NULs
  not_ascii,       // 252, 243: anything but printable ASCII in front of the closing NULs
  unknown_record,  // 243: neither type 1 nor 2
};
inline constexpr std::size_t refusal_count = 6;
std::string_view print(Refusal refusal);

// --- option 250 ------------------------------------------------------------------------
// Sub-option codes. 10 has no meaning; 0 pads and 255 ends the list.
namespace tag {
inline constexpr std::uint8_t architecture = 1, next_action = 2, poll_interval = 3, poll_retry_count = 4,
                              request_id = 5, message = 6, version_query = 7, server_version = 8,
                              referral_server = 9, client_prompt = 11, prompt_done = 12, nbp_version = 13,
                              action_done = 14, allow_server_selection = 15, server_features = 16;
}

// All three may hold numbers without a name: such numbers were seen, and are kept.

// What the boot program found the processor to be; option 93 says 0 (x86 BIOS) meanwhile.
// Inferred from genuine requests. Not the numbers of option 93.
enum class Architecture : std::uint16_t { x86 = 6, x64 = 7 };
// What the boot program is to do: ask again later, ask another server, give up.
enum class NextAction : std::uint8_t { approval = 1, referral = 3, abort = 5 };
// Boot only if a key is pressed; boot without asking; boot unless Esc is pressed.
enum class Prompt : std::uint8_t { opt_in = 1, no_prompt = 2, opt_out = 3 };

// Sub-options kept as they came and in their order: those without a name here, and those
// with one whose value has not its length. In place, up to max_option octets in all.
class Others {
 public:
  // Appends; false, and nothing changes, when there is no room.
  [[nodiscard]] bool add(std::uint8_t code, base::ByteView value);
  [[nodiscard]] TlvWalker walk() const { return TlvWalker(octets(), TlvStyle::plain); }
  [[nodiscard]] bool contains(std::uint8_t code) const;
  [[nodiscard]] bool empty() const { return used_ == 0; }
  bool operator==(const Others& other) const;

 private:
  [[nodiscard]] base::ByteView octets() const { return base::ByteView(octets_).first(used_); }
  std::array<std::uint8_t, max_option> octets_{};  // code, length, value; again
  std::uint8_t used_ = 0;
};

using MessageText = base::FixedText<max_option - 2>;

// One option 250. nullopt: absent, or malformed() and then among the others.
struct Block {  // {} everywhere: a writer names only the fields that it sets
  std::optional<Architecture> architecture{};
  std::optional<NextAction> next_action{};
  std::optional<std::uint16_t> poll_interval{};  // seconds
  std::optional<std::uint16_t> poll_retry_count{};
  std::optional<std::uint32_t> request_id{};  // shown to the person at the machine, and sent back
  std::optional<MessageText> message{};       // shown likewise; closing NULs cut
  bool version_query = false;                 // has no value: present or not
  std::optional<std::uint32_t> server_version{};
  std::optional<base::Ipv4> referral_server{};  // where to go with NextAction::referral
  std::optional<Prompt> client_prompt{};
  std::optional<Prompt> prompt_done{};
  std::optional<std::uint16_t> nbp_version{};  // 0x0700, 0x0800
  std::optional<std::uint8_t> action_done{};   // 0 or 1
  std::optional<std::uint8_t> allow_server_selection{};
  std::optional<std::uint32_t> server_features{};  // bits without known meaning
  Others others{};

  bool operator==(const Block&) const = default;

  // A code of `tag` came with a value that has not its length.
  [[nodiscard]] bool malformed(std::uint8_t code) const;
};

// `value` is the option's, pieces joined. past_end, too_long or duplicate. A list without
// its end is taken, as in options 43 and 175; what stands behind the end is not looked at.
base::Result<Block, Refusal> decode(base::ByteView value);
// The octets written: known sub-options by number, the others, the end. nullopt when they
// do not fit the buffer or max_option, or when decode() would not give the block back:
// others that repeat or could be a field, a message that ends in NUL.
std::optional<std::size_t> encode(const Block& block, std::span<std::uint8_t> buffer);
// One line a sub-option, in the order in which encode() writes: "250.2 next action: 1 approval".
std::string print(const Block& block);

// --- option 252 ------------------------------------------------------------------------
inline constexpr std::size_t max_bcd_path = max_option - 1;  // the NUL behind it

// "\Boot\x64\default.bcd", in `value`; closing NULs cut. empty_path, too_long, not_ascii.
base::Result<std::string_view, Refusal> decode_bcd_path(base::ByteView value);
// The path and one NUL. nullopt when decode_bcd_path() would refuse it, or no room.
std::optional<std::size_t> encode_bcd_path(std::string_view path, std::span<std::uint8_t> buffer);

// --- option 243 ------------------------------------------------------------------------
inline constexpr std::size_t max_variables_path = max_option - 2;  // type and length before it

enum class RecordType : std::uint8_t { path = 1, key_and_path = 2 };

// Views into the option's value.
struct Variables {
  RecordType type = RecordType::path;
  base::ByteView key;        // key_and_path only: protected key material. Never printed.
  std::uint8_t between = 0;  // key_and_path only: the octet in front of the path's length
  std::string_view path;     // closing NULs cut
};

// past_end, unknown_record, empty_path, too_long, not_ascii. What stands behind the path is
// not looked at.
base::Result<Variables, Refusal> decode_variables(base::ByteView value);
// A record of type 1. nullopt when decode_variables() would refuse it, or no room.
std::optional<std::size_t> encode_variables(std::string_view path, std::span<std::uint8_t> buffer);
// In one line: type 1, path "\\SMSTemp\\x.boot.var". Of a key only the size.
std::string print(const Variables& variables);

}  // namespace wire::wds
