// SPDX-License-Identifier: GPL-3.0-or-later
// serve, status, check, version: about the server and its machine.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "commands.h"
#include "records.h"
#include "server/check.h"
#include "server/server.h"
#include "site/administration.h"
#include "terminal.h"

namespace cli {
namespace {

struct Serve {
  std::vector<std::string> interfaces;
  std::string log_level;
};

base::LogLevel level_of(const std::string& text) {
  return text == "debug"     ? base::LogLevel::debug
         : text == "warning" ? base::LogLevel::warning
         : text == "error"   ? base::LogLevel::error
                             : base::LogLevel::info;
}

base::Result<server::Config> serve_config(const Serve& command, const Common& common) {
  auto config = load_config(common);
  if (!config) return config;
  if (!command.interfaces.empty()) config->interfaces = command.interfaces;
  if (!command.log_level.empty()) config->log_level = level_of(command.log_level);
  return config;
}

// The running server knows best; else the state directory; before there is one, only the
// loader packages can be looked at.
base::Result<std::vector<std::string>> file_problems(const server::Config& config) {
  Common running;
  running.socket = config.socket;
  if (api::Client(config.socket).reachable()) {
    auto site = Site::reach(running);
    if (!site) return base::fail("{}", site.error().what);
    const auto answer = site->get("/v1/problems");
    if (!answer) return base::fail("{}", answer.error().what);
    std::vector<std::string> problems;
    for (const Json& problem : answer->value("items", Json::array()))
      problems.push_back(problem.is_string() ? problem.get<std::string>() : cell(problem, "text"));
    return problems;
  }
  std::error_code ignored;
  if (!std::filesystem::is_directory(config.state, ignored)) return server::missing_loaders();
  const auto administration =
      site::Administration::open(config.state, config.settings(), site::Opening::to_serve);
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

std::string show_status(const Json& status) {
  const auto number = [](const Json& object, const char* key) { return object.value(key, std::int64_t{0}); };
  Table table({"version", cell(status, "version")});
  table.add({"process", fmt::format("{}, since {}", number(status, "pid"), cell(status, "started"))});
  table.add({"interfaces", cell(status, "interfaces")});
  for (const std::string& service : status.value("services", std::vector<std::string>()))
    table.add({"service", service});
  const Json queue = status.value("queue", Json::object());
  std::string loading = fmt::format("{} loading", number(queue, "loading"));
  if (number(queue, "at_once") > 0) {
    loading += fmt::format(" of {}; {} waiting", number(queue, "at_once"), number(queue, "waiting"));
    if (number(queue, "waiting") > 0)
      loading += fmt::format(", the longest for {} s", number(queue, "longest_wait"));
  }
  table.add({"machines", loading});
  const Json library = status.value("library", Json::object());
  if (!library.empty()) {
    std::string read = library.contains("read") ? "read " + cell(library, "read") : "not yet read as a whole";
    read += number(library, "damaged") == 0 ? ", nothing damaged"
                                            : fmt::format(", {} files damaged", number(library, "damaged"));
    if (library.value("reading", false)) {
      const auto total = std::max<std::int64_t>(number(library, "total"), 1);
      read += fmt::format("; being read, {} %", number(library, "done") * 100 / total);
    }
    table.add({"library", read});
  }
  for (const std::string& note : status.value("notes", std::vector<std::string>())) table.add({"note", note});
  const Json counters = status.value("counters", Json::object());
  for (const auto& [name, value] : counters.items()) table.add({name, value.dump()});
  return table.print();
}

std::string show_queue(const Json& items) {
  if (items.empty()) return "no machine loads, and none waits";
  Table table({"MACHINE", "KIND", "STATE", "SECONDS", "WAITS BY", "HELD BACK BY"});
  for (const Json& item : items) {
    table.add({cell(item, "machine"), cell(item, "kind"), item.value("loading", false) ? "loads" : "waits",
               cell(item, "since"), cell(item, "waits_by"), cell(item, "held_by")});
  }
  return table.print();
}

// systemd names the stream that it reads; whoever redirects standard error gets plain text.
bool journal_reads_us() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat facts {};
  return stream != nullptr && ::fstat(STDERR_FILENO, &facts) == 0 &&
         stream == fmt::format("{}:{}", facts.st_dev, facts.st_ino);
}

int serve(const Serve& command, const Common& common) {
  const auto config = serve_config(command, common);
  if (!config) return failed(config.error().what);
  base::set_log_level(config->log_level);
  const bool journal = config->log_format == base::LogFormat::text && journal_reads_us();
  base::set_log_format(journal ? base::LogFormat::journal : config->log_format);
  const auto status = server::run(*config, [&] { return serve_config(command, common); });
  return status ? exit_ok : failed(status.error().what);
}

int status(const Common& common) {
  return with_site(common, [&](Site& site) -> Got<int> {
    const auto answer = site.get("/v1/status");
    if (!answer) return tl::unexpected(answer.error());
    print_line(common.json ? api::print_json(*answer) : show_status(*answer));
    return exit_ok;
  });
}

int queue(const Common& common) {
  return with_site(common, [&](Site& site) -> Got<int> {
    const auto answer = site.get("/v1/queue");
    if (!answer) return tl::unexpected(answer.error());
    const Json items = answer->value("items", Json::array());
    print_line(common.json ? api::print_json(items) : show_queue(items));
    return exit_ok;
  });
}

int check(const Common& common) {
  const auto findings = findings_for(common);
  if (common.json) {
    Json list = Json::array();
    for (const server::Finding& finding : findings) {
      list.push_back({{"result", print(finding.level)},
                      {"where", finding.area},
                      {"what", finding.what},
                      {"todo", finding.todo}});
    }
    print_line(api::print_json(list));
  } else {
    print_line(show_findings(findings));
  }
  return server::any_failure(findings) ? exit_failed : exit_ok;
}

int version(const Common& common) {
  print_line(common.json ? api::print_json({{"name", "bootferry"}, {"version", BOOTFERRY_VERSION}})
                         : fmt::format("bootferry {}", BOOTFERRY_VERSION));
  return exit_ok;
}

}  // namespace

void add_server_commands(Command& root) {
  auto typed = std::make_shared<Serve>();
  Command command = root.leaf("serve", "Answer machines that boot from the network",
                              [typed](const Common& common) { return serve(*typed, common); });
  command.option("--interface", typed->interfaces, "Serve this interface only (may be repeated)");
  command.option("--log-level", typed->log_level, "How much is logged",
                 one_of({"debug", "info", "warning", "error"}));
  command.takes_both_places();
  root.leaf("status", "Show what the running server does", status).running_server_only();
  root.leaf("queue", "List the machines that load or wait for that", queue).running_server_only();
  root.leaf("check", "Look for what would keep this machine from serving", check).takes_both_places();
  root.leaf("version", "Show the version", version);
}

}  // namespace cli
