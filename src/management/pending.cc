// SPDX-License-Identifier: GPL-3.0-or-later
// Machines that wait for an administrator: who they are, and the two answers.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "api/names.h"
#include "management/api.h"
#include "management/change.h"

namespace management {
namespace {

using store::Kind;

ApiResult list(ApiContext& context) {
  const auto site = context.administration.site();
  std::vector<const policy::Device*> waiting;
  site->policy.each_device([&](const policy::Device& device) {
    if (device.state == policy::DeviceState::pending) waiting.push_back(&device);
  });
  std::ranges::sort(waiting, {}, [](const policy::Device* device) { return device->request; });
  const auto seen = context.seen ? context.seen(site->policy) : std::map<std::uint32_t, api::Json>();
  api::Json items = api::Json::array();
  for (const policy::Device* device : waiting) {
    api::Json item = {{"request", device->request}, {"device", device->name}, {"macs", api::Json::array()}};
    for (const base::Mac& mac : device->macs) item["macs"].push_back(mac.print());
    if (device->uuid) item["uuid"] = device->uuid->print();
    if (const auto known = seen.find(device->request); known != seen.end()) item.update(known->second);
    items.push_back(std::move(item));
  }
  return json_answer({{"items", std::move(items)}});
}

// The machine that shows this number.
std::optional<policy::Device> find(const policy::Snapshot& site, const std::string& request) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(request.data(), request.data() + request.size(), number);
  std::optional<policy::Device> found;
  if (error != std::errc() || end != request.data() + request.size() || number == 0) return found;
  site.each_device([&](const policy::Device& device) {
    if (device.state == policy::DeviceState::pending && device.request == number) found = device;
  });
  return found;
}

ApiResult decide(ApiContext& context, const ApiRequest& request, policy::DeviceState state) {
  const auto object = request.object(true);
  if (!object) return tl::unexpected(object.error());
  const bool approved = state == policy::DeviceState::approved;
  return context.administration.change([&](site::SiteRecords& records) -> ApiResult {
    const policy::Snapshot site = records.snapshot();
    auto device = find(site, request.names.front());
    if (!device) {
      return refuse(ProblemType::not_found, "no machine waits with the number {}",
                    request.names.front().substr(0, 20));
    }
    Members members(*object);
    if (approved) {
      device->name = members.text("name", device->name);
      const auto collections = members.texts("collections");
      const api::Names names(site);
      for (std::size_t i = 0; i < collections.size(); ++i) {
        const auto id = names.find(Kind::collection, collections[i]);
        if (!id) {
          members.complain(fmt::format("/collections/{}", i),
                           fmt::format("there is no collection \"{}\"", collections[i]));
        } else {
          device->collections.push_back(*id);
        }
      }
    }
    if (auto problem = members.problem()) return tl::unexpected(std::move(*problem));
    device->state = state;
    device->request = 0;
    const std::int64_t id = device->id;
    const auto kept = keep(
        records, {request.call.who, approved ? "approved" : "rejected", {store::Put{std::move(*device), {}}}},
        false);
    if (!kept) return tl::unexpected(kept.error());
    const policy::Snapshot after = records.snapshot();
    const auto json = shown(records, api::Names(after), Kind::device, id);
    if (!json) return tl::unexpected(json.error());
    return record_answer(*json, Kind::device);
  });
}

}  // namespace

void add_pending_routes(ApiRoutes& routes, ApiContext& context) {
  routes.push_back({"GET", "/v1/pending", ApiRole::viewer, [&](ApiRequest&) { return list(context); }});
  using policy::DeviceState;
  for (const auto& [verb, state] :
       {std::pair{"approve", DeviceState::approved}, std::pair{"reject", DeviceState::rejected}}) {
    ApiRoute route{
        "POST", fmt::format("/v1/pending/{{request}}/{}", verb), ApiRole::helpdesk,
        [&context, state = state](ApiRequest& request) { return decide(context, request, state); }};
    route.max_body = max_api_body;
    routes.push_back(std::move(route));
  }
}

}  // namespace management
