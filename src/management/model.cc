// SPDX-License-Identifier: GPL-3.0-or-later
// The whole model as one text: read, put in place of the present one, compared with it. And the
// decision for one machine, in words.
#include <ctime>
#include <nlohmann/json.hpp>

#include "api/compare.h"
#include "api/explanation.h"
#include "api/model_text.h"
#include "management/api.h"
#include "management/change.h"
#include "site/wall_clock.h"
#include "store/after_batch.h"

namespace management {
namespace {

ApiResult read(ApiContext& context) {
  const auto site = context.administration.site();
  ApiAnswer answer;
  answer.content_type = "application/json";
  answer.body = api::print_model(site->policy);
  return answer;
}

api::Json listed(const std::vector<api::Touched>& all) {
  api::Json out = api::Json::array();
  for (const api::Touched& one : all) out.push_back({{"kind", store::print(one.kind)}, {"name", one.name}});
  return out;
}

ApiResult write(ApiContext& context, const ApiRequest& request) {
  const auto dry = request.query.flag("dry_run", false);
  if (!dry) return tl::unexpected(dry.error());
  const auto remove = request.query.flag("remove", true);
  if (!remove) return tl::unexpected(remove.error());
  return context.administration.change([&](site::SiteRecords& records) -> ApiResult {
    auto plan = api::plan_model(request.call.body, records.snapshot(),
                                *remove ? api::Unnamed::removed : api::Unnamed::kept, std::time(nullptr));
    if (!plan) return tl::unexpected(problem_of(plan.error()));
    plan->batch.who = request.call.who;
    if (!plan->batch.steps.empty()) {
      const auto kept = keep(records, std::move(plan->batch), *dry);
      if (!kept) return tl::unexpected(kept.error());
    }
    return json_answer({{"create", listed(plan->created)},
                        {"change", listed(plan->changed)},
                        {"remove", listed(plan->removed)}});
  });
}

ApiResult compare(ApiContext& context, const ApiRequest& request) {
  const auto site = context.administration.site();
  const auto plan =
      api::plan_model(request.call.body, site->policy, api::Unnamed::removed, std::time(nullptr));
  if (!plan) return tl::unexpected(problem_of(plan.error()));
  const auto then = store::imagine(site->policy, plan->batch);
  if (!then) return refuse(ProblemType::contradiction, "{}", then.error().what);
  return json_answer(api::to_json(api::compare(site->policy, *then, site::wall_clock())));
}

ApiResult explain(ApiContext& context, const ApiRequest& request) {
  const auto object = request.object();
  if (!object) return tl::unexpected(object.error());
  const auto question = api::question_from_json(*object);
  if (!question) return tl::unexpected(problem_of(question.error()));
  const auto site = context.administration.site();
  const policy::Now now = question->at ? site::wall_clock_at(*question->at) : site::wall_clock();
  const api::Names names(site->policy);
  return json_answer(
      api::explanation(question->facts, policy::answer(question->facts, site->policy, now), names));
}

}  // namespace

void add_model_routes(ApiRoutes& routes, ApiContext& context) {
  routes.push_back({"GET", "/v1/model", ApiRole::viewer, [&](ApiRequest&) { return read(context); }});
  ApiRoute put{"PUT", "/v1/model", ApiRole::administrator,
               [&](ApiRequest& request) { return write(context, request); }};
  put.parameters = {"dry_run", "remove"};
  put.max_body = max_api_text;
  put.dry_runs = true;
  routes.push_back(std::move(put));
  ApiRoute difference{"POST", "/v1/model/compare", ApiRole::viewer,
                      [&](ApiRequest& request) { return compare(context, request); }};
  difference.max_body = max_api_text;
  routes.push_back(std::move(difference));
  ApiRoute why{"POST", "/v1/explain", ApiRole::viewer,
               [&](ApiRequest& request) { return explain(context, request); }};
  why.max_body = max_api_body;
  routes.push_back(std::move(why));
}

}  // namespace management
