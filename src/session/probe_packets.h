// SPDX-License-Identifier: GPL-3.0-or-later
// The questions that tell whether another boot server works, and what their answers mean.
//
// Port 4011 is asked as a boot client asks it, by a hardware address that belongs to no machine,
// always the same, and without a machine UUID or option 250, by which Microsoft's programs ask to
// be listed for approval. A Bootferry knows the address, answers with an ACK that names no file,
// and lists nobody. Other servers treat it as a stranger: many stay silent, and a server that
// lists strangers lists one, once, under an address that can be told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/address.h"
#include "base/bytes.h"
#include "wire/dhcp4.h"

namespace session {

// 02-42-46-50-52-42: of nobody's cards (locally administered), the letters «BFPRB».
inline constexpr base::Mac probe_mac{{0x02, 0x42, 0x46, 0x50, 0x52, 0x42}};

// To port 4011. `own`: the address that it is sent from.
base::Bytes boot_service_probe(std::uint32_t xid, base::Ipv4 own);
bool answers_probe(base::ByteView datagram, std::uint32_t xid);

bool is_probe(const wire::dhcp4::Message& request);
// What a probe gets from us on port 4011; `server` is our address.
wire::dhcp4::Message probe_answer(const wire::dhcp4::Message& request, base::Ipv4 server);

// To port 69: the file's size is asked for, as UEFI firmware does, and the transfer broken off.
// Empty where the name is too long to ask for.
base::Bytes tftp_probe(std::string_view file);
// Breaks off, so that the server does not send again: to where the answer came from.
base::Bytes tftp_break_off();
struct FileIsThere {};
struct FileRefused {
  std::string why;  // in the server's words
};
// Nothing: no answer to such a question.
std::optional<std::variant<FileIsThere, FileRefused>> tftp_answer(base::ByteView datagram);

}  // namespace session
