// SPDX-License-Identifier: GPL-3.0-or-later
// What texts for one boot of one machine are made with, and whose that boot is.
#pragma once

#include <cstdint>
#include <string>

#include "policy/plan.h"
#include "render/menu.h"
#include "server/machines.h"
#include "session/boot_papers.h"

namespace server {

// Of the machine alone; where HTTP is off nothing that needs it.
render::BootWords machine_words(const base::Mac& mac, const std::optional<base::Uuid>& uuid,
                                const policy::Device* device, const render::ServerAddress& server, bool http);
// With the boot's own word.
void add_token(render::BootWords& words, const std::string& token, const render::ServerAddress& server);

// For what a plan leads to, or with `only` that one of its images.
session::BootPapers papers_for(const policy::Plan& plan, const policy::Facts& facts, const base::Ip& address,
                               std::int64_t only = 0);
// One thing that may be booted, as recorded now.
render::Choosing choosing(const session::PaperEntry& entry, const policy::Snapshot& snapshot,
                          const std::string& report);

// Whose a boot is.
struct Whose {
  base::Mac mac;
  std::int64_t device = 0;  // 0: no record knows it
  base::Ip address;         // by which it asked when the boot began
};
// An installer's lease may be another one than its firmware's: then bindings and neighbours tell.
bool is_of(const Whose& whose, Machines& machines, const policy::Snapshot& snapshot, const base::Ip& from,
           unsigned interface, base::Time now);

}  // namespace server
