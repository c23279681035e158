// SPDX-License-Identifier: GPL-3.0-or-later
// The kinds of records that are nothing but their fields.
#include <fmt/format.h>

#include "commands.h"
#include "records.h"
#include "terminal.h"

namespace cli {
namespace {

using Shape = Field::Shape;

const Kind collection{
    "collection",
    "collections",
    {{"--rule", "rule", Shape::text, "Takes in whoever matches: 'arch = x64 and subnet 10.1.0.0/16'"},
     {"--include", "includes", Shape::texts, "Its members are members, too", names_of("collections")},
     {"--exclude", "excludes", Shape::texts, "Its members never are", names_of("collections")},
     {"--referral", "referral", Shape::text, "Sends the members to another server", names_of("referrals")}},
    {"rule", "includes", "excludes", "referral"},
    "no collections"};

const Kind network{
    "network",
    "networks",
    {{"--subnet", "subnet", Shape::text, "10.1.0.0/16", {}, true},
     {"--answer", "answer", Shape::text, "Which machines are answered", one_of({"all", "known", "none"})},
     {"--add-unknown", "add_unknown", Shape::yes_no, "Unknown machines wait for an approval"},
     {"--prompt-known", "prompt_known", Shape::text, "What known machines are asked",
      one_of({"opt-in", "none", "opt-out"})},
     {"--prompt-unknown", "prompt_unknown", Shape::text, "What unknown machines are asked",
      one_of({"opt-in", "none", "opt-out"})},
     {"--delay", "delay_seconds", Shape::number, "Seconds until unknown machines are answered"},
     {"--maintenance", "maintenance", Shape::texts, "Required deployments only then: 'Sat 22:00-Sun 06:00'"},
     {"--referral", "referral", Shape::text, "Sends its machines to another server", names_of("referrals")}},
    {"subnet", "answer", "add_unknown", "maintenance", "referral"},
    "no networks: the site's settings hold everywhere"};

const Kind server{"server",
                  "servers",
                  {{"--address", "address", Shape::text, "Its IPv4 address", {}, true},
                   {"--file", "files", Shape::pairs, "What machines load from it first: ARCH=PATH"}},
                  {"address", "files"},
                  "no other boot servers"};

const Kind referral{
    "referral",
    "referrals",
    {{"--share", "shares", Shape::shares, "SERVER, or SERVER=WEIGHT", names_of("servers"), true}},
    {"shares"},
    "no referrals"};

const Kind task_sequence{
    "task-sequence",
    "task-sequences",
    {{"--image", "image", Shape::text, "The image that it boots", names_of("images"), true},
     {"--var", "variables", Shape::pairs, "NAME=VALUE"}},
    {"image", "variables"},
    "no task sequences"};

// A collection's devices stand behind the rest.
Got<int> show_collection(const Common& common, Site& site, const std::string& name) {
  auto record = site.get(path_of("collections", name));
  if (!record) return tl::unexpected(record.error());
  if (!record->contains("members")) {
    Json members = Json::array();
    const auto listed = site.each("/v1/devices", {{"collection", name}}, [&](const Json& device) {
      members.push_back(device["name"]);
      return true;
    });
    if (!listed) return tl::unexpected(listed.error());
    (*record)["members"] = std::move(members);
  }
  print_line(common.json ? api::print_json(*record) : show_record(collection, *record));
  return exit_ok;
}

}  // namespace

void add_model_commands(Command& root) {
  Command collections = root.group("collection", "Sets of machines: named one by one, or by a rule");
  add_command(collections, collection);
  list_command(collections, collection);
  auto name = std::make_shared<std::string>();
  collections
      .leaf("show", "Show one, with its members",
            [name](const Common& common) {
              return with_site(common, [&](Site& site) { return show_collection(common, site, *name); });
            })
      .needs("NAME", *name, "Which one", names_of("collections"));
  set_command(collections, collection);
  remove_command(collections, collection);

  const auto all_of = [&](const char* word, const char* what, const Kind& kind) {
    Command group = root.group(word, what);
    record_commands(group, kind);
  };
  all_of("network", "What is different in a part of the network", network);
  all_of("server", "Other boot servers that machines are sent to", server);
  all_of("referral", "Which other servers machines are sent to", referral);
  all_of("task-sequence", "Task sequences: an image with variables", task_sequence);
}

}  // namespace cli
