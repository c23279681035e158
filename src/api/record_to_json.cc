// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>

#include "api/record_json.h"
#include "api/time_text.h"
#include "base/overloaded.h"

namespace api {
namespace {

using store::Kind;

std::string_view print(policy::RunEnd end) { return end == policy::RunEnd::done ? "done" : "held"; }

Json variables_json(const policy::Variables& variables) {
  Json out = Json::object();
  for (const auto& [name, value] : variables) out[name] = value;
  return out;
}

template <class Value>
Json printed(const std::vector<Value>& values) {
  Json out = Json::array();
  for (const Value& value : values) out.push_back(value.print());
  return out;
}

class Writer {
 public:
  explicit Writer(const Names& names) : names_(names) {}

  Json operator()(const policy::Device& device) const {
    const policy::DeviceExtras& more = device.extras();
    Json out = {{"id", device.id},
                {"name", device.name},
                {"macs", printed(device.macs)},
                {"state", policy::print(device.state)},
                {"collections", list(Kind::collection, device.collections)},
                {"variables", variables_json(more.variables)},
                {"program", more.program},
                {"image", names_.name(Kind::image, more.image)},
                {"referral", names_.name(Kind::referral, more.referral)}};
    if (device.uuid) out["uuid"] = device.uuid->print();
    if (device.state == policy::DeviceState::pending) out["request"] = device.request;
    Json runs = Json::array();
    for (const auto& [deployment, end] : more.runs) {
      // Of deployments that are gone nobody asks any more.
      if (const auto name = names_.name(Kind::deployment, deployment); !name.empty())
        runs.push_back({{"deployment", name}, {"end", print(end)}});
    }
    out["runs"] = std::move(runs);
    return out;
  }

  Json operator()(const policy::Collection& collection) const {
    Json out = {{"id", collection.id},
                {"name", collection.name},
                {"includes", list(Kind::collection, collection.includes)},
                {"excludes", list(Kind::collection, collection.excludes)},
                {"referral", names_.name(Kind::referral, collection.referral)}};
    if (collection.rule) out["rule"] = collection.rule->print();
    return out;
  }

  Json operator()(const store::ImageRecord& record) const {
    const policy::Image& image = record.image;
    return {{"id", image.id},
            {"name", image.name},
            {"kind", policy::print(image.kind)},
            {"arch", policy::print(image.arch)},
            {"state", policy::print(image.state)},
            {"kernel", image.kernel},
            {"initrds", image.initrds},
            {"command_line", image.command_line},
            {"created", print_time(record.created)}};
  }

  Json operator()(const policy::TaskSequence& sequence) const {
    return {{"id", sequence.id},
            {"name", sequence.name},
            {"image", names_.name(Kind::image, sequence.image)},
            {"variables", variables_json(sequence.variables)}};
  }

  Json operator()(const policy::Program& program) const {
    Json roles = Json::array();
    for (const policy::Role role : program.roles) roles.push_back(policy::print(role));
    return {{"id", program.id},          {"name", program.name},       {"arch", policy::print(program.arch)},
            {"roles", std::move(roles)}, {"console", program.console}, {"path", program.path}};
  }

  Json operator()(const policy::Deployment& deployment) const {
    Json out = {{"id", deployment.id},
                {"name", deployment.name},
                {"purpose", policy::print(deployment.purpose)},
                {"enabled", deployment.enabled},
                {"order", deployment.order},
                {"created", print_time(deployment.created)},
                {"again", deployment.again},
                {"once", deployment.once},
                {"asks", deployment.asks},
                {"program", deployment.program}};
    if (const auto* run = std::get_if<policy::ToRun>(&deployment.what)) {
      out["task_sequence"] = names_.name(Kind::task_sequence, run->task_sequence);
    } else if (const auto* boot = std::get_if<policy::ToBoot>(&deployment.what)) {
      out["image"] = names_.name(Kind::image, boot->image);
    }
    out["to"] = std::visit(base::Overloaded{
                               [&](const policy::ToCollection& to) -> Json {
                                 return {{"collection", names_.name(Kind::collection, to.id)}};
                               },
                               [&](const policy::ToDevice& to) -> Json {
                                 return {{"device", names_.name(Kind::device, to.id)}};
                               },
                               [](const policy::ToUnknown&) -> Json { return "unknown"; },
                               [](const policy::ToAll&) -> Json { return "all"; },
                           },
                           deployment.target);
    if (deployment.condition) out["condition"] = deployment.condition->print();
    if (deployment.from) out["from"] = print_time(*deployment.from);
    if (deployment.until) out["until"] = print_time(*deployment.until);
    return out;
  }

  Json operator()(const policy::Network& network) const {
    Json windows = Json::array();
    for (const policy::WeekWindow& window : network.maintenance) windows.push_back(print_window(window));
    Json out = {{"id", network.id},
                {"name", network.name},
                {"subnet", network.subnet.print()},
                {"maintenance", std::move(windows)},
                {"referral", names_.name(Kind::referral, network.referral)}};
    if (network.answer) out["answer"] = policy::print(*network.answer);
    if (network.add_unknown) out["add_unknown"] = *network.add_unknown;
    if (network.prompt_known) out["prompt_known"] = policy::print(*network.prompt_known);
    if (network.prompt_unknown) out["prompt_unknown"] = policy::print(*network.prompt_unknown);
    if (network.delay_seconds) out["delay_seconds"] = *network.delay_seconds;
    return out;
  }

  Json operator()(const policy::BootServer& server) const {
    Json files = Json::object();
    for (const auto& [arch, path] : server.files) files[std::string(policy::print(arch))] = path;
    return {{"id", server.id},
            {"name", server.name},
            {"address", server.address.print()},
            {"files", std::move(files)}};
  }

  Json operator()(const policy::Referral& referral) const {
    Json shares = Json::array();
    for (const auto& [server, weight] : referral.shares)
      shares.push_back({{"server", names_.name(Kind::server, server)}, {"weight", weight}});
    return {{"id", referral.id}, {"name", referral.name}, {"shares", std::move(shares)}};
  }

 private:
  [[nodiscard]] Json list(Kind kind, const std::vector<std::int64_t>& ids) const {
    Json out = Json::array();
    for (const std::int64_t id : ids) out.push_back(names_.name(kind, id));
    return out;
  }

  const Names& names_;
};

constexpr std::array<std::pair<Kind, std::string_view>, 10> plurals = {{
    {Kind::device, "devices"},
    {Kind::collection, "collections"},
    {Kind::image, "images"},
    {Kind::task_sequence, "task-sequences"},
    {Kind::program, "programs"},
    {Kind::deployment, "deployments"},
    {Kind::network, "networks"},
    {Kind::server, "servers"},
    {Kind::referral, "referrals"},
    {Kind::settings, "settings"},
}};

}  // namespace

Json to_json(const store::Record& record, const Names& names) { return std::visit(Writer(names), record); }

std::string_view plural(Kind kind) {
  for (const auto& [value, word] : plurals) {
    if (value == kind) return word;
  }
  return "unknown";
}

std::optional<Kind> parse_plural(std::string_view text) {
  for (const auto& [value, word] : plurals) {
    if (word == text) return value;
  }
  return std::nullopt;
}

}  // namespace api
