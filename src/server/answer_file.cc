// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/answer_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "base/log.h"
#include "content/answer_files.h"
#include "render/template.h"
#include "server/boot_words.h"

namespace server {
namespace {

struct Wanted {
  std::int64_t image = 0;
  std::string_view name;
};

std::optional<Wanted> wanted(std::string_view what) {
  const std::size_t slash = what.find('/');
  if (slash == what.npos || slash == 0 || what.front() == '0') return std::nullopt;
  Wanted out;
  const auto [end, error] = std::from_chars(what.data(), what.data() + slash, out.image);
  if (error != std::errc() || end != what.data() + slash || out.image <= 0) return std::nullopt;
  out.name = what.substr(slash + 1);
  return out;
}

net::HttpError not_there() { return {404, "no such file"}; }

}  // namespace

net::HttpReply render_answer(const session::BootPapers& papers, std::string_view what, const site::Site& site,
                             const base::Ip& local) {
  const auto asked = wanted(what);
  const session::PaperEntry* const entry = asked ? papers.entry(asked->image) : nullptr;
  if (entry == nullptr) return not_there();
  const std::string path = site.published->answer(entry->directory, asked->name);
  if (path.empty()) return not_there();
  const auto text = content::read_answer(path);
  if (!text) return not_there();

  const policy::Settings& settings = site.policy.settings();
  const render::ServerAddress server{local, settings.http_port};
  render::BootWords words =
      machine_words(papers.mac, papers.uuid, site.policy.device(papers.device), server, settings.http);
  add_token(words, papers.token, server);
  const render::Choosing choice = choosing(*entry, site.policy, words.report);
  const render::Template file = render::Template::read(*text);
  if (const auto lacking = file.without_value(words, choice); !lacking.empty()) {
    return net::HttpError{409,
                          fmt::format("{} of {}: {} has no value for {}", asked->name, choice.image,
                                      fmt::join(lacking, ", "), words.name.empty() ? words.mac : words.name)};
  }
  const render::Escape escape = render::escape_for(asked->name);
  return net::HttpBody{escape == render::Escape::xml ? "application/xml" : "text/plain; charset=utf-8",
                       file.render(words, choice, escape)};
}

std::optional<session::BootPapers> papers_of(const policy::Run& run, std::string_view token,
                                             const policy::Snapshot& snapshot) {
  const policy::Deployment* const deployment = snapshot.deployment(run.key.deployment);
  const policy::Device* const device = snapshot.device(run.key.device);
  const policy::Image* const image = deployment == nullptr ? nullptr : snapshot.image_of(*deployment);
  if (image == nullptr || device == nullptr || device->macs.empty()) return std::nullopt;
  policy::Plan plan;
  plan.identity.device = device;
  policy::Boot boot;
  boot.choice.image = image;
  boot.choice.deployment = deployment;
  if (const auto* to_run = std::get_if<policy::ToRun>(&deployment->what))
    boot.choice.task_sequence = snapshot.task_sequence(to_run->task_sequence);
  plan.outcome = boot;
  policy::Facts facts;
  facts.mac = device->macs.front();
  facts.uuid = device->uuid;
  session::BootPapers papers = papers_for(plan, facts, run.address);
  papers.token = token;
  if (run.token) papers.hash = *run.token;
  return papers;
}

}  // namespace server
