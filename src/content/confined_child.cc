// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/confined_child.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <exception>
#include <new>

#include "content/confined_pipe.h"
#include "content/confined_walls.h"
#include "content/disc_job.h"
#include "content/uki_job.h"
#include "content/wim_edit_job.h"
#include "content/wim_job.h"

namespace content {
namespace {

constexpr NamedJob jobs_of_this_program[] = {{"wim", run_wim_job},
                                             {"disc", run_disc_job},
                                             {"uki", run_uki_job},
                                             {wim_look_job, run_wim_look_job},
                                             {wim_edit_job, run_wim_edit_job}};

// An answer is all that this process is for: when nobody takes it, it ends all the same.
int answer(char kind, bool landlock, std::string_view text) {
  std::string whole{kind, landlock ? answer_landlock : answer_no_landlock};
  whole += text;
  for (std::string_view rest = whole; !rest.empty();) {
    const ssize_t n = ::write(child_pipe, rest.data(), rest.size());
    if (n <= 0) return 1;
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  return kind == answer_good ? 0 : 1;
}

char kind_of(ConfinedEnd end) {
  switch (end) {
    case ConfinedEnd::out_of_memory:
      return answer_no_memory;
    case ConfinedEnd::too_large:
      return answer_too_large;
    default:
      return answer_refused;
  }
}

std::uint64_t number(const char* text) {
  std::uint64_t value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

int run(const NamedJob& job, const char* argument, const WallLimits& limits, const WallFiles& files) {
  bool landlock = false;
  const auto raise = [&]() -> base::Status {
    if (auto set = set_limits(limits); !set) return set;
    if (auto dropped = drop_rights(); !dropped) return dropped;
    landlock = raise_landlock();
    return raise_seccomp(files);
  };
  if (const auto raised = raise(); !raised) return answer(answer_no_walls, landlock, raised.error().what);
  try {
    const auto result = job.run(argument);
    if (result) return answer(answer_good, landlock, *result);
    const std::string_view what = result.error().what;
    return answer(kind_of(result.error().end), landlock, what.substr(0, longest_reason));
  } catch (const std::bad_alloc&) {
    return answer(answer_no_memory, landlock, "");
  } catch (const std::exception&) {
    return answer(answer_refused, landlock, "reading it failed");
  }
}

}  // namespace

std::span<const NamedJob> confined_jobs() { return jobs_of_this_program; }

std::optional<int> run_confined_child(int argc, char** argv, std::span<const NamedJob> jobs) {
  if (argc < 2 || std::string_view(argv[1]) != confined_word) return std::nullopt;
  const bool beside = argc == 10 && std::string_view(argv[9]) == beside_word;
  if (argc != 9 && !beside) return 2;
  const auto job = std::ranges::find(jobs, std::string_view(argv[2]), &NamedJob::name);
  if (job == jobs.end()) return 2;
  // Whoever started this and is gone wants no answer any more.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  WallFiles files{{child_file, number(argv[7]), number(argv[8])}, std::nullopt};
  if (beside) {
    const auto whole = measured(FilePart(child_beside));
    if (!whole) return 2;
    files.beside = *whole;
  }
  // No way back through exit(): its handlers belong to a program that was never there.
  ::_exit(run(*job, argv[3], {number(argv[4]), number(argv[5]), number(argv[6])}, files));
}

}  // namespace content
