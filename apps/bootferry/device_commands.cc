// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

#include "commands.h"
#include "records.h"
#include "terminal.h"
#include "text_file.h"

namespace cli {
namespace {

using Shape = Field::Shape;

const Kind device{
    "device",
    "devices",
    {{"--mac", "macs", Shape::texts, "An address of its network cards"},
     {"--uuid", "uuid", Shape::text, "Its SMBIOS UUID"},
     // Not --state, which is the stopped server's directory.
     {"--in-state", "state", Shape::text, "Whether it is served",
      one_of({"approved", "pending", "rejected"})},
     {"--collection", "collections", Shape::texts, "A collection that it is in", names_of("collections")},
     {"--var", "variables", Shape::pairs, "NAME=VALUE, for what it boots"},
     {"--program", "program", Shape::text, "Boot program instead of the usual one", names_of("programs")},
     {"--image", "image", Shape::text, "Image instead of the deployed one", names_of("images")},
     {"--referral", "referral", Shape::text, "Sends it to another server", names_of("referrals")}},
    {"macs", "state", "collections"},
    "no devices: a deployment to a MAC address makes one, `bootferry device import` many"};

void add_list(Command& devices) {
  struct Typed {
    std::string state, collection;
  };
  auto typed = std::make_shared<Typed>();
  Command list = list_command(devices, device, [typed] {
    api::Pairs query;
    if (!typed->state.empty()) query.emplace_back("state", typed->state);
    if (!typed->collection.empty()) query.emplace_back("collection", typed->collection);
    return query;
  });
  list.option("--in-state", typed->state, "Only those", one_of({"approved", "pending", "rejected"}));
  list.option("--collection", typed->collection, "Only its members", names_of("collections"));
}

// --join and --leave change a list without naming all of it.
void add_set(Command& devices) {
  struct Typed {
    std::vector<std::string> join, leave;
  };
  auto typed = std::make_shared<Typed>();
  Command set = set_command(devices, device, [typed](const Json& present, Json& change) {
    if (typed->join.empty() && typed->leave.empty()) return;
    auto now = present.value("collections", std::vector<std::string>());
    for (const std::string& name : typed->join) {
      if (std::ranges::find(now, name) == now.end()) now.push_back(name);
    }
    for (const std::string& name : typed->leave) std::erase(now, name);
    change["collections"] = now;
  });
  set.option("--join", typed->join, "Into this collection besides", names_of("collections"));
  set.option("--leave", typed->leave, "Out of this collection", names_of("collections"));
}

struct Import {
  std::string file, format = "csv", collection;
  bool dry_run = false;
};

Got<int> import(const Import& typed, const Common& common, Site& site) {
  auto text = read_text(typed.file);
  if (!text) return tl::unexpected(Failure{text.error().what});
  api::Pairs query{{"format", typed.format}};
  if (!typed.collection.empty()) query.emplace_back("collection", typed.collection);
  if (typed.dry_run) query.emplace_back("dry_run", "true");
  const auto started = site.send_text("POST", "/v1/devices/import", std::move(*text), query);
  if (!started) return tl::unexpected(started.error());
  ProgressBar bar("importing " + typed.file, !common.json, ProgressBar::Unit::things);
  const auto result =
      site.finish(*started, [&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); });
  bar.clear();
  if (!result) return tl::unexpected(result.error());
  if (common.json) {
    print_line(api::print_json(*result));
    return exit_ok;
  }
  const auto count = [&](const char* name) { return result->value(name, std::uint64_t{0}); };
  print_line(fmt::format("{}{} new, {} changed, {} as they were", typed.dry_run ? "would be: " : "imported: ",
                         count("created"), count("changed"), count("unchanged")));
  // What is right in the file, and names no machine that boots.
  const Json passed{{"lines", result->value("passed_over", Json::array())},
                    {"more", result->value("more", 0)}};
  for (const std::string& line : lines_of(passed)) print_line("passed over: " + line);
  return exit_ok;
}

void add_import(Command& devices) {
  auto typed = std::make_shared<Import>();
  Command import_them =
      devices.leaf("import", "Take in all machines of a file, or none", [typed](const Common& common) {
        return with_site(
            common, [&](Site& site) { return import(*typed, common, site); }, true);
      });
  import_them.needs("FILE", typed->file, "- reads standard input", a_file());
  import_them.option("--format", typed->format, "What the file is [csv]",
                     one_of({"csv", "dnsmasq", "isc", "kea", "wds"}));
  import_them.option("--collection", typed->collection, "All of them get into this one besides",
                     names_of("collections"));
  import_them.flag("--dry-run", typed->dry_run, "Change nothing; say what would be");
  import_them.footer(
      "The columns of a CSV file have names in its first line, in any order:\n"
      "  name,mac,uuid,collections\n"
      "  pc-1,52:54:00:12:34:56,,lab");
}

}  // namespace

void add_device_commands(Command& root) {
  Command devices = root.group("device", "Machines that are known");
  add_command(devices, device);
  add_list(devices);
  show_command(devices, device);
  add_set(devices);
  remove_command(devices, device);
  add_import(devices);
}

}  // namespace cli
