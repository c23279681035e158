// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "content/confined_child.h"

// The program's own jobs, and those of confined_test.cc, which do what a file must not bring
// about.
std::span<const content::NamedJob> jobs_of_tests();
