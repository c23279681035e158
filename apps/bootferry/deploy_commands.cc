// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <iostream>

#include "api/local_tree.h"
#include "commands.h"
#include "terminal.h"

#include <filesystem>

namespace cli {
namespace {

std::string show_deployments(const std::vector<api::Reply>& items) {
  Table table({"MACHINE", "IMAGE", "PROMPT"});
  for (const api::Reply& reply : items) {
    const auto* item = std::get_if<api::DeploymentItem>(&reply);
    if (item != nullptr) table.add({api::print(item->target), item->image, item->prompt ? "yes" : "no"});
  }
  return items.empty() ? "no deployments: no machine is served" : table.print();
}

std::string show_programs(const std::vector<api::Reply>& items) {
  Table table({"FOR", "PROGRAM"});
  for (const api::Reply& reply : items) {
    const auto* item = std::get_if<api::ProgramItem>(&reply);
    if (item != nullptr) table.add({std::string(policy::print(item->arch)), item->path});
  }
  return items.empty() ? "no boot programs were added" : table.print();
}

constexpr std::string_view all_warning =
    "this is for every machine that boots from the network here, also ones that nobody thought of: "
    "each of them will be asked, and boots its disk when nobody answers";

}  // namespace

int run(const Deploy& command, const Common& common) {
  const bool all = std::holds_alternative<api::AllMachines>(command.target);
  if (all && !command.yes) {
    std::cerr << "bootferry: warning: " << all_warning << '\n';
    if (!confirm(fmt::format("Deploy {} to all?", command.image)))
      return failed({"deploy: nothing was changed"});
  }
  const auto site = reach_site(common);
  if (!site) return failed(site.error());
  const auto items = (*site)->list(api::Deploy{command.image, command.target, command.prompt});
  if (!items) return failed(items.error());
  for (const api::Reply& reply : *items) {
    const auto* item = std::get_if<api::DeploymentItem>(&reply);
    if (item == nullptr) continue;
    print_line(common.json ? api::print_item(*item)
                           : fmt::format("deployed {} to {}{}", item->image, api::print(item->target),
                                         item->prompt ? ", asking at the machine" : ""));
  }
  return exit_ok;
}

int run(const Undeploy& command, const Common& common) {
  const auto site = reach_site(common);
  if (!site) return failed(site.error());
  if (auto removed = (*site)->call(api::Undeploy{command.target}); !removed) return failed(removed.error());
  return done(common, fmt::format("{} gets nothing any more", api::print(command.target)));
}

int run(const DeploymentList&, const Common& common) {
  return print_list(common, api::ListDeployments{}, show_deployments);
}

int run(const ProgramAdd& command, const Common& common) {
  auto file = api::open_local_file(command.file);
  if (!file) return failed(file.error());
  const auto site = reach_site(common, true);
  if (!site) return failed(site.error());
  const std::string name = std::filesystem::path(command.file).filename().string();
  const auto added =
      (*site)->call(api::AddProgram{command.arch, name}, std::move(*file), [](const api::Reply&) {});
  if (!added) return failed(added.error());
  return done(common, fmt::format("machines of architecture {} get {}", policy::print(command.arch), name));
}

int run(const ProgramList&, const Common& common) {
  return print_list(common, api::ListPrograms{}, show_programs);
}

int run(const ProgramRemove& command, const Common& common) {
  const auto site = reach_site(common);
  if (!site) return failed(site.error());
  if (auto removed = (*site)->call(api::RemoveProgram{command.arch}); !removed)
    return failed(removed.error());
  return done(common, fmt::format("the program for {} is removed", policy::print(command.arch)));
}

}  // namespace cli
