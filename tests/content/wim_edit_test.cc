// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/wim_edit.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wim_maker.h"

namespace content {
namespace {

using format::WimChange;
using format::WimEntryKind;
using testing::HasSubstr;

class WimEditing : public testing::Test {
 protected:
  WimEditing() {
    MadeWim made;
    made.images.push_back(
        {"first", {{"Windows/a.txt", "an a"}, {"Windows/b.txt", "a b"}}, {{"WINDOWS/ARCH", "9"}}});
    made.images.push_back({"second", {{"x", "an x"}}, {}});
    made.boot_index = 1;
    wim_ = open_file(make_wim(scratch_, "boot.wim", made));
  }
  base::Fd empty(const char* name) {
    return base::Fd(::open(scratch_.path(name).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  }
  ConfinedResult<std::uint64_t> edit(const std::vector<WimStep>& steps, int output) {
    WimEdit edit;
    edit.steps = steps;
    edit.scratch = empty("scratch");
    edit.output = output;
    return edit_wim(wim_.get(), std::move(edit));
  }

  Scratch scratch_;
  base::Fd wim_;
};

TEST_F(WimEditing, LooksAtWhatIsAsked) {
  const WimQuestion question{
      0, {"/windows", "/Windows/A.TXT", "/x", "/Windows/a.txt/y"}, {"/windows/a.txt", "/none", "/Windows"}};
  const auto look = look_into_wim(wim_.get(), question);
  ASSERT_TRUE(look) << look.error().what;
  EXPECT_EQ(look->kinds, (std::vector<WimEntryKind>{WimEntryKind::folder, WimEntryKind::file,
                                                    WimEntryKind::none, WimEntryKind::none}));
  EXPECT_EQ(look->texts, (std::vector<std::optional<std::string>>{"an a", std::nullopt, std::nullopt}));
  EXPECT_EQ(look->facts.image, 1);
  EXPECT_EQ(look->facts.booted().name, "first");
  EXPECT_EQ(look_into_wim(wim_.get(), {2, {"/X"}, {}})->kinds, std::vector<WimEntryKind>{WimEntryKind::file});
}

TEST_F(WimEditing, ChangesWhatIsMeantAndNothingElse) {
  const std::string given = scratch_.write("given", "a file's text");
  const std::vector<WimStep> steps{
      {{WimChange::Kind::remove, "/windows/B.txt"}},
      {{WimChange::Kind::remove, "/never/there"}},
      {{WimChange::Kind::rename, "/Windows/a.txt", "/Windows/c.txt"}},
      {{WimChange::Kind::add, "/Windows/a.txt"}, {"new text", {}}},
      {{WimChange::Kind::add, "/Tools/deep/empty"}, {"", {}}},
      {{WimChange::Kind::add, "/Tools/given"},
       {"", [&]() -> base::Result<base::Fd> { return open_file(given); }}},
  };
  const base::Fd output = empty("out.wim");
  const auto size = edit(steps, output.get());
  ASSERT_TRUE(size) << size.error().what;
  EXPECT_EQ(*size, std::filesystem::file_size(scratch_.path("out.wim")));
  const auto look = look_into_wim(
      output.get(), {0,
                     {"/Windows/b.txt", "/Tools/deep"},
                     {"/Windows/a.txt", "/Windows/c.txt", "/Tools/given", "/Tools/deep/empty"}});
  ASSERT_TRUE(look) << look.error().what;
  EXPECT_EQ(look->kinds, (std::vector<WimEntryKind>{WimEntryKind::none, WimEntryKind::folder}));
  EXPECT_EQ(look->texts, (std::vector<std::optional<std::string>>{"new text", "an a", "a file's text", ""}));
  EXPECT_EQ(look->facts.boot_index, 1);
  EXPECT_TRUE(look->facts.integrity_table);
  EXPECT_EQ(look_into_wim(output.get(), {2, {}, {"/x"}})->texts[0], "an x");
}

TEST_F(WimEditing, WhatCannotBeIsRefused) {
  const base::Fd output = empty("out.wim");
  const auto why = [&](const WimChange& change) {
    const auto done = edit({{change}}, output.get());
    return done ? std::string() : done.error().what;
  };
  EXPECT_THAT(why({WimChange::Kind::rename, "/none", "/x"}), HasSubstr("not in it"));
  EXPECT_THAT(why({WimChange::Kind::add, "/Windows/a.txt/b"}), HasSubstr("where a file stands"));
  EXPECT_THAT(why({WimChange::Kind::add, "/Windows"}), HasSubstr("where a folder is"));
  const auto missing =
      edit({{{WimChange::Kind::add, "/x"}, {"", [] { return base::Result<base::Fd>(base::fail("gone")); }}}},
           output.get());
  EXPECT_EQ(missing.error().what, "gone");
}

TEST_F(WimEditing, ATextThatIsNoneIsRefused) {
  MadeWim made;
  made.images.push_back({"one", {{"text", std::string(largest_wim_text + 1, 'x')}}, {}});
  const auto wim = open_file(make_wim(scratch_, "large.wim", made));
  const auto look = look_into_wim(wim.get(), {0, {}, {"/text"}});
  ASSERT_FALSE(look);
  EXPECT_THAT(look.error().what, HasSubstr("larger than such a text is"));
}

}  // namespace
}  // namespace content
