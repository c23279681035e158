// SPDX-License-Identifier: GPL-3.0-or-later
// The management API on a site of its own, without a socket.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../content/scratch.h"
#include "management/api.h"

namespace management {

class ApiTest : public testing::Test {
 protected:
  using Json = api::Json;

  ApiTest() {
    auto opened = site::Administration::open(scratch_.path("state"), {});
    BOOTFERRY_CHECK(opened);
    administration_ = std::move(*opened);
    restart({*administration_});
  }
  void restart(ApiContext context) { api_ = std::make_unique<Api>(std::move(context)); }

  // `target` with its query.
  ApiAnswer call(std::string_view method, std::string_view target, const Json& body = nullptr) {
    ApiCall call = base(method, target);
    const std::string text = body.is_null() ? "" : body.dump();
    call.body = text;
    return api_->answer(std::move(call));
  }
  ApiAnswer call_text(std::string_view method, std::string_view target, std::string_view body) {
    ApiCall call = base(method, target);
    call.body = body;
    return api_->answer(std::move(call));
  }
  static ApiCall base(std::string_view method, std::string_view target) {
    ApiCall call;
    call.method = method;
    const std::size_t question = target.find('?');
    call.path = target.substr(0, question);
    if (question != std::string_view::npos) call.query = target.substr(question + 1);
    call.who = "anna";
    return call;
  }
  // The body of an answer that must have this status.
  Json ok(std::string_view method, std::string_view target, const Json& body = nullptr,
          unsigned status = 200) {
    const ApiAnswer answer = call(method, target, body);
    EXPECT_EQ(answer.status, status) << method << " " << target << ": " << answer.body;
    return answer.body.empty() ? Json() : Json::parse(answer.body);
  }
  // "in-use /field": what an answer refuses.
  static std::string refusal(const ApiAnswer& answer) {
    if (answer.content_type != "application/problem+json") return "not refused: " + answer.body;
    const Json problem = Json::parse(answer.body);
    EXPECT_EQ(problem.at("status"), answer.status);
    EXPECT_FALSE(problem.at("title").get<std::string>().empty());
    EXPECT_FALSE(problem.at("detail").get<std::string>().empty());
    const std::string type = problem.at("type").get<std::string>();
    const std::string prefix = "urn:bootferry:problem:";
    EXPECT_EQ(type.substr(0, prefix.size()), prefix);
    return type.substr(prefix.size()) +
           (problem.contains("field") ? " " + problem["field"].get<std::string>() : "");
  }
  static std::string detail(const ApiAnswer& answer) {
    return Json::parse(answer.body).at("detail").get<std::string>();
  }
  // Waits for a job; its last state.
  Json finished(const Json& started) {
    const std::string path = "/v1/jobs/" + std::to_string(started.at("job").get<int>());
    for (int i = 0; i < 2000; ++i) {
      Json job = ok("GET", path);
      if (job.at("state") != "running") return job;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ADD_FAILURE() << "the job never ends";
    return {};
  }
  std::vector<std::string> names(const Json& list) {
    std::vector<std::string> out;
    for (const Json& item : list.at("items")) out.push_back(item.at("name").get<std::string>());
    return out;
  }
  // An image «debian», by a request with open files.
  Json add_image(const std::string& name = "debian") {
    ApiCall call = base("POST", "/v1/images");
    const std::string body =
        Json{{"name", name}, {"kernel", "linux"}, {"initrds", {"initrd"}}, {"files", {"linux", "initrd"}}}
            .dump();
    call.body = body;
    call.files.push_back(scratch_.open(name + "/linux", fake_kernel()));
    call.files.push_back(scratch_.open(name + "/initrd", "initrd"));
    const ApiAnswer answer = api_->answer(std::move(call));
    EXPECT_EQ(answer.status, 202) << answer.body;
    const Json job = finished(Json::parse(answer.body));
    EXPECT_EQ(job.at("state"), "done") << job;
    return job.value("result", Json::object());
  }

  Scratch scratch_;
  std::unique_ptr<site::Administration> administration_;
  std::unique_ptr<Api> api_;
};

}  // namespace management
