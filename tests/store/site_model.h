// SPDX-License-Identifier: GPL-3.0-or-later
// What a store does, in memory and as plainly as it can be said: random tests hold stores
// against it.
#pragma once

#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/overloaded.h"
#include "store/records.h"
#include "store/shape.h"

namespace store_test {

using store::Kind;
using store::Record;
using Why = store::Refused::Why;

// Which record, by number; a boot program by its name.
struct Reference {
  Kind kind;
  std::int64_t id;
  std::string program;
};

inline std::vector<Reference> references(const Record& record) {
  std::vector<Reference> all;
  const auto add = [&](Kind kind, std::int64_t id) { all.push_back({kind, id, ""}); };
  const auto may_add = [&](Kind kind, std::int64_t id) {
    if (id != 0) add(kind, id);
  };
  const auto may_add_program = [&](const std::string& name) {
    if (!name.empty()) all.push_back({Kind::program, 0, name});
  };
  std::visit(base::Overloaded{
                 [&](const policy::Device& device) {
                   for (const auto id : device.collections) add(Kind::collection, id);
                   for (const auto& run : device.extras().runs) add(Kind::deployment, run.deployment);
                   may_add(Kind::image, device.extras().image);
                   may_add(Kind::referral, device.extras().referral);
                   may_add_program(device.extras().program);
                 },
                 [&](const policy::Collection& collection) {
                   for (const auto id : collection.includes) add(Kind::collection, id);
                   for (const auto id : collection.excludes) add(Kind::collection, id);
                   may_add(Kind::referral, collection.referral);
                 },
                 [&](const policy::TaskSequence& sequence) { add(Kind::image, sequence.image); },
                 [&](const policy::Deployment& deployment) {
                   if (const auto* boot = std::get_if<policy::ToBoot>(&deployment.what))
                     add(Kind::image, boot->image);
                   if (const auto* run = std::get_if<policy::ToRun>(&deployment.what))
                     add(Kind::task_sequence, run->task_sequence);
                   if (const auto* to = std::get_if<policy::ToCollection>(&deployment.target))
                     add(Kind::collection, to->id);
                   if (const auto* to = std::get_if<policy::ToDevice>(&deployment.target))
                     add(Kind::device, to->id);
                   may_add_program(deployment.program);
                 },
                 [&](const policy::Network& network) { may_add(Kind::referral, network.referral); },
                 [&](const policy::Referral& referral) {
                   for (const auto& share : referral.shares) add(Kind::server, share.server);
                 },
                 [](const auto&) {},
             },
             record);
  return all;
}

class SiteModel {
 public:
  struct Row {
    Record record;
    std::int64_t revision = 0;
  };
  using Table = std::map<std::int64_t, Row>;

  // Why a batch is refused; nothing where it is good. `ids` as the store gave them.
  std::optional<Why> refusal(const store::Batch& batch) const {
    SiteModel trial = *this;
    ++trial.revision_;
    return trial.take(batch, {});
  }
  void apply(const store::Batch& batch, const store::Applied& applied) {
    revision_ = applied.revision;
    static_cast<void>(take(batch, applied.ids));
  }

  [[nodiscard]] store::Everything everything() const {
    store::Everything all;
    all.settings = settings_;
    all.revision = revision_;
    const auto put = base::Overloaded{
        [&](const policy::Device& one) { all.devices.push_back(one); },
        [&](const policy::Collection& one) { all.collections.push_back(one); },
        [&](const store::ImageRecord& one) { all.images.push_back(one); },
        [&](const policy::TaskSequence& one) { all.task_sequences.push_back(one); },
        [&](const policy::Program& one) { all.programs.push_back(one); },
        [&](const policy::Deployment& one) { all.deployments.push_back(one); },
        [&](const policy::Network& one) { all.networks.push_back(one); },
        [&](const policy::BootServer& one) { all.servers.push_back(one); },
        [&](const policy::Referral& one) { all.referrals.push_back(one); },
    };
    for (const auto& [kind, table] : tables_) {
      for (const auto& [id, row] : table) std::visit(put, row.record);
    }
    return all;
  }
  [[nodiscard]] const std::vector<store::Event>& events() const { return events_; }
  [[nodiscard]] const Table& table(Kind kind) const {
    static const Table none;
    const auto found = tables_.find(kind);
    return found == tables_.end() ? none : found->second;
  }
  [[nodiscard]] std::int64_t settings_revision() const { return settings_revision_; }

 private:
  static std::string folded(std::string_view name) {
    std::string out(name);
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
  }

  std::optional<Why> take(const store::Batch& batch, const std::vector<std::int64_t>& ids) {
    std::vector<Reference> gone;
    give_up_names(batch);
    for (std::size_t i = 0; i < batch.steps.size(); ++i) {
      const std::int64_t id =
          i < ids.size() ? ids[i] : (std::int64_t{1} << 40) + static_cast<std::int64_t>(i);
      const auto why = std::visit([&](const auto& step) { return take(step, id, gone); }, batch.steps[i]);
      if (why) return why;
      if (!batch.verb.empty()) events_.back().verb = batch.verb;
      events_.back().who = batch.who;
      events_.back().revision = revision_;
    }
    for (const Reference& one : gone) {
      if (one.kind == Kind::deployment) continue;  // marks on devices do not hold it
      if (one.kind == Kind::program && has_program(one.program)) continue;
      if (is_used(one)) return Why::in_use;
    }
    return misses_something(batch) ? std::optional(Why::missing_part) : std::nullopt;
  }

  void give_up_names(const store::Batch& batch) {
    for (const auto& step : batch.steps) {
      std::int64_t id = 0;
      if (const auto* put = std::get_if<store::Put>(&step);
          put && store::kind_of(put->record) == Kind::device)
        id = store::id_of(put->record);
      if (const auto* remove = std::get_if<store::Remove>(&step); remove && remove->kind == Kind::device)
        id = remove->id;
      const auto found = tables_[Kind::device].find(id);
      if (found == tables_[Kind::device].end()) continue;
      auto& device = std::get<policy::Device>(found->second.record);
      device.macs.clear();
      device.uuid.reset();
      device.request = 0;
    }
  }

  std::optional<Why> take(const store::Put& step, std::int64_t new_id, std::vector<Reference>& gone) {
    const Kind kind = store::kind_of(step.record);
    Table& table = tables_[kind];
    std::int64_t id = store::id_of(step.record);
    const bool is_new = id == 0;
    if (!is_new) {
      const auto found = table.find(id);
      if (found == table.end()) return Why::not_found;
      if (step.if_revision && *step.if_revision != found->second.revision) return Why::stale;
    }
    if (!store::check(step.record)) return Why::invalid;
    for (const auto& [other, row] : table) {
      if (other != id && shares_a_name(row.record, step.record)) return Why::name_taken;
    }
    if (is_new) {
      id = new_id;
    } else if (kind == Kind::program && store::name_of(table[id].record) != store::name_of(step.record)) {
      gone.push_back({kind, 0, std::string(store::name_of(table[id].record))});
    }
    Record record = step.record;
    std::visit(base::Overloaded{[&](store::ImageRecord& image) { image.image.id = id; },
                                [&](auto& other) { other.id = id; }},
               record);
    table[id] = {record, revision_};
    tell(kind, id, std::string(store::name_of(record)), is_new ? "created" : "changed");
    return std::nullopt;
  }

  std::optional<Why> take(const store::Remove& step, std::int64_t, std::vector<Reference>& gone) {
    if (step.kind == Kind::settings) return Why::invalid;
    Table& table = tables_[step.kind];
    const auto found = table.find(step.id);
    if (found == table.end()) return Why::not_found;
    if (step.if_revision && *step.if_revision != found->second.revision) return Why::stale;
    const std::string name(store::name_of(found->second.record));
    table.erase(found);
    gone.push_back({step.kind, step.id, step.kind == Kind::program ? name : ""});
    if (step.kind == Kind::deployment) forget_runs(step.id);
    tell(step.kind, step.id, name, "removed");
    return std::nullopt;
  }

  std::optional<Why> take(const store::SetSettings& step, std::int64_t, std::vector<Reference>&) {
    if (step.if_revision && *step.if_revision != settings_revision_) return Why::stale;
    if (!store::check(step.settings)) return Why::invalid;
    settings_ = step.settings;
    settings_revision_ = revision_;
    tell(Kind::settings, 1, "settings", "changed");
    return std::nullopt;
  }

  static bool shares_a_name(const Record& a, const Record& b) {
    if (folded(store::name_of(a)) == folded(store::name_of(b))) return true;
    if (const auto* one = std::get_if<policy::Device>(&a)) {
      const auto& other = std::get<policy::Device>(b);
      const bool mac = std::ranges::any_of(
          one->macs, [&](const auto& m) { return std::ranges::find(other.macs, m) != other.macs.end(); });
      return mac || (one->uuid && one->uuid == other.uuid) ||
             (one->request != 0 && one->request == other.request);
    }
    if (const auto* one = std::get_if<policy::Network>(&a))
      return one->subnet == std::get<policy::Network>(b).subnet;
    if (const auto* one = std::get_if<store::ImageRecord>(&a))
      return one->directory == std::get<store::ImageRecord>(b).directory;
    return false;
  }

  void forget_runs(std::int64_t deployment) {
    for (auto& [id, row] : tables_[Kind::device]) {
      auto& device = std::get<policy::Device>(row.record);
      policy::DeviceExtras more = device.extras();
      if (std::erase_if(more.runs, [&](const auto& run) { return run.deployment == deployment; }) > 0)
        device.more = std::make_shared<const policy::DeviceExtras>(more);
    }
  }

  [[nodiscard]] bool has_program(const std::string& name) const {
    return std::ranges::any_of(table(Kind::program),
                               [&](const auto& row) { return store::name_of(row.second.record) == name; });
  }
  [[nodiscard]] bool is_used(const Reference& gone) const {
    for (const auto& [kind, table] : tables_) {
      for (const auto& [id, row] : table) {
        for (const Reference& reference : references(row.record)) {
          if (reference.kind != gone.kind) continue;
          if (gone.kind == Kind::program ? reference.program == gone.program : reference.id == gone.id)
            return true;
        }
      }
    }
    return false;
  }
  // What any step refers to, also one whose record a later step removed.
  [[nodiscard]] bool misses_something(const store::Batch& batch) const {
    for (const auto& step : batch.steps) {
      const auto* put = std::get_if<store::Put>(&step);
      if (put == nullptr) continue;
      for (const Reference& reference : references(put->record)) {
        const bool there = reference.kind == Kind::program ? has_program(reference.program)
                                                           : table(reference.kind).contains(reference.id);
        if (!there) return true;
      }
    }
    return false;
  }

  void tell(Kind kind, std::int64_t id, std::string name, std::string verb) {
    events_.push_back({0, 0, 0, "", std::move(verb), kind, id, std::move(name)});
  }

  std::map<Kind, Table> tables_;
  store::SiteSettings settings_;
  std::int64_t revision_ = 1, settings_revision_ = 1;
  std::vector<store::Event> events_;
};

}  // namespace store_test
