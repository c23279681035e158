// SPDX-License-Identifier: GPL-3.0-or-later
#include <csignal>
#include <exception>
#include <iostream>

#include "command_line.h"
#include "commands.h"
#include "terminal.h"

int main(int argc, char** argv) {
  // `bootferry image list | head` ends quietly; a server must not die of a closed socket.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const auto parsed = cli::parse(argc, argv);
    if (const int* code = std::get_if<int>(&parsed)) return *code;
    const auto& invocation = std::get<cli::Invocation>(parsed);
    // Commands report by their own words; only `serve` has a log.
    base::set_log_level(base::LogLevel::warning);
    const int code = std::visit([&](const auto& command) { return cli::run(command, invocation.common); },
                                invocation.command);
    std::cout.flush();
    return code;
  } catch (const std::exception& error) {  // out of memory, threads or descriptors
    cli::report(error.what());
    return cli::exit_failed;
  }
}
