// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/write.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "store/placeholders.h"
#include "store/shape.h"
#include "store/writer.h"

namespace store {
namespace {

using Why = Refused::Why;

// Who refers to a record: for «it is in use by», and asked only when one is removed.
struct Use {
  Kind used;
  Kind by;
  std::string_view sql;  // names of the users; '?' is the id
};
constexpr Use uses[] = {
    {Kind::device, Kind::deployment, "SELECT name FROM deployments WHERE device = ?"},
    {Kind::collection, Kind::deployment, "SELECT name FROM deployments WHERE collection = ?"},
    {Kind::collection, Kind::collection,
     "SELECT name FROM collections JOIN collection_parts ON collection = id WHERE part = ?"},
    {Kind::collection, Kind::device,
     "SELECT name FROM devices JOIN device_collections ON device = id WHERE collection = ?"},
    {Kind::image, Kind::deployment, "SELECT name FROM deployments WHERE image = ?"},
    {Kind::image, Kind::task_sequence, "SELECT name FROM task_sequences WHERE image = ?"},
    {Kind::image, Kind::device, "SELECT name FROM devices WHERE image = ?"},
    {Kind::task_sequence, Kind::deployment, "SELECT name FROM deployments WHERE task_sequence = ?"},
    {Kind::server, Kind::referral,
     "SELECT name FROM referrals JOIN referral_shares ON referral = id WHERE server = ?"},
    {Kind::referral, Kind::device, "SELECT name FROM devices WHERE referral = ?"},
    {Kind::referral, Kind::collection, "SELECT name FROM collections WHERE referral = ?"},
    {Kind::referral, Kind::network, "SELECT name FROM networks WHERE referral = ?"},
};
// Programs are named by their name, not by number. The first condition lets the index be used.
constexpr Use uses_of_program[] = {
    {Kind::program, Kind::device, "SELECT name FROM devices WHERE program <> '' AND program = ?"},
    {Kind::program, Kind::deployment, "SELECT name FROM deployments WHERE program = ?"},
};

class BatchWriter {
 public:
  BatchWriter(Database& database, const Batch& batch, std::int64_t now, std::int64_t revision)
      : batch_(batch), now_(now), writer_(database, revision) {
    applied_.revision = revision;
  }

  base::Result<Applied, Refused> write() {
    give_up_names();
    for (std::size_t step = 0; step < batch_.steps.size() && !writer_.refused(); ++step) {
      writer_.at_step(step);
      std::visit([&](const auto& one) { take(one, step); }, batch_.steps[step]);
      if (batch_.progress && (step + 1) % 1000 == 0) batch_.progress(step + 1);
    }
    for (const Gone& gone : gone_) check_unused(gone);
    writer_.check_references();
    if (writer_.refused()) return tl::unexpected(*writer_.refusal());
    return std::move(applied_);
  }

 private:
  // A record, or a program's name, that is not there any more.
  struct Gone {
    std::size_t step;
    Kind kind;
    std::int64_t id;  // 0: only the name of it went
    std::string name;
  };

  void tell(Kind kind, std::int64_t id, std::string_view name, std::string_view verb) {
    const std::string_view told = batch_.verb.empty() ? verb : std::string_view(batch_.verb);
    writer_.run(
        "INSERT INTO events (at, revision, who, verb, kind, subject, name) VALUES (?, ?, ?, ?, ?, ?, ?)",
        now_, writer_.revision(), batch_.who, told, print(kind), id, name);
  }

  // False when there is no such record, or somebody changed it meanwhile.
  bool current(Kind kind, std::int64_t id, const std::optional<std::int64_t>& wanted) {
    const auto present =
        kind == Kind::settings
            ? writer_.number("SELECT settings FROM site")
            : writer_.number(fmt::format("SELECT revision FROM {} WHERE id = ?", table_of(kind)), id);
    if (!present) {
      writer_.refuse(Why::not_found, fmt::format("there is no {} with the number {}", print(kind), id));
    } else if (wanted && *wanted != *present) {
      writer_.refuse(
          Why::stale,
          fmt::format("the {} was changed by somebody else meanwhile: look at it again", print(kind)));
    }
    return !writer_.refused();
  }

  // An address, a UUID or a number may pass from one device to another within a batch, in any
  // order of its steps.
  void give_up_names() {
    for (const Step& step : batch_.steps) {
      std::int64_t id = 0;
      if (const auto* put = std::get_if<Put>(&step); put != nullptr && kind_of(put->record) == Kind::device) {
        id = id_of(put->record);
      }
      if (const auto* remove = std::get_if<Remove>(&step);
          remove != nullptr && remove->kind == Kind::device) {
        id = remove->id;
      }
      if (id <= 0) continue;
      writer_.run("DELETE FROM device_macs WHERE device = ?", id);
      writer_.run("UPDATE devices SET uuid = NULL, request = 0 WHERE id = ?", id);
    }
  }

  void take(Put put, std::size_t step) {
    const Kind kind = kind_of(put.record);
    const std::int64_t given = id_of(put.record);
    const std::int64_t id = placeholders_.number(given).value_or(0);
    set_id(put.record, id);
    const std::string_view name = name_of(put.record);
    if (const auto unknown = placeholders_.resolve(put.record)) {
      return writer_.refuse(Why::missing_part,
                            fmt::format("{} \"{}\" refers to a record that no step before it creates ({})",
                                        print(kind), name, *unknown));
    }
    if (id != 0 && !current(kind, id, put.if_revision)) return;
    if (const auto good = check(put.record); !good) {
      return writer_.refuse(Why::invalid, fmt::format("{} \"{}\": {}", print(kind), name, good.error().what));
    }
    if (writer_.number(fmt::format("SELECT id FROM {} WHERE name = ? AND id <> ?", table_of(kind)), name,
                       id)) {
      return writer_.refuse(Why::name_taken, fmt::format("there is a {} \"{}\" already", print(kind), name));
    }
    if (kind == Kind::program && id != 0) {
      const auto before = writer_.text("SELECT name FROM programs WHERE id = ?", id);
      if (before && *before != name) gone_.push_back({step, kind, 0, *before});
    }
    applied_.ids.push_back(put_record(writer_, put.record));
    placeholders_.name(given, applied_.ids.back());
    tell(kind, applied_.ids.back(), name, id == 0 ? "created" : "changed");
  }

  void take(const Remove& remove, std::size_t step) {
    if (remove.kind == Kind::settings) {
      return writer_.refuse(Why::invalid, "a site's settings can be changed, not removed");
    }
    if (!current(remove.kind, remove.id, remove.if_revision)) return;
    const std::string_view table = table_of(remove.kind);
    const auto name =
        writer_.text(fmt::format("SELECT name FROM {} WHERE id = ?", table), remove.id).value_or("");
    writer_.run(fmt::format("DELETE FROM {} WHERE id = ?", table), remove.id);
    applied_.ids.push_back(remove.id);
    tell(remove.kind, remove.id, name, "removed");
    gone_.push_back({step, remove.kind, remove.id, name});
  }

  void take(const SetSettings& set, std::size_t) {
    if (!current(Kind::settings, 1, set.if_revision)) return;
    if (const auto good = check(set.settings); !good) return writer_.refuse(Why::invalid, good.error().what);
    const policy::SitePolicy& site = set.settings.policy;
    const auto flag = [](bool value) { return std::string(value ? "1" : "0"); };
    const std::pair<std::string_view, std::string> values[] = {
        {"answer", std::string(policy::print(site.answer))},
        {"prompt_known", std::string(policy::print(site.prompt_known))},
        {"prompt_unknown", std::string(policy::print(site.prompt_unknown))},
        {"add_unknown", flag(site.add_unknown)},
        {"menus", flag(site.menus)},
        {"detect_processor", flag(site.detect_processor)},
        {"delay_seconds", std::to_string(site.delay_seconds)},
        {"pending_poll_seconds", std::to_string(site.pending.poll_seconds)},
        {"pending_polls", std::to_string(site.pending.polls)},
        {"pending_message", site.pending.message},
    };
    for (const auto& [key, value] : values)
      writer_.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", key, value);
    writer_.run("DELETE FROM mac_lists");
    const auto list = [&](std::string_view name, const std::vector<policy::MacPrefix>& prefixes) {
      for (const auto& each : prefixes)
        writer_.run("INSERT OR REPLACE INTO mac_lists VALUES (?, ?)", name, each.print());
    };
    list("ignored", set.settings.ignored_macs);
    list("wandering", set.settings.wandering_macs);
    writer_.run("DELETE FROM banned_uuids");
    for (const auto& uuid : set.settings.banned_uuids) {
      writer_.run("INSERT OR REPLACE INTO banned_uuids VALUES (?)", uuid.print());
    }
    writer_.run("UPDATE site SET settings = ?", writer_.revision());
    applied_.ids.push_back(1);
    tell(Kind::settings, 1, "settings", "changed");
  }

  void check_unused(const Gone& gone) {
    writer_.at_step(gone.step);
    for (const Use& use : uses) {
      if (use.used == gone.kind) refuse_if_used(use, gone, gone.id);
    }
    if (gone.kind != Kind::program) return;
    // Another may have its name by now.
    if (writer_.number("SELECT id FROM programs WHERE name = ? COLLATE BINARY", gone.name)) return;
    for (const Use& use : uses_of_program) refuse_if_used(use, gone, std::string_view(gone.name));
  }

  template <class Key>
  void refuse_if_used(const Use& use, const Gone& gone, const Key& key) {
    constexpr std::size_t shown = 5;
    std::vector<std::string> users;
    writer_.each(
        [&](Statement& row) {
          users.push_back(fmt::format("\"{}\"", row.view(0)));
          return users.size() <= shown;
        },
        use.sql, key);
    if (users.empty()) return;
    const bool more = users.size() > shown;
    if (more) users.pop_back();
    writer_.refuse(Why::in_use, fmt::format("{} \"{}\" is in use by {} {}{}: change or remove that first",
                                            print(gone.kind), gone.name, print(use.by),
                                            fmt::join(users, ", "), more ? " and others" : ""));
  }

  const Batch& batch_;
  std::int64_t now_;
  Writer writer_;
  Placeholders placeholders_;
  Applied applied_;
  std::vector<Gone> gone_;
};

}  // namespace

std::string_view table_of(Kind kind) {
  switch (kind) {
    case Kind::device:
      return "devices";
    case Kind::collection:
      return "collections";
    case Kind::image:
      return "images";
    case Kind::task_sequence:
      return "task_sequences";
    case Kind::program:
      return "programs";
    case Kind::deployment:
      return "deployments";
    case Kind::network:
      return "networks";
    case Kind::server:
      return "servers";
    case Kind::referral:
      return "referrals";
    case Kind::settings:
      break;
  }
  return "site";
}

void Writer::check_references() {
  for (const auto& [reference, step] : needed_) {
    const auto& [kind, id] = reference;
    at_step(step);
    if (number(fmt::format("SELECT 1 FROM {} WHERE id = ?", table_of(kind)), id)) continue;
    refuse(Why::missing_part,
           fmt::format("it refers to a {} that is not there (number {})", print(kind), id));
  }
  for (const auto& [name, step] : needed_programs_) {
    at_step(step);
    // Decisions find programs by their exact name.
    if (number("SELECT 1 FROM programs WHERE name = ? COLLATE BINARY", name)) continue;
    refuse(Why::missing_part, fmt::format("there is no boot program \"{}\"", name));
  }
}

base::Result<Applied, Refused> write_batch(Database& database, const Batch& batch, std::int64_t now) {
  Statement next = database.query("UPDATE site SET revision = revision + 1 RETURNING revision");
  const std::int64_t revision = next.next() ? next.integer(0) : 0;
  if (const auto done = next.run(); !done) {
    return tl::unexpected(Refused{Why::not_written, 0, done.error().what});
  }
  return BatchWriter(database, batch, now, revision).write();
}

}  // namespace store
