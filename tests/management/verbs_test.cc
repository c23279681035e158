// SPDX-License-Identifier: GPL-3.0-or-later
// What is not a record: waiting machines, events, images as jobs, the model, the state.
#include <unistd.h>

#include <fstream>

#include "fixture.h"
#include "store/sqlite.h"

namespace management {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Json = api::Json;

// As the boot server lists a stranger.
void add_pending(site::Administration& administration, std::uint32_t request) {
  policy::Device device;
  device.name = fmt::format("pending-{}", request);
  device.macs = {{{0x52, 0x54, 0, 0, 1, static_cast<std::uint8_t>(request)}}};
  device.state = policy::DeviceState::pending;
  device.request = request;
  ASSERT_TRUE(administration.apply({"the boot server", "auto-added", {store::Put{device, {}}}}));
}

TEST_F(ApiTest, MachinesThatWaitAreApprovedOrRejected) {
  ok("POST", "/v1/collections", {{"name", "lab"}}, 201);
  add_pending(*administration_, 9);
  add_pending(*administration_, 7);
  ApiContext context{*administration_};
  context.seen = [](const policy::Snapshot&) {
    return std::map<std::uint32_t, Json>{{7, {{"arch", "x64"}}}};
  };
  restart(std::move(context));
  const Json waiting = ok("GET", "/v1/pending");
  ASSERT_EQ(waiting.at("items").size(), 2u);
  EXPECT_EQ(
      waiting["items"][0],
      Json({{"request", 7}, {"device", "pending-7"}, {"macs", {"52:54:00:00:01:07"}}, {"arch", "x64"}}));

  EXPECT_EQ(refusal(call("POST", "/v1/pending/8/approve")), "not-found");
  EXPECT_EQ(refusal(call("POST", "/v1/pending/x/approve")), "not-found");
  EXPECT_EQ(refusal(call("POST", "/v1/pending/7/approve", {{"collections", {"lab", "zz"}}})),
            "invalid /collections/1");
  EXPECT_EQ(refusal(call("POST", "/v1/pending/7/approve", {{"nam", "pc"}})), "invalid /nam");
  EXPECT_EQ(refusal(call("POST", "/v1/pending/7/reject", {{"name", "pc"}})), "invalid /name");
  ASSERT_EQ(ok("GET", "/v1/pending").at("items").size(), 2u) << "nobody was let in by a refused request";

  const Json approved = ok("POST", "/v1/pending/7/approve", {{"name", "pc-7"}, {"collections", {"lab"}}});
  EXPECT_EQ(approved.at("state"), "approved");
  EXPECT_EQ(approved.at("name"), "pc-7");
  EXPECT_EQ(approved.at("collections"), Json({"lab"}));
  EXPECT_EQ(ok("POST", "/v1/pending/9/reject").at("state"), "rejected");
  EXPECT_THAT(ok("GET", "/v1/pending").at("items"), IsEmpty());

  const Json events = ok("GET", "/v1/events?last=2").at("items");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].at("verb"), "approved");
  EXPECT_EQ(events[0].at("name"), "pc-7");
  EXPECT_EQ(events[1].at("verb"), "rejected");
  EXPECT_EQ(events[1].at("who"), "anna");
}

TEST_F(ApiTest, EventsPageAndFilter) {
  for (int i = 0; i < 30; ++i) ok("POST", "/v1/collections", {{"name", fmt::format("c{}", i)}}, 201);
  ok("POST", "/v1/devices", {{"name", "pc"}, {"macs", {"52:54:00:00:00:01"}}}, 201);
  std::vector<std::string> seen;
  std::string after = "0";
  while (!after.empty()) {
    const Json page = ok("GET", "/v1/events?kind=collection&limit=7&after=" + after);
    for (const std::string& name : names(page)) seen.push_back(name);
    after = page.value("next", "");
  }
  ASSERT_EQ(seen.size(), 30u);
  EXPECT_EQ(seen.front(), "c0");
  EXPECT_EQ(seen.back(), "c29");
  EXPECT_THAT(names(ok("GET", "/v1/events?name=c4")), ElementsAre("c4"));
  EXPECT_THAT(names(ok("GET", "/v1/events?last=1")), ElementsAre("pc"));
  for (int n : {2, 5, 31})
    EXPECT_EQ(ok("GET", fmt::format("/v1/events?last={}", n)).at("items").size(), std::size_t(n));
  EXPECT_EQ(ok("GET", "/v1/events?last=500").at("items").size(), 31u);
  const Json event = ok("GET", "/v1/events?last=1").at("items")[0];
  EXPECT_EQ(event.at("kind"), "device");
  EXPECT_EQ(event.at("who"), "anna");
  EXPECT_THAT(event.at("at").get<std::string>(), HasSubstr("T"));
  EXPECT_EQ(refusal(call("GET", "/v1/events?kind=cat")), "malformed ?kind");
}

TEST_F(ApiTest, AnImageComesWithItsFilesAndGoesWithThem) {
  const Json image = add_image();
  EXPECT_EQ(image.at("name"), "debian");
  EXPECT_EQ(image.at("kernel"), "images/debian/1/linux");
  EXPECT_EQ(ok("GET", "/v1/images/debian").at("created"), image.at("created"));
  EXPECT_EQ(names(ok("GET", "/v1/events?last=1")), std::vector<std::string>{"debian"});
  EXPECT_EQ(ok("GET", "/v1/events?last=1").at("items")[0].at("who"), "anna");
  ok("POST", "/v1/deployments", {{"name", "d"}, {"image", "debian"}, {"to", "all"}}, 201);
  EXPECT_EQ(refusal(call("DELETE", "/v1/images/debian")), "in-use");
  EXPECT_FALSE(scratch_.list("state/library/files").empty());
  EXPECT_EQ(call("DELETE", "/v1/deployments/d").status, 204);
  EXPECT_EQ(call("DELETE", "/v1/images/debian").status, 204);
  EXPECT_EQ(ok("POST", "/v1/images/verify", nullptr, 202).at("job"), 2);
  EXPECT_EQ(ok("POST", "/v1/images/collect"), (Json{{"files", 0}, {"octets", 0}}));
  EXPECT_EQ(refusal(call("GET", "/v1/images/debian/files")), "not-found");
}

TEST_F(ApiTest, AnImagesFilesAreListedReadAndVerified) {
  add_image();
  const Json image = ok("GET", "/v1/images/debian");
  EXPECT_EQ(image.at("shared_octets"), 0);
  const Json files = ok("GET", "/v1/images/debian/files").at("items");
  std::uint64_t octets = 0;
  for (const Json& file : files) {
    const ApiAnswer answer = call("GET", "/v1/images/debian/files/" + file.at("sha256").get<std::string>());
    ASSERT_TRUE(answer.file.open()) << answer.body;
    std::string content(file.at("size").get<std::size_t>() + 1, ' ');
    const ssize_t size = ::pread(answer.file.get(), content.data(), content.size(), 0);
    ASSERT_EQ(size, file.at("size").get<ssize_t>());
    content.resize(static_cast<std::size_t>(size));
    EXPECT_EQ(base::print(base::sha256(content)), file.at("sha256"));
    octets += content.size();
  }
  EXPECT_EQ(image.at("own_octets"), octets);
  const Json list = ok("GET", "/v1/images").at("items");
  EXPECT_EQ(list[0].at("own_octets"), octets);
  const Json job = finished(ok("POST", "/v1/images/verify", {{"image", "debian"}}, 202));
  EXPECT_EQ(job.at("result").at("files"), files.size() + 1);
  EXPECT_EQ(job.at("result").at("damaged"), Json::array());
}

TEST_F(ApiTest, UploadsThatMakeNoSense) {
  const auto post = [&](const Json& body, std::size_t files) {
    ApiCall call = base("POST", "/v1/images");
    const std::string text = body.dump();
    call.body = text;
    for (std::size_t i = 0; i < files; ++i) call.files.push_back(scratch_.open("f" + std::to_string(i), "x"));
    return api_->answer(std::move(call));
  };
  EXPECT_EQ(refusal(post({{"name", "x"}, {"files", {"a", "b"}}}, 1)), "invalid /files");
  EXPECT_EQ(refusal(post({{"name", "x"}, {"files", {"a"}}, {"kind", "cat"}}, 1)), "invalid /kind");
  ApiCall pipe = base("POST", "/v1/images");
  pipe.body = R"({"name":"x","files":["a"]})";
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  pipe.files.emplace_back(ends[0]);
  const base::Fd other(ends[1]);
  EXPECT_EQ(refusal(api_->answer(std::move(pipe))), "invalid /files/0");
  // What only its bytes tell comes out in the job.
  const ApiAnswer answer = post({{"name", "x"}, {"kernel", "a"}, {"files", {"a"}}}, 1);
  const Json job = finished(Json::parse(answer.body));
  EXPECT_EQ(job.at("state"), "failed");
  EXPECT_EQ(job.at("problem").at("status"), 422);
  ApiCall device = base("POST", "/v1/devices");
  device.body = "{}";
  device.files.push_back(scratch_.open("f", "x"));
  EXPECT_EQ(refusal(api_->answer(std::move(device))), "malformed");
  EXPECT_EQ(refusal(call("GET", "/v1/jobs/77")), "not-found");
}

TEST_F(ApiTest, ABootProgramOfItsOwnName) {
  ApiCall add = base("POST", "/v1/programs");
  add.body = R"({"name":"wds","arch":"bios","roles":["detect"],"files":["wdsnbp.com"]})";
  add.files.push_back(scratch_.open("wdsnbp.com", "program"));
  const Json job = finished(Json::parse(api_->answer(std::move(add)).body));
  ASSERT_EQ(job.at("state"), "done") << job;
  EXPECT_EQ(job.at("result").at("path"), "programs/wds/1/wdsnbp.com");
  EXPECT_EQ(job.at("result").at("roles"), Json({"detect"}));
  // What is said of it may change, not where it stands.
  const Json changed =
      ok("PUT", "/v1/programs/wds", {{"arch", "bios"}, {"path", "images/other"}, {"console", true}});
  EXPECT_EQ(changed.at("path"), "programs/wds/1/wdsnbp.com");
  EXPECT_EQ(changed.at("console"), true);
  EXPECT_EQ(refusal(call("PUT", "/v1/programs/new", {{"arch", "bios"}, {"path", "images/other"}})),
            "not-found");
  EXPECT_EQ(call("DELETE", "/v1/programs/wds").status, 204);
  EXPECT_EQ(ok("POST", "/v1/images/collect?dry_run=true").at("files"), 0);
}

TEST_F(ApiTest, RolesBoundWhatPeopleDo) {
  add_pending(*administration_, 7);
  const auto as = [&](ApiRole role, std::string_view method, std::string_view target, std::string_view body) {
    ApiCall call = base(method, target);
    call.role = role;
    call.body = body;
    return api_->answer(std::move(call)).status;
  };
  constexpr std::string_view device = R"({"name":"x","macs":["52:54:00:00:00:01"]})";
  using enum ApiRole;
  EXPECT_EQ(as(viewer, "GET", "/v1/devices", ""), 200u);
  EXPECT_EQ(as(viewer, "POST", "/v1/devices", device), 403u);
  EXPECT_EQ(as(viewer, "POST", "/v1/devices?dry_run=true", device), 200u);
  EXPECT_EQ(as(viewer, "POST", "/v1/devices?dry_run=false", device), 403u);
  EXPECT_EQ(as(viewer, "POST", "/v1/pending/7/approve", "{}"), 403u);
  EXPECT_EQ(as(helpdesk, "POST", "/v1/devices", device), 403u);
  EXPECT_EQ(as(helpdesk, "DELETE", "/v1/devices/pending-7", ""), 403u);
  EXPECT_EQ(as(helpdesk, "PATCH", "/v1/settings", "{}"), 403u);
  EXPECT_EQ(as(helpdesk, "POST", "/v1/pending/7/approve", "{}"), 200u);
  EXPECT_EQ(as(administrator, "POST", "/v1/devices", device), 201u);
}

TEST_F(ApiTest, TheModelGoesOutAndComesBack) {
  ok("POST", "/v1/collections", {{"name", "lab"}, {"rule", "arch x64"}}, 201);
  ok("POST", "/v1/devices", {{"name", "pc"}, {"macs", {"52:54:00:00:00:01"}}, {"collections", {"lab"}}}, 201);
  const std::string model = call("GET", "/v1/model").body;
  const Json nothing = {{"create", Json::array()}, {"change", Json::array()}, {"remove", Json::array()}};
  EXPECT_EQ(Json::parse(call_text("PUT", "/v1/model", model).body), nothing);
  ok("DELETE", "/v1/devices/pc", nullptr, 204);
  ok("POST", "/v1/collections", {{"name", "other"}}, 201);
  const Json plan = Json::parse(call_text("PUT", "/v1/model?dry_run=true", model).body);
  EXPECT_EQ(plan.at("create"), Json({{{"kind", "device"}, {"name", "pc"}}}));
  EXPECT_EQ(plan.at("remove"), Json({{{"kind", "collection"}, {"name", "other"}}}));
  EXPECT_EQ(call("GET", "/v1/devices/pc").status, 404) << "that was a dry run";
  EXPECT_EQ(Json::parse(call_text("PUT", "/v1/model?remove=false", model).body).at("remove"), Json::array());
  EXPECT_EQ(call("GET", "/v1/collections/other").status, 200);
  EXPECT_EQ(call("GET", "/v1/devices/pc").status, 200);
  call_text("PUT", "/v1/model", model);
  EXPECT_EQ(call("GET", "/v1/model").body, model);
  EXPECT_EQ(refusal(call_text("PUT", "/v1/model", "{}")).substr(0, 7), "invalid");
}

TEST_F(ApiTest, ABackupIsADatabase) {
  ok("POST", "/v1/collections", {{"name", "lab"}}, 201);
  const ApiAnswer answer = call("GET", "/v1/backup");
  ASSERT_EQ(answer.status, 200u) << answer.body;
  ASSERT_TRUE(answer.file.open());
  std::string bytes(1 << 20, '\0');
  const ssize_t size = ::pread(answer.file.get(), bytes.data(), bytes.size(), 0);
  ASSERT_GT(size, 0);
  bytes.resize(static_cast<std::size_t>(size));
  auto copy = store::open_sqlite(scratch_.write("copy.db", bytes));
  ASSERT_TRUE(copy);
  EXPECT_EQ((*copy)->load()->collections.size(), 1u);
  for (const std::string& name : scratch_.list("state"))
    EXPECT_NE(name, ".backup") << "nothing is left behind";
}

TEST_F(ApiTest, WhatOnlyARunningServerKnows) {
  EXPECT_EQ(refusal(call("GET", "/v1/status")), "not-found");
  ApiContext context{*administration_};
  context.status = [] { return Json{{"version", "1"}}; };
  context.more_problems = [] { return std::vector<std::string>{"one more"}; };
  restart(std::move(context));
  EXPECT_EQ(ok("GET", "/v1/status"), Json({{"version", "1"}}));
  const Json problems = ok("GET", "/v1/problems").at("items");
  ASSERT_FALSE(problems.empty());
  EXPECT_EQ(problems.back(), Json({{"text", "one more"}}));
}

TEST_F(ApiTest, FourJobsAtATimeAndNumbersThatStay) {
  ApiJobs jobs;
  std::atomic<bool> go = false;
  const auto wait = [&](const ApiJobs::Progress& progress) -> base::Result<Json, Problem> {
    progress(1, 2);
    while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return Json{{"n", 1}};
  };
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < ApiJobs::most_running; ++i) numbers.push_back(jobs.start(wait).value());
  const auto refused = jobs.start(wait);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().type, ProblemType::busy);
  go = true;
  const auto state = [&](std::int64_t number) -> std::string {
    for (int i = 0; i < 2000; ++i) {
      const auto job = jobs.look(number);
      if (!job) return "forgotten";
      if (job->at("state") != "running") return job->at("state");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return "running";
  };
  for (const std::int64_t number : numbers) EXPECT_EQ(state(number), "done");
  EXPECT_EQ(jobs.look(numbers[0])->at("result"), Json({{"n", 1}}));
  const auto throws = jobs.start([](const auto&) -> base::Result<Json, Problem> { throw std::bad_alloc(); });
  EXPECT_EQ(state(*throws), "failed");
  for (std::size_t i = 0; i < ApiJobs::most_kept; ++i)
    state(jobs.start([](const auto&) -> base::Result<Json, Problem> { return Json(); }).value());
  EXPECT_EQ(state(numbers[0]), "forgotten");
}

}  // namespace
}  // namespace management
