// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.h"

namespace management {
namespace {

using store::Put;

// A stopped server's records: three machines, of which each has been offered «lab».
class ApiRunsTest : public ApiTest {
 protected:
  void SetUp() override {
    add_image();
    ok("POST", "/v1/collections", {{"name", "lab"}}, 201);
    for (const int i : {1, 2, 3}) {
      ok("POST", "/v1/devices",
         {{"name", fmt::format("pc-{}", i)},
          {"macs", {fmt::format("52:54:00:00:00:{:02}", i)}},
          {"collections", {"lab"}}},
         201);
    }
    ok("POST", "/v1/deployments",
       {{"name", "lab"}, {"image", "debian"}, {"to", {{"collection", "lab"}}}, {"purpose", "required"}}, 201);
    const auto site = administration_->site();
    std::vector<policy::Run> runs;
    site->policy.each_device([&](const policy::Device& device) {
      policy::Run run;
      run.key = {device.id, site->policy.model().deployments.front().id};
      run.offered = 1'700'000'000;
      if (device.name == "pc-2") {
        run.state = policy::RunState::failed;
        run.held = true;
        run.failures = 4;
        run.started = 1'700'000'010;
        run.ended = 1'700'000'020;
        run.message = "no disk";
        policy::Device marked = device;
        marked.more = std::make_shared<const policy::DeviceExtras>(
            policy::DeviceExtras{{}, "", 0, 0, {{run.key.deployment, policy::RunEnd::held}}});
        marked_ = marked;
      }
      runs.push_back(run);
    });
    ASSERT_TRUE(administration_->apply({"test", "", {Put{marked_, {}}}}));
    ASSERT_TRUE(
        administration_->look([&](site::SiteRecords& records) { return records.store().put_runs(runs); }));
  }

  policy::Device marked_;
};

TEST_F(ApiRunsTest, AreListedWithNamesAndPageByPage) {
  const Json first = ok("GET", "/v1/runs?limit=2");
  ASSERT_EQ(first.at("items").size(), 2U);
  EXPECT_EQ(first["items"][0], (Json{{"device", "pc-1"},
                                     {"deployment", "lab"},
                                     {"image", "debian"},
                                     {"state", "offered"},
                                     {"held", false},
                                     {"failures", 0},
                                     {"offered", "2023-11-14T22:13:20Z"}}));
  EXPECT_EQ(first["items"][1].at("message"), "no disk");
  EXPECT_EQ(first["items"][1].at("ended"), "2023-11-14T22:13:40Z");
  const Json second = ok("GET", "/v1/runs?limit=2&after=" + first.at("next").get<std::string>());
  ASSERT_EQ(second.at("items").size(), 1U);
  EXPECT_EQ(second["items"][0].at("device"), "pc-3");
  EXPECT_FALSE(second.contains("next"));
}

TEST_F(ApiRunsTest, ByMachineAndByState) {
  EXPECT_EQ(ok("GET", "/v1/runs?device=52:54:00:00:00:03").at("items").size(), 1U);
  EXPECT_EQ(ok("GET", "/v1/runs?state=failed").at("items")[0].at("device"), "pc-2");
  EXPECT_TRUE(ok("GET", "/v1/runs?device=pc-1&state=failed").at("items").empty());
  EXPECT_EQ(refusal(call("GET", "/v1/runs?device=pc-9")), "not-found");
  EXPECT_EQ(refusal(call("GET", "/v1/runs?state=odd")), "invalid");
  for (const char* odd : {"x", "1", "1.", ".1", "1.2x"}) {
    EXPECT_EQ(refusal(call("GET", fmt::format("/v1/runs?after={}", odd))), "invalid") << odd;
  }
}

TEST_F(ApiRunsTest, WhatWasHeldBeginsAnew) {
  EXPECT_EQ(ok("GET", "/v1/devices/pc-2").at("runs").size(), 1U);
  EXPECT_EQ(refusal(call("POST", "/v1/devices/pc-2/rerun", {{"deployment", "nobody"}})),
            "invalid /deployment");
  ok("POST", "/v1/devices/pc-2/rerun", {{"deployment", "lab"}}, 204);
  EXPECT_TRUE(ok("GET", "/v1/devices/pc-2").value("runs", Json::array()).empty());
  EXPECT_TRUE(ok("GET", "/v1/runs?device=pc-2").at("items").empty());
  EXPECT_EQ(ok("GET", "/v1/runs").at("items").size(), 2U) << "the others' stay";
  EXPECT_EQ(refusal(call("POST", "/v1/devices/nobody/rerun")), "not-found");
}

TEST_F(ApiRunsTest, InstallsThatWereStoppedGoOn) {
  const policy::BreakerMark stopped{10, 1'700'000'000};
  ASSERT_TRUE(administration_->look(
      [&](site::SiteRecords& records) { return records.store().put_runs({}, stopped); }));
  ok("POST", "/v1/runs/resume", nullptr, 204);
  EXPECT_EQ(administration_->look([](site::SiteRecords& records) { return *records.store().breaker(); }),
            policy::BreakerMark());
}

TEST_F(ApiRunsTest, AreHelpdesksButNotToResume) {
  for (const auto& [path, status] : {std::pair{"/v1/devices/pc-2/rerun", 204U}, {"/v1/runs/resume", 403U}}) {
    ApiCall asked = base("POST", path);
    asked.role = ApiRole::helpdesk;
    EXPECT_EQ(api_->answer(std::move(asked)).status, status) << path;
  }
}

TEST_F(ApiRunsTest, ShowsWhatAMachineHasSaidThatItIs) {
  ApiContext context{*administration_};
  context.run_files = scratch_.path("runs");
  restart(std::move(context));
  EXPECT_EQ(refusal(call("GET", "/v1/devices/pc-1/facts")), "not-found");
  EXPECT_EQ(refusal(call("GET", "/v1/devices/pc-9/facts")), "not-found");
  const auto site = administration_->site();
  const std::int64_t device = ok("GET", "/v1/devices/pc-1").at("id").get<std::int64_t>();
  const std::int64_t deployment = site->policy.model().deployments.front().id;
  scratch_.write(fmt::format("runs/{}-{}-1700000000.facts.json", device, deployment), R"({"memory":512})");
  const Json told = ok("GET", "/v1/devices/pc-1/facts");
  EXPECT_EQ(told.at("device"), "pc-1");
  EXPECT_EQ(told.at("deployment"), "lab");
  EXPECT_EQ(told.at("facts"), (Json{{"memory", 512}}));
  EXPECT_TRUE(told.contains("reported"));
  scratch_.write(fmt::format("runs/{}-{}-1700000001.facts.json", device, deployment), "{");
  EXPECT_EQ(refusal(call("GET", "/v1/devices/pc-1/facts")), "not-found") << "a file that a power cut spoilt";
}

}  // namespace
}  // namespace management
