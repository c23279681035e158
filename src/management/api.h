// SPDX-License-Identifier: GPL-3.0-or-later
// The management API, /v1: a call in, an answer out. It knows no socket; docs/openapi.json
// describes it, and a test holds the two against each other.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json.h"
#include "management/call.h"
#include "management/jobs.h"
#include "management/request.h"
#include "policy/snapshot.h"
#include "site/administration.h"

namespace site {
class Runs;
}

namespace management {

// What handlers work with. What only a running server has is empty on a stopped one.
struct ApiContext {
  site::Administration& administration;
  std::function<api::Json()> status = {}, queue = {};  // any thread
  // What was seen of machines that wait, by the numbers that they show: {"first_seen", "last_seen",
  // "arch", "firmware", "network"}, as far as it is known.
  std::function<std::map<std::uint32_t, api::Json>(const policy::Snapshot&)> seen = {};
  std::function<std::vector<std::string>()> more_problems = {};  // besides administration's
  site::Runs* runs = nullptr;
  std::string run_files = {};  // the directory that site::RunLogs keeps; empty: none
};

struct ApiRoute {
  std::string_view method;
  std::string path;  // "/v1/devices/{name}": braces stand for one part
  ApiRole least = ApiRole::viewer;
  std::function<ApiResult(ApiRequest&)> handler;
  std::vector<std::string_view> parameters = {};  // of the query
  std::size_t max_body = 0;                       // 0: a body is refused
  bool dry_runs = false;                          // with ?dry_run=true every viewer may
  bool takes_files = false;
};
inline constexpr std::size_t max_api_body = 16 << 20;  // octets
inline constexpr std::size_t max_api_text = 64 << 20;  // of models and imports
inline constexpr std::size_t max_api_files = 4096;     // beside one request

class Api {
 public:
  explicit Api(ApiContext context);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // Before the first call.
  void add(ApiRoute route);
  // Any thread.
  ApiAnswer answer(ApiCall call);
  // What is wrong with a call whose body of that size is still to come; nothing: read it.
  std::optional<ApiAnswer> refuse_early(const ApiCall& call, std::uint64_t body_size) const;

  [[nodiscard]] const std::vector<ApiRoute>& routes() const { return routes_; }
  static std::string_view openapi();  // the document

 private:
  struct Found {
    const ApiRoute* route = nullptr;
    std::vector<std::string> names;
    ApiQuery query;
  };
  [[nodiscard]] base::Result<Found, Problem> find(const ApiCall& call, std::uint64_t body_size) const;

  ApiContext context_;
  std::vector<ApiRoute> routes_;
  ApiJobs jobs_;  // it ends first: jobs use the context
};

using ApiRoutes = std::vector<ApiRoute>;
void add_record_routes(ApiRoutes& routes, ApiContext& context);                  // records.cc
void add_settings_routes(ApiRoutes& routes, ApiContext& context);                // settings.cc
void add_pending_routes(ApiRoutes& routes, ApiContext& context);                 // pending.cc
void add_run_routes(ApiRoutes& routes, ApiContext& context);                     // runs.cc
void add_model_routes(ApiRoutes& routes, ApiContext& context);                   // model.cc
void add_import_routes(ApiRoutes& routes, ApiContext& context, ApiJobs& jobs);   // import.cc
void add_image_routes(ApiRoutes& routes, ApiContext& context);                   // images.cc
void add_library_routes(ApiRoutes& routes, ApiContext& context, ApiJobs& jobs);  // library.cc
void add_upload_routes(ApiRoutes& routes, ApiContext& context, ApiJobs& jobs);   // uploads.cc
void add_look_routes(ApiRoutes& routes, ApiContext& context, ApiJobs& jobs);     // look.cc

}  // namespace management
