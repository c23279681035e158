// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/write.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <utility>

#include "base/overloaded.h"

namespace store {
namespace {

using Why = Refused::Why;

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
      return "site";
  }
  return "site";
}

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
    {Kind::server, Kind::referral, "SELECT name FROM referrals JOIN referral_shares ON referral = id WHERE server = ?"},
    {Kind::referral, Kind::device, "SELECT name FROM devices WHERE referral = ?"},
    {Kind::referral, Kind::collection, "SELECT name FROM collections WHERE referral = ?"},
    {Kind::referral, Kind::network, "SELECT name FROM networks WHERE referral = ?"},
};
// Programs are named by their name, not by number.
constexpr Use uses_by_name[] = {
    {Kind::program, Kind::device, "SELECT name FROM devices WHERE program <> '' AND program = ? COLLATE NOCASE"},
    {Kind::program, Kind::deployment, "SELECT name FROM deployments WHERE program = ? COLLATE NOCASE"},
};

std::optional<std::int64_t> or_null(std::int64_t id) { return id == 0 ? std::nullopt : std::optional(id); }
std::string join_macs(const std::vector<base::Mac>& macs) {
  std::string out;
  for (const base::Mac& mac : macs) {
    if (!out.empty()) out += ' ';
    const auto text = mac.text();
    out.append(text.data(), text.size());
  }
  return out;
}

class Writer {
 public:
  Writer(Database& database, const Batch& batch, std::int64_t now) : database_(database), batch_(batch), now_(now) {}

  base::Result<Applied, Refused> write() {
    Statement next = database_.query("UPDATE site SET revision = revision + 1 RETURNING revision");
    if (next.next()) applied_.revision = next.integer(0);
    check(next.run());
    give_up_names();
    for (step_ = 0; step_ < batch_.steps.size() && !refused_; ++step_) {
      std::visit([this](const auto& step) { take(step); }, batch_.steps[step_]);
    }
    for (const auto& later : checks_) {
      if (refused_) break;
      step_ = later.step;
      later.check();
    }
    if (refused_) return tl::unexpected(*refused_);
    return std::move(applied_);
  }

 private:
  void refuse(Why why, std::string what) {
    if (!refused_) refused_ = Refused{why, step_, std::move(what)};
  }
  void check(const base::Status& done) {
    if (!done) refuse(Why::not_written, done.error().what);
  }
  template <class... Values>
  void run(std::string_view sql, const Values&... values) {
    if (!refused_) check(database_.run(sql, values...));
  }
  // The first column of the first row, if there is one.
  template <class... Values>
  std::optional<std::int64_t> ask(std::string_view sql, const Values&... values) {
    if (refused_) return std::nullopt;
    Statement row = database_.query(sql, values...);
    const auto value = row.next() ? std::optional(row.integer(0)) : std::nullopt;
    check(row.status());
    return value;
  }
  // Things that hold only when the whole batch is written.
  void later(std::function<void()> check) { checks_.push_back({step_, std::move(check)}); }

  void tell(Kind kind, std::int64_t id, std::string_view name, std::string_view verb) {
    const std::string_view told = batch_.verb.empty() ? verb : std::string_view(batch_.verb);
    run("INSERT INTO events (at, revision, who, verb, kind, subject, name) VALUES (?, ?, ?, ?, ?, ?, ?)", now_,
        applied_.revision, batch_.who, told, print(kind), id, name);
  }

  // False when there is no such record, or somebody changed it meanwhile.
  bool current(Kind kind, std::int64_t id, const std::optional<std::int64_t>& wanted) {
    const std::string_view column = kind == Kind::settings ? "settings" : "revision";
    const std::string_view key = kind == Kind::settings ? "only" : "id";
    const auto present = ask(fmt::format("SELECT {} FROM {} WHERE {} = ?", column, table_of(kind), key), id);
    if (refused_) return false;
    if (!present) {
      refuse(Why::not_found, fmt::format("there is no {} with the number {}", print(kind), id));
    } else if (wanted && *wanted != *present) {
      refuse(Why::stale, fmt::format("the {} was changed by somebody else meanwhile: look at it again", print(kind)));
    }
    return !refused_;
  }

  // Within a batch an address or a UUID may pass from one device to another, in any order.
  void give_up_names() {
    for (const Step& step : batch_.steps) {
      const auto* put = std::get_if<Put>(&step);
      const auto* device = put == nullptr ? nullptr : std::get_if<policy::Device>(&put->record);
      if (device == nullptr || device->id == 0) continue;
      run("DELETE FROM device_macs WHERE device = ?", device->id);
      run("UPDATE devices SET uuid = NULL WHERE id = ?", device->id);
    }
  }

  void take(const Put& put) {
    const Kind kind = kind_of(put.record);
    const std::int64_t id = id_of(put.record);
    const std::string_view name = name_of(put.record);
    if (id != 0 && !current(kind, id, put.if_revision)) return;
    const auto taken = ask(fmt::format("SELECT id FROM {} WHERE name = ? AND id <> ?", table_of(kind)), name, id);
    if (taken) return refuse(Why::name_taken, fmt::format("there is a {} \"{}\" already", print(kind), name));
    const std::int64_t written = std::visit([this](const auto& record) { return put_record(record); }, put.record);
    applied_.ids.push_back(written);
    tell(kind, written, name, id == 0 ? "created" : "changed");
  }

  void take(const Remove& remove) {
    if (!current(remove.kind, remove.id, remove.if_revision)) return;
    const std::string_view table = table_of(remove.kind);
    Statement row = database_.query(fmt::format("SELECT name FROM {} WHERE id = ?", table), remove.id);
    const std::string name = row.next() ? row.text(0) : "";
    check(row.status());
    run(fmt::format("DELETE FROM {} WHERE id = ?", table), remove.id);
    applied_.ids.push_back(remove.id);
    tell(remove.kind, remove.id, name, "removed");
    later([this, kind = remove.kind, id = remove.id, name] {
      for (const Use& use : uses) {
        if (use.used == kind) refuse_if_used(use, kind, name, id);
      }
      for (const Use& use : uses_by_name) {
        if (use.used == kind) refuse_if_used(use, kind, name, std::string_view(name));
      }
    });
  }

  template <class Key>
  void refuse_if_used(const Use& use, Kind kind, const std::string& name, const Key& key) {
    if (refused_) return;
    constexpr std::size_t shown = 5;
    std::vector<std::string> users;
    Statement rows = database_.query(use.sql, key);
    while (users.size() <= shown && rows.next()) users.push_back(fmt::format("\"{}\"", rows.text(0)));
    check(rows.status());
    if (users.empty()) return;
    const bool more = users.size() > shown;
    if (more) users.pop_back();
    refuse(Why::in_use, fmt::format("{} \"{}\" is in use by {} {}{}: change or remove that first", print(kind), name,
                                    print(use.by), fmt::join(users, ", "), more ? " and others" : ""));
  }

  void take(const SetSettings& set) {
    if (!current(Kind::settings, 1, set.if_revision)) return;
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
    for (const auto& [key, value] : values) {
      run("INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
          key, value);
    }
    run("DELETE FROM mac_lists");
    const auto list = [&](std::string_view name, const std::vector<policy::MacPrefix>& prefixes) {
      for (const auto& each : prefixes) run("INSERT OR IGNORE INTO mac_lists VALUES (?, ?)", name, each.print());
    };
    list("ignored", set.settings.ignored_macs);
    list("wandering", set.settings.wandering_macs);
    run("DELETE FROM banned_uuids");
    for (const auto& uuid : set.settings.banned_uuids) run("INSERT OR IGNORE INTO banned_uuids VALUES (?)", uuid.print());
    run("UPDATE site SET settings = ?", applied_.revision);
    applied_.ids.push_back(1);
    tell(Kind::settings, 1, "settings", "changed");
  }

  // --- references, looked at when the batch is whole --------------------------------------

  void needs(Kind kind, std::int64_t id) {
    if (id == 0) return;
    later([this, kind, id] {
      if (!ask(fmt::format("SELECT 1 FROM {} WHERE id = ?", table_of(kind)), id)) {
        refuse(Why::missing_part, fmt::format("it refers to a {} that is not there (number {})", print(kind), id));
      }
    });
  }
  void needs_program(const std::string& name) {
    if (name.empty()) return;
    later([this, name] {
      if (!ask("SELECT 1 FROM programs WHERE name = ?", name)) {
        refuse(Why::missing_part, fmt::format("there is no boot program \"{}\"", name));
      }
    });
  }

  // --- a record each ------------------------------------------------------------------------

  // INSERT or UPDATE of one row; `columns` as "name, address". Returns its id.
  template <class... Values>
  std::int64_t row(Kind kind, std::int64_t id, std::string_view columns, const Values&... values) {
    if (refused_) return id;
    const std::string marks = "?" + [] {
      std::string rest;
      for (std::size_t i = 1; i < sizeof...(Values); ++i) rest += ", ?";
      return rest;
    }();
    const std::string sql =
        id == 0 ? fmt::format("INSERT INTO {} ({}, revision) VALUES ({}, ?) RETURNING id", table_of(kind), columns, marks)
                : fmt::format("UPDATE {} SET ({}, revision) = ({}, ?) WHERE id = ? RETURNING id", table_of(kind),
                              columns, marks);
    Statement statement = id == 0 ? database_.query(sql, values..., applied_.revision)
                                  : database_.query(sql, values..., applied_.revision, id);
    const std::int64_t written = statement.next() ? statement.integer(0) : 0;
    check(statement.run());
    return written;
  }

  std::int64_t put_record(const policy::Device& device) {
    const policy::DeviceExtras& more = device.extras();
    if (device.uuid && taken("SELECT name FROM devices WHERE uuid = ? AND id <> ?", "the machine UUID",
                             device.uuid->print(), device.id)) {
      return device.id;
    }
    const std::string macs = join_macs(device.macs);
    const std::string uuid = device.uuid ? device.uuid->print() : "";
    const std::int64_t id =
        row(Kind::device, device.id, "name, macs, state, request, program, image, referral", device.name, macs,
            policy::print(device.state), std::int64_t{device.request}, more.program, or_null(more.image),
            or_null(more.referral));
    run("UPDATE devices SET uuid = nullif(?, '') WHERE id = ?", uuid, id);
    if (device.id != 0) {
      run("DELETE FROM device_collections WHERE device = ?", id);
      run("DELETE FROM device_variables WHERE device = ?", id);
      run("DELETE FROM device_runs WHERE device = ?", id);
    }
    for (const base::Mac& mac : device.macs) {
      const std::string text = mac.print();
      if (taken("SELECT name FROM devices JOIN device_macs ON device = id WHERE mac = ? AND id <> ?",
                "the hardware address", text, id)) {
        return id;
      }
      run("INSERT OR IGNORE INTO device_macs VALUES (?, ?)", text, id);
    }
    for (const std::int64_t collection : device.collections) {
      run("INSERT OR IGNORE INTO device_collections VALUES (?, ?)", id, collection);
      needs(Kind::collection, collection);
    }
    for (const auto& [name, value] : more.variables) run("INSERT INTO device_variables VALUES (?, ?, ?)", id, name, value);
    for (const policy::RunMark& mark : more.runs) {
      run("INSERT INTO device_runs VALUES (?, ?, ?)", id, mark.deployment,
          std::string_view(mark.end == policy::RunEnd::done ? "done" : "held"));
      needs(Kind::deployment, mark.deployment);
    }
    needs(Kind::image, more.image);
    needs(Kind::referral, more.referral);
    needs_program(more.program);
    return id;
  }

  bool taken(std::string_view sql, std::string_view what, const std::string& value, std::int64_t id) {
    if (refused_) return true;
    Statement row = database_.query(sql, value, id);
    if (row.next()) {
      refuse(Why::name_taken, fmt::format("{} {} belongs to device \"{}\" already", what, value, row.text(0)));
    }
    check(row.status());
    return refused_.has_value();
  }

  std::int64_t put_record(const policy::Collection& collection) {
    const std::string rule = collection.rule ? collection.rule->print() : "";
    const std::int64_t id =
        row(Kind::collection, collection.id, "name, referral", collection.name, or_null(collection.referral));
    run("UPDATE collections SET rule = nullif(?, '') WHERE id = ?", rule, id);
    run("DELETE FROM collection_parts WHERE collection = ?", id);
    const auto parts = [&](std::string_view kind, const std::vector<std::int64_t>& ids) {
      std::int64_t position = 0;
      for (const std::int64_t part : ids) {
        run("INSERT INTO collection_parts VALUES (?, ?, ?, ?)", id, kind, position++, part);
        needs(Kind::collection, part);
      }
    };
    parts("include", collection.includes);
    parts("exclude", collection.excludes);
    needs(Kind::referral, collection.referral);
    return id;
  }

  std::int64_t put_record(const ImageRecord& record) {
    const policy::Image& image = record.image;
    const std::int64_t id = row(Kind::image, image.id, "name, kind, arch, kernel, command_line, directory, created",
                                image.name, policy::print(image.kind), policy::print(image.arch), image.kernel,
                                image.command_line, record.directory, record.created);
    run("DELETE FROM image_initrds WHERE image = ?", id);
    std::int64_t position = 0;
    for (const std::string& path : image.initrds) {
      run("INSERT INTO image_initrds (image, position, path) VALUES (?, ?, ?)", id, position++, path);
    }
    return id;
  }

  std::int64_t put_record(const policy::TaskSequence& sequence) {
    const std::int64_t id = row(Kind::task_sequence, sequence.id, "name, image", sequence.name, sequence.image);
    run("DELETE FROM task_sequence_variables WHERE task_sequence = ?", id);
    for (const auto& [name, value] : sequence.variables) {
      run("INSERT INTO task_sequence_variables VALUES (?, ?, ?)", id, name, value);
    }
    needs(Kind::image, sequence.image);
    return id;
  }

  std::int64_t put_record(const policy::Program& program) {
    const std::int64_t id = row(Kind::program, program.id, "name, arch, console, path", program.name,
                                policy::print(program.arch), std::int64_t{program.console}, program.path);
    run("DELETE FROM program_roles WHERE program = ?", id);
    for (const policy::Role role : program.roles) {
      run("INSERT OR IGNORE INTO program_roles VALUES (?, ?)", id, policy::print(role));
    }
    return id;
  }

  std::int64_t put_record(const policy::Deployment& deployment) {
    const auto* boot = std::get_if<policy::ToBoot>(&deployment.what);
    const auto* run_of = std::get_if<policy::ToRun>(&deployment.what);
    const auto* collection = std::get_if<policy::ToCollection>(&deployment.target);
    const auto* device = std::get_if<policy::ToDevice>(&deployment.target);
    const bool unknown = std::holds_alternative<policy::ToUnknown>(deployment.target);
    const std::string_view target = collection != nullptr ? "collection"
                                    : device != nullptr   ? "device"
                                    : unknown             ? "unknown"
                                                          : "all";
    const auto number = [](const auto* part, auto member) -> std::optional<std::int64_t> {
      return part == nullptr ? std::nullopt : std::optional(part->*member);
    };
    const auto image = number(boot, &policy::ToBoot::image);
    const auto sequence = number(run_of, &policy::ToRun::task_sequence);
    const auto to_collection = number(collection, &policy::ToCollection::id);
    const auto to_device = number(device, &policy::ToDevice::id);
    const std::string condition = deployment.condition ? deployment.condition->print() : "";
    const std::int64_t id = row(
        Kind::deployment, deployment.id,
        "name, image, task_sequence, target, collection, device, purpose, enabled, position, created, begins, ends, "
        "again, asks, program",
        deployment.name, image, sequence, target, to_collection, to_device, policy::print(deployment.purpose),
        std::int64_t{deployment.enabled}, std::int64_t{deployment.order}, deployment.created, deployment.from,
        deployment.until, std::int64_t{deployment.again}, std::int64_t{deployment.asks}, deployment.program);
    run("UPDATE deployments SET condition = nullif(?, '') WHERE id = ?", condition, id);
    needs(Kind::image, image.value_or(0));
    needs(Kind::task_sequence, sequence.value_or(0));
    needs(Kind::collection, to_collection.value_or(0));
    needs(Kind::device, to_device.value_or(0));
    needs_program(deployment.program);
    return id;
  }

  std::int64_t put_record(const policy::Network& network) {
    const auto text = [](const auto& value) { return value ? std::string(policy::print(*value)) : std::string(); };
    const auto number = [](const auto& value) -> std::optional<std::int64_t> {
      return value ? std::optional<std::int64_t>(*value) : std::nullopt;
    };
    if (taken_network(network)) return network.id;
    const std::int64_t id = row(Kind::network, network.id, "name, subnet, add_unknown, delay_seconds, referral",
                                network.name, network.subnet.print(), number(network.add_unknown),
                                number(network.delay_seconds), or_null(network.referral));
    run("UPDATE networks SET answer = nullif(?, ''), prompt_known = nullif(?, ''), prompt_unknown = nullif(?, '') "
        "WHERE id = ?",
        text(network.answer), text(network.prompt_known), text(network.prompt_unknown), id);
    run("DELETE FROM network_windows WHERE network = ?", id);
    for (const policy::WeekWindow& window : network.maintenance) {
      run("INSERT INTO network_windows VALUES (?, ?, ?)", id, std::int64_t{window.from_minute},
          std::int64_t{window.minutes});
    }
    needs(Kind::referral, network.referral);
    return id;
  }

  bool taken_network(const policy::Network& network) {
    const auto other =
        ask("SELECT id FROM networks WHERE subnet = ? AND id <> ?", network.subnet.print(), network.id);
    if (other) refuse(Why::name_taken, fmt::format("{} is another network already", network.subnet.print()));
    return refused_.has_value();
  }

  std::int64_t put_record(const policy::BootServer& server) {
    const std::int64_t id = row(Kind::server, server.id, "name, address", server.name, server.address.print());
    run("DELETE FROM server_files WHERE server = ?", id);
    for (const auto& file : server.files) {
      run("INSERT OR REPLACE INTO server_files VALUES (?, ?, ?)", id, policy::print(file.arch), file.path);
    }
    return id;
  }

  std::int64_t put_record(const policy::Referral& referral) {
    const std::int64_t id = row(Kind::referral, referral.id, "name", referral.name);
    run("DELETE FROM referral_shares WHERE referral = ?", id);
    std::int64_t position = 0;
    for (const auto& share : referral.shares) {
      run("INSERT INTO referral_shares VALUES (?, ?, ?, ?)", id, position++, share.server, std::int64_t{share.weight});
      needs(Kind::server, share.server);
    }
    return id;
  }

  struct Later {
    std::size_t step;
    std::function<void()> check;
  };

  Database& database_;
  const Batch& batch_;
  std::int64_t now_;
  std::size_t step_ = 0;
  Applied applied_;
  std::optional<Refused> refused_;
  std::vector<Later> checks_;
};

}  // namespace

base::Result<Applied, Refused> write_batch(Database& database, const Batch& batch, std::int64_t now) {
  return Writer(database, batch, now).write();
}

}  // namespace store
