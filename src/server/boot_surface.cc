// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/boot_surface.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <string>

#include "api/boot_plan.h"
#include "api/machine_facts.h"
#include "base/log.h"
#include "base/utf8.h"
#include "content/published.h"
#include "server/answer_file.h"
#include "server/boot_words.h"

namespace server {
namespace {

constexpr std::size_t token_digits = 32;
constexpr std::size_t longest_message = 1000, longest_progress = 200;

enum class Verb : std::uint8_t { done, failed, progress, log, facts, plan, answer };

constexpr std::string_view answer_prefix = "answer/";

std::optional<Verb> verb_of(std::string_view method, std::string_view name) {
  if (name.starts_with(answer_prefix))
    return method == "GET" || method == "HEAD" ? std::optional(Verb::answer) : std::nullopt;
  if (method == "GET") return name == "plan" ? std::optional(Verb::plan) : std::nullopt;
  if (method != "POST") return std::nullopt;
  if (name == "done") return Verb::done;
  if (name == "failed") return Verb::failed;
  if (name == "progress") return Verb::progress;
  if (name == "log") return Verb::log;
  if (name == "facts") return Verb::facts;
  return std::nullopt;
}

net::HttpBody said(std::string_view what) { return {"text/plain; charset=utf-8", std::string(what) + "\n"}; }

// One spelling, as names are found by.
std::string item_of(std::string_view what) { return content::normalise(what).value_or(""); }

std::uint64_t key_of(const policy::TokenHash& hash) {
  std::uint64_t key = 0;
  std::memcpy(&key, hash.data(), sizeof key);
  return key;
}

}  // namespace

struct BootSurface::Call {
  policy::TokenHash token;
  std::optional<Verb> verb;
  std::string_view word;  // the token itself
  std::string_view what;  // of answer files: "12/preseed.cfg"

  // Nothing where the path is not of its form.
  static std::optional<Call> parse(std::string_view method, std::string_view target) {
    if (!has(target)) return std::nullopt;
    target.remove_prefix(1 + boot_surface_prefix.size());
    if (target.size() <= token_digits || target[token_digits] != '/') return std::nullopt;
    const std::string_view token = target.substr(0, token_digits);
    if (token.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
    const std::string_view name = target.substr(token_digits + 1);
    Call call{site::hash_of(token), verb_of(method, name), token, {}};
    if (call.verb == Verb::answer) call.what = name.substr(answer_prefix.size());
    return call;
  }
};

std::string_view BootSurface::print(Fate fate) {
  switch (fate) {
    case Fate::heard:
      return "heard";
    case Fate::unknown:
      return "unknown";
    case Fate::other_machine:
      return "other-machine";
    case Fate::too_fast:
      return "too-fast";
    case Fate::busy:
      return "busy";
    case Fate::unserved:
      return "other-interface";
    case Fate::taken:
      return "taken-already";
  }
  return "";
}

std::vector<std::pair<std::string, std::uint64_t>> BootSurface::counters() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (std::size_t i = 0; i < fates; ++i) {
    out.emplace_back(fmt::format("boot-surface.{}", print(static_cast<Fate>(i))), counts_.at(i));
  }
  return out;
}

net::HttpReply BootSurface::refuse(Fate fate) {
  ++counts_.at(static_cast<std::size_t>(fate));
  if (fate == Fate::too_fast) return net::HttpError{429, "too many requests: wait a moment"};
  if (fate == Fate::busy) return net::HttpError{503, "too many logs at once: try again"};
  if (fate == Fate::unserved) return net::HttpError{404, "not served on this interface"};
  if (fate == Fate::taken) return net::HttpError{410, "fetched already: it is there once for a boot"};
  return net::HttpError{404, "no such file"};  // FileService's words: no hint
}

net::HttpReply BootSurface::too_busy() {
  --counts_.at(static_cast<std::size_t>(Fate::heard));
  return refuse(Fate::busy);
}

bool BootSurface::has(std::string_view target) {
  return target.starts_with('/') && target.substr(1).starts_with(boot_surface_prefix);
}

std::size_t BootSurface::body_allowed(const net::HttpRequest& request) const {
  const auto call = Call::parse(request.method, request.target);
  if (!call || !call->verb || !runs_.behind(call->token)) return 0;
  switch (*call->verb) {
    case Verb::log:
      return site::RunLogs::max_octets;
    case Verb::facts:
      return api::max_machine_facts;
    case Verb::done:
    case Verb::failed:
    case Verb::progress:
      return 4096;
    case Verb::plan:
    case Verb::answer:
      return 0;
  }
  return 0;
}

std::optional<net::HttpReply> BootSurface::before_body(const net::HttpRequest& request) {
  const std::size_t allowed = body_allowed(request);
  if (allowed == 0) return answer(request);
  if (request.body_size > allowed)
    return net::HttpError{413, fmt::format("at most {} octets are read", allowed)};
  return std::nullopt;
}

net::HttpReply BootSurface::answer(const net::HttpRequest& request, base::Time now) {
  const base::Ip& from = request.from.address;
  const auto served = interfaces_.now();
  const unsigned interface =
      request.interface == 0 ? served->index_of(request.local) : request.interface;  // 0: from this host
  if (interface == 0 || !served->serves(interface, request.local.family())) {
    return refuse(Fate::unserved);
  }
  {
    const std::lock_guard lock(rates_mutex_);
    if (!by_address_.allow(session::key_of(from, interface), now)) return refuse(Fate::too_fast);
  }
  // Found by its hash: how long that takes tells nothing about how much of a guess is right.
  const auto call = Call::parse(request.method, request.target);
  if (call && call->verb == Verb::answer) return hand_out(*call, request, interface, now);
  const auto run = call ? runs_.behind(call->token) : std::nullopt;
  if (!run || !call->verb) return refuse(Fate::unknown);
  const Whose whose{{}, run->key.device, run->address};
  if (!is_of(whose, machines_, site_()->policy, from, interface, now))
    return refuse_other(from, run->address, now);
  if (too_fast(*call, now)) return refuse(Fate::too_fast);
  ++counts_.at(static_cast<std::size_t>(Fate::heard));
  return act(*call, *run, request.body);
}

net::HttpReply BootSurface::refuse_other(const base::Ip& from, const base::Ip& owner, base::Time now) {
  {
    const std::lock_guard lock(rates_mutex_);
    if (log_rate_.may_log("run", now)) {
      base::log(base::LogLevel::warning, "run",
                "{} comes with the token of another machine, which had {}: not heard", from.print(),
                owner.print());
    }
  }
  return refuse(Fate::other_machine);
}

bool BootSurface::too_fast(const Call& call, base::Time now) {
  const std::lock_guard lock(rates_mutex_);
  return !by_token_.allow(key_of(call.token), now);
}

std::optional<session::BootPapers> BootSurface::papers_behind(const Call& call, base::Time now) {
  const auto find = [&](auto& all) -> std::optional<session::BootPapers> {
    const session::BootPapers* const found = all.behind(call.token, now);
    return found == nullptr ? std::nullopt : std::optional(*found);
  };
  if (auto papers = machines_.with_papers(find)) return papers;
  // Its boot began before this server did, and is none of long ago.
  const auto run = runs_.behind(call.token);
  if (!run || runs_.age(*run) >= session::Papers::default_lifetime) return std::nullopt;
  auto papers = papers_of(*run, call.word, site_()->policy);
  if (papers) machines_.with_papers([&](auto& all) { all.issue(*papers, now); });
  return papers;
}

net::HttpReply BootSurface::hand_out(const Call& call, const net::HttpRequest& request, unsigned interface,
                                     base::Time now) {
  const auto papers = papers_behind(call, now);
  if (!papers) return refuse(Fate::unknown);
  const auto site = site_();
  const base::Ip& from = request.from.address;
  const Whose whose{papers->mac, papers->device, papers->address};
  if (!is_of(whose, machines_, site->policy, from, interface, now))
    return refuse_other(from, papers->address, now);
  if (too_fast(call, now)) return refuse(Fate::too_fast);
  if (!session::Papers::may_take(*papers, item_of(call.what), now)) return refuse(Fate::taken);
  ++counts_.at(static_cast<std::size_t>(Fate::heard));
  net::HttpReply reply = render_answer(*papers, call.what, *site, request.local);
  const auto* error = std::get_if<net::HttpError>(&reply);
  if (error == nullptr || error->status != 409) return reply;
  const std::lock_guard lock(rates_mutex_);
  if (log_rate_.may_log("answer", now)) base::log(base::LogLevel::warning, "answer", "{}", error->text);
  return reply;
}

void BootSurface::on_done(const net::HttpDone& done, base::Time now) {
  if (!done.complete || done.status != 200) return;
  const auto call = Call::parse(done.method, done.target);
  if (!call || call->verb != Verb::answer || done.method != "GET") return;
  const auto mac = machines_.with_papers([&](auto& all) -> std::optional<base::Mac> {
    const session::BootPapers* const papers = all.behind(call->token, now);
    if (papers == nullptr) return std::nullopt;
    const base::Mac whose = papers->mac;
    all.took(whose, item_of(call->what), now);
    return whose;
  });
  if (!mac || !base::log_enabled(base::LogLevel::info)) return;
  const std::lock_guard lock(rates_mutex_);
  if (log_rate_.may_log("answer", now))
    base::log(base::LogLevel::info, "answer", "{} has {}", mac->print(), call->what);
}

net::HttpReply BootSurface::act(const Call& call, const policy::Run& run, std::string_view body) {
  switch (*call.verb) {
    case Verb::done:
      runs_.done(call.token);
      return said("done");
    case Verb::failed: {
      const std::string why = base::one_line(body, longest_message);
      runs_.failed(call.token, why.empty() ? "the machine says that it failed" : why);
      return said("failed");
    }
    case Verb::progress: {
      unsigned percent = 0;
      const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), percent);
      const bool counted = error == std::errc() && percent <= 100 &&
                           (end == body.data() + body.size() || *end == ' ' || *end == '%' || *end == '\n');
      if (counted) body.remove_prefix(static_cast<std::size_t>(end - body.data()));
      if (counted && body.starts_with('%')) body.remove_prefix(1);
      runs_.progress(call.token, counted ? std::optional(percent) : std::nullopt,
                     base::one_line(body, longest_progress));
      return said("heard");
    }
    case Verb::log:
      return logs_.append(run, body) ? said("taken") : too_busy();
    case Verb::facts: {
      const auto facts = api::check_machine_facts(body);
      if (!facts) return net::HttpError{400, facts.error().what};
      return logs_.keep_facts(run, *facts) ? said("taken") : too_busy();
    }
    case Verb::plan:
      return net::HttpBody{"application/json", plan_of(run)};
    case Verb::answer:
      break;  // hand_out()
  }
  return refuse(Fate::unknown);
}

std::string BootSurface::plan_of(const policy::Run& run) const {
  const auto site = site_();
  const policy::Snapshot& snapshot = site->policy;
  api::BootPlan plan;
  plan.state = run.state;
  if (const policy::Device* device = snapshot.device(run.key.device)) plan.device = device->name;
  const policy::Deployment* const found = snapshot.deployment(run.key.deployment);
  if (found == nullptr) return api::print(plan);
  plan.deployment = found->name;
  if (const auto* to_run = std::get_if<policy::ToRun>(&found->what)) {
    if (const auto* sequence = snapshot.task_sequence(to_run->task_sequence))
      plan.task_sequence = sequence->name;
  }
  if (const policy::Image* image = snapshot.image_of(*found)) plan.image = image->name;
  return api::print(plan);
}

}  // namespace server
