// SPDX-License-Identifier: GPL-3.0-or-later
// What can only be looked at: events, jobs, the server's state, a backup, the API's description.
#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "management/api.h"
#include "management/change.h"

namespace management {
namespace {

constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max() / 4;

api::Json to_json(const store::Event& event) {
  return {{"id", event.id},
          {"at", api::print_time(event.at)},
          {"revision", event.revision},
          {"who", event.who},
          {"verb", event.verb},
          {"kind", store::print(event.kind)},
          {"subject", event.subject},
          {"name", event.name}};
}

using Events = base::Result<std::vector<store::Event>, Problem>;

Events events_behind(site::Administration& administration, std::int64_t after, std::size_t count) {
  auto events =
      administration.look([&](site::SiteRecords& records) { return records.store().events(after, count); });
  if (!events) return tl::unexpected(Problem{ProblemType::not_written, events.error().what});
  return std::move(*events);
}

// The id of the last event; 0: there is none. Ids ascend, so it is found by halving.
base::Result<std::int64_t, Problem> last_event(site::Administration& administration) {
  std::int64_t low = 0, step = 1;
  while (true) {
    const auto next = events_behind(administration, low + step - 1, 1);
    if (!next) return tl::unexpected(next.error());
    if (!next->empty()) {
      low = next->front().id;
      step *= 2;
    } else if (step > 1) {
      step /= 2;
    } else {
      return low;
    }
  }
}

ApiResult list_events(ApiContext& context, const ApiRequest& request) {
  constexpr std::size_t at_once = 1000;
  constexpr std::size_t most_looked_at = 20'000;  // for one answer
  auto limit = request.query.number("limit", 100, 1, 1000);
  if (!limit) return tl::unexpected(limit.error());
  auto after = request.query.number("after", 0, 0, far);
  if (!after) return tl::unexpected(after.error());
  const auto last = request.query.number("last", 0, 1, 1000);
  if (!last) return tl::unexpected(last.error());
  const auto kind = request.query.text("kind");
  if (kind && !store::parse_kind(*kind))
    return tl::unexpected(
        Problem{ProblemType::malformed, fmt::format("nothing is of the kind \"{}\"", *kind), "?kind"});
  const auto name = request.query.text("name");
  site::Administration& administration = context.administration;
  if (*last > 0) {
    const auto newest = last_event(administration);
    if (!newest) return tl::unexpected(newest.error());
    after = std::max(*after, *newest - *last);
    if (!request.query.text("limit")) limit = *last;
  }

  api::Json items = api::Json::array();
  std::int64_t seen = *after;
  bool more = true;
  for (std::size_t looked_at = 0; more && looked_at < most_looked_at;) {
    const auto events = events_behind(administration, seen, at_once);
    if (!events) return tl::unexpected(events.error());
    looked_at += at_once;
    more = events->size() == at_once;
    for (const store::Event& event : *events) {
      if (items.size() == static_cast<std::size_t>(*limit)) {
        more = true;
        looked_at = most_looked_at;
        break;
      }
      seen = event.id;
      if ((!kind || store::print(event.kind) == *kind) && (!name || event.name == *name))
        items.push_back(to_json(event));
    }
  }
  api::Json body = {{"items", std::move(items)}};
  if (more) body["next"] = std::to_string(seen);
  return json_answer(body);
}

ApiResult look_at_job(ApiJobs& jobs, const ApiRequest& request) {
  const std::string& text = request.names.front();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  const auto job = is_number ? jobs.look(number) : std::nullopt;
  if (!job) {
    return refuse(ProblemType::not_found, "there is no job {}: finished ones are forgotten after an hour",
                  text.substr(0, 20));
  }
  return json_answer(*job);
}

ApiResult from(const std::function<api::Json()>& source) {
  if (!source) return refuse(ProblemType::not_found, "no server runs: there is nothing to see");
  return json_answer(source());
}

ApiResult problems(ApiContext& context) {
  auto all = context.administration.problems();
  if (context.more_problems) {
    for (std::string& each : context.more_problems()) all.push_back(std::move(each));
  }
  api::Json items = api::Json::array();
  for (const std::string& text : all) items.push_back({{"text", text}});
  return json_answer({{"items", std::move(items)}});
}

ApiResult back_up(ApiContext& context) {
  auto copy = context.administration.back_up();
  if (!copy) return refuse(ProblemType::not_written, "{}", copy.error().what);
  ApiAnswer answer;
  answer.content_type = "application/octet-stream";
  answer.file = std::move(*copy);
  return answer;
}

ApiResult describe() {
  ApiAnswer answer;
  answer.content_type = "application/json";
  answer.body = Api::openapi();
  return answer;
}

}  // namespace

void add_look_routes(ApiRoutes& routes, ApiContext& context, ApiJobs& jobs) {
  const auto add = [&](const char* path, ApiRole least, std::function<ApiResult(ApiRequest&)> handler,
                       std::vector<std::string_view> parameters = {}) {
    ApiRoute route{"GET", path, least, std::move(handler)};
    route.parameters = std::move(parameters);
    routes.push_back(std::move(route));
  };
  add("/v1/events", ApiRole::viewer, [&](ApiRequest& request) { return list_events(context, request); },
      {"after", "limit", "last", "kind", "name"});
  add("/v1/jobs/{job}", ApiRole::viewer, [&](ApiRequest& request) { return look_at_job(jobs, request); });
  add("/v1/status", ApiRole::viewer, [&](ApiRequest&) { return from(context.status); });
  add("/v1/queue", ApiRole::viewer, [&](ApiRequest&) { return from(context.queue); });
  add("/v1/problems", ApiRole::viewer, [&](ApiRequest&) { return problems(context); });
  add("/v1/backup", ApiRole::administrator, [&](ApiRequest&) { return back_up(context); });
  add("/v1/openapi.json", ApiRole::viewer, [](ApiRequest&) { return describe(); });
}

}  // namespace management
