// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "commands.h"
#include "records.h"
#include "terminal.h"

namespace cli {
namespace {

using Shape = Field::Shape;

const Kind deployment{
    "deployment",
    "deployments",
    {{"--image", "image", Shape::text, "What is booted", names_of("images")},
     {"--task-sequence", "task_sequence", Shape::text, "What is run", names_of("task-sequences")},
     {"--to", "to", Shape::text, "all or unknown; others: see deploy", one_of({"all", "unknown"})},
     {"--purpose", "purpose", Shape::text, "Whether somebody must choose it",
      one_of({"available", "required"})},
     {"--enabled", "enabled", Shape::yes_no, "Whether it counts"},
     {"--again", "again", Shape::yes_no, "Required at every boot"},
     {"--once", "once", Shape::yes_no, "Over once a machine has started it"},
     {"--asks", "asks", Shape::yes_no, "Asks at the machine first"},
     {"--condition", "condition", Shape::text, "Of all and unknown: which of them"},
     {"--order", "order", Shape::number, "The lower comes first"},
     {"--from", "from", Shape::text, "Not before: 2026-12-01T08:00:00Z"},
     {"--until", "until", Shape::text, "Not after"},
     {"--program", "program", Shape::text, "Boot program instead of the usual one", names_of("programs")}},
    {"image", "task_sequence", "to", "purpose", "enabled", "asks", "order"},
    "no deployments: no machine is served"};

void add_switch(Command& group, const char* verb, const char* what, bool enabled) {
  auto name = std::make_shared<std::string>();
  Command command = group.leaf(verb, what, [=](const Common& common) {
    return with_site(common, [&](Site& site) -> Got<int> {
      const auto changed = site.send("PATCH", path_of("deployments", *name), {{"enabled", enabled}});
      if (!changed) return tl::unexpected(changed.error());
      print_line(common.json ? api::print_json(*changed) : fmt::format("{}d deployment {}", verb, *name));
      return exit_ok;
    });
  });
  command.needs("NAME", *name, "Which one", names_of("deployments"));
}

}  // namespace

Got<int> list_deployments(const Common& common, Site& site) {
  return print_records(common, site, deployment, "/v1/deployments", {});
}

void add_deployment_commands(Command& root) {
  Command deployments = root.group("deployment", "Deployments: who gets what; `bootferry deploy` makes them");
  list_command(deployments, deployment);
  show_command(deployments, deployment);
  set_command(deployments, deployment);
  add_switch(deployments, "enable", "Let one count again", true);
  add_switch(deployments, "disable", "Keep one, but give nothing out by it", false);
  remove_command(deployments, deployment);
}

}  // namespace cli
