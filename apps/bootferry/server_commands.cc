// SPDX-License-Identifier: GPL-3.0-or-later
// serve, status, check, version: about the server and its machine.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "server/administration.h"
#include "server/check.h"
#include "server/server.h"
#include "terminal.h"

namespace cli {
namespace {

using nlohmann::json;

base::Result<server::Config> serve_config(const Serve& command, const Common& common) {
  auto config = load_config(common);
  if (!config) return config;
  if (!command.interfaces.empty()) config->interfaces = command.interfaces;
  if (command.log_level) config->log_level = *command.log_level;
  return config;
}

// The running server knows best; else the state directory; before there is one, only the
// loader packages can be looked at.
base::Result<std::vector<std::string>> file_problems(const server::Config& config) {
  if (auto client = api::Client::connect(config.socket)) {
    const auto items = (*client)->list(api::GetProblems{});
    if (!items) return tl::unexpected(items.error());
    std::vector<std::string> problems;
    for (const api::Reply& reply : *items) {
      if (const auto* problem = std::get_if<api::Problem>(&reply)) problems.push_back(problem->text);
    }
    return problems;
  }
  std::error_code ignored;
  if (!std::filesystem::is_directory(config.state, ignored)) return server::missing_loaders();
  const auto administration =
      server::Administration::open(config.state, config.settings(), server::Opening::to_serve);
  if (!administration) return tl::unexpected(administration.error());
  return (*administration)->problems();
}

std::vector<server::Finding> findings_for(const Common& common) {
  using server::Level;
  const auto config = load_config(common);
  if (!config) return {{Level::fail, "configuration", config.error().what, ""}};
  const std::string file = config_file(common);
  std::vector<server::Finding> findings{
      {Level::ok, "configuration", file.empty() ? "no file: the defaults" : file + " is in order", ""}};
  const auto found = server::check(*config, server::Machine::real([&] { return file_problems(*config); }));
  findings.insert(findings.end(), found.begin(), found.end());
  return findings;
}

std::string show_findings(const std::vector<server::Finding>& findings) {
  Table table({"RESULT", "WHERE", "WHAT"});
  for (const server::Finding& finding : findings) {
    table.add({std::string(print(finding.level)), finding.area, finding.what});
    table.colour(finding.level == server::Level::ok     ? Colour::green
                 : finding.level == server::Level::warn ? Colour::yellow
                                                        : Colour::red);
    if (!finding.todo.empty()) table.add({"", "", "-> " + finding.todo});
  }
  return table.print();
}

std::string show_status(const api::Status& status) {
  Table table({"version", status.version});
  table.add({"process", fmt::format("{}, since {}", status.pid, print_time(status.started))});
  table.add({"interfaces", fmt::format("{}", fmt::join(status.interfaces, ", "))});
  for (const std::string& service : status.services) table.add({"service", service});
  const api::Queue& queue = status.queue;
  std::string loading = fmt::format("{} loading", queue.loading);
  if (queue.at_once > 0) {
    loading += fmt::format(" of {}; {} waiting", queue.at_once, queue.waiting);
    if (queue.waiting > 0) loading += fmt::format(", the longest for {} s", queue.longest_wait);
  }
  table.add({"machines", loading});
  for (const std::string& note : status.notes) table.add({"note", note});
  for (const auto& [name, value] : status.counters) table.add({name, fmt::format("{}", value)});
  return table.print();
}

std::string show_queue(const std::vector<api::Reply>& items) {
  Table table({"MACHINE", "KIND", "STATE", "SECONDS", "WAITS BY", "HELD BACK BY"});
  for (const api::Reply& reply : items) {
    const auto* item = std::get_if<api::QueueItem>(&reply);
    if (item == nullptr) continue;
    table.add({item->machine.print(), item->kind, item->loading ? "loads" : "waits",
               fmt::format("{}", item->since), item->waits_by, item->held_by});
  }
  return items.empty() ? "no machine loads, and none waits" : table.print();
}

// systemd names the stream that it reads; whoever redirects standard error gets plain text.
bool journal_reads_us() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat facts {};
  return stream != nullptr && ::fstat(STDERR_FILENO, &facts) == 0 &&
         stream == fmt::format("{}:{}", facts.st_dev, facts.st_ino);
}

}  // namespace

int run(const Serve& command, const Common& common) {
  const auto config = serve_config(command, common);
  if (!config) return failed(config.error());
  base::set_log_level(config->log_level);
  const bool journal = config->log_format == base::LogFormat::text && journal_reads_us();
  base::set_log_format(journal ? base::LogFormat::journal : config->log_format);
  const auto status = server::run(*config, [&] { return serve_config(command, common); });
  return status ? exit_ok : failed(status.error());
}

int run(const Status&, const Common& common) {
  const auto site = reach_site(common);
  if (!site) return failed(site.error());
  const auto items = (*site)->list(api::GetStatus{});
  if (!items) return failed(items.error());
  const auto* status = items->empty() ? nullptr : std::get_if<api::Status>(&items->front());
  if (status == nullptr) return failed({"the server's answer holds no status"});
  print_line(common.json ? api::print_item(*status) : show_status(*status));
  return exit_ok;
}

int run(const Queue&, const Common& common) { return print_list(common, api::ListQueue{}, show_queue); }

int run(const Check&, const Common& common) {
  const auto findings = findings_for(common);
  if (common.json) {
    json list = json::array();
    for (const server::Finding& finding : findings) {
      list.push_back({{"result", print(finding.level)},
                      {"where", finding.area},
                      {"what", finding.what},
                      {"todo", finding.todo}});
    }
    print_line(list.dump(-1, ' ', false, json::error_handler_t::replace));
  } else {
    print_line(show_findings(findings));
  }
  return server::any_failure(findings) ? exit_failed : exit_ok;
}

int run(const Version&, const Common& common) {
  print_line(common.json ? json{{"name", "bootferry"}, {"version", BOOTFERRY_VERSION}}.dump()
                         : fmt::format("bootferry {}", BOOTFERRY_VERSION));
  return exit_ok;
}

}  // namespace cli
