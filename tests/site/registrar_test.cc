// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/registrar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "../content/scratch.h"
#include "site/administration.h"

namespace site {
namespace {

class RegistrarTest : public testing::Test {
 protected:
  Scratch scratch_;
  std::unique_ptr<Administration> administration_ =
      std::move(*Administration::open(scratch_.path("state"), {}));
};

TEST_F(RegistrarTest, WorkIsDoneInItsOrderOnAnotherThread) {
  Registrar registrar(*administration_);
  std::vector<int> order;
  std::thread::id where;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(registrar.post([&, i](Administration& administration) {
      EXPECT_EQ(&administration, administration_.get());
      order.push_back(i);
      where = std::this_thread::get_id();
    }));
  }
  registrar.wait_until_idle();
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_NE(where, std::this_thread::get_id());
  EXPECT_EQ(registrar.counts().done, 100U);
}

TEST_F(RegistrarTest, WhatPassesTheRoomIsRefusedAndCounted) {
  std::promise<void> go;
  const auto may_go = go.get_future().share();
  Registrar registrar(*administration_);
  std::promise<void> begun;
  ASSERT_TRUE(registrar.post([&](Administration&) {
    begun.set_value();
    may_go.wait();
  }));
  begun.get_future().wait();
  for (std::size_t i = 0; i < Registrar::capacity; ++i) ASSERT_TRUE(registrar.post([](Administration&) {}));
  EXPECT_FALSE(registrar.post([](Administration&) {}));
  EXPECT_EQ(registrar.counts().refused, 1U);
  EXPECT_EQ(registrar.counts().waiting, Registrar::capacity + 1);
  go.set_value();
  registrar.wait_until_idle();
  EXPECT_EQ(registrar.counts().done, Registrar::capacity + 1);
}

TEST_F(RegistrarTest, WhatWasTakenIsDoneBeforeTheEnd) {
  int done = 0;
  {
    Registrar registrar(*administration_);
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(registrar.post([&](Administration&) { ++done; }));
  }
  EXPECT_EQ(done, 1000);
}

}  // namespace
}  // namespace site
