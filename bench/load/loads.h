// SPDX-License-Identifier: GPL-3.0-or-later
// The subcommands of bootferry-bench-load; each prints one JSON object and returns an exit code.
#pragma once

#include "flags.h"
#include "report.h"
#include "tftp_client.h"

namespace bench {

inline constexpr int exit_wrong_bytes = 3;

int tftp_load(Flags& flags);
int pxe_load(Flags& flags);
int http_load(Flags& flags);
int storm_load(Flags& flags);

TftpHabits tftp_habits(Flags& flags);
Json tftp_report(const TftpTotals& totals);

}  // namespace bench
