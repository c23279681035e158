// SPDX-License-Identifier: GPL-3.0-or-later
// Who may do what through the management API: users of this machine over its Unix socket, bearers
// of tokens over TLS.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "management/call.h"
#include "net/http_server.h"

namespace management {

// [api] of the configuration: names of users, and of groups with '@' in front.
struct ApiPeople {
  std::vector<std::string> administrators, helpdesk, viewers;
  [[nodiscard]] bool empty() const { return administrators.empty() && helpdesk.empty() && viewers.empty(); }
  bool operator==(const ApiPeople&) const = default;
};

struct Caller {
  std::string who;  // for events: "anna", "token ci"
  ApiRole role = ApiRole::viewer;
};

class ApiAccess {
 public:
  // root and this server's own account are administrators, and so is `socket_group` unless
  // administrators are named; others are what the lists say, in the highest role that does. Looks
  // names up; the error names the first that nobody has.
  static base::Result<ApiAccess> make(const ApiPeople& people, uid_t own, gid_t socket_group);
  [[nodiscard]] std::optional<Caller> of(const net::UnixUser& user) const;

 private:
  std::map<uid_t, ApiRole> users_;
  std::map<gid_t, ApiRole> groups_;
};

// A file of lines "name role sha256", '#' for remarks. Whoever knows the secret behind a digest
// has that role.
class ApiTokens {
 public:
  static base::Result<ApiTokens> parse(std::string_view text, std::string_view name_for_errors);
  static base::Result<ApiTokens> read(const std::string& path);
  // Of the header field: "Bearer SECRET".
  [[nodiscard]] std::optional<Caller> of(std::string_view authorization) const;
  [[nodiscard]] std::size_t size() const { return tokens_.size(); }

 private:
  struct Token {
    std::string name;
    ApiRole role;
    base::Sha256 digest;
  };
  std::vector<Token> tokens_;
};

struct NewApiToken {
  std::string secret;  // for its bearer, shown once
  std::string line;    // for the file
};
base::Result<NewApiToken> new_api_token(const std::string& name, ApiRole role);

}  // namespace management
