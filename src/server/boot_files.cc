// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/boot_files.h"

#include <fmt/core.h>

#include <algorithm>

#include "content/windows_names.h"
#include "net/interfaces.h"
#include "render/variables_file.h"
#include "render/windows.h"
#include "server/boot_words.h"
#include "site/wall_clock.h"

namespace server {
namespace {

// A machine of which nothing is known gets what everybody gets: the deployment to all.
policy::Facts nobody(const base::Ip& address) {
  policy::Facts facts;
  facts.network = address;
  facts.firmware_known = false;
  return facts;
}

std::string about(std::string_view what, const policy::Facts& facts, const policy::Plan& plan) {
  const std::string whose = facts.mac.is_zero() ? "an unknown machine" : facts.mac.print();
  if (const policy::Boot* boot = plan.boot(); boot != nullptr && boot->choice.image != nullptr) {
    return fmt::format("{} of {}: boots {}{}", what, whose, boot->choice.image->name,
                       boot->prompt == policy::Prompting::none ? "" : " if asked to");
  }
  if (const policy::Menu* menu = plan.menu()) {
    return fmt::format("{} of {}: a menu of {}", what, whose, menu->size);
  }
  if (const auto* refer = std::get_if<policy::Refer>(&plan.outcome)) {
    return fmt::format("{} of {}: referred to {}", what, whose, refer->server->name);
  }
  const auto reason = plan.reason();
  return fmt::format("{} of {}: {}", what, whose, reason ? policy::print(*reason) : "waits for approval");
}

// Whether the plan leads to an image, by way of a question or not.
bool boots(const policy::Plan& plan) { return plan.menu() != nullptr || plan.boot() != nullptr; }

// The one that its boot manager's files come from: of several the first, and any would do.
const policy::Image* windows_image(const policy::Plan& plan) {
  const auto is_windows = [](const policy::Choice& choice) {
    return choice.image != nullptr && choice.image->kind == policy::ImageKind::wim;
  };
  if (const policy::Boot* boot = plan.boot()) return is_windows(boot->choice) ? boot->choice.image : nullptr;
  const policy::Menu* menu = plan.menu();
  if (menu == nullptr) return nullptr;
  const auto found = std::ranges::find_if(menu->entries(), is_windows);
  return found == menu->entries().end() ? nullptr : found->image;
}

bool has_file_last(const policy::Choice& choice, std::string_view normalised) {
  if (choice.image == nullptr) return false;
  const policy::Image& image = *choice.image;
  if (image.kind == policy::ImageKind::uki && normalised == content::normalise(image.kernel)) return true;
  return normalised ==
         content::normalise(image.initrds.empty() ? policy::bios_kernel(image) : image.initrds.back());
}

TextBehindName plain(std::string text, std::string about_it) {
  return {"text/plain; charset=utf-8", std::move(text), std::move(about_it)};
}

std::string waiting_for_approval(const policy::AskApproval& ask, const policy::PendingTerms& terms) {
  if (ask.device == nullptr || ask.device->request == 0) return terms.message;
  return fmt::format("{} Request {}.", terms.message, ask.device->request);
}

// Somebody who looks at a machine's script from here, or from another machine of this wire, begins
// nothing.
bool begins_by(const session::Known& known, const policy::Device* device, const Asker& asker) {
  if (asker.only_looks || asker.address == asker.local) return false;
  if (known.from != session::LearnedFrom::name) return true;
  const auto neighbour = net::neighbour(asker.address, asker.interface);
  if (!neighbour || *neighbour == known.facts.mac) return true;
  return device != nullptr && std::ranges::find(device->macs, *neighbour) != device->macs.end();
}

constexpr std::string_view variables_item = "variables";  // among what is taken once

TextBehindName held(std::string text, const policy::Facts& facts, const render::Wait& wait) {
  return plain(std::move(text), fmt::format("{} held back: {}", facts.mac.print(), wait.text));
}

}  // namespace

std::optional<render::Wait> BootFiles::wait_of(const policy::Facts& facts, policy::ClientKind speaker,
                                               policy::Plan& plan, const policy::Snapshot& snapshot,
                                               base::Ip where, base::Time now) {
  if (std::holds_alternative<policy::AskApproval>(plan.outcome)) {
    return wait_for_approval(facts, plan, snapshot.model().policy.pending, now);
  }
  const auto hold = hold_script(facts, speaker, plan, where, now);
  if (!hold) return std::nullopt;
  return render::Wait{policy::explain(*hold), policy::script_asks_every_seconds};
}

std::optional<render::Wait> BootFiles::wait_for_approval(const policy::Facts& facts, policy::Plan& plan,
                                                         const policy::PendingTerms& terms, base::Time now) {
  const auto& ask = std::get<policy::AskApproval>(plan.outcome);
  if (facts.mac.is_zero()) return std::nullopt;  // nobody that could be approved
  if (pending_ != nullptr && !pending_->may_wait(facts, ask, terms, /*polls=*/true, now)) {
    plan.outcome = policy::Abort{policy::Reason::approval_late};
    return std::nullopt;
  }
  return render::Wait{waiting_for_approval(ask, terms), terms.poll_seconds};
}

std::optional<policy::Hold> BootFiles::hold_script(const policy::Facts& facts, policy::ClientKind speaker,
                                                   const policy::Plan& plan, base::Ip where, base::Time now) {
  if (!boots(plan) || facts.mac.is_zero()) return std::nullopt;
  return machines_.with_admission(
      [&](auto& admission) { return admission.on_script(facts.mac, speaker, now, where); });
}

bool BootFiles::completes_image(std::string_view normalised, const policy::Facts& facts, base::Time now) {
  const auto site = site_();
  // As when it got its script: what stops others since then does not stop it.
  const policy::Plan plan = policy::decide(facts, site->policy, site::wall_clock());
  const policy::Choice* complete = nullptr;
  if (const policy::Boot* boot = plan.boot()) {
    if (has_file_last(boot->choice, normalised)) complete = &boot->choice;
  } else if (const policy::Menu* menu = plan.menu()) {
    for (const policy::Choice& choice : menu->entries()) {
      if (complete == nullptr && has_file_last(choice, normalised)) complete = &choice;
    }
  }
  if (complete == nullptr) return false;
  if (runs_ != nullptr) runs_->image_sent(facts, plan.identity.device, *complete, now);
  return true;
}

policy::Plan BootFiles::decide(const policy::Facts& facts, const site::Site& site, base::Time now) const {
  return runs_ != nullptr ? runs_->decide(facts, site.policy, now)
                          : policy::decide(facts, site.policy, site::wall_clock());
}

render::BootWords BootFiles::begin(policy::Plan& plan, const session::Known* known, const site::Site& site,
                                   const Asker& asker, bool over_http, base::Time now, std::int64_t only) {
  const policy::Settings& settings = site.policy.settings();
  const render::ServerAddress server{asker.local, settings.http_port};
  const policy::Facts facts = known != nullptr ? known->facts : nobody(asker.address);
  render::BootWords words = machine_words(facts.mac, facts.uuid, plan.identity.device, server, settings.http);
  if (known == nullptr || !begins_by(*known, plan.identity.device, asker)) return words;
  std::string token;
  if (runs_ != nullptr) {
    const bool elsewhere = over_http && settings.images_port != 0;
    token = runs_->offer(plan, {asker.address, settings.http, elsewhere}, now);
  }
  if (!settings.http || !boots(plan)) return words;
  const bool reports = !token.empty();
  session::BootPapers papers = papers_for(plan, facts, asker.address, only);
  papers.token = reports ? token : site::new_token();
  papers.hash = site::hash_of(papers.token);
  add_token(words, papers.token, server);
  if (reports) words.report_word = std::string(site::report_word) + words.report;
  machines_.with_papers([&](auto& all) { all.issue(std::move(papers), now); });
  return words;
}

BehindName BootFiles::variables_file(const base::Mac& mac, const site::Site& site, const Asker& asker,
                                     base::Time now) {
  const policy::Settings& settings = site.policy.settings();
  const auto papers = machines_.with_papers([&](auto& all) -> std::optional<session::BootPapers> {
    const session::BootPapers* const found = all.of(mac, now);
    return found == nullptr ? std::nullopt : std::optional(*found);
  });
  if (!papers || !settings.http) return NothingBehindName{};
  const Whose whose{papers->mac, papers->device, papers->address};
  if (!is_of(whose, machines_, site.policy, asker.address, asker.interface, now))
    return NameRefused{"made for another machine"};
  if (!session::Papers::may_take(*papers, variables_item, now))
    return NameRefused{"fetched already: it is there once for a boot"};
  const render::ServerAddress server{asker.local, settings.http_port};
  render::BootWords words =
      machine_words(mac, papers->uuid, site.policy.device(papers->device), server, settings.http);
  add_token(words, papers->token, server);
  const render::Choosing choice = papers->entries.size() == 1
                                      ? choosing(papers->entries.front(), site.policy, words.report)
                                      : render::Choosing{};
  return plain(render::variables_file(words, choice), fmt::format("variables of {}", mac.print()));
}

void BootFiles::delivered(std::string_view normalised, base::Time now) {
  const auto name = content::parse_rendered_name(normalised);
  if (!name || name->what != content::Rendered::boot_variables) return;
  machines_.with_papers([&](auto& all) { all.took(*name->mac, variables_item, now); });
}

BehindName BootFiles::render_name(const content::RenderedName& name, const session::Known* known,
                                  const site::Site& site, const Asker& asker, base::Time now) {
  using policy::ClientKind;
  const policy::Facts facts = known != nullptr ? known->facts : nobody(asker.address);
  const policy::Settings& settings = site.policy.settings();
  const render::ServerAddress server{asker.local, settings.http_port};
  switch (name.what) {
    case content::Rendered::ipxe_entry:
      return plain(render::ipxe_entry_script(server), "entry script");
    case content::Rendered::grub_entry:
      return plain(render::grub_entry_config(), "entry grub.cfg");
    case content::Rendered::ipxe_script: {
      policy::Plan plan = decide(facts, site, now);
      if (const auto wait = wait_of(facts, ClientKind::ipxe, plan, site.policy, asker.address, now)) {
        return held(render::ipxe_waiting_script(*wait, facts.mac, server), facts, *wait);
      }
      const render::BootWords words = begin(plan, known, site, asker, true, now);
      return plain(render::ipxe_script(plan, settings, server, words), about("script", facts, plan));
    }
    case content::Rendered::pxelinux_config: {
      // pxelinux asks by UUID first; by that alone nobody is known, and it asks by MAC next.
      if (known == nullptr && name.uuid) return NothingBehindName{};
      policy::Plan plan = decide(facts, site, now);
      if (std::holds_alternative<policy::AskApproval>(plan.outcome)) {
        if (const auto wait = wait_for_approval(facts, plan, site.policy.model().policy.pending, now))
          return held(render::pxelinux_waiting_config(*wait, facts.mac), facts, *wait);
      }
      if (boots(plan) && known != nullptr) {
        machines_.with_admission(
            [&](auto& admission) { admission.on_menu(facts.mac, ClientKind::bios_rom, now, asker.address); });
      }
      const render::BootWords words = begin(plan, known, site, asker, false, now);
      return plain(render::pxelinux_config(plan, settings, words), about("pxelinux.cfg", facts, plan));
    }
    case content::Rendered::windows_bcd: {
      policy::Plan plan = decide(facts, site, now);
      const auto bcd = render::windows_bcd(plan, settings, name.image);
      if (!bcd) return NameRefused{bcd.error().what};
      if (!*bcd) return NothingBehindName{};
      begin(plan, known, site, asker, false, now, name.image);
      return TextBehindName{"application/octet-stream", std::string((*bcd)->begin(), (*bcd)->end()),
                            about("Windows boot configuration", facts, plan)};
    }
    case content::Rendered::boot_variables:
      return variables_file(*name.mac, site, asker, now);
    case content::Rendered::grub_config: {
      policy::Plan plan = decide(facts, site, now);
      if (const auto wait = wait_of(facts, ClientKind::uefi_pxe, plan, site.policy, asker.address, now)) {
        return held(render::grub_waiting_config(*wait, facts.mac), facts, *wait);
      }
      const render::BootWords words = begin(plan, known, site, asker, false, now);
      return plain(render::grub_config(plan, settings, words), about("grub.cfg", facts, plan));
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

BehindName BootFiles::find_windows_file(const std::string& name, const site::Site& site, const Asker& asker,
                                        base::Time now) {
  const auto file = content::windows_file(name);
  if (!file) return NothingBehindName{};
  const session::Resolved who = machines_.who_fetches(asker.address, asker.interface, now);
  const auto* known = std::get_if<session::Known>(&who);
  const policy::Plan plan = decide(known != nullptr ? known->facts : nobody(asker.address), site, now);
  const policy::Image* const image = windows_image(plan);
  if (image == nullptr) return NothingBehindName{};
  const std::string beside = image->kernel.substr(0, image->kernel.rfind('/') + 1);
  const content::Entry entry = site.published->find(beside + std::string(*file));
  const auto* found = std::get_if<const content::DiskFile*>(&entry);
  if (found == nullptr) return NothingBehindName{};
  return FileBehindName{**found};
}

BehindName BootFiles::find(std::string_view requested, const Asker& asker, base::Time now) {
  const auto name = content::normalise(requested);
  if (!name) return NameRefused{"not a name that can be published"};

  const std::shared_ptr<const site::Site> site = site_();
  const content::Entry entry = site->published->find(*name);
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
  if (rendered == nullptr) return find_windows_file(*name, *site, asker, now);
  const session::Resolved who =
      machines_.who_asks(asker.address, asker.interface, {rendered->mac, rendered->uuid}, now);
  if (const auto* contradiction = std::get_if<session::Contradiction>(&who)) {
    return NameRefused{fmt::format("the name belongs to another machine than {}, which has this address",
                                   contradiction->bound.print())};
  }
  return render_name(*rendered, std::get_if<session::Known>(&who), *site, asker, now);
}

}  // namespace server
