// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/image_answers.h"

#include <gmock/gmock.h>

#include "../content/scratch.h"
#include "content/answer_files.h"

namespace site {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ImageAnswersTest : public testing::Test {
 protected:
  ImageAnswersTest() {
    image.name = "debian";
    image.kernel = "linux";
    image.files.push_back(file("linux", fake_kernel()));
  }
  IncomingFile file(const std::string& name, std::string_view text) {
    return {name, scratch.open("from/" + std::to_string(count++), text)};
  }
  void answer(const std::string& name, std::string_view text) { image.answers.push_back(file(name, text)); }
  std::string checked() {
    const auto warnings = check_answers(image);
    return warnings ? fmt::format("{} warnings", warnings->size()) : warnings.error().what;
  }

  Scratch scratch;
  NewImage image;
  int count = 0;
};

TEST_F(ImageAnswersTest, AreTaken) {
  answer("preseed.cfg", "d-i url string {answer:late.sh}\n{var:disk|/dev/sda}");
  answer("late.sh", "echo ${HOME} {name}");
  image.command_line = "url={answer:preseed.cfg} s={answer:}";
  EXPECT_EQ(checked(), "0 warnings");
}

TEST_F(ImageAnswersTest, WhatIsWrongIsSaidWithItsPlace) {
  const struct {
    const char* name;
    std::string text;
    const char* why;
  } rows[] = {
      {"a.cfg", "one\ntwo {sever}\n",
       "a.cfg, line 2, column 5: {sever}: there is no placeholder of this name"},
      {"a.cfg", "{answer:b.cfg}", "a.cfg: {answer:b.cfg}: the image has no answer file of this name"},
      {"../a", "", "answer file \"../a\": a name is"},
      {".a", "", "answer file \".a\": a name is"},
      {"a.cfg", std::string(content::longest_answer + 1, 'x'), "a.cfg: is longer than 262144 octets"},
      {"a.cfg", std::string("a\0b", 3), "a.cfg: holds NUL"},
  };
  for (const auto& row : rows) {
    image.answers.clear();
    answer(row.name, row.text);
    EXPECT_THAT(checked(), HasSubstr(row.why));
  }
  image.answers.clear();
  answer("a.cfg", "");
  answer("A.CFG", "");
  EXPECT_EQ(checked(), "answer file A.CFG: is given twice");
  image.answers.clear();
  image.command_line = "x {mack}";
  EXPECT_THAT(checked(), HasSubstr("the command line, line 1, column 3: {mack}"));
  image.command_line = "url={answer:a.cfg}";
  EXPECT_THAT(checked(), HasSubstr("the command line: {answer:a.cfg}: the image has no answer file"));
  image.command_line.reset();
  for (int i = 0; i < 17; ++i) answer("a" + std::to_string(i), "");
  EXPECT_EQ(checked(), "17 answer files: there may be 16");
}

TEST_F(ImageAnswersTest, AnImageBringsNoneOfItsOwn) {
  image.files.push_back(file(".Bootferry/answers/x", "x"));
  EXPECT_THAT(checked(), HasSubstr("cannot bring files of this folder"));
}

TEST_F(ImageAnswersTest, WhoAsksForASecretIsNamed) {
  answer("ks.cfg", "rootpw {var:root_password}\nrootpw {var:root_password}\n{var:keymap}");
  image.command_line = "key={var:api-key}";
  const auto warnings = check_answers(image);
  ASSERT_TRUE(warnings);
  EXPECT_THAT(*warnings, ElementsAre(HasSubstr("ks.cfg asks for the variable \"root_password\""),
                                     HasSubstr("the command line asks for the variable \"api-key\"")));
}

TEST_F(ImageAnswersTest, StandInThePackageAndAreNoPublishedFiles) {
  auto opened = Administration::open(scratch.path("state"), {});
  ASSERT_TRUE(opened) << opened.error().what;
  Administration& admin = **opened;
  answer("preseed.cfg", "{var:password}");
  std::vector<std::string> said;
  image.warn = [&](const std::string& warning) { said.push_back(warning); };
  const auto added = admin.add_image(std::move(image), {});
  ASSERT_TRUE(added) << added.error().what;
  EXPECT_EQ(said.size(), 1U);
  EXPECT_THAT(admin.answers(added->id), ElementsAre("preseed.cfg"));
  const auto site = admin.site();
  EXPECT_EQ(read_text(site->published->answer("images/debian/1", "Preseed.cfg")), "{var:password}");
  EXPECT_THAT(site->published->answer("images/debian/1", "linux"), IsEmpty());
  EXPECT_THAT(site->published->answer("images/debian/current", "preseed.cfg"), IsEmpty());
  for (const auto& [name, file] : site->published->files())
    EXPECT_THAT(name, testing::Not(HasSubstr("preseed"))) << name;
  // They go with it.
  ASSERT_TRUE(admin.remove_with_files(store::Kind::image, added->id, "a test"));
  EXPECT_THAT(admin.site()->published->answer("images/debian/1", "preseed.cfg"), IsEmpty());
}

}  // namespace
}  // namespace site
