// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "content/confined_walls.h"

namespace content {
namespace {

// The library wants a name for what we have open already, and the file behind the descriptor
// may be one that this user may not open again. So the kernel hands each attempt to open
// something back to us (SECCOMP_RET_TRAP), and the answer to the one right name is a copy.
const char* the_name = nullptr;
int the_file = -1;

struct OpenCall {
  const char* name;
  int flags;
};

// Where a processor keeps a call's arguments and its answer.
#if defined(__x86_64__)
greg_t& reg(ucontext_t& at, int which) { return at.uc_mcontext.gregs[which]; }
OpenCall open_call(ucontext_t& at, int call) {
  if (call == SYS_open)
    return {reinterpret_cast<const char*>(reg(at, REG_RDI)), static_cast<int>(reg(at, REG_RSI))};
  return {reinterpret_cast<const char*>(reg(at, REG_RSI)), static_cast<int>(reg(at, REG_RDX))};
}
void set_answer(ucontext_t& at, long value) { reg(at, REG_RAX) = value; }
#elif defined(__aarch64__)
OpenCall open_call(ucontext_t& at, int) {
  return {reinterpret_cast<const char*>(at.uc_mcontext.regs[1]), static_cast<int>(at.uc_mcontext.regs[2])};
}
void set_answer(ucontext_t& at, long value) {
  at.uc_mcontext.regs[0] = static_cast<unsigned long long>(value);
}
#elif defined(__riscv)
OpenCall open_call(ucontext_t& at, int) {
  return {reinterpret_cast<const char*>(at.uc_mcontext.__gregs[REG_A0 + 1]),
          static_cast<int>(at.uc_mcontext.__gregs[REG_A0 + 2])};
}
void set_answer(ucontext_t& at, long value) {
  at.uc_mcontext.__gregs[REG_A0] = static_cast<unsigned long>(value);
}
#else
#error "say here where this processor keeps a system call's arguments and answer"
#endif

extern "C" void answer_open(int, siginfo_t* info, void* context) {
  auto& at = *static_cast<ucontext_t*>(context);
  const OpenCall call = open_call(at, info->si_syscall);
  long value = -ENOENT;
  if (std::strcmp(call.name, the_name) == 0) {
    value = (call.flags & O_ACCMODE) == O_RDONLY ? ::fcntl(the_file, F_DUPFD_CLOEXEC, 0) : -EACCES;
    if (value == -1) value = -errno;
  }
  set_answer(at, value);
}

base::Status answer_opens() {
  struct sigaction action {};
  action.sa_sigaction = answer_open;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  if (::sigaction(SIGSYS, &action, nullptr) != 0) return base::fail_errno("answer for files", errno);
  return {};
}

// Reading, writing what is open, memory, and the end.
constexpr int allowed[] = {
    SCMP_SYS(read),          SCMP_SYS(readv),          SCMP_SYS(pread64),         SCMP_SYS(preadv),
    SCMP_SYS(write),         SCMP_SYS(writev),         SCMP_SYS(pwrite64),        SCMP_SYS(pwritev),
    SCMP_SYS(lseek),         SCMP_SYS(close),          SCMP_SYS(dup),             SCMP_SYS(fcntl),
    SCMP_SYS(fstat),         SCMP_SYS(fstatfs),        SCMP_SYS(munmap),          SCMP_SYS(mremap),
    SCMP_SYS(madvise),       SCMP_SYS(brk),            SCMP_SYS(futex),           SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(sigaltstack),   SCMP_SYS(getrandom),       SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),  SCMP_SYS(getpid),         SCMP_SYS(gettid),          SCMP_SYS(getuid),
    SCMP_SYS(geteuid),       SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield),  SCMP_SYS(sysinfo),
    SCMP_SYS(exit),          SCMP_SYS(exit_group),     SCMP_SYS(restart_syscall), SCMP_SYS(fadvise64),
};
// No library that reads a file does these: the end of the process, and a word about it. What
// is in neither list fails with EPERM.
constexpr int attacks[] = {
    SCMP_SYS(execve), SCMP_SYS(execveat),  SCMP_SYS(fork),   SCMP_SYS(vfork),   SCMP_SYS(socket),
    SCMP_SYS(ptrace), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind),  SCMP_SYS(bpf),
    SCMP_SYS(setuid), SCMP_SYS(mount),      SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(io_uring_setup),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(keyctl),  SCMP_SYS(pidfd_getfd),
};

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};

}  // namespace

base::Status raise_seccomp(const char* file_name, int file) {
  the_name = file_name;
  the_file = file;
  if (auto ready = answer_opens(); !ready) return ready;
  const std::unique_ptr<void, Release> rules(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!rules) return base::fail("no memory for seccomp's rules");
  int error = 0;
  // -EDOM: a call that this processor's Linux does not have.
  const auto note = [&](int result) {
    if (result != 0 && result != -EDOM) error = -result;
  };
  for (const int call : allowed) note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, call, 0));
  for (const int call : attacks) note(seccomp_rule_add(rules.get(), SCMP_ACT_KILL_PROCESS, call, 0));
  for (const int call : {SCMP_SYS(open), SCMP_SYS(openat)})
    note(seccomp_rule_add(rules.get(), SCMP_ACT_TRAP, call, 0));
  // realpath() asks of each part of a name whether it is a link: none is.
  for (const int call : {SCMP_SYS(readlink), SCMP_SYS(readlinkat)})
    note(seccomp_rule_add(rules.get(), SCMP_ACT_ERRNO(EINVAL), call, 0));
  // fstat() of newer C libraries: by descriptor, not by name.
  note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
                        SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH)));
  // Memory, but none that can be run.
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
  }
  // abort() of a library says which signal ended us, others are not for us to signal.
  note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                        SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid()))));
  note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, SCMP_SYS(rt_sigaction), 1,
                        SCMP_A0(SCMP_CMP_NE, SIGSYS)));
  if (error != 0) return base::fail_errno("make seccomp's rules", error);
  if (const int result = seccomp_load(rules.get()); result != 0)
    return base::fail_errno("put seccomp's rules into force", -result);
  return {};
}

}  // namespace content
