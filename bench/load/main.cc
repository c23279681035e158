// SPDX-License-Identifier: GPL-3.0-or-later
// bootferry-bench-load: what machines and their firmware do to a boot server, from one process.
// bench/bench.py drives it; bench/README.md tells what its figures mean.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "loads.h"

int main(int argc, char** argv) {
  // A socket a client; more than 1024 at once are usual.
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);

  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command != "tftp" && command != "pxe" && command != "http" && command != "storm") {
    std::fputs("usage: bootferry-bench-load tftp|pxe|http|storm --flags (bench/README.md)\n", stderr);
    return 2;
  }
  bench::Flags flags(argc, argv);
  if (command == "tftp") return bench::tftp_load(flags);
  if (command == "pxe") return bench::pxe_load(flags);
  if (command == "http") return bench::http_load(flags);
  return bench::storm_load(flags);
}
