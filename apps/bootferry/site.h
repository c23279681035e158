// SPDX-License-Identifier: GPL-3.0-or-later
// A site as commands see it: the management API with JSON in and out, of the running server or
// of a stopped server's state directory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/client.h"
#include "api/json.h"
#include "arguments.h"
#include "server/config.h"

namespace cli {

using api::Json;

// Why a request was refused, as one line; imports say more about each bad line.
struct Failure {
  std::string what;
  std::vector<std::string> lines = {};
  int status = 0;         // of the answer; 0: there was none
  std::string type = {};  // "in-use"; empty where there was no problem document
};
template <class T>
using Got = tl::expected<T, Failure>;

// The file that applies: --config, else the default one if it is there, else empty.
std::string config_file(const Common& common);
// Its content, with --state and --socket put in.
base::Result<server::Config> load_config(const Common& common);

class Site {
 public:
  // With --state the directory of a stopped server, which `adding` may make: a mistyped
  // directory must not come into being by being asked about.
  static Got<Site> reach(const Common& common, bool adding = false);

  Got<Json> get(const std::string& path, const api::Pairs& query = {});
  // POST, PUT, PATCH or DELETE; what has no body gives null.
  Got<Json> send(const char* method, const std::string& path, const Json& body, const api::Pairs& query = {});
  Got<Json> send_text(const char* method, const std::string& path, std::string text,
                      const api::Pairs& query = {}, const char* type = "text/plain");
  Got<Json> remove(const std::string& path);
  Got<api::Answer> ask(api::Request request, const api::Sink& sink = {});
  // Each item of a list, page by page, until `each` says false.
  Got<void> each(const std::string& path, api::Pairs query, const std::function<bool(const Json&)>& each);
  // What became of a job, by the answer that named it.
  Got<Json> finish(const Json& started, const std::function<void(std::uint64_t, std::uint64_t)>& progress);

 private:
  explicit Site(std::unique_ptr<api::Caller> caller) : caller_(std::move(caller)) {}
  std::unique_ptr<api::Caller> caller_;
};

// "/v1/devices/pc%201"
std::string path_of(std::string_view kind, std::string_view name);

// «line 12: no MAC address»: what is told of an imported file's lines.
std::vector<std::string> lines_of(const Json& told);

// Reports and returns the exit code.
int failed(const Failure& failure);
int failed(std::string what);
// After a change without a result of its own: says so, or {} in JSON.
int done(const Common& common, std::string_view sentence);

// Reach, then do; a Failure on the way is reported.
int with_site(const Common& common, const std::function<Got<int>(Site&)>& work, bool adding = false);

}  // namespace cli
