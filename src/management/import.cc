// SPDX-License-Identifier: GPL-3.0-or-later
// Machines from other people's files, as a job: whole or not at all.
#include "api/import.h"

#include <nlohmann/json.hpp>

#include "management/api.h"
#include "management/change.h"

namespace management {
namespace {

struct Import {
  api::ImportFormat format;
  std::string collection, text, who;
  bool dry_run = false;
};

Problem problem_of_lines(api::LineFaults faults) {
  const std::size_t all = faults.lines.size() + faults.more;
  Problem problem{ProblemType::invalid, fmt::format("{} of the file's lines {} wrong: nothing was taken over",
                                                    all, all == 1 ? "is" : "are")};
  problem.lines = std::move(faults);
  return problem;
}

base::Result<api::Json, Problem> run(site::Administration& administration, const Import& import,
                                     const ApiJobs::Progress& progress) {
  auto file = api::parse_import(import.format, import.text);
  if (!file) return tl::unexpected(problem_of_lines(std::move(file.error())));
  const std::size_t total = file->devices.size();
  progress(0, total);
  return administration.change([&](site::SiteRecords& records) -> base::Result<api::Json, Problem> {
    auto plan = api::plan_import(file->devices, import.collection, api::Names(records.snapshot()));
    if (!plan) return tl::unexpected(problem_of_lines(std::move(plan.error())));
    plan->batch.who = import.who;
    plan->batch.progress = [&](std::size_t done) { progress(done, total); };
    if (!plan->batch.steps.empty()) {
      const auto kept = keep(records, std::move(plan->batch), import.dry_run);
      if (!kept) return tl::unexpected(kept.error());
    }
    progress(total, total);
    api::Json result = {
        {"created", plan->created}, {"changed", plan->changed}, {"unchanged", plan->unchanged}};
    if (!file->passed_over.empty()) {
      result["passed_over"] = lines_json(file->passed_over);
      if (file->passed_over.more > 0) result["more"] = file->passed_over.more;
    }
    return result;
  });
}

ApiResult begin(ApiContext& context, ApiJobs& jobs, const ApiRequest& request) {
  const auto dry = request.query.flag("dry_run", false);
  if (!dry) return tl::unexpected(dry.error());
  const auto format = api::parse_import_format(request.query.text("format").value_or("csv"));
  if (!format) {
    return tl::unexpected(
        Problem{ProblemType::malformed, "format must be csv, wds, dnsmasq, isc or kea", "?format"});
  }
  const Import import{*format, std::string(request.query.text("collection").value_or("")),
                      std::string(request.call.body), request.call.who, *dry};
  const auto job = jobs.start([&administration = context.administration, import](const auto& progress) {
    return run(administration, import, progress);
  });
  if (!job) return tl::unexpected(job.error());
  return json_answer({{"job", *job}}, 202);
}

}  // namespace

void add_import_routes(ApiRoutes& routes, ApiContext& context, ApiJobs& jobs) {
  ApiRoute route{"POST", "/v1/devices/import", ApiRole::administrator,
                 [&](ApiRequest& request) { return begin(context, jobs, request); }};
  route.parameters = {"format", "collection", "dry_run"};
  route.max_body = max_api_text;
  route.dry_runs = true;
  routes.push_back(std::move(route));
}

}  // namespace management
