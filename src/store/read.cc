// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/read.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "store/shape.h"

namespace store {
namespace {

// Reads table after table; the first failure stays. A value that the tables' own checks let
// through and we never write was written by somebody who edited the file.
class Reader {
 public:
  explicit Reader(Database& database) : database_(database) {}

  base::Result<Everything> read() {
    read_settings();
    read_images();
    read_servers();
    read_referrals();
    read_collections();
    read_devices();
    read_task_sequences();
    read_programs();
    read_networks();
    read_deployments();
    if (!status_) return tl::unexpected(status_.error());
    return std::move(out_);
  }

 private:
  template <class Row>
  void each(std::string_view sql, const Row& row) {
    if (!status_) return;
    Statement rows = database_.query(sql);
    while (status_ && rows.next()) row(rows);
    if (status_) status_ = rows.status();
  }

  template <class Value>
  Value known(const std::optional<Value>& value, std::string_view kind, std::string_view name) {
    if (value) return *value;
    if (status_) {
      status_ = base::fail("{}: {} \"{}\" holds a value that Bootferry never writes: put back a backup",
                           database_.path(), kind, name);
    }
    return Value{};
  }

  // Records in the order of their ids; parts find theirs by it.
  template <class Value>
  static Value* find(std::vector<Value>& records, std::int64_t id) {
    const auto found = std::ranges::lower_bound(records, id, {}, &Value::id);
    return found != records.end() && found->id == id ? &*found : nullptr;
  }

  static std::optional<std::uint16_t> parse_number(std::string_view text) {
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
  }
  bool flag(std::string_view text, std::string_view setting) {
    return known(text == "1" || text == "0" ? std::optional(text == "1") : std::nullopt, "setting", setting);
  }

  // A number as narrow as the value that it becomes.
  template <class Number>
  Number narrow(const Statement& row, int column, std::string_view kind, std::string_view name) {
    const std::int64_t wide = row.integer(column);
    return known(std::in_range<Number>(wide) ? std::optional(static_cast<Number>(wide)) : std::nullopt, kind,
                 name);
  }

  std::optional<policy::Rule> rule(const Statement& row, int column, std::string_view kind,
                                   std::string_view name) {
    if (row.is_null(column)) return std::nullopt;
    const auto parsed = policy::Rule::parse(row.text(column));
    return known(parsed ? std::optional(*parsed) : std::nullopt, kind, name);
  }

  void read_settings() {
    each("SELECT revision FROM site", [&](Statement& row) { out_.revision = row.integer(0); });
    policy::SitePolicy& site = out_.settings.policy;
    each("SELECT key, value FROM settings", [&](Statement& row) {
      const std::string key = row.text(0), value = row.text(1);
      const auto number = [&] { return known(parse_number(value), "setting", key); };
      if (key == "answer") site.answer = known(policy::parse_answer_to(value), "setting", key);
      if (key == "prompt_known") site.prompt_known = known(policy::parse_prompting(value), "setting", key);
      if (key == "prompt_unknown")
        site.prompt_unknown = known(policy::parse_prompting(value), "setting", key);
      if (key == "add_unknown") site.add_unknown = flag(value, key);
      if (key == "menus") site.menus = flag(value, key);
      if (key == "detect_processor") site.detect_processor = flag(value, key);
      if (key == "delay_seconds") site.delay_seconds = number();
      if (key == "pending_poll_seconds") site.pending.poll_seconds = number();
      if (key == "pending_polls") site.pending.polls = number();
      if (key == "pending_message") site.pending.message = value;
    });
    each("SELECT list, prefix FROM mac_lists ORDER BY list, prefix", [&](Statement& row) {
      const auto prefix = known(policy::MacPrefix::parse(row.text(1)), "address list", row.text(0));
      (row.text(0) == "ignored" ? out_.settings.ignored_macs : out_.settings.wandering_macs)
          .push_back(prefix);
    });
    each("SELECT uuid FROM banned_uuids", [&](Statement& row) {
      out_.settings.banned_uuids.push_back(known(base::Uuid::parse(row.view(0)), "banned UUID", row.view(0)));
    });
    tidy(out_.settings);
  }

  void read_images() {
    each(
        "SELECT id, name, kind, kernel, command_line, arch, directory, created, state, "
        "manifest FROM images ORDER BY id",
        [&](Statement& row) {
          ImageRecord record;
          record.image.id = row.integer(0);
          record.image.name = row.text(1);
          record.image.kind = known(policy::parse_image_kind(row.text(2)), "image", record.image.name);
          record.image.kernel = row.text(3);
          record.image.command_line = row.text(4);
          record.image.arch = known(policy::parse_arch(row.text(5)), "image", record.image.name);
          record.directory = row.text(6);
          record.created = row.integer(7);
          record.image.state = known(policy::parse_image_state(row.text(8)), "image", record.image.name);
          record.manifest = row.text(9);
          out_.images.push_back(std::move(record));
        });
    each("SELECT image, path FROM image_initrds ORDER BY image, position", [&](Statement& row) {
      const auto found = std::ranges::lower_bound(out_.images, row.integer(0), {},
                                                  [](const ImageRecord& each) { return each.image.id; });
      if (found != out_.images.end()) found->image.initrds.push_back(row.text(1));
    });
  }

  void read_servers() {
    each("SELECT id, name, address FROM servers ORDER BY id", [&](Statement& row) {
      const std::string name = row.text(1);
      out_.servers.push_back(
          {row.integer(0), name, known(base::Ipv4::parse(row.text(2)), "server", name), {}});
    });
    each("SELECT server, arch, path FROM server_files ORDER BY server", [&](Statement& row) {
      if (auto* server = find(out_.servers, row.integer(0))) {
        server->files.push_back(
            {known(policy::parse_arch(row.text(1)), "server", server->name), row.text(2)});
      }
    });
    for (policy::BootServer& server : out_.servers) {
      std::ranges::sort(server.files, {}, &policy::BootServer::File::arch);
    }
  }

  void read_referrals() {
    each("SELECT id, name FROM referrals ORDER BY id", [&](Statement& row) {
      out_.referrals.push_back({row.integer(0), row.text(1), {}});
    });
    each("SELECT referral, server, weight FROM referral_shares ORDER BY referral, position",
         [&](Statement& row) {
           if (auto* referral = find(out_.referrals, row.integer(0))) {
             referral->shares.push_back(
                 {row.integer(1), narrow<std::uint16_t>(row, 2, "referral", referral->name)});
           }
         });
  }

  void read_collections() {
    each("SELECT id, name, rule, referral FROM collections ORDER BY id", [&](Statement& row) {
      policy::Collection collection;
      collection.id = row.integer(0);
      collection.name = row.text(1);
      collection.rule = rule(row, 2, "collection", collection.name);
      collection.referral = row.integer(3);
      out_.collections.push_back(std::move(collection));
    });
    each("SELECT collection, kind, part FROM collection_parts ORDER BY collection, kind, position",
         [&](Statement& row) {
           if (auto* collection = find(out_.collections, row.integer(0))) {
             (row.text(1) == "include" ? collection->includes : collection->excludes)
                 .push_back(row.integer(2));
           }
         });
  }

  std::vector<base::Mac> macs(std::string_view text, std::string_view name) {
    std::vector<base::Mac> out;
    out.reserve((text.size() + 1) / 18);
    for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 18))) {
      out.push_back(known(base::Mac::parse(text.substr(0, 17)), "device", name));
    }
    return out;
  }

  void read_devices() {
    std::unordered_map<std::int64_t, policy::DeviceExtras> extras;
    each("SELECT device, name, value FROM device_variables ORDER BY device, name",
         [&](Statement& row) { extras[row.integer(0)].variables.emplace_back(row.text(1), row.text(2)); });
    each("SELECT device, deployment, end FROM device_runs ORDER BY device, deployment", [&](Statement& row) {
      const auto end = row.text(2) == "done" ? policy::RunEnd::done : policy::RunEnd::held;
      extras[row.integer(0)].runs.push_back({row.integer(1), end});
    });
    each("SELECT count(*) FROM devices",
         [&](Statement& row) { out_.devices.reserve(static_cast<std::size_t>(row.integer(0))); });
    each("SELECT id, name, macs, uuid, state, request, program, image, referral FROM devices ORDER BY id",
         [&](Statement& row) {
           policy::Device device;
           device.id = row.integer(0);
           device.name = row.text(1);
           device.macs = macs(row.view(2), device.name);
           if (!row.is_null(3)) device.uuid = known(base::Uuid::parse(row.view(3)), "device", device.name);
           device.state = known(policy::parse_device_state(row.view(4)), "device", device.name);
           device.request = narrow<std::uint32_t>(row, 5, "device", device.name);
           policy::DeviceExtras more;
           if (const auto found = extras.find(device.id); found != extras.end())
             more = std::move(found->second);
           more.program = row.text(6);
           more.image = row.integer(7);
           more.referral = row.integer(8);
           if (more != policy::DeviceExtras{}) {
             device.more = std::make_shared<const policy::DeviceExtras>(std::move(more));
           }
           out_.devices.push_back(std::move(device));
         });
    auto at = out_.devices.begin();  // both in the order of devices: no search for each membership
    each("SELECT device, collection FROM device_collections ORDER BY device, collection",
         [&](Statement& row) {
           while (at != out_.devices.end() && at->id < row.integer(0)) ++at;
           if (at != out_.devices.end() && at->id == row.integer(0))
             at->collections.push_back(row.integer(1));
         });
  }

  void read_task_sequences() {
    each("SELECT id, name, image FROM task_sequences ORDER BY id", [&](Statement& row) {
      out_.task_sequences.push_back({row.integer(0), row.text(1), row.integer(2), {}});
    });
    each("SELECT task_sequence, name, value FROM task_sequence_variables ORDER BY task_sequence, name",
         [&](Statement& row) {
           if (auto* found = find(out_.task_sequences, row.integer(0))) {
             found->variables.emplace_back(row.text(1), row.text(2));
           }
         });
  }

  void read_programs() {
    each("SELECT id, name, arch, console, path, manifest FROM programs ORDER BY id", [&](Statement& row) {
      const std::string name = row.text(1);
      out_.programs.push_back({row.integer(0),
                               name,
                               known(policy::parse_arch(row.text(2)), "program", name),
                               {},
                               row.integer(3) != 0,
                               row.text(4),
                               row.text(5)});
    });
    each("SELECT program, role FROM program_roles ORDER BY program", [&](Statement& row) {
      if (auto* found = find(out_.programs, row.integer(0))) {
        found->roles.push_back(known(policy::parse_role(row.text(1)), "program", found->name));
      }
    });
    for (policy::Program& program : out_.programs) std::ranges::sort(program.roles);
  }

  void read_networks() {
    each(
        "SELECT id, name, subnet, answer, add_unknown, prompt_known, prompt_unknown, delay_seconds, referral "
        "FROM networks ORDER BY id",
        [&](Statement& row) {
          policy::Network network;
          network.id = row.integer(0);
          network.name = row.text(1);
          const std::string& name = network.name;
          const auto prompting = [&](int column) -> std::optional<policy::Prompting> {
            if (row.is_null(column)) return std::nullopt;
            return known(policy::parse_prompting(row.text(column)), "network", name);
          };
          network.subnet = known(base::IpNet::parse(row.text(2)), "network", name);
          if (!row.is_null(3)) network.answer = known(policy::parse_answer_to(row.text(3)), "network", name);
          if (!row.is_null(4)) network.add_unknown = row.integer(4) != 0;
          network.prompt_known = prompting(5);
          network.prompt_unknown = prompting(6);
          if (!row.is_null(7)) network.delay_seconds = narrow<std::uint16_t>(row, 7, "network", name);
          network.referral = row.integer(8);
          out_.networks.push_back(std::move(network));
        });
    each("SELECT network, from_minute, minutes FROM network_windows ORDER BY network, from_minute",
         [&](Statement& row) {
           if (auto* found = find(out_.networks, row.integer(0))) {
             found->maintenance.push_back({narrow<std::uint16_t>(row, 1, "network", found->name),
                                           narrow<std::uint16_t>(row, 2, "network", found->name)});
           }
         });
  }

  static policy::DeployedTo target(const Statement& row) {
    const std::string kind = row.text(4);
    if (kind == "collection") return policy::ToCollection{row.integer(5)};
    if (kind == "device") return policy::ToDevice{row.integer(6)};
    if (kind == "unknown") return policy::ToUnknown{};
    return policy::ToAll{};
  }

  void read_deployments() {
    each(
        "SELECT id, name, image, task_sequence, target, collection, device, condition, purpose, enabled, "
        "position, "
        "created, begins, ends, again, asks, once, program FROM deployments ORDER BY id",
        [&](Statement& row) {
          policy::Deployment deployment;
          deployment.id = row.integer(0);
          deployment.name = row.text(1);
          if (row.is_null(3)) {
            deployment.what = policy::ToBoot{row.integer(2)};
          } else {
            deployment.what = policy::ToRun{row.integer(3)};
          }
          deployment.target = target(row);
          deployment.condition = rule(row, 7, "deployment", deployment.name);
          deployment.purpose = known(policy::parse_purpose(row.text(8)), "deployment", deployment.name);
          deployment.enabled = row.integer(9) != 0;
          deployment.order = narrow<std::int32_t>(row, 10, "deployment", deployment.name);
          deployment.created = row.integer(11);
          deployment.from = row.maybe_integer(12);
          deployment.until = row.maybe_integer(13);
          deployment.again = row.integer(14) != 0;
          deployment.asks = row.integer(15) != 0;
          deployment.once = row.integer(16) != 0;
          deployment.program = row.text(17);
          out_.deployments.push_back(std::move(deployment));
        });
  }

  Database& database_;
  Everything out_;
  base::Status status_;
};

}  // namespace

base::Result<Everything> read_everything(Database& database) { return Reader(database).read(); }

}  // namespace store
