// SPDX-License-Identifier: GPL-3.0-or-later
#include <csignal>
#include <exception>
#include <iostream>

#include "base/log.h"
#include "commands.h"
#include "content/confined_child.h"
#include "terminal.h"

namespace {

void declare(cli::Command root) {
  cli::add_server_commands(root);
  cli::add_image_commands(root);
  cli::add_deploy_commands(root);
  cli::add_deployment_commands(root);
  cli::add_device_commands(root);
  cli::add_model_commands(root);
  cli::add_program_commands(root);
  cli::add_settings_commands(root);
  cli::add_pending_commands(root);
  cli::add_event_commands(root);
  cli::add_explain_command(root);
  cli::add_text_commands(root);
  cli::add_backup_commands(root);
  cli::add_token_commands(root);
  cli::add_advice_command(root);
  cli::add_completion_command(root);
}

}  // namespace

int main(int argc, char** argv) {
  // Before anything of this program is there: files are read by a copy of it that has nothing.
  if (const auto code = content::run_confined_child(argc, argv, content::confined_jobs())) return *code;
  // `bootferry image list | head` ends quietly; a server must not die of a closed socket.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    cli::Tree tree;
    declare(tree.root());
    if (argc > 1 && std::string_view(argv[1]) == "complete")
      return cli::run_complete(tree, {argv + 2, argv + argc});
    const auto parsed = tree.parse(argc, argv);
    if (const int* code = std::get_if<int>(&parsed)) return *code;
    // Commands report by their own words; only `serve` has a log.
    base::set_log_level(base::LogLevel::warning);
    const int code = std::get<std::function<int()>>(parsed)();
    std::cout.flush();
    return code;
  } catch (const std::exception& error) {  // out of memory, threads or descriptors
    cli::report(error.what());
    return cli::exit_failed;
  }
}
