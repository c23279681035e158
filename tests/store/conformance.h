// SPDX-License-Identifier: GPL-3.0-or-later
// What every implementation of store::Store promises: the tests in conformance*_test.cc, for each
// that is named in an INSTANTIATE_TEST_SUITE_P(…, Conformance, …).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace store_test {

// A place where one store keeps its data, gone with this object.
class Place {
 public:
  virtual ~Place() = default;
  // At any time: the same data as before.
  virtual std::unique_ptr<store::Store> open() = 0;
  // A file that back_up() wrote, in this directory, opened as a store.
  virtual std::unique_ptr<store::Store> open_backup(const std::string& path) = 0;
  [[nodiscard]] virtual std::string directory() const = 0;
};

struct Implementation {
  std::string name;
  std::function<std::unique_ptr<Place>()> make;
};

class Conformance : public testing::TestWithParam<Implementation> {
 protected:
  Conformance() : place(GetParam().make()) { reopen(); }
  void reopen() {
    store.reset();
    store = place->open();
    ASSERT_NE(store, nullptr);
  }
  store::Everything all() {
    auto everything = store->load();
    EXPECT_TRUE(everything) << everything.error().what;
    return everything.value_or(store::Everything{});
  }
  base::Result<store::Applied, store::Refused> apply(std::vector<store::Step> steps) {
    return store->apply({"admin", "", std::move(steps)});
  }
  // One record; its number.
  std::int64_t put(store::Record record) {
    const auto applied = apply({store::Put{std::move(record), {}}});
    EXPECT_TRUE(applied) << applied.error().what;
    return applied ? applied->ids.front() : 0;
  }
  // Refused for that reason, in that step, and nothing has changed.
  void refused(std::vector<store::Step> steps, store::Refused::Why why, const std::string& what = "",
               std::size_t step = 0) {
    const store::Everything before = all();
    const auto events = store->events(0, 1000).value();
    const auto applied = apply(std::move(steps));
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().why, why) << applied.error().what;
    EXPECT_EQ(applied.error().step, step);
    EXPECT_THAT(applied.error().what, testing::HasSubstr(what));
    EXPECT_EQ(all(), before);
    EXPECT_EQ(store->events(0, 1000).value(), events);
  }

  std::unique_ptr<Place> place;
  std::unique_ptr<store::Store> store;
};

// With all fields filled in; the numbers are what it refers to.
inline policy::Device device(const std::string& name, const std::string& mac) {
  policy::Device out;
  out.name = name;
  out.macs = {*base::Mac::parse(mac)};
  return out;
}
inline store::ImageRecord image(const std::string& name) {
  store::ImageRecord record;
  record.image.name = name;
  record.image.kind = policy::ImageKind::tree;
  record.directory = "images/" + name + "/1";
  record.image.kernel = record.directory + "/linux";
  record.image.initrds = {record.directory + "/z.gz", record.directory + "/a.gz"};
  record.image.command_line = "it's \"quoted\"\n--- quiet ü";
  record.image.arch = policy::Arch::arm64;
  record.created = 1'700'000'000;
  return record;
}
inline policy::Deployment deployment(const std::string& name, std::int64_t of, policy::DeployedTo to) {
  policy::Deployment out;
  out.name = name;
  out.what = policy::ToBoot{of};
  out.target = to;
  return out;
}
inline policy::Collection collection(const std::string& name) {
  policy::Collection out;
  out.name = name;
  return out;
}

// Three devices and two deployments, for runs.
class ConformanceOfRuns : public Conformance {
 protected:
  ConformanceOfRuns() {
    debian = put(image("debian"));
    for (const char* mac : {"52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:03"}) {
      devices.push_back(put(device(mac, mac)));
    }
    for (const char* name : {"lab", "hall"})
      deployments.push_back(put(deployment(name, debian, policy::ToAll{})));
  }
  policy::Run run(std::size_t of_device, std::size_t of_deployment,
                  policy::RunState state = policy::RunState::offered) {
    policy::Run out;
    out.key = {devices.at(of_device), deployments.at(of_deployment)};
    out.state = state;
    out.offered = 1'700'000'000;
    return out;
  }
  std::vector<policy::Run> runs(const store::RunQuery& query = {}) {
    auto found = store->runs(query);
    EXPECT_TRUE(found) << found.error().what;
    return found.value_or(std::vector<policy::Run>{});
  }

  std::int64_t debian = 0;
  std::vector<std::int64_t> devices, deployments;
};

}  // namespace store_test
