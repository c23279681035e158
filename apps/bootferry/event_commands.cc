// SPDX-License-Identifier: GPL-3.0-or-later
// What was changed by whom, and what became of machines' boots.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <deque>
#include <iostream>
#include <thread>

#include "commands.h"
#include "records.h"
#include "terminal.h"

namespace cli {
namespace {

struct Events {
  bool follow = false;
  std::string kind, name;
  std::optional<std::int64_t> limit;
};
constexpr std::int64_t usual_limit = 50;

std::string line_of(const Json& event) {
  return printable(fmt::format("{}  {:<10} {} {} ({})", cell(event, "at"), cell(event, "verb"),
                               cell(event, "kind"), cell(event, "name"), cell(event, "who")));
}

api::Pairs query_of(const Events& typed) {
  api::Pairs query;
  if (!typed.kind.empty()) query.emplace_back("kind", typed.kind);
  if (!typed.name.empty()) query.emplace_back("name", typed.name);
  return query;
}

void tell(const std::deque<Json>& events, const Common& common) {
  for (const Json& event : events) print_line(common.json ? api::print_json(event) : line_of(event));
  std::cout.flush();
}

// The last ones, and the number behind which new ones come.
Got<std::deque<Json>> last_events(Site& site, const Events& typed) {
  std::deque<Json> last;
  const auto limit = static_cast<std::size_t>(std::max<std::int64_t>(typed.limit.value_or(usual_limit), 0));
  // With a filter it is not known how far back the last ones stand: all are looked through.
  api::Pairs query = query_of(typed);
  if (query.empty()) query.emplace_back("last", fmt::format("{}", std::clamp<std::size_t>(limit, 1, 1000)));
  const auto listed = site.each("/v1/events", query, [&](const Json& event) {
    last.push_back(event);
    if (last.size() > limit) last.pop_front();
    return true;
  });
  if (!listed) return tl::unexpected(listed.error());
  return last;
}

int follow(const Events& typed, const Common& common, std::string after) {
  while (static_cast<bool>(std::cout)) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    auto site = Site::reach(common);
    if (!site) return failed(site.error());
    std::deque<Json> fresh;
    api::Pairs query = query_of(typed);
    query.emplace_back("after", after);
    const auto listed = site->each("/v1/events", query, [&](const Json& event) {
      fresh.push_back(event);
      return true;
    });
    if (!listed) return failed(listed.error());
    if (!fresh.empty()) after = cell(fresh.back(), "id");
    tell(fresh, common);
  }
  return exit_ok;
}

int list_events(const Events& typed, const Common& common) {
  auto site = Site::reach(common);
  if (!site) return failed(site.error());
  const auto last = last_events(*site, typed);
  if (!last) return failed(last.error());
  if (typed.follow) {
    tell(*last, common);
    return follow(typed, common, last->empty() ? "0" : cell(last->back(), "id"));
  }
  if (common.json) {
    print_line(api::print_json(Json(*last)));
    return exit_ok;
  }
  Table table({"WHEN", "WHO", "WHAT", "KIND", "NAME"});
  for (const Json& event : *last) {
    table.add({cell(event, "at"), cell(event, "who"), cell(event, "verb"), cell(event, "kind"),
               cell(event, "name")});
  }
  print_line(last->empty() ? "nothing was changed yet" : table.print());
  return exit_ok;
}

const Kind run{"run",
               "runs",
               {},
               {"device", "deployment", "image", "state", "started", "ended", "failures", "message"},
               "no runs: no machine has been offered anything"};

Got<int> list_runs(const api::Pairs& query, const Common& common, Site& site) {
  if (common.json) return print_records(common, site, run, "/v1/runs", query);
  std::vector<std::string> headings;
  for (const char* column : run.columns) {
    headings.emplace_back(column);
    for (char& c : headings.back()) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  Table table(std::move(headings));
  bool any = false;
  const auto listed = site.each("/v1/runs", query, [&](const Json& item) {
    std::vector<std::string> row;
    for (const char* column : run.columns) row.push_back(cell(item, column));
    table.add(std::move(row));
    return any = true;
  });
  if (!listed) return tl::unexpected(listed.error());
  print_line(any ? table.print() : run.none);
  return exit_ok;
}

}  // namespace

void add_event_commands(Command& root) {
  Command events = root.group("event", "Who changed what, and when");
  auto typed = std::make_shared<Events>();
  Command list = events.leaf("list", "Show the last changes",
                             [typed](const Common& common) { return list_events(*typed, common); });
  list.flag("--follow", typed->follow, "Go on with what is changed from now on, until Ctrl-C");
  list.option("--kind", typed->kind, "Of this kind of record only",
              one_of({"device", "collection", "image", "task-sequence", "program", "deployment", "network",
                      "server", "referral", "settings"}));
  list.option("--name", typed->name, "Of the record that was called so");
  list.option("--limit", typed->limit, "How many [50]");
  list.refuse_if([typed]() -> std::string {
    return typed->limit && *typed->limit < 0 ? "--limit: how many? not fewer than none" : "";
  });

  Command runs = root.group("run", "What became of what was required");
  struct Runs {
    std::string device, state;
  };
  auto asked = std::make_shared<Runs>();
  Command list_them = runs.leaf("list", "List them", [asked](const Common& common) {
    return with_site(common, [&](Site& site) {
      api::Pairs query;
      if (!asked->device.empty()) query.emplace_back("device", asked->device);
      if (!asked->state.empty()) query.emplace_back("state", asked->state);
      return list_runs(query, common, site);
    });
  });
  runs.leaf("resume", "Let required deployments go on that too many installs or failures had stopped",
            [](const Common& common) {
              return with_site(common, [&](Site& site) -> Got<int> {
                const auto sent = site.send("POST", "/v1/runs/resume", Json::object());
                if (!sent) return tl::unexpected(sent.error());
                return done(common, "required deployments go on");
              });
            });
  add_facts_command(runs);
  list_them.option("--device", asked->device, "Of this machine", names_of("devices"));
  list_them.option("--in-state", asked->state, "Only those",
                   one_of({"offered", "started", "done", "failed", "silent"}));
}

}  // namespace cli
