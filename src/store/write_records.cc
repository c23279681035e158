// SPDX-License-Identifier: GPL-3.0-or-later
// A record each, with its parts in tables of their own.
#include "store/writer.h"

namespace store {
namespace {

using Why = Refused::Why;

std::optional<std::int64_t> or_null(std::int64_t id) { return id == 0 ? std::nullopt : std::optional(id); }
std::optional<std::string> or_null(const std::optional<policy::Rule>& rule) {
  return rule ? std::optional(rule->print()) : std::nullopt;
}
template <class Word>
std::optional<std::string_view> word_or_null(const std::optional<Word>& word) {
  return word ? std::optional(policy::print(*word)) : std::nullopt;
}
template <class Number>
std::optional<std::int64_t> number_or_null(const std::optional<Number>& number) {
  return number ? std::optional<std::int64_t>(*number) : std::nullopt;
}

std::string joined(const std::vector<base::Mac>& macs) {
  std::string out;
  for (const base::Mac& mac : macs) {
    if (!out.empty()) out += ' ';
    const auto text = mac.text();
    out.append(text.data(), text.size());
  }
  return out;
}

// Whether another device has it; that one is named then.
bool taken(Writer& writer, std::string_view column, std::string_view what, const std::string& value,
           std::int64_t id) {
  const auto owner =
      writer.text(fmt::format("SELECT name FROM devices WHERE {} = ? AND id <> ?", column), value, id);
  if (owner)
    writer.refuse(Why::name_taken,
                  fmt::format("{} {} belongs to device \"{}\" already", what, value, *owner));
  return writer.refused();
}

void put_mac(Writer& writer, const base::Mac& mac, std::int64_t device) {
  const std::string text = mac.print();
  if (writer.changes("INSERT INTO device_macs VALUES (?, ?) ON CONFLICT DO NOTHING", text, device)) return;
  const auto owner = writer.text(
      "SELECT name FROM devices JOIN device_macs ON device = id WHERE mac = ? AND id <> ?", text, device);
  if (owner) {
    writer.refuse(Why::name_taken,
                  fmt::format("the hardware address {} belongs to device \"{}\" already", text, *owner));
  }
}

void put_variables(Writer& writer, std::string_view insert, const policy::Variables& variables,
                   std::int64_t of) {
  for (const auto& [name, value] : variables) writer.run(insert, of, name, value);
}

std::int64_t put(Writer& writer, const policy::Device& device) {
  const policy::DeviceExtras& more = device.extras();
  const auto uuid = device.uuid ? std::optional(device.uuid->print()) : std::nullopt;
  if (uuid && taken(writer, "uuid", "the machine UUID", *uuid, device.id)) return device.id;
  if (device.request != 0 &&
      taken(writer, "request", "the number", std::to_string(device.request), device.id)) {
    return device.id;
  }
  const std::int64_t id =
      writer.row(Kind::device, device.id, "name, macs, uuid, state, request, program, image, referral",
                 device.name, joined(device.macs), uuid, policy::print(device.state),
                 std::int64_t{device.request}, more.program, or_null(more.image), or_null(more.referral));
  if (device.id != 0) {
    writer.run("DELETE FROM device_macs WHERE device = ?", id);
    writer.run("DELETE FROM device_collections WHERE device = ?", id);
    writer.run("DELETE FROM device_variables WHERE device = ?", id);
    writer.run("DELETE FROM device_runs WHERE device = ?", id);
  }
  for (const base::Mac& mac : device.macs) put_mac(writer, mac, id);
  for (const std::int64_t collection : device.collections) {
    writer.run("INSERT INTO device_collections VALUES (?, ?) ON CONFLICT DO NOTHING", id, collection);
    writer.needs(Kind::collection, collection);
  }
  put_variables(writer, "INSERT OR REPLACE INTO device_variables VALUES (?, ?, ?)", more.variables, id);
  for (const policy::RunMark& mark : more.runs) {
    const std::string_view end = mark.end == policy::RunEnd::done ? "done" : "held";
    writer.run("INSERT OR REPLACE INTO device_runs VALUES (?, ?, ?)", id, mark.deployment, end);
    writer.needs(Kind::deployment, mark.deployment);
  }
  writer.may_need(Kind::image, more.image);
  writer.may_need(Kind::referral, more.referral);
  writer.may_need_program(more.program);
  return id;
}

std::int64_t put(Writer& writer, const policy::Collection& collection) {
  const std::int64_t id = writer.row(Kind::collection, collection.id, "name, rule, referral", collection.name,
                                     or_null(collection.rule), or_null(collection.referral));
  writer.run("DELETE FROM collection_parts WHERE collection = ?", id);
  const auto parts = [&](std::string_view kind, const std::vector<std::int64_t>& ids) {
    std::int64_t position = 0;
    for (const std::int64_t part : ids) {
      writer.run("INSERT INTO collection_parts VALUES (?, ?, ?, ?)", id, kind, position++, part);
      writer.needs(Kind::collection, part);
    }
  };
  parts("include", collection.includes);
  parts("exclude", collection.excludes);
  writer.may_need(Kind::referral, collection.referral);
  return id;
}

std::int64_t put(Writer& writer, const ImageRecord& record) {
  const policy::Image& image = record.image;
  const auto owner =
      writer.text("SELECT name FROM images WHERE directory = ? AND id <> ?", record.directory, image.id);
  if (owner) {
    writer.refuse(Why::name_taken,
                  fmt::format("{} is image \"{}\"'s directory already", record.directory, *owner));
  }
  const std::int64_t id = writer.row(
      Kind::image, image.id, "name, kind, arch, state, kernel, command_line, directory, created, manifest",
      image.name, policy::print(image.kind), policy::print(image.arch), policy::print(image.state),
      image.kernel, image.command_line, record.directory, record.created, record.manifest);
  writer.run("DELETE FROM image_initrds WHERE image = ?", id);
  std::int64_t position = 0;
  for (const std::string& path : image.initrds) {
    writer.run("INSERT INTO image_initrds (image, position, path) VALUES (?, ?, ?)", id, position++, path);
  }
  return id;
}

std::int64_t put(Writer& writer, const policy::TaskSequence& sequence) {
  const std::int64_t id =
      writer.row(Kind::task_sequence, sequence.id, "name, image", sequence.name, sequence.image);
  writer.run("DELETE FROM task_sequence_variables WHERE task_sequence = ?", id);
  put_variables(writer, "INSERT OR REPLACE INTO task_sequence_variables VALUES (?, ?, ?)", sequence.variables,
                id);
  writer.needs(Kind::image, sequence.image);
  return id;
}

std::int64_t put(Writer& writer, const policy::Program& program) {
  const std::int64_t id =
      writer.row(Kind::program, program.id, "name, arch, console, path, manifest", program.name,
                 policy::print(program.arch), std::int64_t{program.console}, program.path, program.manifest);
  writer.run("DELETE FROM program_roles WHERE program = ?", id);
  for (const policy::Role role : program.roles) {
    writer.run("INSERT INTO program_roles VALUES (?, ?) ON CONFLICT DO NOTHING", id, policy::print(role));
  }
  return id;
}

struct Target {
  std::string_view kind;
  std::optional<std::int64_t> collection, device;
};
Target columns_of(const policy::DeployedTo& target) {
  if (const auto* to = std::get_if<policy::ToCollection>(&target)) return {"collection", to->id, {}};
  if (const auto* to = std::get_if<policy::ToDevice>(&target)) return {"device", {}, to->id};
  return {std::holds_alternative<policy::ToUnknown>(target) ? "unknown" : "all", {}, {}};
}

std::int64_t put(Writer& writer, const policy::Deployment& deployment) {
  std::optional<std::int64_t> image, sequence;
  if (const auto* boot = std::get_if<policy::ToBoot>(&deployment.what)) image = boot->image;
  if (const auto* run = std::get_if<policy::ToRun>(&deployment.what)) sequence = run->task_sequence;
  const Target to = columns_of(deployment.target);
  const std::int64_t id = writer.row(
      Kind::deployment, deployment.id,
      "name, image, task_sequence, target, collection, device, condition, purpose, enabled, position, "
      "created, begins, "
      "ends, again, asks, once, program",
      deployment.name, image, sequence, to.kind, to.collection, to.device, or_null(deployment.condition),
      policy::print(deployment.purpose), std::int64_t{deployment.enabled}, std::int64_t{deployment.order},
      deployment.created, deployment.from, deployment.until, std::int64_t{deployment.again},
      std::int64_t{deployment.asks}, std::int64_t{deployment.once}, deployment.program);
  if (image) writer.needs(Kind::image, *image);
  if (sequence) writer.needs(Kind::task_sequence, *sequence);
  if (to.collection) writer.needs(Kind::collection, *to.collection);
  if (to.device) writer.needs(Kind::device, *to.device);
  writer.may_need_program(deployment.program);
  return id;
}

std::int64_t put(Writer& writer, const policy::Network& network) {
  const std::string subnet = network.subnet.print();
  const auto other =
      writer.text("SELECT name FROM networks WHERE subnet = ? AND id <> ?", subnet, network.id);
  if (other) writer.refuse(Why::name_taken, fmt::format("{} is network \"{}\" already", subnet, *other));
  const std::int64_t id =
      writer.row(Kind::network, network.id,
                 "name, subnet, answer, add_unknown, prompt_known, prompt_unknown, delay_seconds, referral",
                 network.name, subnet, word_or_null(network.answer), number_or_null(network.add_unknown),
                 word_or_null(network.prompt_known), word_or_null(network.prompt_unknown),
                 number_or_null(network.delay_seconds), or_null(network.referral));
  writer.run("DELETE FROM network_windows WHERE network = ?", id);
  for (const policy::WeekWindow& window : network.maintenance) {
    writer.run("INSERT INTO network_windows VALUES (?, ?, ?)", id, std::int64_t{window.from_minute},
               std::int64_t{window.minutes});
  }
  writer.may_need(Kind::referral, network.referral);
  return id;
}

std::int64_t put(Writer& writer, const policy::BootServer& server) {
  const std::int64_t id =
      writer.row(Kind::server, server.id, "name, address", server.name, server.address.print());
  writer.run("DELETE FROM server_files WHERE server = ?", id);
  for (const auto& file : server.files) {
    writer.run("INSERT OR REPLACE INTO server_files VALUES (?, ?, ?)", id, policy::print(file.arch),
               file.path);
  }
  return id;
}

std::int64_t put(Writer& writer, const policy::Referral& referral) {
  const std::int64_t id = writer.row(Kind::referral, referral.id, "name", referral.name);
  writer.run("DELETE FROM referral_shares WHERE referral = ?", id);
  std::int64_t position = 0;
  for (const auto& share : referral.shares) {
    writer.run("INSERT INTO referral_shares VALUES (?, ?, ?, ?)", id, position++, share.server,
               std::int64_t{share.weight});
    writer.needs(Kind::server, share.server);
  }
  return id;
}

}  // namespace

std::int64_t put_record(Writer& writer, const Record& record) {
  return std::visit([&](const auto& one) { return put(writer, one); }, record);
}

}  // namespace store
