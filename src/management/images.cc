// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of an image that is there already.
#include <nlohmann/json.hpp>

#include "management/api.h"
#include "management/change.h"

namespace management {
namespace {

using store::Kind;

ApiResult set_state(ApiContext& context, const ApiRequest& request, policy::ImageState state) {
  if (const auto object = request.object(true); !object) return tl::unexpected(object.error());
  return context.administration.change([&](site::SiteRecords& records) -> ApiResult {
    const std::string& name = request.names.front();
    const auto id = api::Names(records.snapshot()).find(Kind::image, name);
    const store::ImageRecord* const found = id ? records.image(*id) : nullptr;
    if (found == nullptr) return tl::unexpected(not_found("image", name));
    const auto revision = revision_of(records, Kind::image, *id);
    if (!revision) return tl::unexpected(revision.error());
    if (auto stale = request.stale(*revision)) return tl::unexpected(std::move(*stale));
    if (found->image.state != state) {
      store::ImageRecord record = *found;
      record.image.state = state;
      const auto kept = keep(
          records, {request.call.who, std::string(policy::print(state)), {store::Put{std::move(record), {}}}},
          false);
      if (!kept) return tl::unexpected(kept.error());
    }
    const policy::Snapshot after = records.snapshot();
    const auto json = shown(records, api::Names(after), Kind::image, *id);
    if (!json) return tl::unexpected(json.error());
    return record_answer(*json, Kind::image);
  });
}

}  // namespace

void add_image_routes(ApiRoutes& routes, ApiContext& context) {
  using policy::ImageState;
  for (const auto& [verb, state] :
       {std::pair{"publish", ImageState::published}, std::pair{"withdraw", ImageState::withdrawn}}) {
    ApiRoute route{
        "POST", fmt::format("/v1/images/{{name}}/{}", verb), ApiRole::administrator,
        [&context, state = state](ApiRequest& request) { return set_state(context, request, state); }};
    route.max_body = max_api_body;
    routes.push_back(std::move(route));
  }
}

}  // namespace management
