// SPDX-License-Identifier: GPL-3.0-or-later
// Answer files beside an image's own files, and the warning where one asks for a secret.
#include "fixture.h"

namespace management {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AnswersTest : public ApiTest {
 protected:
  // The job's last state.
  Json add(const std::string& text, Json body) {
    ApiCall call = base("POST", "/v1/images");
    body.update(
        Json{{"name", "debian"}, {"kernel", "linux"}, {"files", {"linux"}}, {"answers", {"preseed.cfg"}}});
    const std::string printed = body.dump();
    call.body = printed;
    call.files.push_back(scratch_.open("linux", fake_kernel()));
    call.files.push_back(scratch_.open("preseed.cfg", text));
    const ApiAnswer answer = api_->answer(std::move(call));
    EXPECT_EQ(answer.status, 202) << answer.body;
    return answer.status == 202 ? finished(Json::parse(answer.body)) : Json();
  }
};

TEST_F(AnswersTest, BelongToTheirImage) {
  const Json job = add("{name}", {{"command_line", "url={answer:preseed.cfg}"}});
  ASSERT_EQ(job.at("state"), "done") << job;
  EXPECT_FALSE(job.at("result").contains("warnings"));
  EXPECT_EQ(ok("GET", "/v1/images/debian").at("answers"), Json::array({"preseed.cfg"}));
  EXPECT_EQ(ok("GET", "/v1/images/debian/files").at("items")[0].at("name"), ".bootferry/answers/preseed.cfg");
}

TEST_F(AnswersTest, AreRefusedWithThePlace) {
  const Json job = add("one\n{sever}", Json::object());
  EXPECT_EQ(job.at("state"), "failed");
  EXPECT_THAT(job.dump(), HasSubstr("preseed.cfg, line 2, column 1: {sever}"));
}

TEST_F(AnswersTest, AskForNoSecretWithoutAWarning) {
  Json job = add("{var:password}", Json::object());
  ASSERT_EQ(job.at("state"), "done") << job;
  ASSERT_EQ(job.at("result").at("warnings").size(), 1U);
  EXPECT_THAT(job.at("result").at("warnings")[0].get<std::string>(), HasSubstr("\"password\""));
  job = add("{var:password}", {{"allow_secrets", true}});
  EXPECT_FALSE(job.at("result").contains("warnings"));
}

TEST_F(AnswersTest, EachNameHasItsFile) {
  ApiCall call = base("POST", "/v1/images");
  const std::string body =
      Json{{"name", "debian"}, {"kernel", "linux"}, {"files", {"linux"}}, {"answers", {"preseed.cfg"}}}
          .dump();
  call.body = body;
  call.files.push_back(scratch_.open("linux", fake_kernel()));
  EXPECT_EQ(refusal(api_->answer(std::move(call))), "invalid /files");
}

}  // namespace
}  // namespace management
