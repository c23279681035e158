// SPDX-License-Identifier: GPL-3.0-or-later
// Images' files, and the content library that they stand in.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "content/kernel.h"
#include "content/sources.h"
#include "content/wim_facts_json.h"
#include "content/windows_names.h"
#include "management/api.h"
#include "management/change.h"

namespace management {
namespace {

using store::Kind;

base::Result<store::ImageRecord, Problem> find_image(ApiContext& context, const std::string& name) {
  return context.administration.look(
      [&](site::SiteRecords& records) -> base::Result<store::ImageRecord, Problem> {
        const auto id = api::Names(records.snapshot()).find(Kind::image, name);
        const store::ImageRecord* const found = id ? records.image(*id) : nullptr;
        if (found == nullptr) return tl::unexpected(not_found("image", name));
        return *found;
      });
}

base::Result<content::Package, Problem> package_of(ApiContext& context, const store::ImageRecord& image) {
  auto package = context.administration.files(image);
  if (!package) return refuse(ProblemType::not_found, "{}: add the image again", package.error().what);
  return std::move(*package);
}

base::Result<content::Package, Problem> files_of(ApiContext& context, const ApiRequest& request) {
  const auto image = find_image(context, request.names.front());
  if (!image) return tl::unexpected(image.error());
  return package_of(context, *image);
}

ApiResult list_files(ApiContext& context, const ApiRequest& request) {
  const auto package = files_of(context, request);
  if (!package) return tl::unexpected(package.error());
  api::Json items = api::Json::array();
  for (const content::PackageFile& file : package->files)
    items.push_back({{"name", file.name}, {"size", file.size}, {"sha256", base::print(file.hash)}});
  return json_answer({{"items", std::move(items)}});
}

base::Result<base::Fd, Problem> open_package_file(ApiContext& context, const content::Package& package,
                                                  std::string_view name) {
  const content::PackageFile* const file = package.find(name);
  if (file == nullptr) return refuse(ProblemType::not_found, "the image has no file {}: add it again", name);
  auto opened = context.administration.open_file(file->hash);
  if (!opened)
    return refuse(ProblemType::not_found, "{}: it is damaged or gone: add the image again",
                  opened.error().what);
  return std::move(*opened);
}

// What the image says about itself, read from its files.
ApiResult tell_facts(ApiContext& context, const ApiRequest& request) {
  const auto image = find_image(context, request.names.front());
  if (!image) return tl::unexpected(image.error());
  const auto package = package_of(context, *image);
  if (!package) return tl::unexpected(package.error());
  const bool windows = image->image.kind == policy::ImageKind::wim;
  const std::string name = windows ? std::string(content::windows_facts_name)
                                   : policy::bios_kernel(image->image).substr(image->directory.size() + 1);
  const auto file = open_package_file(context, *package, name);
  if (!file) return tl::unexpected(file.error());
  if (windows) {
    const auto facts = content::read_wim_facts(file->get());
    if (!facts)
      return refuse(ProblemType::not_found, "{}: {}: add the image again", name, facts.error().what);
    return json_answer({{"wim", api::Json::parse(content::print_wim_facts(*facts))}});
  }
  const auto head = content::read_front({name, file->get()}, content::kernel_head_size);
  if (!head) return refuse(ProblemType::not_found, "{}", head.error().what);
  const auto facts = content::read_kernel_header(*head);
  if (!facts) return refuse(ProblemType::not_found, "{}: {}", name, facts.error().what);
  return json_answer({{"kernel",
                       {{"arch", policy::print(facts->arch)},
                        {"version", facts->version},
                        {"efi_stub", facts->efi_stub},
                        {"longest_command_line", facts->command_line_max}}}});
}

ApiResult read_file(ApiContext& context, const ApiRequest& request) {
  const auto package = files_of(context, request);
  if (!package) return tl::unexpected(package.error());
  const std::string& text = request.names.back();
  const auto hash = base::parse_sha256(text);
  const bool has = hash && std::ranges::any_of(package->files, [&](const content::PackageFile& file) {
                     return file.hash == *hash;
                   });
  if (!has) return tl::unexpected(not_found("file", text));
  auto file = context.administration.open_file(*hash);
  if (!file)
    return refuse(ProblemType::not_found, "{}: it is damaged or gone: add the image again",
                  file.error().what);
  ApiAnswer answer;
  answer.content_type = "application/octet-stream";
  answer.file = std::move(*file);
  return answer;
}

api::Json to_json(const site::VerifiedImages& verified) {
  api::Json damaged = api::Json::array();
  for (const site::DamagedFile& file : verified.damaged)
    damaged.push_back({{"sha256", base::print(file.hash)}, {"of", file.of}});
  return {{"files", verified.files}, {"octets", verified.octets}, {"damaged", std::move(damaged)}};
}

ApiResult verify(ApiContext& context, ApiJobs& jobs, const ApiRequest& request) {
  const auto object = request.object(true);
  if (!object) return tl::unexpected(object.error());
  Members members(*object);
  std::optional<std::string> image;
  if (members.has("image")) image = members.text("image");
  if (auto problem = members.problem()) return tl::unexpected(std::move(*problem));
  if (image) {
    if (const auto found = find_image(context, *image); !found) return tl::unexpected(found.error());
  }
  const auto job = jobs.start([&administration = context.administration, image, ending = jobs.ending()](
                                  const auto& progress) -> base::Result<api::Json, Problem> {
    content::Library::Verify wish;
    wish.progress = progress;
    wish.stop = ending;
    const auto verified = administration.verify(image, std::move(wish));
    if (!verified) return tl::unexpected(Problem{ProblemType::not_written, verified.error().what});
    return to_json(*verified);
  });
  if (!job) return tl::unexpected(job.error());
  return json_answer({{"job", *job}}, 202);
}

ApiResult collect(ApiContext& context, const ApiRequest& request) {
  const auto dry = request.query.flag("dry_run", false);
  if (!dry) return tl::unexpected(dry.error());
  const auto collected = context.administration.collect(*dry);
  if (!collected) return tl::unexpected(Problem{ProblemType::not_written, collected.error().what});
  return json_answer({{"files", collected->files}, {"octets", collected->octets}});
}

}  // namespace

void add_usage(const site::Administration& administration, Kind kind, api::Json& record) {
  if (kind != Kind::image) return;
  const content::Usage usage = administration.usage(record.value("id", std::int64_t{0}));
  record["own_octets"] = usage.own;
  record["shared_octets"] = usage.shared;
  record["answers"] = administration.answers(record.value("id", std::int64_t{0}));
}

void add_library_routes(ApiRoutes& routes, ApiContext& context, ApiJobs& jobs) {
  routes.push_back({"GET", "/v1/images/{name}/files", ApiRole::viewer,
                    [&](ApiRequest& request) { return list_files(context, request); }});
  routes.push_back({"GET", "/v1/images/{name}/facts", ApiRole::viewer,
                    [&](ApiRequest& request) { return tell_facts(context, request); }});
  routes.push_back({"GET", "/v1/images/{name}/files/{sha256}", ApiRole::viewer,
                    [&](ApiRequest& request) { return read_file(context, request); }});
  ApiRoute verify_route{"POST", "/v1/images/verify", ApiRole::administrator,
                        [&](ApiRequest& request) { return verify(context, jobs, request); }};
  verify_route.max_body = max_api_body;
  routes.push_back(std::move(verify_route));
  ApiRoute collect_route{"POST", "/v1/images/collect", ApiRole::administrator,
                         [&](ApiRequest& request) { return collect(context, request); }};
  collect_route.parameters = {"dry_run"};
  collect_route.dry_runs = true;
  routes.push_back(std::move(collect_route));
}

}  // namespace management
