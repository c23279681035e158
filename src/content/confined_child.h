// SPDX-License-Identifier: GPL-3.0-or-later
// The other side of run_confined: what main() does first.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "content/confined.h"

namespace content {

// Under this name the job's libraries open the file, for reading; no other name opens.
inline constexpr const char* confined_file = "/file";
// The file beside it, if run_confined got one; and parts of that by number, once the job has said
// which: "/beside/0".
inline constexpr const char* confined_beside = "/beside";
void name_parts_beside(std::vector<FilePart> parts);  // offsets and sizes; whose file does not matter
// What the job writes here becomes ConfinedAnswer::output: standard output, as some libraries
// know no other. It can be read back by position.
inline constexpr int confined_output = 1;

// Runs behind the walls. The answer's text, or why there is none.
using ConfinedJob = ConfinedResult<std::string> (*)(std::string_view argument);
struct NamedJob {
  std::string_view name;
  ConfinedJob run;
};

// The jobs of this program.
std::span<const NamedJob> confined_jobs();

// The exit code if this process was started by run_confined, nullopt for any other: then
// nothing has happened.
std::optional<int> run_confined_child(int argc, char** argv, std::span<const NamedJob> jobs);

}  // namespace content
