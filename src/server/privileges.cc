// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/privileges.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <type_traits>

#include "base/fd.h"

namespace server {
namespace {

namespace fs = std::filesystem;

struct FreeCapabilities {
  void operator()(cap_t caps) const { cap_free(caps); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCapabilities>;

// Gives `path` away if it is root's: a folder, or a file with no other name (a second name
// could be somebody's way of having us give away a file that stands elsewhere).
base::Status give(const std::string& path, const Account& owner) {
  const base::Fd fd(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat facts {};
  if (!fd.open() || ::fstat(fd.get(), &facts) != 0)
    return base::fail_errno(fmt::format("open {}", path), errno);
  if (facts.st_uid != 0 || (!S_ISDIR(facts.st_mode) && (!S_ISREG(facts.st_mode) || facts.st_nlink != 1)))
    return {};
  if (::fchownat(fd.get(), "", owner.user, owner.group, AT_EMPTY_PATH) != 0) {
    return base::fail_errno(fmt::format("give {} to {}", path, owner.name), errno);
  }
  return {};
}

base::Status drop_bounding_set() {
  for (cap_value_t capability = 0; CAP_IS_SUPPORTED(capability); ++capability) {
    if (cap_drop_bound(capability) != 0) return base::fail_errno("empty the capability bounding set", errno);
  }
  return {};
}

base::Status become(const Account& account) {
  if (::setgroups(0, nullptr) != 0) return base::fail_errno("leave root's groups", errno);
  if (::setresgid(account.group, account.group, account.group) != 0) {
    return base::fail_errno(fmt::format("become group of {}", account.name), errno);
  }
  if (::setresuid(account.user, account.user, account.user) != 0) {
    return base::fail_errno(fmt::format("become user {}", account.name), errno);
  }
  // There must be no way back, or all of the above was for show.
  if (account.user != 0 && (::setuid(0) == 0 || ::seteuid(0) == 0)) {
    return base::fail("become user {}: root could be regained", account.name);
  }
  return {};
}

}  // namespace

base::Result<Account> find_account(const std::string& name) {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0) return base::fail_errno(fmt::format("look up user {}", name), error);
  if (found == nullptr) {
    return base::fail(
        "user {0} does not exist: adduser --system --group --home /var/lib/bootferry {0}, or set server.user",
        name);
  }
  return Account{name, entry.pw_uid, entry.pw_gid};
}

base::Result<std::optional<Account>> account_to_become(const std::string& name) {
  if (name.empty() || ::geteuid() != 0) return std::nullopt;
  auto account = find_account(name);
  if (!account) return tl::unexpected(account.error());
  return *account;
}

base::Status prepare_directory(const std::string& path, const std::optional<Account>& owner) {
  std::error_code error;
  // Parents get the usual mode; only the folder itself is closed to others.
  fs::create_directories(fs::path(path).parent_path(), error);
  if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST)
    return base::fail_errno(fmt::format("make {}", path), errno);
  if (!fs::is_directory(path, error))
    return base::fail("{}: not a folder: remove it or choose another", path);
  if (!owner) return {};
  if (auto given = give(path, *owner); !given) return given;
  for (auto entry = fs::recursive_directory_iterator(path, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (auto given = give(entry->path().string(), *owner); !given) return given;
  }
  if (error) return base::fail("{}: {}", path, error.message());
  return {};
}

base::Result<std::string> drop_privileges(const std::optional<Account>& account) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return base::fail_errno("forbid new privileges", errno);
  const bool may_bound = cap_get_bound(CAP_SETPCAP) > 0 && ::geteuid() == 0;
  if (may_bound) {
    if (auto dropped = drop_bounding_set(); !dropped) return tl::unexpected(dropped.error());
  }
  if (account) {
    if (auto became = become(*account); !became) return tl::unexpected(became.error());
  }
  // Ambient ones go with the permitted ones. Root without capabilities is still the owner of
  // root's files, but may do nothing else that others may not.
  const Capabilities none(cap_init());
  if (!none || cap_set_proc(none.get()) != 0) return base::fail_errno("drop the capabilities", errno);
  if (account) return fmt::format("now user {}, without capabilities", account->name);
  return fmt::format("still user {}, without capabilities", ::geteuid());
}

}  // namespace server
