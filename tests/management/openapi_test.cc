// SPDX-License-Identifier: GPL-3.0-or-later
// docs/openapi.json against the routes, in both directions, and replies against its schemas.
#include <map>
#include <set>

#include "fixture.h"

namespace management {
namespace {

using Json = api::Json;

const Json& document() {
  static const Json parsed = Json::parse(Api::openapi());
  return parsed;
}

const Json& resolve(const Json& node) {
  if (!node.contains("$ref")) return node;
  return document().at(Json::json_pointer(node.at("$ref").get<std::string>().substr(1)));
}

// As far as the document goes: types, required and known properties, choices.
std::string fault(const Json& value, const Json& unresolved, const std::string& at = "") {
  const Json& schema = resolve(unresolved);
  if (schema.contains("oneOf")) {
    int fits = 0;
    for (const Json& one : schema.at("oneOf")) fits += fault(value, one, at).empty() ? 1 : 0;
    return fits == 1 ? "" : at + ": fits " + std::to_string(fits) + " of the alternatives";
  }
  const std::map<std::string, bool> is = {{"object", value.is_object()},
                                          {"array", value.is_array()},
                                          {"string", value.is_string()},
                                          {"boolean", value.is_boolean()},
                                          {"integer", value.is_number_integer()}};
  if (schema.contains("type") && !is.at(schema.at("type").get<std::string>()))
    return at + ": is no " + schema.at("type").get<std::string>() + ": " + value.dump();
  if (schema.contains("enum")) {
    for (const Json& one : schema.at("enum")) {
      if (one == value) return "";
    }
    return at + ": is none of the choices: " + value.dump();
  }
  if (value.is_array() && schema.contains("items")) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string found = fault(value[i], schema.at("items"), at + "/" + std::to_string(i));
      if (!found.empty()) return found;
    }
  }
  if (!value.is_object()) return "";
  for (const Json& name : schema.value("required", Json::array())) {
    if (!value.contains(name.get<std::string>())) return at + ": has no " + name.get<std::string>();
  }
  const Json properties = schema.value("properties", Json::object());
  const Json others = schema.value("additionalProperties", Json(true));
  for (const auto& [name, one] : value.items()) {
    if (properties.contains(name)) {
      const std::string found = fault(one, properties.at(name), at + "/" + name);
      if (!found.empty()) return found;
    } else if (others == Json(false)) {
      return at + ": has an unknown " + name;
    } else if (others.is_object()) {
      const std::string found = fault(one, others, at + "/" + name);
      if (!found.empty()) return found;
    }
  }
  return "";
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(c));
  return out;
}

// What the document says of an answer; the path as routes write it.
std::string mismatch(const std::string& path, std::string_view method, const ApiAnswer& answer) {
  const Json& responses = document().at("paths").at(path).at(lower(method)).at("responses");
  const std::string status = std::to_string(answer.status);
  const Json& response = resolve(responses.contains(status) ? responses.at(status) : responses.at("default"));
  if (answer.status < 400 && !responses.contains(status)) return "the status " + status + " is not described";
  if (answer.content_type.empty()) return response.contains("content") ? "the body is missing" : "";
  if (!response.contains("content")) return "there should be no body";
  const Json& content = response.at("content");
  if (!content.contains(answer.content_type)) return answer.content_type + " is not described";
  if (answer.file.open()) return "";
  return fault(Json::parse(answer.body), content.at(answer.content_type).at("schema"));
}

TEST_F(ApiTest, TheDocumentDescribesEveryRouteAndNoOther) {
  std::set<std::string> described;
  for (const auto& [path, item] : document().at("paths").items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method != "parameters") described.insert(method + " " + path);
    }
  }
  for (const ApiRoute& route : api_->routes()) {
    const std::string name = lower(route.method) + " " + route.path;
    SCOPED_TRACE(name);
    ASSERT_EQ(described.erase(name), 1u) << "not in docs/openapi.json, or twice among the routes";
    const Json& operation = document().at("paths").at(route.path).at(lower(route.method));
    EXPECT_EQ(operation.at("x-least-role"), print(route.least));
    EXPECT_EQ(operation.contains("requestBody"), route.max_body > 0);
    std::set<std::string> parameters;
    for (const Json& each : operation.value("parameters", Json::array())) {
      const Json& parameter = resolve(each);
      if (parameter.at("in") == "query") parameters.insert(parameter.at("name"));
    }
    EXPECT_EQ(parameters, std::set<std::string>(route.parameters.begin(), route.parameters.end()));
    std::size_t braces = 0;
    for (const char c : route.path) braces += c == '{' ? 1 : 0;
    EXPECT_EQ(document().at("paths").at(route.path).value("parameters", Json::array()).size(), braces);
  }
  EXPECT_TRUE(described.empty()) << "described, and no route: " << *described.begin();
}

TEST_F(ApiTest, EveryProblemIsInTheDocument) {
  const Json& types = document().at("/components/schemas/problem/properties/type/enum"_json_pointer);
  EXPECT_EQ(types.size(), problem_type_count);
  for (std::size_t i = 0; i < problem_type_count; ++i) {
    Problem problem{static_cast<ProblemType>(i), "what"};
    problem.field = "/x";
    problem.lines.add(3, "bad");
    EXPECT_EQ(fault(to_json(problem), document().at("/components/schemas/problem"_json_pointer)), "");
  }
}

// One of each kind, read and written by every route that answers with JSON.
TEST_F(ApiTest, RepliesAreAsTheDocumentSays) {
  ApiContext context{*administration_};
  context.status = [] { return Json{{"version", "1"}, {"services", {"a"}}, {"counters", {{"c", 1}}}}; };
  context.queue = [] { return Json{{"items", Json::array()}}; };
  restart(std::move(context));
  add_image();
  policy::Device waiting;
  waiting.name = "pending-7";
  waiting.macs = {{{0x52, 0x54, 0, 0, 1, 7}}};
  waiting.state = policy::DeviceState::pending;
  waiting.request = 7;
  ASSERT_TRUE(administration_->apply({"the boot server", "auto-added", {store::Put{waiting, {}}}}));

  const auto check = [&](std::string_view method, const std::string& route, const std::string& target,
                         const Json& body = nullptr, unsigned status = 200) {
    const ApiAnswer answer = call(method, target, body);
    EXPECT_EQ(answer.status, status) << method << " " << target << ": " << answer.body;
    EXPECT_EQ(mismatch(route, method, answer), "") << method << " " << target << ": " << answer.body;
  };
  const std::map<std::string, Json> records = {
      {"servers", {{"address", "10.0.0.9"}, {"files", {{"x64", "boot.efi"}}}}},
      {"referrals", {{"shares", {{{"server", "n"}, {"weight", 2}}}}}},
      {"collections", {{"rule", "arch x64"}}},
      {"devices",
       {{"macs", {"52:54:00:00:00:01"}},
        {"uuid", "32e5b71a-b626-4a4b-902e-7f94ad38b5b3"},
        {"variables", {{"K", "V"}}}}},
      {"task-sequences", {{"image", "debian"}}},
      {"networks",
       {{"subnet", "10.1.0.0/16"}, {"answer", "known"}, {"maintenance", {"Sat 22:00-Sun 06:00"}}}},
      {"deployments",
       {{"task_sequence", "n"},
        {"to", {{"collection", "n"}}},
        {"from", "2026-01-01T00:00:00Z"},
        {"again", true}}}};
  for (const char* kind :
       {"servers", "referrals", "collections", "devices", "task-sequences", "networks", "deployments"}) {
    const std::string all = fmt::format("/v1/{}", kind), one = all + "/{name}", path = all + "/n";
    Json body = records.at(kind);
    body["name"] = "n";
    check("POST", all, all + "?dry_run=true", body);
    check("POST", all, all, body, 201);
    check("POST", all, all, body, 409);
    check("GET", all, all);
    check("GET", one, path);
    check("PUT", one, path, body);
    check("PATCH", one, path, Json::object());
    check("PATCH", one, path, {{"odd", 1}}, 422);
    check("GET", one, all + "/zz", nullptr, 404);
  }
  check("GET", "/v1/images", "/v1/images");
  check("GET", "/v1/images/{name}", "/v1/images/debian");
  check("GET", "/v1/images/{name}/files", "/v1/images/debian/files");
  const Json file = ok("GET", "/v1/images/debian/files").at("items")[0];
  check("GET", "/v1/images/{name}/files/{sha256}",
        "/v1/images/debian/files/" + file.at("sha256").get<std::string>());
  check("GET", "/v1/images/{name}/files/{sha256}", "/v1/images/debian/files/0", nullptr, 404);
  check("POST", "/v1/images/verify", "/v1/images/verify", {{"image", "debian"}}, 202);
  check("POST", "/v1/images/verify", "/v1/images/verify", {{"image", "zz"}}, 404);
  check("POST", "/v1/images/collect", "/v1/images/collect?dry_run=true");
  check("GET", "/v1/programs", "/v1/programs");
  check("GET", "/v1/settings", "/v1/settings");
  check("PATCH", "/v1/settings", "/v1/settings", Json::object());
  check("GET", "/v1/pending", "/v1/pending");
  check("POST", "/v1/pending/{request}/approve", "/v1/pending/7/approve", {{"name", "pc-7"}});
  check("GET", "/v1/runs", "/v1/runs");
  check("POST", "/v1/runs/resume", "/v1/runs/resume", nullptr, 204);
  check("POST", "/v1/devices/{name}/rerun", "/v1/devices/pc-7/rerun", nullptr, 204);
  check("GET", "/v1/events", "/v1/events?limit=3");
  check("GET", "/v1/model", "/v1/model");
  check("GET", "/v1/jobs/{job}", "/v1/jobs/1");
  check("GET", "/v1/jobs/{job}", "/v1/jobs/99", nullptr, 404);
  check("GET", "/v1/status", "/v1/status");
  check("GET", "/v1/queue", "/v1/queue");
  check("GET", "/v1/problems", "/v1/problems");
  check("GET", "/v1/backup", "/v1/backup");
  check("GET", "/v1/openapi.json", "/v1/openapi.json");
  check("POST", "/v1/explain", "/v1/explain", {{"mac", "52:54:00:00:00:01"}, {"arch", "x64"}});
  check("DELETE", "/v1/devices/{name}", "/v1/devices/pc-7", nullptr, 204);
}

}  // namespace
}  // namespace management
