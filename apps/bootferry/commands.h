// SPDX-License-Identifier: GPL-3.0-or-later
// What each command does; returns the exit code. One overload a command.
#pragma once

#include <memory>
#include <string>

#include "api/client.h"
#include "base/result.h"
#include "command_line.h"
#include "server/config.h"

namespace cli {

int run(const Serve& command, const Common& common);
int run(const ImageAdd& command, const Common& common);
int run(const ImageList& command, const Common& common);
int run(const ImageShow& command, const Common& common);
int run(const ImageRemove& command, const Common& common);
int run(const Deploy& command, const Common& common);
int run(const Undeploy& command, const Common& common);
int run(const DeploymentList& command, const Common& common);
int run(const ProgramAdd& command, const Common& common);
int run(const ProgramList& command, const Common& common);
int run(const ProgramRemove& command, const Common& common);
int run(const Status& command, const Common& common);
int run(const Queue& command, const Common& common);
int run(const Check& command, const Common& common);
int run(const Version& command, const Common& common);

// The file that applies: --config, else the default one if it is there, else empty.
std::string config_file(const Common& common);
// Its content, with --state and --socket put in.
base::Result<server::Config> load_config(const Common& common);

// The running server, or with --state the directory of a stopped one, which `adding` may
// make: a mistyped directory must not come into being by being asked about.
base::Result<std::unique_ptr<api::Caller>> reach_site(const Common& common, bool adding = false);

// Reports and returns the exit code.
int failed(const base::Error& error);
// After a change without a result of its own: says so, or {} in JSON.
int done(const Common& common, std::string_view sentence);
// Items as a JSON array, or by `show`.
using Show = std::string (*)(const std::vector<api::Reply>& items);
int print_list(const Common& common, const api::Request& request, Show show);

}  // namespace cli
