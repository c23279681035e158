// SPDX-License-Identifier: GPL-3.0-or-later
// Menus and scripts, rendered from a plan: plan in, bytes out. Nothing is written to disk.
// Values that reach a script from outside (command lines, names) are quoted for the target
// (render/quote.h): a hostile name cannot add a line or a command.
//
// A prompt that nobody answers boots the local disk, in each of them.
#pragma once

#include <string>

#include "base/ip.h"
#include "policy/plan.h"
#include "render/template.h"

namespace render {

// Where the machine reaches us; scripts carry absolute URLs because ${next-server} is the
// DHCP server's address in iPXE behind a proxy.
struct ServerAddress {
  base::Ip address;
  std::uint16_t http_port = 80;
  [[nodiscard]] std::string url(std::string_view path) const;  // "http://10.0.0.2/images/…", %-encoded
};

// A machine that has to wait: because others load, or for an administrator.
struct Wait {
  std::string text;      // why, for its screen
  unsigned seconds = 5;  // until it asks again
};

// iPXE script. Where nothing boots: says why and gives control back to the firmware, which goes on
// with its next boot option: `exit 1`; after `exit 0` UEFI firmware opens its set-up
// (netboot.xyz#1276). A prompt needs the menu command, which Debian's builds have.
// `boot` (of this and the others below): what placeholders on command lines stand for, and the word
// with which the one image that a plan boots reports how it goes. That comes first there: what stands
// behind "---" Debian's installer hands on to the system that it installs.
std::string ipxe_script(const policy::Plan& plan, const policy::Settings& settings,
                        const ServerAddress& server, const BootWords& boot = {});
// For machines that reach us without a name: sends them to the script under their own MAC.
std::string ipxe_entry_script(const ServerAddress& server);

// Says why, waits and asks again for the same script, for as long as it takes.
std::string ipxe_waiting_script(const Wait& wait, const base::Mac& mac, const ServerAddress& server);

// pxelinux.cfg: paths start with "::/" hence are absolute on the TFTP server that gave pxelinux.
std::string pxelinux_config(const policy::Plan& plan, const policy::Settings& settings,
                            const BootWords& boot = {});

// As ipxe_waiting_script().
std::string pxelinux_waiting_config(const Wait& wait, const base::Mac& mac);

// grub.cfg for one machine. Paths are absolute on $root, the TFTP server that GRUB took its
// prefix from: Debian's signed GRUB has no http.
std::string grub_config(const policy::Plan& plan, const policy::Settings& settings,
                        const BootWords& boot = {});
// As ipxe_waiting_script().
std::string grub_waiting_config(const Wait& wait, const base::Mac& mac);
// The file that GRUB's built-in prefix finds first: it asks again under the machine's MAC.
std::string grub_entry_config();

}  // namespace render
