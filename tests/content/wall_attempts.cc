// SPDX-License-Identifier: GPL-3.0-or-later
#include "wall_attempts.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "content/confined_child.h"
#include "content/confined_pipe.h"

namespace {

constexpr int killed = WallAttempt::killed;
using Where = const std::string&;

std::string records(Where directory) { return directory + "/records"; }
std::string fresh(Where directory) { return directory + "/fresh"; }
sockaddr_in discard_port() {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return to;
}
long tcp(int (*use)(int, const sockaddr*, socklen_t)) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return fd;
  const sockaddr_in to = discard_port();
  return use(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}
char* const no_words[] = {nullptr};

// errno behind seccomp, behind Landlock alone.
constexpr WallAttempt attempts[] = {
    // The server's files.
    {"read the records", [](Where d) -> long { return ::open(records(d).c_str(), O_RDONLY); }, ENOENT,
     EACCES},
    {"read the records by a new call",
     [](Where d) -> long {
       struct {
         std::uint64_t flags, mode, resolve;
       } how{};
       return ::syscall(SYS_openat2, AT_FDCWD, records(d).c_str(), &how, sizeof how);
     },
     EPERM, EACCES},
    {"list the directory", [](Where d) -> long { return ::open(d.c_str(), O_RDONLY | O_DIRECTORY); }, ENOENT,
     EACCES},
    {"ask whether the records are there", [](Where d) -> long { return ::access(records(d).c_str(), F_OK); },
     EPERM, 0},
    {"read the users of the machine", [](Where) -> long { return ::open("/etc/passwd", O_RDONLY); }, ENOENT,
     EACCES},
    {"read its own memory map", [](Where) -> long { return ::open("/proc/self/maps", O_RDONLY); }, ENOENT,
     EACCES},
    {"change the records", [](Where d) -> long { return ::open(records(d).c_str(), O_WRONLY); }, ENOENT,
     EACCES},
    {"cut the records", [](Where d) -> long { return ::truncate(records(d).c_str(), 0); }, EPERM, EACCES, 3},
    {"create a file", [](Where d) -> long { return ::open(fresh(d).c_str(), O_WRONLY | O_CREAT, 0600); },
     ENOENT, EACCES},
    {"create a file without a name",
     [](Where d) -> long { return ::open(d.c_str(), O_WRONLY | O_TMPFILE, 0600); }, ENOENT, EACCES},
    {"create a folder", [](Where d) -> long { return ::mkdir(fresh(d).c_str(), 0700); }, EPERM, EACCES},
    {"create a link", [](Where d) -> long { return ::symlink("records", fresh(d).c_str()); }, EPERM, EACCES},
    {"create a pipe", [](Where d) -> long { return ::mkfifo(fresh(d).c_str(), 0600); }, EPERM, EACCES},
    {"give the records another name",
     [](Where d) -> long { return ::rename(records(d).c_str(), fresh(d).c_str()); }, EPERM, EACCES},
    {"give the records a second name",
     [](Where d) -> long { return ::link(records(d).c_str(), fresh(d).c_str()); }, EPERM, EACCES},
    {"remove the records", [](Where d) -> long { return ::unlink(records(d).c_str()); }, EPERM, EACCES},
    {"open the records to all", [](Where d) -> long { return ::chmod(records(d).c_str(), 0666); }, EPERM, 0},
    {"go elsewhere", [](Where d) -> long { return ::chdir(d.c_str()); }, EPERM, 0},
    {"make memory that is a file", [](Where) -> long { return ::syscall(SYS_memfd_create, "x", 0); }, EPERM,
     0},
    // What it was given.
    {"change what it reads", [](Where) { return static_cast<long>(::write(content::child_file, "x", 1)); },
     EBADF, EBADF},
    {"cut what it reads", [](Where) -> long { return ::ftruncate(content::child_file, 0); }, EPERM, EINVAL},
    {"seal its results",
     [](Where) -> long { return ::fcntl(content::confined_output, F_ADD_SEALS, F_SEAL_SEAL); }, EPERM, 0},
    {"be told of input by a signal",
     [](Where) -> long { return ::fcntl(content::child_file, F_SETFL, O_ASYNC); }, EPERM, 0},
    // The network.
    {"open a TCP socket", [](Where) -> long { return ::socket(AF_INET, SOCK_STREAM, 0); }, killed, 0},
    {"open a UDP socket", [](Where) -> long { return ::socket(AF_INET6, SOCK_DGRAM, 0); }, killed, 0},
    {"open a socket of this machine", [](Where) -> long { return ::socket(AF_UNIX, SOCK_STREAM, 0); }, killed,
     0},
    {"open a socket of the kernel", [](Where) -> long { return ::socket(AF_NETLINK, SOCK_RAW, 0); }, killed,
     0},
    {"connect", [](Where) -> long { return tcp(::connect); }, killed, EACCES, 4},
    {"take a port", [](Where) -> long { return tcp(::bind); }, killed, EACCES, 4},
    // Other processes.
    {"fork", [](Where) -> long { return ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }, EPERM, 0},
    {"fork by a new call",
     [](Where) -> long {
       std::uint64_t how[11]{};
       return ::syscall(SYS_clone3, how, sizeof how);
     },
     EPERM, 0},
    {"start a program", [](Where) -> long { return ::execve("/bin/true", no_words, no_words); }, killed,
     EACCES},
    {"start what it reads",
     [](Where) -> long {
       return ::syscall(SYS_execveat, content::child_file, "", no_words, no_words, AT_EMPTY_PATH);
     },
     killed, EACCES},
    {"signal who started it", [](Where) -> long { return ::kill(::getppid(), 0); }, EPERM, EPERM, 6},
    {"look into who started it",
     [](Where) -> long {
       char octet = 0;
       iovec here{&octet, 1};
       return ::process_vm_readv(::getppid(), &here, 1, &here, 1, 0);
     },
     killed, EPERM},
    {"debug who started it", [](Where) -> long { return ::ptrace(PTRACE_SEIZE, ::getppid(), 0, 0); }, killed,
     EPERM},
    {"hold who started it", [](Where) -> long { return ::syscall(SYS_pidfd_open, ::getppid(), 0); }, EPERM,
     0},
    // Rights, and what would give some.
    {"change root", [](Where d) -> long { return ::chroot(d.c_str()); }, EPERM, EPERM},
    {"mount", [](Where d) -> long { return ::mount("none", d.c_str(), "tmpfs", 0, ""); }, killed, EPERM},
    {"become another user", [](Where) -> long { return ::syscall(SYS_setuid, 12345); }, killed, 0},
    {"take capabilities",
     [](Where) -> long {
       __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
       const __user_cap_data_struct all[_LINUX_CAPABILITY_U32S_3]{{1, 1, 0}, {0, 0, 0}};
       return ::syscall(SYS_capset, &header, all);
     },
     EPERM, EPERM},
    {"make a user namespace", [](Where) -> long { return ::unshare(CLONE_NEWUSER); }, killed, 0},
    {"load a program into the kernel", [](Where) -> long { return ::syscall(SYS_bpf, 0, 0, 0); }, killed, 0},
    {"queue calls to the kernel", [](Where) -> long { return ::syscall(SYS_io_uring_setup, 1, nullptr); },
     killed, 0},
    {"count events of the kernel",
     [](Where) -> long { return ::syscall(SYS_perf_event_open, 0, 0, 0, 0, 0); }, EPERM, 0},
    {"use the kernel's keys", [](Where) -> long { return ::syscall(SYS_keyctl, 0, -3, 0); }, killed, 0},
    // Its own limits.
    {"have more processor time",
     [](Where) -> long {
       const rlimit more{1000, 1000};
       return ::setrlimit(RLIMIT_CPU, &more);
     },
     EPERM, 0},
    {"make memory that runs",
     [](Where) -> long {
       void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       return memory == MAP_FAILED ? -1 : 0;
     },
     EPERM, 0},
    {"answer its own calls",
     [](Where) -> long {
       struct sigaction action {};
       action.sa_handler = SIG_IGN;
       return ::sigaction(SIGSYS, &action, nullptr);
     },
     EPERM, 0},
#if defined(__x86_64__)
    {"call as another kind of program", [](Where) -> long { return ::syscall(0x40000000 + SYS_getpid); },
     killed, 0},
#endif
};

}  // namespace

std::span<const WallAttempt> wall_attempts() { return attempts; }

std::string try_at_wall(std::string_view name, const std::string& directory) {
  const auto* found = std::ranges::find(attempts, name, &WallAttempt::name);
  if (found == std::end(attempts)) return "no such attempt";
  errno = 0;
  return found->attempt(directory) >= 0 ? "done" : ::strerrorname_np(errno);
}
