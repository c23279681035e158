// SPDX-License-Identifier: GPL-3.0-or-later
// A function per family: puts its commands into the tree.
#pragma once

#include "arguments.h"

namespace cli {

void add_server_commands(Command& root);      // serve, status, queue, check, version
void add_image_commands(Command& root);       // image …
void add_image_inspect(Command& images);      // image inspect, in image_inspect.cc
void add_library_commands(Command& images);   // image verify, gc, files, export
void add_image_build(Command& images);        // image build, in image_build.cc
void add_image_test(Command& images);         // image test, in image_test.cc
void add_image_inject(Command& images);       // image inject, in image_inject.cc
void add_program_commands(Command& root);     // program …
void add_device_commands(Command& root);      // device …
void add_model_commands(Command& root);       // collection, network, server, referral, task-sequence
void add_deploy_commands(Command& root);      // deploy, undeploy, deploy rerun
void add_deployment_commands(Command& root);  // deployment …
void add_settings_commands(Command& root);    // settings …
void add_pending_commands(Command& root);     // pending …
void add_event_commands(Command& root);       // event, run
void add_facts_command(Command& runs);        // run facts, in facts_command.cc
void add_explain_command(Command& root);      // explain
void add_text_commands(Command& root);        // export, apply
void add_backup_commands(Command& root);      // backup, restore
void add_token_commands(Command& root);       // token new
void add_advice_command(Command& root);       // dhcp-advice
void add_completion_command(Command& root);   // completion

// The hidden `bootferry complete WORD…`.
int run_complete(const Tree& tree, const std::vector<std::string>& words);

}  // namespace cli
