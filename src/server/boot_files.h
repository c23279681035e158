// SPDX-License-Identifier: GPL-3.0-or-later
// The one question that TFTP and HTTP have: what stands behind this name, for this asker?
// A published file, a text rendered for the machine that asks, or nothing.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/ip.h"
#include "content/published.h"
#include "render/menu.h"
#include "server/machines.h"
#include "site/administration.h"
#include "site/pending_machines.h"
#include "site/runs.h"

namespace server {

struct Asker {
  base::Ip address;
  base::Ip local;           // our address that it used; scripts name it
  unsigned interface = 0;   // by which it came
  bool only_looks = false;  // HEAD: nothing begins by it
};

struct FileBehindName {
  content::DiskFile file;
};
struct TextBehindName {
  std::string content_type;
  std::string text;
  std::string about;  // for the log: "script of 52:54:…: boots debian"
};
struct NothingBehindName {};
struct NameRefused {
  std::string why;
};
// Also when a name and what we know of the asker contradict each other.
using BehindName = std::variant<FileBehindName, TextBehindName, NothingBehindName, NameRefused>;

class BootFiles {
 public:
  // `files_only`: another server's options say what machines load, and we answer no DHCP.
  // `pending` is told who waits for an approval; without it everybody may, for ever. `runs` keeps what
  // becomes of boots; without it nobody does.
  BootFiles(std::function<std::shared_ptr<const site::Site>()> site, Machines& machines, bool files_only,
            site::PendingMachines* pending = nullptr, site::Runs* runs = nullptr)
      : site_(std::move(site)),
        machines_(machines),
        files_only_(files_only),
        pending_(pending),
        runs_(runs) {}
  // Any thread. `requested` as the client spelled it.
  BehindName find(std::string_view requested, const Asker& asker, base::Time now);
  // A machine has a file of an image. Whether it is the last one that its image has for it, so
  // that it starts: loaders fetch the kernel and then the initrds in their order.
  bool completes_image(std::string_view normalised, const policy::Facts& facts, base::Time now);
  // A transfer of that name was complete.
  void delivered(std::string_view normalised, base::Time now);
  // Whether the machine is an iPXE by now, and gets its script under an iPXE's name.
  [[nodiscard]] bool is_ipxe_already(const base::Mac& mac, std::string_view normalised, base::Time now);

 private:
  BehindName render_name(const content::RenderedName& name, const session::Known* known,
                         const site::Site& site, const Asker& asker, base::Time now);
  // «\\Boot\\Fonts\\wgl4_boot.ttf»: of the Windows image that the asker boots.
  BehindName find_windows_file(const std::string& name, const site::Site& site, const Asker& asker,
                               base::Time now);
  [[nodiscard]] policy::Plan decide(const policy::Facts& facts, const site::Site& site, base::Time now) const;
  // The machine is about to be told what it boots, with `only` that image of it: what its texts are
  // made with, a word of its own among it where a boot begins by them.
  render::BootWords begin(policy::Plan& plan, const session::Known* known, const site::Site& site,
                          const Asker& asker, bool over_http, base::Time now, std::int64_t only = 0);
  BehindName variables_file(const base::Mac& mac, const site::Site& site, const Asker& asker, base::Time now);
  // What a machine is told instead while it has to wait: for an administrator, or for others. Who
  // has waited for too long is given up in `plan`.
  std::optional<render::Wait> wait_of(const policy::Facts& facts, policy::ClientKind speaker,
                                      policy::Plan& plan, const policy::Snapshot& snapshot, base::Ip where,
                                      base::Time now);
  std::optional<render::Wait> wait_for_approval(const policy::Facts& facts, policy::Plan& plan,
                                                const policy::PendingTerms& terms, base::Time now);
  // Of one that may boot; it must be known.
  std::optional<policy::Hold> hold_script(const policy::Facts& facts, policy::ClientKind speaker,
                                          const policy::Plan& plan, base::Ip where, base::Time now);

  std::function<std::shared_ptr<const site::Site>()> site_;
  Machines& machines_;
  bool files_only_;
  site::PendingMachines* pending_;
  site::Runs* runs_;
};

}  // namespace server
