// SPDX-License-Identifier: GPL-3.0-or-later
#include "management/access.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/ascii.h"

namespace management {
namespace {

constexpr std::size_t longest_file = 1 << 20;

std::string name_of(uid_t user) {
  std::array<char, 4096> room{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(user, &entry, room.data(), room.size(), &found) != 0 || found == nullptr)
    return fmt::format("user {}", user);
  return found->pw_name;
}

// Letters, digits, '.', '_' and '-': it stands in events and in a file of lines.
bool is_token_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

template <class Id>
void raise(std::map<Id, ApiRole>& roles, Id id, ApiRole role) {
  const auto [at, fresh] = roles.emplace(id, role);
  if (!fresh) at->second = std::max(at->second, role);
}

}  // namespace

base::Result<ApiAccess> ApiAccess::make(const ApiPeople& people, uid_t own, gid_t socket_group) {
  ApiAccess access;
  access.users_ = {{0, ApiRole::administrator}, {own, ApiRole::administrator}};
  if (people.administrators.empty()) access.groups_ = {{socket_group, ApiRole::administrator}};
  const auto take = [&](const std::vector<std::string>& names, ApiRole role) -> base::Status {
    for (const std::string& name : names) {
      if (name.starts_with('@')) {
        const group* entry = ::getgrnam(name.c_str() + 1);  // before there are threads
        if (entry == nullptr) return base::fail("api: there is no group {} on this machine", name.substr(1));
        raise(access.groups_, entry->gr_gid, role);
      } else {
        const passwd* entry = ::getpwnam(name.c_str());
        if (entry == nullptr) return base::fail("api: there is no user {} on this machine", name);
        raise(access.users_, entry->pw_uid, role);
      }
    }
    return {};
  };
  for (const auto& [names, role] :
       {std::pair(&people.administrators, ApiRole::administrator),
        std::pair(&people.helpdesk, ApiRole::helpdesk), std::pair(&people.viewers, ApiRole::viewer)}) {
    if (auto taken = take(*names, role); !taken) return tl::unexpected(taken.error());
  }
  return access;
}

std::optional<Caller> ApiAccess::of(const net::UnixUser& user) const {
  std::optional<ApiRole> role;
  if (const auto found = users_.find(user.user); found != users_.end()) role = found->second;
  for (const gid_t group : user.groups) {
    const auto found = groups_.find(group);
    if (found != groups_.end() && (!role || *role < found->second)) role = found->second;
  }
  if (!role) return std::nullopt;
  return Caller{name_of(user.user), *role};
}

base::Result<ApiTokens> ApiTokens::parse(std::string_view text, std::string_view name_for_errors) {
  ApiTokens tokens;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    line.resize(std::min(line.find('#'), line.size()));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    std::istringstream words(line);
    const std::vector<std::string> parts{std::istream_iterator<std::string>(words), {}};
    if (parts.empty()) continue;
    const auto role = parts.size() == 3 ? parse_api_role(parts[1]) : std::nullopt;
    const auto digest = parts.size() == 3 ? base::parse_sha256(parts[2]) : std::nullopt;
    if (!role || !digest || !is_token_name(parts[0])) {
      return base::fail(
          "{}:{}: not «name role sha256»: `bootferry token new NAME --role ROLE` prints such a line",
          name_for_errors, number);
    }
    if (std::ranges::find(tokens.tokens_, parts[0], &Token::name) != tokens.tokens_.end())
      return base::fail("{}:{}: there are two tokens {}", name_for_errors, number, parts[0]);
    tokens.tokens_.push_back({parts[0], *role, *digest});
  }
  return tokens;
}

base::Result<ApiTokens> ApiTokens::read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail_errno("read the tokens " + path, errno);
  std::string text(longest_file + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > longest_file) return base::fail("{}: longer than {} octets", path, longest_file);
  return parse(text, path);
}

std::optional<Caller> ApiTokens::of(std::string_view authorization) const {
  constexpr std::string_view scheme = "bearer ";
  const bool bearer = authorization.size() > scheme.size() &&
                      base::same_but_for_case(scheme, authorization.substr(0, scheme.size()));
  if (!bearer) return std::nullopt;
  const base::Sha256 digest = base::sha256(authorization.substr(scheme.size()));
  const Token* found = nullptr;
  for (const Token& token : tokens_) {  // all of them, whichever it is
    if (base::same(token.digest, digest)) found = &token;
  }
  if (found == nullptr) return std::nullopt;
  return Caller{"token " + found->name, found->role};
}

base::Result<NewApiToken> new_api_token(const std::string& name, ApiRole role) {
  if (!is_token_name(name)) {
    return base::fail("{}: a token's name has letters, digits, '.', '_' and '-', and at most 64 of them",
                      name);
  }
  auto secret = base::new_secret();
  if (!secret) return tl::unexpected(secret.error());
  return NewApiToken{*secret, fmt::format("{} {} {}", name, print(role), base::print(base::sha256(*secret)))};
}

}  // namespace management
