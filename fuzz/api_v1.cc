// SPDX-License-Identifier: GPL-3.0-or-later
// Any method, path, query and body against the management API of a small site. The input is
// lines: method, path with its query, If-Match, a role; what follows is the body. Properties:
// every call is answered; a refusal is a problem document that says what and why; what is refused
// changes nothing; JSON is JSON.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>

#include "base/bytes.h"
#include "base/log.h"
#include "management/api.h"

namespace {

using api::Json;
using management::ApiCall;

// A site that grows and shrinks with what is asked of it; made anew when it has become large.
struct Site {
  std::string folder;
  std::unique_ptr<site::Administration> administration;
  std::unique_ptr<management::Api> api;
  int calls = 0;

  Site() {
    base::set_log_level(base::LogLevel::error);
    folder = "/tmp/bootferry-fuzz-api-XXXXXX";
    BOOTFERRY_CHECK(mkdtemp(folder.data()) != nullptr);
    auto opened = site::Administration::open(folder, {});
    BOOTFERRY_CHECK(opened.has_value());
    administration = std::move(*opened);
    api = std::make_unique<management::Api>(management::ApiContext{*administration});
    ask("POST", "/v1/collections", R"({"name":"lab","rule":"name \"lab-*\""})");
    ask("POST", "/v1/devices", R"({"name":"pc-1","macs":["52:54:00:12:34:56"],"collections":["lab"]})");
    ask("POST", "/v1/servers", R"({"name":"s","address":"10.0.0.2"})");
    ask("POST", "/v1/referrals", R"({"name":"r","shares":[{"server":"s"}]})");
    policy::Device waiting;
    waiting.name = "pending-7";
    waiting.macs = {{{0x52, 0x54, 0, 0, 0, 7}}};
    waiting.state = policy::DeviceState::pending;
    waiting.request = 7;
    BOOTFERRY_CHECK(administration->apply({"test", "", {store::Put{waiting, {}}}}).has_value());
  }
  ~Site() {
    api.reset();
    administration.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  management::ApiAnswer ask(std::string_view method, std::string_view path, std::string_view body) const {
    ApiCall call;
    call.method = method;
    call.path = path;
    call.body = body;
    return api->answer(std::move(call));
  }
  [[nodiscard]] std::uint64_t changes() const {
    return administration->look([](site::SiteRecords& records) { return records.changes(); });
  }
};

std::string_view line(std::string_view& input) {
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view out = input.substr(0, end);
  input.remove_prefix(std::min(end + 1, input.size()));
  return out;
}

void check_answer(const management::ApiAnswer& answer) {
  BOOTFERRY_CHECK(answer.status >= 200 && answer.status < 600);
  for (const auto& [name, value] : answer.fields) {
    BOOTFERRY_CHECK(value.find_first_of("\r\n") == std::string::npos && !name.empty());
  }
  if (answer.status == 204) BOOTFERRY_CHECK(answer.body.empty());
  if (answer.content_type != "application/json" && answer.content_type != "application/problem+json") return;
  const Json body = Json::parse(answer.body, nullptr, false);
  BOOTFERRY_CHECK(body.is_object());
  if (answer.status < 400) return;
  BOOTFERRY_CHECK(answer.content_type == "application/problem+json");
  BOOTFERRY_CHECK(body.at("status") == answer.status && !body.at("detail").get<std::string>().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<Site> site;
  if (!site || site->calls > 5000) {
    site.reset();
    site = std::make_unique<Site>();
  }
  ++site->calls;
  std::string_view input = base::as_text({data, size});
  ApiCall call;
  call.method = line(input);
  const std::string_view target = line(input);
  call.path = target.substr(0, target.find('?'));
  if (call.path.size() < target.size()) call.query = target.substr(call.path.size() + 1);
  call.if_match = line(input);
  call.role = management::parse_api_role(line(input)).value_or(management::ApiRole::administrator);
  call.body = input;
  const bool looks = call.method == "GET" || call.role == management::ApiRole::viewer;
  const std::uint64_t before = site->changes();
  const management::ApiAnswer answer = site->api->answer(std::move(call));
  check_answer(answer);
  if (answer.status == 202) {
    const std::string job =
        fmt::format("/v1/jobs/{}", Json::parse(answer.body).at("job").get<std::int64_t>());
    while (Json::parse(site->ask("GET", job, "").body).at("state") == "running") std::this_thread::yield();
  }
  if (answer.status >= 400 || looks) BOOTFERRY_CHECK(site->changes() == before);
  return 0;
}
