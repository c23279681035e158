// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs of records: what is written is read back, preconditions hold, refusals change nothing.
#include <atomic>
#include <set>
#include <thread>

#include "fixture.h"

namespace management {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Json = api::Json;

TEST_F(ApiTest, ADeviceFromItsFirstWordToItsLast) {
  ok("POST", "/v1/collections", {{"name", "lab"}}, 201);
  const ApiAnswer made = call("POST", "/v1/devices",
                              {{"name", "pc 7/a"},
                               {"macs", {"52-54-00-12-34-56"}},
                               {"collections", {"LAB"}},
                               {"variables", {{"K", "V"}}}});
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.field("Location"), "/v1/devices/pc%207%2Fa");
  const Json device = Json::parse(made.body);
  EXPECT_EQ(device.at("collections"), Json({"lab"}));
  EXPECT_EQ(made.field("ETag"), fmt::format("\"{}\"", device.at("revision").get<int>()));

  // By its name, its address in any spelling, as kept.
  for (const char* path :
       {"/v1/devices/pc%207%2Fa", "/v1/devices/52:54:00:12:34:56", "/v1/devices/525400123456"})
    EXPECT_EQ(ok("GET", path), device) << path;

  const Json patched = ok("PATCH", "/v1/devices/525400123456",
                          {{"name", "pc-7"}, {"variables", {{"K", nullptr}, {"L", "W"}}}});
  EXPECT_EQ(patched.at("name"), "pc-7");
  EXPECT_EQ(patched.at("variables"), Json({{"L", "W"}}));
  EXPECT_EQ(patched.at("collections"), Json({"lab"})) << "what a patch does not name stays";
  EXPECT_EQ(patched.at("id"), device.at("id"));
  EXPECT_EQ(call("GET", "/v1/devices/pc%207%2Fa").status, 404);

  // What was read can be written; what is left out becomes its default.
  EXPECT_EQ(ok("PUT", "/v1/devices/pc-7", patched).at("variables"), Json({{"L", "W"}}));
  EXPECT_EQ(ok("PUT", "/v1/devices/pc-7", {{"macs", {"52:54:00:12:34:56"}}}).at("collections"),
            Json::array());
  EXPECT_EQ(call("DELETE", "/v1/devices/pc-7").status, 204);
  EXPECT_EQ(refusal(call("GET", "/v1/devices/pc-7")), "not-found");
}

TEST_F(ApiTest, EntityTagsGuardAgainstLostUpdates) {
  const Json one = ok("POST", "/v1/collections", {{"name", "lab"}}, 201);
  const std::string first = print_etag(one.at("revision").get<int>());
  const auto put = [&](std::string_view if_match, std::string_view if_none_match, std::string_view path) {
    ApiCall call = base("PUT", path);
    call.if_match = if_match;
    call.if_none_match = if_none_match;
    call.body = R"({"rule":"arch x64"})";
    return api_->answer(std::move(call));
  };
  EXPECT_EQ(refusal(put("\"999\"", "", "/v1/collections/lab")), "stale");
  EXPECT_EQ(refusal(put("", "*", "/v1/collections/lab")), "stale");
  EXPECT_EQ(refusal(put("*", "", "/v1/collections/other")), "stale") << "not there, so nothing matches";
  EXPECT_FALSE(ok("GET", "/v1/collections/lab").contains("rule")) << "nothing was changed";
  EXPECT_EQ(put("\"999\" , " + first, "", "/v1/collections/lab").status, 200);
  EXPECT_EQ(refusal(put(first, "", "/v1/collections/lab")), "stale") << "somebody has just changed it";
  EXPECT_EQ(put("*", "", "/v1/collections/lab").status, 200);
  EXPECT_EQ(put("", "*", "/v1/collections/other").status, 201);
}

TEST_F(ApiTest, WhoeverAsksAgainAfterAConflictLosesNothing) {
  ok("POST", "/v1/task-sequences",
     {{"name", "n"}, {"image", add_image().at("name")}, {"variables", {{"N", "0"}}}}, 201);
  constexpr int people = 4, each = 25;
  std::atomic<int> conflicts = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < people; ++i) {
    threads.emplace_back([&] {
      for (int done = 0; done < each;) {
        const ApiAnswer read = call("GET", "/v1/task-sequences/n");
        const Json present = Json::parse(read.body);
        const int number = std::stoi(present.at("variables").at("N").get<std::string>());
        const std::string body = Json{{"variables", {{"N", std::to_string(number + 1)}}}}.dump(),
                          etag(read.field("ETag"));
        ApiCall write = base("PATCH", "/v1/task-sequences/n");
        write.if_match = etag;
        write.body = body;
        const unsigned status = api_->answer(std::move(write)).status;
        ASSERT_TRUE(status == 200 || status == 412) << status;
        status == 200 ? ++done : ++conflicts;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ok("GET", "/v1/task-sequences/n").at("variables").at("N"), std::to_string(people * each))
      << conflicts << " conflicts";
}

TEST_F(ApiTest, BadInputIsRefusedWholeAndNamed) {
  ok("POST", "/v1/collections", {{"name", "a"}}, 201);
  ok("POST", "/v1/collections", {{"name", "b"}, {"includes", {"a"}}}, 201);
  ok("POST", "/v1/devices", {{"name", "pc"}, {"macs", {"52:54:00:00:00:01"}}}, 201);
  const std::string before = call("GET", "/v1/model").body;
  const auto post = [&](std::string_view path, const Json& body) {
    return refusal(call("POST", path, body));
  };

  EXPECT_EQ(post("/v1/devices", {{"name", "x"}, {"macs", {"52:54:00:00:00:02", "no"}}}), "invalid /macs/1");
  EXPECT_EQ(post("/v1/devices", {{"name", "x"}, {"uuid", "no"}}), "invalid /uuid");
  EXPECT_EQ(
      post("/v1/devices", {{"name", "x"}, {"macs", {"52:54:00:00:00:02"}}, {"collections", {"a", "zz"}}}),
      "invalid /collections/1");
  EXPECT_EQ(post("/v1/devices", {{"name", "x"}, {"macs", {"52:54:00:00:00:02"}}, {"colour", "red"}}),
            "invalid /colour");
  EXPECT_EQ(post("/v1/devices", {{"name", "PC"}, {"macs", {"52:54:00:00:00:02"}}}), "name-taken");
  EXPECT_EQ(post("/v1/devices", {{"name", "x"}, {"macs", {"52:54:00:00:00:01"}}}), "name-taken");
  EXPECT_EQ(post("/v1/devices", {{"name", "x"}}), "invalid");
  EXPECT_EQ(post("/v1/devices", Json::array()), "malformed");
  EXPECT_EQ(refusal(call_text("POST", "/v1/devices", "{\"name\":")), "malformed");
  const ApiAnswer rule =
      call("POST", "/v1/collections", {{"name", "c"}, {"rule", "arch x64 and colour red"}});
  EXPECT_EQ(refusal(rule), "invalid /rule");
  EXPECT_THAT(detail(rule), HasSubstr("at character ")) << "its position is told";
  EXPECT_EQ(refusal(call("PATCH", "/v1/collections/a", {{"includes", {"b"}}})), "contradiction /includes");
  EXPECT_EQ(refusal(call("DELETE", "/v1/collections/a")), "in-use");
  EXPECT_EQ(refusal(call("DELETE", "/v1/collections/zz")), "not-found");

  EXPECT_EQ(call("GET", "/v1/model").body, before) << "nothing was changed";
}

TEST_F(ApiTest, WhatIsNoRequestOfThisApi) {
  EXPECT_EQ(refusal(call("GET", "/v2/devices")), "no-such-path");
  EXPECT_EQ(refusal(call("GET", "/v1/devices/")), "no-such-path");
  EXPECT_EQ(refusal(call("GET", "/v1/devices/%zz")), "no-such-path");
  const ApiAnswer method = call("PUT", "/v1/devices", Json::object());
  EXPECT_EQ(refusal(method), "method-not-allowed");
  EXPECT_EQ(method.field("Allow"), "GET, POST");
  EXPECT_EQ(refusal(call("GET", "/v1/devices?limt=3")), "malformed ?limt");
  EXPECT_EQ(refusal(call("GET", "/v1/devices?limit=0")), "malformed ?limit");
  EXPECT_EQ(refusal(call("GET", "/v1/devices?limit=1&limit=2")), "malformed ?limit");
  EXPECT_EQ(refusal(call("POST", "/v1/devices?dry_run=yes", {{"name", "x"}})), "malformed ?dry_run");
  EXPECT_EQ(refusal(call_text("GET", "/v1/devices", "{}")), "malformed");
  ApiCall form = base("POST", "/v1/devices");
  form.content_type = "application/x-www-form-urlencoded";
  form.body = "name=x";
  EXPECT_EQ(refusal(api_->answer(std::move(form))), "unsupported-media-type");
  const std::string large(max_api_body + 1, ' ');
  EXPECT_EQ(refusal(call_text("POST", "/v1/devices", large)), "too-large");
  EXPECT_FALSE(api_->refuse_early(base("POST", "/v1/devices"), max_api_body));
  EXPECT_EQ(refusal(*api_->refuse_early(base("POST", "/v1/devices"), max_api_body + 1)), "too-large");
}

TEST_F(ApiTest, PagesShowEachRecordOnce) {
  std::set<std::string> wanted;
  for (int i = 0; i < 25; ++i) {
    const std::string name = fmt::format("pc-{}", i);
    ok("POST", "/v1/devices", {{"name", name}, {"macs", {fmt::format("52:54:00:00:00:{:02x}", i)}}}, 201);
    wanted.insert(name);
  }
  call("DELETE", "/v1/devices/pc-3");
  wanted.erase("pc-3");
  std::set<std::string> seen;
  std::string after = "0";
  int pages = 0;
  while (!after.empty()) {
    const Json page = ok("GET", "/v1/devices?limit=10&after=" + after);
    for (const std::string& name : names(page)) EXPECT_TRUE(seen.insert(name).second) << name;
    after = page.value("next", "");
    // Somebody removes what the next page would begin behind.
    if (++pages == 1) call("DELETE", "/v1/devices/pc-24");
  }
  wanted.erase("pc-24");
  EXPECT_EQ(seen, wanted);
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(names(ok("GET", "/v1/devices?q=PC-1")), testing::SizeIs(11));
  EXPECT_THAT(names(ok("GET", "/v1/devices?q=00:0a")), ElementsAre("pc-10"));
  EXPECT_THAT(names(ok("GET", "/v1/devices?q=52540000000a")), ElementsAre("pc-10"));
  EXPECT_THAT(names(ok("GET", "/v1/devices?q=none")), IsEmpty());
}

TEST_F(ApiTest, FiltersOfDevices) {
  ok("POST", "/v1/collections", {{"name", "lab"}, {"rule", "name \"lab-*\""}}, 201);
  ok("POST", "/v1/collections", {{"name", "all"}, {"includes", {"lab"}}}, 201);
  ok("POST", "/v1/devices", {{"name", "lab-1"}, {"macs", {"52:54:00:00:00:01"}}}, 201);
  ok("POST", "/v1/devices", {{"name", "pc-2"}, {"macs", {"52:54:00:00:00:02"}}, {"collections", {"all"}}},
     201);
  ok("POST", "/v1/devices", {{"name", "pc-3"}, {"macs", {"52:54:00:00:00:03"}}, {"state", "rejected"}}, 201);
  EXPECT_THAT(names(ok("GET", "/v1/devices?collection=lab")), ElementsAre("lab-1"));
  EXPECT_THAT(names(ok("GET", "/v1/devices?collection=all")), ElementsAre("lab-1", "pc-2"));
  EXPECT_THAT(names(ok("GET", "/v1/devices?state=rejected")), ElementsAre("pc-3"));
  EXPECT_EQ(refusal(call("GET", "/v1/devices?state=odd")), "malformed ?state");
  EXPECT_EQ(refusal(call("GET", "/v1/devices?collection=zz")), "not-found");
}

TEST_F(ApiTest, ADryRunSaysWhomADeploymentReachesAndChangesNothing) {
  add_image();
  ok("POST", "/v1/collections", {{"name", "lab"}}, 201);
  for (int i = 1; i <= 3; ++i) {
    ok("POST", "/v1/devices",
       {{"name", fmt::format("pc-{}", i)},
        {"macs", {fmt::format("52:54:00:00:00:{:02x}", i)}},
        {"state", i == 3 ? "rejected" : "approved"},
        {"collections", {"lab"}}},
       201);
  }
  const auto reach = [&](const Json& to, const Json& more = Json::object()) {
    Json body = {{"name", "d"}, {"image", "debian"}, {"to", to}};
    body.update(more);
    const Json answer = ok("POST", "/v1/deployments?dry_run=true", body);
    return fmt::format("{}{}", answer.at("machines").get<int>(), answer.at("unknown").get<bool>() ? "+" : "");
  };
  EXPECT_EQ(reach({{"collection", "lab"}}), "2");
  EXPECT_EQ(reach({{"device", "pc-1"}}), "1");
  EXPECT_EQ(reach({{"device", "pc-3"}}), "0");
  EXPECT_EQ(reach("all"), "2+");
  EXPECT_EQ(reach("all", {{"condition", "mac \"*:02\""}}), "1+");
  EXPECT_EQ(reach("unknown"), "0+");
  EXPECT_EQ(
      refusal(call("POST", "/v1/devices?dry_run=true", {{"name", "x"}, {"macs", {"52:54:00:00:00:01"}}})),
      "name-taken")
      << "a dry run is refused as the real one";
  EXPECT_THAT(names(ok("GET", "/v1/deployments")), IsEmpty());
}

TEST_F(ApiTest, SettingsAreReadAndPatched) {
  const ApiAnswer before = call("GET", "/v1/settings");
  ASSERT_EQ(before.status, 200);
  EXPECT_FALSE(before.field("ETag").empty());
  const Json patched = ok("PATCH", "/v1/settings", {{"add_unknown", true}, {"pending", {{"polls", 7}}}});
  EXPECT_EQ(patched.at("add_unknown"), true);
  EXPECT_EQ(patched.at("pending").at("polls"), 7);
  EXPECT_EQ(patched.at("pending").at("poll_seconds"), 10) << "what a patch does not name stays";
  EXPECT_TRUE(administration_->site()->policy.model().policy.add_unknown) << "packet threads see it";
  ApiCall stale = base("PUT", "/v1/settings");
  const std::string etag(before.field("ETag"));
  stale.if_match = etag;
  stale.body = "{}";
  EXPECT_EQ(refusal(api_->answer(std::move(stale))), "stale");
  EXPECT_EQ(refusal(call("PATCH", "/v1/settings", {{"answer", "perhaps"}})), "invalid /answer");
  EXPECT_EQ(ok("PUT", "/v1/settings", Json::object()).at("add_unknown"), false);
}

}  // namespace
}  // namespace management
