// SPDX-License-Identifier: GPL-3.0-or-later
// The agent's work: drivers, network, facts, report. Waits as long as it takes for the network,
// and half an hour for the server.
#pragma once

#include "agent/screen.h"

namespace agent {

// The process's exit code; 0: the server has the report.
int work(Screen& screen);

}  // namespace agent
