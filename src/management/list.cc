// SPDX-License-Identifier: GPL-3.0-or-later
#include "management/list.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "api/record_json.h"
#include "base/ascii.h"
#include "management/change.h"
#include "management/reach.h"

namespace management {
namespace {

using store::Kind;

// Ids of one page, and whether more follow.
struct Page {
  std::size_t limit = 0;
  std::vector<std::int64_t> ids;
  bool more = false;
  bool add(std::int64_t id) {
    more = ids.size() == limit;
    if (!more) ids.push_back(id);
    return !more;
  }
};

bool contains(std::string_view text, std::string_view part) {
  return part.empty() || std::search(text.begin(), text.end(), part.begin(), part.end(), [](char a, char b) {
                           return base::lower(a) == base::lower(b);
                         }) != text.end();
}

// What is looked for in devices.
class DeviceFilter {
 public:
  static base::Result<DeviceFilter, Problem> make(const ApiQuery& query, const policy::Snapshot& site) {
    DeviceFilter filter;
    filter.text_ = query.text("q").value_or("");
    filter.mac_ = base::Mac::parse(filter.text_);
    if (const auto state = query.text("state")) {
      filter.state_ = policy::parse_device_state(*state);
      if (!filter.state_)
        return tl::unexpected(
            Problem{ProblemType::malformed, "state must be approved, pending or rejected", "?state"});
    }
    if (const auto collection = query.text("collection")) {
      const auto id = api::Names(site).find(Kind::collection, *collection);
      if (!id) return tl::unexpected(not_found("collection", *collection));
      filter.members_.emplace(site, *id);
    }
    return filter;
  }
  bool takes(const policy::Device& device) {
    if (state_ && device.state != *state_) return false;
    if (!text_.empty() && !contains(device.name, text_) && !has_identity(device)) return false;
    return !members_ || members_->has(device);
  }

 private:
  [[nodiscard]] bool has_identity(const policy::Device& device) const {
    if (device.uuid && contains(device.uuid->print(), text_)) return true;
    return std::ranges::any_of(device.macs, [&](const base::Mac& mac) {
      return mac_ ? mac == *mac_ : contains(mac.print(), text_);
    });
  }

  std::string_view text_;
  std::optional<base::Mac> mac_;
  std::optional<policy::DeviceState> state_;
  std::optional<MembersOf> members_;
};

template <class Record>
void take_page(const std::vector<Record>& all, std::int64_t after, std::string_view text, Page& page) {
  std::vector<const Record*> sorted;
  for (const Record& record : all) {
    if (record.id > after && contains(record.name, text)) sorted.push_back(&record);
  }
  std::ranges::sort(sorted, {}, [](const Record* record) { return record->id; });
  for (const Record* record : sorted) {
    if (!page.add(record->id)) return;
  }
}

void take_page(Kind kind, const policy::SiteModel& model, std::int64_t after, std::string_view text,
               Page& page) {
  switch (kind) {
    case Kind::collection:
      return take_page(model.collections, after, text, page);
    case Kind::image:
      return take_page(model.images, after, text, page);
    case Kind::task_sequence:
      return take_page(model.task_sequences, after, text, page);
    case Kind::program:
      return take_page(model.programs, after, text, page);
    case Kind::deployment:
      return take_page(model.deployments, after, text, page);
    case Kind::network:
      return take_page(model.networks, after, text, page);
    case Kind::server:
      return take_page(model.servers, after, text, page);
    case Kind::referral:
      return take_page(model.referrals, after, text, page);
    case Kind::device:
    case Kind::settings:
      break;
  }
}

}  // namespace

ApiResult list_records(ApiContext& context, Kind kind, const ApiRequest& request) {
  const auto limit = request.query.number("limit", 100, 1, 1000);
  if (!limit) return tl::unexpected(limit.error());
  const auto after = request.query.number("after", 0, 0, std::numeric_limits<std::int64_t>::max() - 2000);
  if (!after) return tl::unexpected(after.error());

  // Searched outside of the lock: it may take a while.
  const auto site = context.administration.site();
  Page page{static_cast<std::size_t>(*limit), {}, false};
  if (kind == Kind::device) {
    auto filter = DeviceFilter::make(request.query, site->policy);
    if (!filter) return tl::unexpected(filter.error());
    walk_devices(site->policy, *after,
                 [&](const policy::Device& device) { return !filter->takes(device) || page.add(device.id); });
  } else {
    take_page(kind, site->policy.model(), *after, request.query.text("q").value_or(""), page);
  }

  api::Json body = {{"items", api::Json::array()}};
  std::optional<Problem> failed;
  context.administration.look([&](site::SiteRecords& records) {
    const api::Names names(records.snapshot());
    for (const std::int64_t id : page.ids) {
      auto json = shown(records, names, kind, id);
      if (json) {
        add_usage(context.administration, kind, *json);
        body["items"].push_back(std::move(*json));
      } else if (json.error().type != ProblemType::not_found) {  // gone meanwhile
        failed = json.error();
      }
    }
  });
  if (failed) return tl::unexpected(std::move(*failed));
  if (page.more) body["next"] = std::to_string(page.ids.back());
  return json_answer(body);
}

}  // namespace management
