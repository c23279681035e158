// SPDX-License-Identifier: GPL-3.0-or-later
// From root to nobody in particular. Everything that needs a right (ports below 1024, large
// receive buffers, folders in /run and /var/lib) is done before; afterwards no right is left.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace server {

struct Account {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
};

// Error when there is no such user, with the remedy.
base::Result<Account> find_account(const std::string& name);

// The account that `name` calls for: nullopt when the process is to stay who it is, because
// it is not root or `name` is empty.
base::Result<std::optional<Account>> account_to_become(const std::string& name);

// Makes the folder with mode 0750 if it is missing and gives `owner` what root has in it (an
// administrator may have worked on a stopped server's state). Other people's files stay theirs.
base::Status prepare_directory(const std::string& path, const std::optional<Account>& owner);

// Becomes `account` when given; then, whoever we are, drops every capability, empties the
// bounding set where allowed, and forbids new privileges. Call it while there is one thread.
// Returns a line for the log.
base::Result<std::string> drop_privileges(const std::optional<Account>& account);

}  // namespace server
