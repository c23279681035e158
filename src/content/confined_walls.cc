// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/confined_walls.h"

#include <linux/capability.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "content/confined_pipe.h"

namespace content {
namespace {

// The file and what stands beside it, and the copies that a library makes of it.
constexpr rlim_t most_descriptors = 16;

base::Status limit(int what, std::string_view name, rlim_t soft, rlim_t hard) {
  const rlimit value{soft, hard};
  if (::setrlimit(static_cast<__rlimit_resource_t>(what), &value) != 0) return base::fail_errno(name, errno);
  return {};
}

// Later kernels know more kinds of access than this header. All that the running one knows is
// handled, which without any rule means: denied. Source: Documentation/userspace-api/landlock.
struct LandlockAttributes {
  std::uint64_t handled_access_fs = 0;
  std::uint64_t handled_access_net = 0;  // ABI 4
  std::uint64_t scoped = 0;              // ABI 6
};
LandlockAttributes everything_of(long abi, std::size_t& size) {
  constexpr int kinds_of_files[] = {0, 13, 14, 15, 15, 16};  // by ABI; later ones add none yet
  const auto known = static_cast<std::size_t>(std::min<long>(abi, 5));
  LandlockAttributes all;
  all.handled_access_fs = (std::uint64_t{1} << kinds_of_files[known]) - 1;
  size = sizeof all.handled_access_fs;
  if (abi >= 4) {
    all.handled_access_net = 3;  // bind and connect of TCP
    size = 2 * sizeof(std::uint64_t);
  }
  if (abi >= 6) {
    all.scoped = 3;  // abstract sockets and signals of others
    size = sizeof all;
  }
  return all;
}

}  // namespace

base::Status set_limits(const WallLimits& limits) {
  // More than the limit of a file is an error of the call that writes, and then words.
  std::signal(SIGXFSZ, SIG_IGN);
  if (!sanitized) {
    if (auto set = limit(RLIMIT_AS, "limit memory", limits.memory, limits.memory); !set) return set;
  }
  if (auto set = limit(RLIMIT_CPU, "limit time", limits.processor, limits.processor + 1); !set) return set;
  if (auto set = limit(RLIMIT_FSIZE, "limit output", limits.output, limits.output); !set) return set;
  if (auto set = limit(RLIMIT_NOFILE, "limit files", most_descriptors, most_descriptors); !set) return set;
  return limit(RLIMIT_CORE, "limit core dumps", 0, 0);
}

base::Status drop_rights() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return base::fail_errno("forbid new privileges", errno);
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return base::fail_errno("hide from debuggers", errno);
  // Only who may change the bounding set has one that matters.
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0;) ++capability;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capset, &header, none) != 0) return base::fail_errno("drop capabilities", errno);
  return {};
}

bool raise_landlock() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return false;
  std::size_t size = 0;
  const LandlockAttributes attributes = everything_of(abi, size);
  const auto rules = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0));
  if (rules < 0) return false;
  const bool raised = ::syscall(SYS_landlock_restrict_self, rules, 0) == 0;
  ::close(rules);
  return raised;
}

}  // namespace content
