// SPDX-License-Identifier: GPL-3.0-or-later
#include "arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "terminal.h"

namespace cli {

Values one_of(std::vector<std::string> words) { return {Values::Kind::words, std::move(words), {}}; }
Values names_of(std::string kind) { return {Values::Kind::names, {}, std::move(kind)}; }
Values a_file() { return {Values::Kind::file, {}, {}}; }
Values a_folder() { return {Values::Kind::folder, {}, {}}; }

Command Command::group(const char* name, const char* what) {
  CLI::App* app = app_->add_subcommand(name, what);
  app->require_subcommand(1);
  return {*tree_, *app};
}

Command Command::leaf(const char* name, const char* what, Run run) {
  CLI::App* app = app_->add_subcommand(name, what);
  Common& common = tree_->common_;
  Command command(*tree_, *app);
  command.option("--config", common.config, "Configuration file [/etc/bootferry/bootferry.toml]", a_file());
  command.option("--socket", common.socket, "Socket of the running server", a_file());
  command.option("--state", common.state, "State directory of a stopped server", a_folder());
  command.flag("--json", common.json, "Answer in JSON");
  auto leaf = std::make_shared<Tree::Leaf>(Tree::Leaf{std::move(run)});
  tree_->leaves_.emplace_back(app, leaf);
  app->callback([tree = tree_, leaf, app] {
    // A command below this one has been chosen already.
    if (app->get_subcommands().empty()) tree->chosen_ = leaf.get();
  });
  return command;
}

Command& Command::note(CLI::Option* option, Values values) {
  if (values.kind == Values::Kind::words) option->check(CLI::IsMember(values.words));
  if (values.kind != Values::Kind::text) tree_->values_.emplace_back(option, std::move(values));
  return *this;
}

Command& Command::needs(const char* name, std::string& into, const char* what, Values values) {
  return note(app_->add_option(name, into, what)->required(), std::move(values));
}
Command& Command::needs(const char* name, std::vector<std::string>& into, const char* what, Values values) {
  return note(app_->add_option(name, into, what)->required(), std::move(values));
}
Command& Command::may(const char* name, std::string& into, const char* what, Values values) {
  return note(app_->add_option(name, into, what), std::move(values));
}
Command& Command::option(const char* name, std::string& into, const char* what, Values values) {
  return note(app_->add_option(name, into, what), std::move(values));
}
Command& Command::option(const char* name, std::optional<std::string>& into, const char* what,
                         Values values) {
  return note(app_->add_option(name, into, what), std::move(values));
}
Command& Command::option(const char* name, std::vector<std::string>& into, const char* what, Values values) {
  return note(app_->add_option(name, into, what)->allow_extra_args(false), std::move(values));
}
Command& Command::option(const char* name, std::optional<std::int64_t>& into, const char* what) {
  return note(app_->add_option(name, into, what), {});
}
Command& Command::flag(const char* name, bool& into, const char* what) {
  app_->add_flag(name, into, what);
  return *this;
}
Command& Command::footer(const char* text) {
  app_->footer(text);
  return *this;
}

Command& Command::refuse_if(std::function<std::string()> fault) {
  for (auto& [app, leaf] : tree_->leaves_) {
    if (app == app_) leaf->faults.push_back(std::move(fault));
  }
  return *this;
}

Command& Command::takes_both_places() {
  for (auto& [app, leaf] : tree_->leaves_) {
    if (app == app_) leaf->both_places = true;
  }
  return *this;
}

Command& Command::running_server_only() {
  return refuse_if([this_app = app_, &common = tree_->common_]() -> std::string {
    if (!common.state) return "";
    return fmt::format("{}: a stopped server has none: leave out --state", this_app->get_name());
  });
}

Command& Command::stopped_server_only() {
  return refuse_if([this_app = app_, &common = tree_->common_]() -> std::string {
    if (common.state && !common.socket) return "";
    return fmt::format("{}: of a stopped server only: stop it, and name its --state DIR",
                       this_app->get_name());
  });
}

Tree::Tree()
    : app_(std::make_unique<CLI::App>(
          "Boots machines from the network: PXE and UEFI HTTP Boot beside your DHCP server.", "bootferry")) {
  app_->require_subcommand(1);
  app_->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
}

Tree::~Tree() = default;

Command Tree::root() { return {*this, *app_}; }

std::variant<std::function<int()>, int> Tree::parse(int argc, const char* const* argv) {
  const auto usage = [](std::string_view what) {
    report(fmt::format("{} (bootferry --help shows how)", what));
    return exit_usage;
  };
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app_->exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return app_->exit(help);
  } catch (const CLI::ParseError& error) {
    return usage(error.what());
  }
  if (common_.socket && common_.state && !chosen_->both_places)
    return usage("--socket is for a running server and --state for a stopped one: give one of them");
  for (const auto& fault : chosen_->faults) {
    if (const std::string what = fault(); !what.empty()) return usage(what);
  }
  return [this] { return chosen_->run(common_); };
}

}  // namespace cli
