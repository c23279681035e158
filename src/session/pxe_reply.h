// SPDX-License-Identifier: GPL-3.0-or-later
// The answers of the PXE service, built from a request, a recipe and a step.
#pragma once

#include <optional>
#include <span>

#include "base/address.h"
#include "base/fixed_text.h"
#include "policy/next_step.h"
#include "policy/recipe.h"
#include "wire/dhcp4.h"

namespace session {

// The boot file's name as the wire carries it.
using BootFile = base::FixedText<255>;

// A script is an absolute URL under the machine's MAC, so are HTTP Boot's files; everything
// else is a path on the TFTP server. nullopt: too long for any DHCP field.
std::optional<BootFile> boot_file(const policy::Facts& facts, const policy::Step& step,
                                  const policy::Recipe& recipe, base::Ipv4 server, std::uint16_t http_port);

// Where the machine's Windows boot configuration is, as option 252 names it, in `buffer`:
// «\\bcd\\52-54-00-12-34-56.bcd» and a NUL.
base::ByteView bcd_path(const base::Mac& mac, std::span<std::uint8_t> buffer);

// Likewise where its variables file is, as option 243 says it: «\\bcd\\52-54-00-12-34-56.boot.var».
base::ByteView variables_path(const base::Mac& mac, std::span<std::uint8_t> buffer);

struct ReplyTerms {
  wire::dhcp4::MessageType type = wire::dhcp4::MessageType::offer;
  base::Ipv4 server;      // our address on the arrival interface
  base::Ipv4 boots_from;  // whose TFTP has the file: ours, or the server it is referred to
  bool boot_service = true;
  base::ByteView menu{};       // option 43 in place of the recipe's
  base::ByteView wds{};        // option 250
  base::ByteView bcd{};        // option 252
  base::ByteView variables{};  // option 243
};
// An empty file: none is named. nullopt: an option does not fit a message.
std::optional<wire::dhcp4::Message> build_reply(const wire::dhcp4::Message& request, const ReplyTerms& terms,
                                                const policy::Recipe& recipe, const BootFile& file);

}  // namespace session
