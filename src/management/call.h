// SPDX-License-Identifier: GPL-3.0-or-later
// One request to the management API and its answer, as values: a socket's, or the command
// line's own on a stopped server's state directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace management {

// Each may do what those before it may.
enum class ApiRole : std::uint8_t {
  viewer,         // looks
  helpdesk,       // lets machines in that wait, lets them run again
  administrator,  // everything
};
std::string_view print(ApiRole role);  // "viewer"
std::optional<ApiRole> parse_api_role(std::string_view text);

struct ApiCall {
  std::string_view method;      // "GET"
  std::string_view path;        // as sent, percent-encoded: "/v1/devices/pc%2D7"
  std::string_view query = {};  // as sent, without '?'
  std::string_view content_type = {}, if_match = {}, if_none_match = {};  // header fields; empty: none
  std::string_view body = {};
  std::vector<base::Fd> files = {};      // open files beside it
  std::string who = "the command line";  // for events
  ApiRole role = ApiRole::administrator;
};

struct ApiAnswer {
  unsigned status = 200;
  std::string content_type = {};  // empty: there is no body
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> fields = {};       // header fields: ETag, Location, Allow
  base::Fd file = {};                                                 // whose octets are the body instead
  [[nodiscard]] std::string_view field(std::string_view name) const;  // empty: not there
};

}  // namespace management
