// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/model_text.h"
#include "store/after_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "../policy/sites.h"
#include "site_texts.h"
#include "store/store.h"

namespace api {
namespace {

using store::Kind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A store of its own, gone with this object.
class EmptyStore {
 public:
  EmptyStore() {
    char name[] = "/tmp/bootferry-model-XXXXXX";
    directory_ = mkdtemp(name);
    store_ = store::open_sqlite(directory_ + "/bootferry.db").value();
  }
  EmptyStore(const EmptyStore&) = delete;
  EmptyStore& operator=(const EmptyStore&) = delete;
  ~EmptyStore() {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }
  [[nodiscard]] policy::Snapshot site() { return snapshot_of(store_->load().value()).value(); }
  base::Result<store::Applied, store::Refused> apply(store::Batch batch) {
    store::tidy(batch);
    return store_->apply(batch);
  }
  // Images come with their files, never with a text.
  void add_images(const store_test::SiteModel& of) {
    store::Batch batch;
    for (const auto& [id, row] : of.table(Kind::image)) {
      auto image = std::get<store::ImageRecord>(row.record);
      image.image.id = 0;
      batch.steps.emplace_back(store::Put{image, {}});
    }
    ASSERT_TRUE(apply(batch));
  }

 private:
  std::string directory_;
  std::unique_ptr<store::Store> store_;
};

TEST(ModelText, OnAnEmptyStoreGivesTheSameSite) {
  std::size_t largest = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const auto model = random_site(seed, 150);
    const std::string text = print_model(snapshot_of(model.everything()).value());
    EmptyStore other;
    other.add_images(model);
    const auto plan = plan_model(text, other.site(), Unnamed::removed, 77);
    ASSERT_TRUE(plan) << plan.error().field << ": " << plan.error().what << "\n" << text;
    const auto applied = other.apply(plan->batch);
    ASSERT_TRUE(applied) << applied.error().what << "\n" << text;
    ASSERT_EQ(print_model(other.site()), text);
    const auto again = plan_model(text, other.site(), Unnamed::removed, 78);
    ASSERT_TRUE(again);
    EXPECT_THAT(again->batch.steps, IsEmpty());
    largest = std::max(largest, plan->created.size());
  }
  EXPECT_GT(largest, 60U);
}

// Whatever the site was: when a text was applied, there is nothing more to do for it.
TEST(ModelText, FromOneSiteToAnother) {
  std::size_t applied = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const auto from = random_site(seed, 80), to = random_site(seed + 1000, 80);
    EmptyStore store;
    store.add_images(from);
    {
      const auto first =
          plan_model(print_model(snapshot_of(from.everything()).value()), store.site(), Unnamed::removed, 1);
      ASSERT_TRUE(first) << first.error().what;
      ASSERT_TRUE(store.apply(first->batch));
    }
    const std::string text = print_model(snapshot_of(to.everything()).value());
    // Its images are others.
    for (const auto& [id, row] : to.table(Kind::image)) {
      auto image = std::get<store::ImageRecord>(row.record);
      image.image.id = 0;
      image.directory += "/other";
      const auto put = store.apply({"", "", {store::Put{image, {}}}});
      EXPECT_TRUE(put || put.error().why == store::Refused::Why::name_taken) << "one of that name is as good";
    }
    for (const Unnamed unnamed : {Unnamed::kept, Unnamed::removed}) {
      const policy::Snapshot before = store.site();
      const auto plan = plan_model(text, before, unnamed, 2);
      ASSERT_TRUE(plan) << plan.error().field << ": " << plan.error().what;
      const auto imagined = store::imagine(before, plan->batch);
      const auto done = store.apply(plan->batch);
      // The others' addresses, subnets and waiting machines may be in the way.
      if (!done) {
        EXPECT_NE(done.error().why, store::Refused::Why::missing_part) << done.error().what;
        continue;
      }
      ++applied;
      const policy::Snapshot after = store.site();
      if (imagined) {
        EXPECT_EQ(imagined->device_count(), after.device_count());
        EXPECT_EQ(imagined->model().deployments.size(), after.model().deployments.size());
      }
      const auto again = plan_model(text, after, unnamed, 3);
      ASSERT_TRUE(again) << again.error().what;
      EXPECT_THAT(again->batch.steps, IsEmpty());
    }
  }
  EXPECT_GT(applied, 15U);
}

policy::SiteModel lab() {
  policy::SiteModel model;
  model.images = {policy::image(1)};
  model.images[0].name = "debian";
  model.collections = {policy::collection(1)};
  model.collections[0].name = "lab";
  model.deployments = {policy::deployment(1, policy::ToCollection{1}, policy::Purpose::required)};
  model.deployments[0].name = "debian to lab";
  model.deployments[0].created = 1'000'000'000;
  return model;
}
policy::Device pc() {
  policy::Device pc = policy::device(1, {policy::mac_1});
  pc.name = "pc-1";
  pc.collections = {1};
  return pc;
}

TEST(ModelText, IsForPeople) {
  const std::string text = print_model(policy::site(lab(), {pc()}));
  EXPECT_THAT(text, testing::StartsWith("{\"format\": \"bootferry-model-1\",\n\"settings\": {"));
  EXPECT_THAT(text, HasSubstr(R"(,
"servers": [],
"referrals": [],
"programs": [],
"task-sequences": [],
"collections": [
{"name": "lab"}
],
"networks": [],
"devices": [
{"name": "pc-1", "collections": ["lab"], "macs": ["52:54:00:00:00:01"]}
],
"deployments": [
{"name": "debian to lab", "created": "2001-09-09T01:46:40Z", "image": "debian", "purpose": "required", "to": {"collection":"lab"}}
]}
)"));
}

// The example of docs/formats/model-text.md is one, and says what that page says.
TEST(ModelText, IsAsItsPageShows) {
  std::ifstream file(BOOTFERRY_TEST_DATA "/../docs/formats/model-text.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const auto begin = page.find("```json\n") + 8;
  ASSERT_NE(begin, page.npos + 8);
  const std::string text = page.substr(begin, page.find("```", begin) - begin);
  policy::SiteModel model;
  model.images = lab().images;
  const auto site = policy::site(model);
  const auto plan = plan_model(text, site, Unnamed::removed, 5);
  ASSERT_TRUE(plan) << plan.error().field << ": " << plan.error().what;
  EXPECT_EQ(print_model(store::imagine(site, plan->batch).value()), text);
  EXPECT_EQ(plan->created.size(), 10U);
  std::string wrong = text;
  wrong.replace(wrong.find("[\"lab\"], \"macs\": [\"52:54:00:12:34:57"), 7, "[\"lob\"]");
  const auto refused = plan_model(wrong, site, Unnamed::removed, 5);
  ASSERT_FALSE(refused);
  EXPECT_THAT(page, HasSubstr(refused.error().field + ": " + refused.error().what));
}

ModelPlan planned(const std::string& text, const policy::Snapshot& site, Unnamed unnamed = Unnamed::removed) {
  auto plan = plan_model(text, site, unnamed, 5);
  if (!plan) ADD_FAILURE() << plan.error().field << ": " << plan.error().what;
  return plan.value_or(ModelPlan{});
}
std::string model(const std::string& sections) {
  return R"({"format": "bootferry-model-1")" + (sections.empty() ? "" : ", " + sections) + "}";
}

TEST(ModelText, WhatIsNotSpokenOfStays) {
  const auto site = policy::site(lab(), {pc()});
  EXPECT_THAT(planned(model(""), site).batch.steps, IsEmpty());
  const auto plan = planned(model(R"("deployments": [])"), site);
  EXPECT_THAT(plan.removed, ElementsAre(Touched{Kind::deployment, "debian to lab"}));
  EXPECT_THAT(planned(model(R"("deployments": [])"), site, Unnamed::kept).batch.steps, IsEmpty());
}

TEST(ModelText, ADeviceOfANewNameIsTheOneOfItsAddress) {
  const auto site = policy::site(lab(), {pc()});
  const auto plan =
      planned(model(R"("devices": [{"name": "renamed", "macs": ["52:54:00:00:00:01"]}])"), site);
  EXPECT_THAT(plan.changed, ElementsAre(Touched{Kind::device, "renamed"}));
  EXPECT_THAT(plan.created, IsEmpty());
  EXPECT_THAT(plan.removed, IsEmpty());
}

TEST(ModelText, AnOlderTextReinstallsNothing) {
  policy::DeviceExtras more;
  more.runs = {{1, policy::RunEnd::done}};
  const auto site = policy::site(lab(), {policy::with_extras(pc(), more)});
  const auto before = policy::site(lab(), {pc()});
  EXPECT_THAT(planned(print_model(before), site).batch.steps, IsEmpty());
}

TEST(ModelText, AnOlderTextSendsNobodyBackToTheQueue) {
  policy::Device waiting = pc();
  waiting.state = policy::DeviceState::pending;
  waiting.request = 3;
  const std::string text = print_model(policy::site(lab(), {waiting}));
  EXPECT_THAT(text, HasSubstr(R"("request": 3)"));
  EXPECT_THAT(planned(text, policy::site(lab(), {pc()})).batch.steps, IsEmpty());
  // Nor does it remove whoever came since.
  EXPECT_THAT(planned(model(R"("devices": [])"), policy::site(lab(), {waiting})).batch.steps, IsEmpty());
}

struct Bad {
  const char* name;
  const char* sections;
  const char* field;
  const char* what;
};
class BadModel : public testing::TestWithParam<Bad> {};
TEST_P(BadModel, IsRefusedWhole) {
  const auto site = policy::site(lab(), {pc()});
  const auto plan = plan_model(model(GetParam().sections), site, Unnamed::removed, 5);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().field, GetParam().field);
  EXPECT_THAT(plan.error().what, HasSubstr(GetParam().what));
}
INSTANTIATE_TEST_SUITE_P(
    Table, BadModel,
    testing::Values(
        Bad{"unknown_section", R"("machines": [])", "/machines", "no such section"},
        Bad{"images", R"("images": [])", "/images", "come with their files"},
        Bad{"no_list", R"("devices": {})", "/devices", "a list"},
        Bad{"no_name", R"("collections": [{"name": "a"}, {}])", "/collections/1/name", "needed"},
        Bad{"no_object", R"("collections": [5])", "/collections/0/name", "needed"},
        Bad{"twice", R"("collections": [{"name": "a"}, {"name": "A"}])", "/collections/1/name", "twice"},
        Bad{"image_not_there", R"("deployments": [{"name": "d", "image": "arch", "to": "all"}])",
            "/deployments/0/image", "there is no image \"arch\""},
        Bad{"refers_to_what_goes",
            R"("collections": [], "deployments": [{"name": "d", "image": "debian", "to": {"collection": "lab"}}])",
            "/deployments/0/to/collection", "there is no collection \"lab\""},
        Bad{"bad_record", R"("networks": [{"name": "n", "subnet": "10.0.0.0/99"}])", "/networks/0/subnet",
            "subnet"},
        Bad{"bad_settings", R"("settings": {"answer": "some"})", "/settings/answer", "all"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(ModelText, OtherFormatsAreRefused) {
  const policy::Snapshot none;
  for (const char* text :
       {"", "[]", "{}", "null", R"({"format": "bootferry-model-2"})", R"({"format": 1})"}) {
    EXPECT_FALSE(plan_model(text, none, Unnamed::removed, 1)) << text;
  }
}

}  // namespace
}  // namespace api
