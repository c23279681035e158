// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "content/confined_child.h"
#include "content/confined_pipe.h"
#include "content/confined_walls.h"

namespace content {
namespace {

// The library wants a name for what we have open already, and the file behind the descriptor
// may be one that this user may not open again. So the kernel hands each attempt to open
// something back to us (SECCOMP_RET_TRAP), and the answer to the one right name is a copy. A
// copy shares its position with the descriptor that somebody else gave us, and begins and ends
// where that one does: so whatever asks of positions and sizes is handed back too, and answered
// as if the part that we are to read were a file of its own.
WallFiles the_files{FilePart(-1), std::nullopt};
std::vector<FilePart> parts_beside;
constexpr int first_copy = 8;  // number of a copy; below are the descriptors we began with
constexpr int copies = 8;      // no number is beyond them: RLIMIT_NOFILE
struct Copy {
  FilePart of = FilePart(-1);
  off_t position = 0;
  std::uint64_t inode = 0;  // libraries take two names of one inode for one file
};
Copy opened[copies];

// Where a processor keeps a call's arguments and its answer.
#if defined(__x86_64__)
long argument(const ucontext_t& at, int which) {
  constexpr int registers[] = {REG_RDI, REG_RSI, REG_RDX, REG_R10};
  return at.uc_mcontext.gregs[registers[which]];
}
void set_answer(ucontext_t& at, long value) { at.uc_mcontext.gregs[REG_RAX] = value; }
#elif defined(__aarch64__)
long argument(const ucontext_t& at, int which) { return static_cast<long>(at.uc_mcontext.regs[which]); }
void set_answer(ucontext_t& at, long value) {
  at.uc_mcontext.regs[0] = static_cast<unsigned long long>(value);
}
#elif defined(__riscv)
long argument(const ucontext_t& at, int which) {
  return static_cast<long>(at.uc_mcontext.__gregs[REG_A0 + which]);
}
void set_answer(ucontext_t& at, long value) {
  at.uc_mcontext.__gregs[REG_A0] = static_cast<unsigned long>(value);
}
#else
#error "say here where this processor keeps a system call's arguments and answer"
#endif

// A result as the C library gives it, as the kernel does.
long raw(long result) { return result < 0 ? -errno : result; }

// What a name stands for; nothing is written or allocated: this is the way of a signal.
const FilePart* named(const char* name, std::uint64_t& inode) {
  inode = 0;
  if (std::strcmp(name, confined_file) == 0) return &the_files.file;
  const std::size_t size = std::strlen(confined_beside);
  if (!the_files.beside || std::strncmp(name, confined_beside, size) != 0) return nullptr;
  if (name[size] == '\0') return &*the_files.beside;
  const char* const end = name + std::strlen(name);
  std::size_t number = 0;
  const auto [stop, fault] = std::from_chars(name + size + 1, end, number);
  if (name[size] != '/' || fault != std::errc() || stop != end || number >= parts_beside.size())
    return nullptr;
  inode = number + 1;
  return &parts_beside[number];
}

long answer_open(const char* name, long flags) {
  Copy copy;
  const FilePart* const part = named(name, copy.inode);
  if (part == nullptr) return -ENOENT;
  if ((flags & O_ACCMODE) != O_RDONLY) return -EACCES;
  copy.of = *part;
  const long fd = ::fcntl(part->fd, F_DUPFD_CLOEXEC, first_copy);
  if (fd >= 0) opened[fd - first_copy] = copy;
  return raw(fd);
}

long read_at(const FilePart& file, void* into, std::size_t size, off_t position) {
  if (position < 0) return -EINVAL;
  const auto at = static_cast<std::uint64_t>(position);
  if (at >= file.size) return 0;
  const std::uint64_t most = std::min<std::uint64_t>(size, file.size - at);
  return raw(::pread(file.fd, into, static_cast<std::size_t>(most), static_cast<off_t>(file.offset + at)));
}

long answer_read(Copy& copy, void* into, std::size_t size) {
  const long got = read_at(copy.of, into, size, copy.position);
  if (got > 0) copy.position += got;
  return got;
}

long answer_seek(Copy& copy, off_t offset, int from) {
  std::int64_t begin = 0;
  if (from == SEEK_CUR) begin = copy.position;
  if (from == SEEK_END) begin = static_cast<std::int64_t>(copy.of.size);
  if (from > SEEK_END || __builtin_add_overflow(begin, offset, &begin) || begin < 0) return -EINVAL;
  return copy.position = begin;
}

long answer_stat(const FilePart& file, std::uint64_t inode, struct stat* into) {
  const long result = raw(::fstat(file.fd, into));
  if (result != 0) return result;
  into->st_size = static_cast<off_t>(file.size);
  if (inode == 0) return 0;
  into->st_ino = inode;
  into->st_nlink = 1;
  into->st_blocks = static_cast<blkcnt_t>((file.size + 511) / 512);  // fewer would make it a sparse file
  return 0;
}

long answer_stat_by_name(const char* name, struct stat* into) {
  std::uint64_t inode = 0;
  const FilePart* const part = named(name, inode);
  return part == nullptr ? -ENOENT : answer_stat(*part, inode, into);
}

long answer_call(int call, const ucontext_t& at) {
  const auto pointer = [&](int which) { return reinterpret_cast<void*>(argument(at, which)); };
  if (call == SYS_openat) return answer_open(static_cast<const char*>(pointer(1)), argument(at, 2));
#ifdef SYS_open
  if (call == SYS_open) return answer_open(static_cast<const char*>(pointer(0)), argument(at, 1));
#endif
  if (call == SYS_newfstatat && (argument(at, 3) & AT_EMPTY_PATH) == 0)
    return answer_stat_by_name(static_cast<const char*>(pointer(1)), static_cast<struct stat*>(pointer(2)));
  const long fd = argument(at, 0);
  if (fd < first_copy || fd >= first_copy + copies) return -EBADF;
  Copy& copy = opened[fd - first_copy];
  const auto size = static_cast<std::size_t>(argument(at, 2));
  if (call == SYS_read) return answer_read(copy, pointer(1), size);
  if (call == SYS_pread64) return read_at(copy.of, pointer(1), size, argument(at, 3));
  if (call == SYS_lseek) return answer_seek(copy, argument(at, 1), static_cast<int>(argument(at, 2)));
  if (call == SYS_fstat) return answer_stat(copy.of, copy.inode, static_cast<struct stat*>(pointer(1)));
  if (call == SYS_newfstatat) return answer_stat(copy.of, copy.inode, static_cast<struct stat*>(pointer(2)));
  return -EPERM;
}

extern "C" void answer_trap(int, siginfo_t* info, void* context) {
  auto& at = *static_cast<ucontext_t*>(context);
  const int error = errno;
  set_answer(at, answer_call(info->si_syscall, at));
  errno = error;
}

base::Status answer_traps() {
  struct sigaction action {};
  action.sa_sigaction = answer_trap;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  if (::sigaction(SIGSYS, &action, nullptr) != 0) return base::fail_errno("answer for files", errno);
  return {};
}

// Reading, writing what is open, memory, and the end.
constexpr int allowed[] = {
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev),
    SCMP_SYS(close),
    SCMP_SYS(fstatfs),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sysinfo),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(fadvise64),
};
// No library that reads a file does these: the end of the process, and a word about it. What
// is in neither list fails with EPERM.
constexpr int attacks[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(socket),
    SCMP_SYS(ptrace),
    SCMP_SYS(socketpair),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(bpf),
    SCMP_SYS(setuid),
    SCMP_SYS(mount),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(keyctl),
    SCMP_SYS(pidfd_getfd),
};

// MASKED_EQ: the mask comes first.
scmp_arg_cmp argument_is(unsigned which, scmp_compare how, scmp_datum_t a, scmp_datum_t b = 0) {
  return {which, how, a, b};
}

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};

}  // namespace

void name_parts_beside(std::vector<FilePart> parts) {
  if (!the_files.beside) return;
  const std::uint64_t end = the_files.beside->size;
  for (FilePart& part : parts) {
    part.fd = the_files.beside->fd;
    part.offset = std::min(part.offset, end);
    part.size = std::min(part.size, end - part.offset);
  }
  parts_beside = std::move(parts);
}

base::Status raise_seccomp(const WallFiles& files) {
  the_files = files;
  if (auto ready = answer_traps(); !ready) return ready;
  const std::unique_ptr<void, Release> rules(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!rules) return base::fail("no memory for seccomp's rules");
  int error = 0;
  // -EDOM: a call that this processor's Linux does not have.
  const auto note = [&](int result) {
    if (result != 0 && result != -EDOM) error = -result;
  };
  for (const int call : allowed) note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, call, 0));
  for (const int call : attacks) note(seccomp_rule_add(rules.get(), SCMP_ACT_KILL_PROCESS, call, 0));
  // With a pipe a sanitizer finds out what memory can be read.
  for (const int call : {SCMP_SYS(pipe), SCMP_SYS(pipe2)}) {
    if (sanitized) note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, call, 0));
  }
  for (const int call : {SCMP_SYS(open), SCMP_SYS(openat)})
    note(seccomp_rule_add(rules.get(), SCMP_ACT_TRAP, call, 0));
  for (const int call : {SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(lseek), SCMP_SYS(fstat)}) {
    note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, call, 1, argument_is(0, SCMP_CMP_LT, first_copy)));
    note(seccomp_rule_add(rules.get(), SCMP_ACT_TRAP, call, 1, argument_is(0, SCMP_CMP_GE, first_copy)));
  }
  // Copies and what they are; not locks, seals and signals, which others would notice.
  for (const int command : {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL}) {
    note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
                          argument_is(1, SCMP_CMP_EQ, static_cast<scmp_datum_t>(command))));
  }
  // realpath() asks of each part of a name whether it is a link: none is.
  for (const int call : {SCMP_SYS(readlink), SCMP_SYS(readlinkat)})
    note(seccomp_rule_add(rules.get(), SCMP_ACT_ERRNO(EINVAL), call, 0));
  // fstat() of newer C libraries: by descriptor, not by name.
  const auto by_descriptor = argument_is(3, SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH);
  note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 2,
                        argument_is(0, SCMP_CMP_LT, first_copy), by_descriptor));
  note(seccomp_rule_add(rules.get(), SCMP_ACT_TRAP, SCMP_SYS(newfstatat), 2,
                        argument_is(0, SCMP_CMP_GE, first_copy), by_descriptor));
  // Only where there are parts that a library may look at before it opens them.
  if (files.beside) {
    note(seccomp_rule_add(rules.get(), SCMP_ACT_TRAP, SCMP_SYS(newfstatat), 1,
                          argument_is(3, SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0)));
  }
  // Memory, but none that can be run.
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, call, 1,
                          argument_is(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
  }
  // abort() of a library says which signal ended us, others are not for us to signal.
  note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                        argument_is(0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid()))));
  note(seccomp_rule_add(rules.get(), SCMP_ACT_ALLOW, SCMP_SYS(rt_sigaction), 1,
                        argument_is(0, SCMP_CMP_NE, SIGSYS)));
  if (error != 0) return base::fail_errno("make seccomp's rules", error);
  if (const int result = seccomp_load(rules.get()); result != 0)
    return base::fail_errno("put seccomp's rules into force", -result);
  return {};
}

}  // namespace content
