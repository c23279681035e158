// SPDX-License-Identifier: GPL-3.0-or-later
// These tests start themselves as limited processes, as the server does.
#include <gtest/gtest.h>

#include "confined_jobs.h"

int main(int argc, char** argv) {
  if (const auto code = content::run_confined_child(argc, argv, jobs_of_tests())) return *code;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
