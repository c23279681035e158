// SPDX-License-Identifier: GPL-3.0-or-later
// Foreign files are read by libraries that do not expect enemies. So they are read in a child
// process of our own program that has nothing to lose: the file, a place for results, and a
// pipe are all that it holds. It opens nothing else (seccomp; Landlock where the kernel has
// it), has no network, no right, and limits on memory, processor time and output; the parent
// has a clock. However it ends, the parent gets an answer or one reason.
//
//   parent   run_confined("wim", …) ── fork, exec /proc/self/exe --confined wim … ──► child
//   child    main() → run_confined_child() → the job's function → answer through the pipe
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "content/file_part.h"

namespace content {

struct ConfinedLimits {
  std::uint64_t memory = 512U << 20U;      // octets of address space
  std::chrono::seconds processor{20};      // time on a processor
  std::chrono::milliseconds wall{60'000};  // time on the clock
  std::uint64_t output = 128U << 20U;      // octets of results that are files
  std::size_t answer = 1U << 20U;          // octets of the answer's text
};

enum class ConfinedEnd {
  refused,        // the job says why
  out_of_memory,  // more than limits.memory
  out_of_time,    // more than limits.processor or limits.wall
  too_large,      // more than limits.output or limits.answer
  crashed,        // by a signal of its own doing
  forbidden,      // it tried what only an attacker would
  garbled,        // the answer makes no sense
  not_started,    // the system's fault, not the file's
};
inline constexpr int confined_end_count = 8;
std::string_view print(ConfinedEnd end);

struct ConfinedFailure {
  ConfinedEnd end = ConfinedEnd::refused;
  std::string what = {};  // one line for people, without the file's name
};
template <class T>
using ConfinedResult = base::Result<T, ConfinedFailure>;

struct ConfinedAnswer {
  std::string text;  // from the child: to be decoded with suspicion
  // What it wrote as files; sealed, nothing changes it any more. Not where they went elsewhere.
  base::Fd output;
  std::uint64_t size = 0;  // octets of what it wrote
  bool landlock = false;   // whether the kernel has it
};

// Of jobs that need more than a file to read.
struct ConfinedExtras {
  int beside = -1;  // a second regular file, to be read as confined_beside; somebody else's
  int output = -1;  // an empty file of ours to write results to, open for both, in place of memory
  std::function<void(std::uint64_t)> written = {};  // octets of it so far, some times a second
};

// Runs `job` on a regular file, or on a part of it, which the child then takes for the whole.
// The descriptor's position does not move. Blocks; any thread may call it. `argument` is the
// job's own, short and without zeros.
ConfinedResult<ConfinedAnswer> run_confined(std::string_view job, std::string_view argument, FilePart file,
                                            const ConfinedLimits& limits, const ConfinedExtras& extras = {});

// The same part with its size in octets, which are all in the file: refused where they are not.
ConfinedResult<FilePart> measured(FilePart file);

}  // namespace content
