// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/boot_files.h"

#include <fmt/core.h>

#include "render/menu.h"

namespace server {
namespace {

// A machine of which nothing is known gets what everybody gets: the deployment to all.
policy::Facts nobody() {
  policy::Facts facts;
  facts.firmware_known = false;
  return facts;
}

std::string about(std::string_view what, const policy::Facts& facts, const policy::Plan& plan) {
  const std::string whose = facts.mac.is_zero() ? "an unknown machine" : facts.mac.print();
  if (const policy::Boot* boot = plan.boot()) {
    return fmt::format("{} of {}: boots {}{}", what, whose, boot->image->name,
                       boot->prompt ? " if asked to" : "");
  }
  return fmt::format("{} of {}: {}", what, whose,
                     policy::print(std::get<policy::Ignore>(plan.outcome).reason));
}

TextBehindName plain(std::string text, std::string about_it) {
  return {"text/plain; charset=utf-8", std::move(text), std::move(about_it)};
}

TextBehindName held(std::string text, const policy::Facts& facts, const policy::Hold& hold) {
  return plain(std::move(text), fmt::format("{} held back: {}", facts.mac.print(), policy::explain(hold)));
}

}  // namespace

std::optional<policy::Hold> BootFiles::hold_script(const policy::Facts& facts, policy::ClientKind speaker,
                                                   const policy::Plan& plan, base::Ip where, base::Time now) {
  if (plan.boot() == nullptr || facts.mac.is_zero()) return std::nullopt;
  return machines_.with_admission(
      [&](auto& admission) { return admission.on_script(facts.mac, speaker, now, where); });
}

bool BootFiles::completes_image(std::string_view normalised, const policy::Facts& facts) const {
  const auto site = site_();
  const policy::Plan plan = policy::decide(facts, site->policy);
  const policy::Boot* boot = plan.boot();
  if (boot == nullptr) return false;
  const policy::Image& image = *boot->image;
  return normalised == content::normalise(image.initrds.empty() ? image.kernel : image.initrds.back());
}

BehindName BootFiles::render_name(const content::RenderedName& name, const session::Known* known,
                                  const Site& site, const Asker& asker, base::Time now) {
  using policy::ClientKind;
  const policy::Facts facts = known != nullptr ? known->facts : nobody();
  const policy::Settings& settings = site.policy.settings();
  const render::ServerAddress server{asker.local, settings.http_port};
  switch (name.what) {
    case content::Rendered::ipxe_entry:
      return plain(render::ipxe_entry_script(server), "entry script");
    case content::Rendered::grub_entry:
      return plain(render::grub_entry_config(), "entry grub.cfg");
    case content::Rendered::ipxe_script: {
      const policy::Plan plan = policy::decide(facts, site.policy);
      if (const auto hold = hold_script(facts, ClientKind::ipxe, plan, asker.address, now)) {
        return held(render::ipxe_waiting_script(*hold, facts.mac, server), facts, *hold);
      }
      return plain(render::ipxe_script(plan, settings, server), about("script", facts, plan));
    }
    case content::Rendered::pxelinux_config: {
      // pxelinux asks by UUID first; by that alone nobody is known, and it asks by MAC next.
      if (known == nullptr && name.uuid) return NothingBehindName{};
      const policy::Plan plan = policy::decide(facts, site.policy);
      if (plan.boot() != nullptr && known != nullptr) {
        machines_.with_admission(
            [&](auto& admission) { admission.on_menu(facts.mac, ClientKind::bios_rom, now, asker.address); });
      }
      return plain(render::pxelinux_config(plan, settings), about("pxelinux.cfg", facts, plan));
    }
    case content::Rendered::grub_config: {
      const policy::Plan plan = policy::decide(facts, site.policy);
      if (const auto hold = hold_script(facts, ClientKind::uefi_pxe, plan, asker.address, now)) {
        return held(render::grub_waiting_config(*hold, facts.mac), facts, *hold);
      }
      return plain(render::grub_config(plan, settings), about("grub.cfg", facts, plan));
    }
  }
  return NothingBehindName{};
}

// Somebody else's option 67 names an iPXE, and names it again when that iPXE asks by DHCP: a
// circle that only we can break. iPXE goes by content and not by name, so the second time it
// finds its script there.
bool BootFiles::is_ipxe_already(const base::Mac& mac, std::string_view normalised, base::Time now) {
  return files_only_ && content::is_ipxe(normalised) &&
         machines_.with([&](auto&, auto& attempts) { return attempts.has_lately(mac, normalised, now); });
}

BehindName BootFiles::find(std::string_view requested, const Asker& asker, base::Time now) {
  const auto name = content::normalise(requested);
  if (!name) return NameRefused{"not a name that can be published"};

  const std::shared_ptr<const Site> site = site_();
  const content::Entry entry = site->published.find(*name);
  if (const auto* file = std::get_if<const content::DiskFile*>(&entry)) {
    const session::Resolved who = machines_.who_fetches(asker.address, asker.interface, now);
    const auto* known = std::get_if<session::Known>(&who);
    if (known != nullptr && is_ipxe_already(known->facts.mac, *name, now)) {
      const render::ServerAddress server{asker.local, site->policy.settings().http_port};
      return plain(render::ipxe_entry_script(server),
                   fmt::format("entry script for {}, which is an iPXE already", known->facts.mac.print()));
    }
    return FileBehindName{**file};
  }
  const auto* rendered = std::get_if<content::RenderedName>(&entry);
  if (rendered == nullptr) return NothingBehindName{};
  const session::Resolved who =
      machines_.who_asks(asker.address, asker.interface, {rendered->mac, rendered->uuid}, now);
  if (const auto* contradiction = std::get_if<session::Contradiction>(&who)) {
    return NameRefused{fmt::format("the name belongs to another machine than {}, which has this address",
                                   contradiction->bound.print())};
  }
  return render_name(*rendered, std::get_if<session::Known>(&who), *site, asker, now);
}

}  // namespace server
