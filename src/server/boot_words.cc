// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/boot_words.h"

#include <fmt/format.h>

#include "server/boot_surface.h"
#include "site/runs.h"

namespace server {
namespace {

// «images/debian/3/linux» -> «images/debian/3»
std::string directory_of(const policy::Image& image) {
  std::size_t end = 0;
  for (int part = 0; part < 3 && end != std::string::npos; ++part)
    end = image.kernel.find('/', end == 0 ? 0 : end + 1);
  return end == std::string::npos ? "" : image.kernel.substr(0, end);
}

}  // namespace

render::BootWords machine_words(const base::Mac& mac, const std::optional<base::Uuid>& uuid,
                                const policy::Device* device, const render::ServerAddress& server,
                                bool http) {
  render::BootWords words;
  words.server = server.address.print();
  if (http) {
    words.http = server.url("");
    words.http.pop_back();  // its slash
  }
  if (!mac.is_zero()) {
    words.mac = mac.print();
    words.mac_dashed = mac.print_dashed();
  }
  if (uuid) words.uuid = uuid->print();
  if (device == nullptr) return words;
  words.name = device->name;
  words.variables = &device->extras().variables;
  if (!uuid && device->uuid) words.uuid = device->uuid->print();
  return words;
}

void add_token(render::BootWords& words, const std::string& token, const render::ServerAddress& server) {
  words.token = token;
  words.report = server.url(fmt::format("{}{}", boot_surface_prefix, token));
}

session::BootPapers papers_for(const policy::Plan& plan, const policy::Facts& facts, const base::Ip& address,
                               std::int64_t only) {
  session::BootPapers papers;
  papers.mac = facts.mac;
  papers.uuid = facts.uuid;
  if (plan.identity.device != nullptr) papers.device = plan.identity.device->id;
  papers.address = address;
  const auto add = [&](const policy::Choice& choice) {
    if (choice.image == nullptr || (only != 0 && choice.image->id != only)) return;
    papers.entries.push_back({choice.image->id, choice.deployment == nullptr ? 0 : choice.deployment->id,
                              choice.task_sequence == nullptr ? 0 : choice.task_sequence->id,
                              directory_of(*choice.image)});
  };
  if (const policy::Boot* boot = plan.boot()) add(boot->choice);
  if (const policy::Menu* menu = plan.menu()) {
    for (const policy::Choice& choice : menu->entries()) add(choice);
  }
  return papers;
}

render::Choosing choosing(const session::PaperEntry& entry, const policy::Snapshot& snapshot,
                          const std::string& report) {
  render::Choosing out;
  if (const policy::Image* image = snapshot.image(entry.image)) out.image = image->name;
  if (const policy::Deployment* deployment = snapshot.deployment(entry.deployment))
    out.deployment = deployment->name;
  if (const policy::TaskSequence* sequence = snapshot.task_sequence(entry.task_sequence))
    out.of_task_sequence = &sequence->variables;
  out.answers = render::answers_url(report, entry.image);
  return out;
}

bool is_of(const Whose& whose, Machines& machines, const policy::Snapshot& snapshot, const base::Ip& from,
           unsigned interface, base::Time now) {
  if (whose.address == from) return true;
  const session::Resolved who = machines.who_asks(from, interface, {}, now);
  const auto* known = std::get_if<session::Known>(&who);
  if (known == nullptr) return false;
  if (!whose.mac.is_zero() && known->facts.mac == whose.mac) return true;
  const policy::Device* const device = snapshot.device(known->facts.mac);
  return device != nullptr && device->id == whose.device;
}

}  // namespace server
