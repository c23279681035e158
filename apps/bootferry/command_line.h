// SPDX-License-Identifier: GPL-3.0-or-later
// Arguments in, a value out. The only file that includes the argument parser is
// command_line.cc, which takes seconds to compile.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/messages.h"
#include "base/log.h"
#include "policy/model.h"

namespace cli {

struct Serve {
  std::vector<std::string> interfaces;
  std::optional<base::LogLevel> log_level;
};
struct ImageAdd {
  std::string name;
  std::string tree;    // a folder, or empty
  std::string kernel;  // a file; with a tree: a name inside it
  std::vector<std::string> initrds;
  std::optional<std::string> command_line;
};
struct ImageList {};
struct ImageShow {
  std::string name;
};
struct ImageRemove {
  std::string name;
};
struct Deploy {
  std::string image;
  api::Target target;
  bool prompt = false;
  bool yes = false;
};
struct Undeploy {
  api::Target target;
};
struct DeploymentList {};
struct ProgramAdd {
  policy::Arch arch = policy::Arch::other;
  std::string file;
};
struct ProgramList {};
struct ProgramRemove {
  policy::Arch arch = policy::Arch::other;
};
struct Status {};
struct Queue {};
struct Check {};
struct Version {};
using Command =
    std::variant<Serve, ImageAdd, ImageList, ImageShow, ImageRemove, Deploy, Undeploy, DeploymentList,
                 ProgramAdd, ProgramList, ProgramRemove, Status, Queue, Check, Version>;

// What every command takes.
struct Common {
  std::string config;                 // empty: the default file, if it is there
  std::optional<std::string> socket;  // a running server
  std::optional<std::string> state;   // a stopped one's state directory
  bool json = false;
};

struct Invocation {
  Command command;
  Common common;
};

// The invocation, or the exit code when nothing is left to do: help was shown (0), or a
// usage error was reported (2).
std::variant<Invocation, int> parse(int argc, const char* const* argv);

}  // namespace cli
