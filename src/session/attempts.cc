// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/attempts.h"

#include <fmt/format.h>

#include <algorithm>

namespace session {
namespace {

// Well beyond every time above; an attempt that is older explains nothing.
constexpr base::Duration attempt_lifetime = std::chrono::minutes(10);

constexpr std::string_view grub_program = "grubx64.efi";

bool is_grub(std::string_view path) {
  if (!path.ends_with(grub_program)) return false;
  path.remove_suffix(grub_program.size());
  return path.empty() || path.back() == '/';
}

}  // namespace

std::string_view print(Transport transport) { return transport == Transport::tftp ? "TFTP" : "HTTP"; }

std::string explain(const AttemptEvent& event) {
  if (const auto* loop = std::get_if<LoopEnded>(&event)) {
    return fmt::format("{}: took {} by {} twice in a row without getting further; {}", loop->mac.print(),
                       loop->loader, print(loop->transport), policy::explain(policy::Reason::boot_loop));
  }
  const auto& grub = std::get<GrubAsksElsewhere>(event);
  return fmt::format(
      "{}: GRUB was delivered and has not asked for its menu here: it asks the server that the DHCP lease "
      "names. "
      "Set next-server (siaddr) to this server's address on the DHCP server, and nothing else",
      grub.mac.print());
}

Attempts::Attempts(bool beside_dhcp, std::size_t capacity)
    : beside_dhcp_(beside_dhcp), capacity_(capacity), by_mac_(capacity, attempt_lifetime) {}

Attempts::Loader* Attempts::find_loader(Attempt& attempt, std::string_view path, Transport transport) {
  const auto found = std::ranges::find_if(
      attempt.loaders, [&](const Loader& l) { return l.path == path && l.transport == transport; });
  return found == attempt.loaders.end() ? nullptr : &*found;
}

std::optional<policy::Reason> Attempts::objection(const policy::Facts& facts, const policy::Step& step,
                                                  base::Time now) {
  if (step.kind != policy::StepKind::loader) return std::nullopt;
  Attempt* known = by_mac_.find(key_of(facts.mac), now);
  if (known == nullptr) return std::nullopt;
  if (facts.kind == policy::ClientKind::ipxe && facts.arch != policy::Arch::bios &&
      known->ipxe_given_to_ipxe && now - *known->ipxe_given_to_ipxe < ipxe_again) {
    return policy::Reason::ipxe_without_http;
  }
  // HTTP Boot after a failed PXE asks for the same file in another way: that is EDK2 going
  // through its boot options, no loop.
  const bool http = facts.kind == policy::ClientKind::uefi_http;
  const Loader* loader = find_loader(*known, step.path, http ? Transport::http : Transport::tftp);
  if (loader != nullptr && loader->refused_until && now < *loader->refused_until)
    return policy::Reason::boot_loop;
  return std::nullopt;
}

bool Attempts::has_lately(const base::Mac& mac, std::string_view path, base::Time now) {
  const Attempt* known = by_mac_.find(key_of(mac), now);
  return known != nullptr && std::ranges::any_of(known->loaders, [&](const Loader& l) {
           return l.path == path && now - l.completed < ipxe_again;
         });
}

void Attempts::on_asked(const policy::Facts& facts, base::Time now) {
  Attempt& asking = by_mac_.touch(key_of(facts.mac), now);
  asking.asker = facts.kind;
  asking.arch = facts.arch;
  asking.grub_due.reset();  // a new stage or a new try, whatever became of GRUB
  for (Loader& loader : asking.loaders) loader.asked_since = true;
}

std::optional<AttemptEvent> Attempts::on_loader_sent(const base::Mac& mac, std::string_view path,
                                                     Transport transport, base::Time now) {
  Attempt& taking = by_mac_.touch(key_of(mac), now);
  if (taking.asker == policy::ClientKind::ipxe && taking.arch != policy::Arch::bios) {
    taking.ipxe_given_to_ipxe = now;
  }
  if (beside_dhcp_ && transport == Transport::tftp && is_grub(path) && grub_due_.size() < capacity_) {
    taking.grub_due = now + grub_silence;
    grub_due_.emplace(*taking.grub_due, mac);
  }

  Loader* loader = find_loader(taking, path, transport);
  if (loader == nullptr) {
    if (taking.loaders.size() >= max_loaders) taking.loaders.erase(taking.loaders.begin());
    taking.loaders.push_back({std::string(path), transport, now, false, std::nullopt});
    return std::nullopt;
  }
  // Taken twice without asking anew is one stage reading a file twice: shim does that under
  // the iPXE EFI ROM.
  const bool loop = loader->asked_since && now - loader->completed <= loop_window;
  loader->completed = now;
  loader->asked_since = false;
  if (!loop) return std::nullopt;
  loader->refused_until = now + refused_for;
  return LoopEnded{mac, std::string(path), transport};
}

void Attempts::on_request(const base::Mac& mac, base::Time now) {
  if (Attempt* asking = by_mac_.find(key_of(mac), now)) asking->grub_due.reset();
}

void Attempts::on_image_file_sent(const base::Mac& mac, base::Time now) {
  if (Attempt* done = by_mac_.find(key_of(mac), now)) done->loaders.clear();
}

std::vector<AttemptEvent> Attempts::poll(base::Time now) {
  std::vector<AttemptEvent> events;
  while (!grub_due_.empty() && grub_due_.begin()->first <= now) {
    const auto [due, mac] = *grub_due_.begin();
    grub_due_.erase(grub_due_.begin());
    Attempt* waiting = by_mac_.find(key_of(mac), now);
    if (waiting == nullptr || waiting->grub_due != due) continue;
    waiting->grub_due.reset();
    events.emplace_back(GrubAsksElsewhere{mac});
  }
  return events;
}

std::optional<base::Time> Attempts::wake_at() const {
  if (grub_due_.empty()) return std::nullopt;
  return grub_due_.begin()->first;
}

}  // namespace session
