// SPDX-License-Identifier: GPL-3.0-or-later
// The way from a site to what a text says.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "api/model_sections.h"
#include "api/model_text.h"
#include "api/record_json.h"
#include "api/record_reader.h"
#include "store/shape.h"

namespace api {
namespace {

using store::Kind;

// Ids of records that are not there yet: ascending, so that of two the earlier one is the older.
constexpr std::int64_t first_placeholder = -(std::int64_t{1} << 40);

std::string_view name_in(const Json& object) {
  const auto found = object.is_object() ? object.find("name") : object.end();
  if (!object.is_object() || found == object.end() || !found->is_string()) return {};
  return found->get_ref<const std::string&>();
}

class Planner {
 public:
  Planner(const policy::Snapshot& site, Unnamed unnamed, std::int64_t now)
      : site_(site), present_(site), names_(site), unnamed_(unnamed), now_(now) {}

  base::Result<ModelPlan, Fault> plan(const Json& text) {
    if (!check_shape(text)) return tl::unexpected(std::move(*fault_));
    for (const Kind kind : model_sections) find_ids(kind);
    for (const Kind kind : model_sections) find_removed(kind);
    settings(text);
    // Names of networks and addresses become free before others take them.
    for (auto kind = model_sections.rbegin(); kind != model_sections.rend(); ++kind) {
      for (const std::int64_t id : removed_[*kind]) remove(*kind, id);
    }
    for (const Kind kind : model_sections) put(kind);
    for (store::Record& record : completions_)
      plan_.batch.steps.emplace_back(store::Put{std::move(record), {}});
    if (fault_) return tl::unexpected(std::move(*fault_));
    return std::move(plan_);
  }

 private:
  void complain(std::string field, std::string what) {
    if (!fault_) fault_ = Fault{std::move(field), std::move(what)};
  }
  static std::string pointer(Kind kind, std::size_t at) { return fmt::format("/{}/{}", plural(kind), at); }

  bool check_shape(const Json& text) {
    const auto format = text.is_object() ? text.find("format") : text.end();
    if (!text.is_object() || format == text.end() || *format != model_format) {
      complain("/format", fmt::format("a model's text begins with \"format\": \"{}\"", model_format));
      return false;
    }
    for (const auto& [key, section] : text.items()) {
      if (key == "format" || key == "settings") continue;
      const auto kind = parse_plural(key);
      if (!kind || std::ranges::find(model_sections, *kind) == model_sections.end()) {
        complain("/" + key, kind == Kind::image ? "images come with their files, not with the model's text"
                                                : "there is no such section");
      } else if (!section.is_array()) {
        complain("/" + key, "it must be a list");
      } else {
        sections_[*kind] = {&section, std::vector<std::int64_t>(section.size())};
      }
    }
    return !fault_;
  }

  struct Section {
    const Json* records = nullptr;
    std::vector<std::int64_t> ids;  // of each record; below 0 where it is not there yet
  };

  // Which record is meant: the one of that name.
  void find_ids(Kind kind) {
    const auto found = sections_.find(kind);
    if (found == sections_.end()) return;
    Section& section = found->second;
    std::unordered_set<std::string> seen;
    std::unordered_set<std::int64_t> claimed;
    for (std::size_t i = 0; i < section.ids.size(); ++i) {
      const std::string_view name = name_in((*section.records)[i]);
      if (name.empty()) return complain(pointer(kind, i) + "/name", "a name is needed");
      if (!seen.insert(folded(name)).second)
        return complain(pointer(kind, i) + "/name", fmt::format("\"{}\" is here twice", name));
      section.ids[i] = present_.find_named(kind, name).value_or(0);
      if (section.ids[i] != 0) claimed.insert(section.ids[i]);
    }
    for (std::size_t i = 0; i < section.ids.size(); ++i) {
      std::int64_t& id = section.ids[i];
      const Json& object = (*section.records)[i];
      if (id == 0 && kind == Kind::device) id = by_address(object, claimed);
      if (id == 0) id = next_placeholder_++;
      names_.promise(kind, name_in(object), id);
    }
    if (unnamed_ == Unnamed::removed) names_.forget_others(kind);
  }

  // A device that has a new name.
  std::int64_t by_address(const Json& object, std::unordered_set<std::int64_t>& claimed) const {
    const policy::Device* device = nullptr;
    const auto macs = object.find("macs");
    if (macs != object.end() && macs->is_array()) {
      for (const Json& entry : *macs) {
        const auto mac =
            entry.is_string() ? base::Mac::parse(entry.get_ref<const std::string&>()) : std::nullopt;
        if (mac && device == nullptr) device = site_.device(*mac);
      }
    }
    const auto uuid = object.find("uuid");
    if (device == nullptr && uuid != object.end() && uuid->is_string()) {
      const auto value = base::Uuid::parse(uuid->get_ref<const std::string&>());
      if (value && !site_.bans(*value)) device = site_.device(*value);
    }
    return device != nullptr && claimed.insert(device->id).second ? device->id : 0;
  }

  void find_removed(Kind kind) {
    const auto found = sections_.find(kind);
    if (unnamed_ == Unnamed::kept || found == sections_.end() || fault_) return;
    const std::unordered_set<std::int64_t> named(found->second.ids.begin(), found->second.ids.end());
    std::vector<std::int64_t>& gone = removed_[kind];
    const auto look = [&](const auto& record) {
      if (!named.contains(record.id)) gone.push_back(record.id);
    };
    const policy::SiteModel& model = site_.model();
    switch (kind) {
      case Kind::device:
        site_.each_device([&](const policy::Device& device) {
          // Those that wait came by themselves; no text knows of them.
          if (device.state != policy::DeviceState::pending) look(device);
        });
        break;
      case Kind::collection:
        std::ranges::for_each(model.collections, look);
        break;
      case Kind::task_sequence:
        std::ranges::for_each(model.task_sequences, look);
        break;
      case Kind::program:
        std::ranges::for_each(model.programs, look);
        break;
      case Kind::deployment:
        std::ranges::for_each(model.deployments, look);
        break;
      case Kind::network:
        std::ranges::for_each(model.networks, look);
        break;
      case Kind::server:
        std::ranges::for_each(model.servers, look);
        break;
      case Kind::referral:
        std::ranges::for_each(model.referrals, look);
        break;
      case Kind::image:
      case Kind::settings:
        break;
    }
    std::ranges::sort(gone);
  }

  void settings(const Json& text) {
    const auto object = text.find("settings");
    if (object == text.end() || fault_) return;
    auto settings = read_settings(*object, "/settings");
    if (!settings) {
      fault_ = std::move(settings.error());
    } else if (*settings != settings_of(site_)) {
      plan_.changed.push_back({Kind::settings, "settings"});
      plan_.batch.steps.emplace_back(store::SetSettings{std::move(*settings), {}});
    }
  }

  void remove(Kind kind, std::int64_t id) {
    plan_.removed.push_back({kind, std::string(present_.name(kind, id))});
    plan_.batch.steps.emplace_back(store::Remove{kind, id, {}});
  }

  // What is changed may give up a subnet that something new takes.
  void put(Kind kind) {
    const auto found = sections_.find(kind);
    if (found == sections_.end()) return;
    const Section& section = found->second;
    std::vector<store::Record> created;
    for (std::size_t i = 0; i < section.ids.size() && !fault_; ++i) {
      auto record = read_record(kind, (*section.records)[i], names_, pointer(kind, i), Restoring::yes);
      if (!record) {
        fault_ = std::move(record.error());
        return;
      }
      if (section.ids[i] < 0) {
        created.push_back(as_new(std::move(*record), section.ids[i], (*section.records)[i]));
      } else {
        change(std::move(*record), section.ids[i]);
      }
    }
    for (store::Record& record : created) {
      const std::int64_t id = store::id_of(record);
      plan_.created.push_back({kind, std::string(store::name_of(record))});
      emit(std::move(record));
      there_.insert(id);
    }
  }

  store::Record as_new(store::Record record, std::int64_t id, const Json& object) {
    store::set_id(record, id);
    if (auto* device = std::get_if<policy::Device>(&record)) {
      if (device->request != 0 && shown_already(device->request)) device->request = 0;
    } else if (auto* deployment = std::get_if<policy::Deployment>(&record)) {
      if (!object.contains("created")) deployment->created = now_;
    }
    return record;
  }

  void change(store::Record record, std::int64_t id) {
    const auto before = record_of_kind(store::kind_of(record), id);
    if (!before) return;  // its number came from the same snapshot
    if (auto* device = std::get_if<policy::Device>(&record)) {
      // Nobody is sent back to the queue by an older text.
      if (device->state == policy::DeviceState::pending) {
        device->state = std::get<policy::Device>(*before).state;
        device->request = 0;
      }
    }
    keep_what_clients_cannot_set(record, &*before, now_);
    store::tidy(record);
    if (record == *before) return;
    if (auto* device = std::get_if<policy::Device>(&record)) forget_runs_of_removed(*device);
    plan_.changed.push_back({store::kind_of(record), std::string(store::name_of(record))});
    emit(std::move(record));
  }

  // A record that refers to one of a later step is put without that first, and whole at the end.
  void emit(store::Record record) {
    const auto later = [&](std::int64_t id) { return id < 0 && !there_.contains(id); };
    store::Record first = record;
    bool complete = true;
    if (auto* collection = std::get_if<policy::Collection>(&first)) {
      complete = std::erase_if(collection->includes, later) + std::erase_if(collection->excludes, later) == 0;
    } else if (auto* device = std::get_if<policy::Device>(&first)) {
      policy::DeviceExtras more = device->extras();
      complete = std::erase_if(more.runs, [&](const auto& run) { return later(run.deployment); }) == 0;
      if (!complete) device->more = std::make_shared<const policy::DeviceExtras>(std::move(more));
    }
    plan_.batch.steps.emplace_back(store::Put{std::move(first), {}});
    if (!complete) completions_.push_back(std::move(record));
  }

  std::optional<store::Record> record_of_kind(Kind kind, std::int64_t id) {
    if (kind == Kind::device) return record_of(site_, kind, id);
    auto& records = before_[kind];
    if (records.empty()) index(kind, records);
    const auto found = records.find(id);
    return found == records.end() ? std::nullopt : std::optional(found->second);
  }
  // A search through all for each of thousands would take long.
  void index(Kind kind, std::map<std::int64_t, store::Record>& out) const {
    const auto add = [&](const auto& record) { out.emplace(record.id, record); };
    const policy::SiteModel& model = site_.model();
    if (kind == Kind::collection) std::ranges::for_each(model.collections, add);
    if (kind == Kind::task_sequence) std::ranges::for_each(model.task_sequences, add);
    if (kind == Kind::program) std::ranges::for_each(model.programs, add);
    if (kind == Kind::deployment) std::ranges::for_each(model.deployments, add);
    if (kind == Kind::network) std::ranges::for_each(model.networks, add);
    if (kind == Kind::server) std::ranges::for_each(model.servers, add);
    if (kind == Kind::referral) std::ranges::for_each(model.referrals, add);
  }

  void forget_runs_of_removed(policy::Device& device) const {
    const auto gone = removed_.find(Kind::deployment);
    if (gone == removed_.end() || gone->second.empty() || device.extras().runs.empty()) return;
    policy::DeviceExtras more = device.extras();
    std::erase_if(more.runs, [&](const policy::RunMark& run) {
      return std::ranges::binary_search(gone->second, run.deployment);
    });
    device.more = std::make_shared<const policy::DeviceExtras>(std::move(more));
  }

  // Numbers that waiting machines show are counted only when one is to be restored.
  bool shown_already(std::uint32_t request) {
    if (!requests_) {
      requests_.emplace();
      site_.each_device([&](const policy::Device& device) {
        if (device.request != 0) requests_->insert(device.request);
      });
    }
    return requests_->contains(request);
  }

  const policy::Snapshot& site_;
  Names present_;  // as it is
  Names names_;    // as it is to be
  Unnamed unnamed_;
  std::int64_t now_;
  std::optional<Fault> fault_;
  std::map<Kind, Section> sections_;
  std::map<Kind, std::vector<std::int64_t>> removed_;  // ascending
  std::map<Kind, std::map<std::int64_t, store::Record>> before_;
  std::optional<std::unordered_set<std::uint32_t>> requests_;
  std::int64_t next_placeholder_ = first_placeholder;
  std::unordered_set<std::int64_t> there_;  // placeholders of the steps so far
  std::vector<store::Record> completions_;
  ModelPlan plan_;
};

}  // namespace

base::Result<ModelPlan, Fault> plan_model(std::string_view text, const policy::Snapshot& site,
                                          Unnamed unnamed, std::int64_t now) {
  const auto json = read_json(text);
  if (!json) return tl::unexpected(json.error());
  auto plan = Planner(site, unnamed, now).plan(*json);
  if (plan) store::tidy(plan->batch);
  return plan;
}

}  // namespace api
