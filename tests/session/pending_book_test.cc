// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/pending_book.h"

#include <gtest/gtest.h>

namespace session {
namespace {

using std::chrono::seconds;

const base::Time start{std::chrono::hours(24)};
constexpr policy::PendingTerms terms{10, 3, "wait"};

policy::Facts machine(std::uint8_t number = 1, bool firmware_known = true) {
  policy::Facts facts;
  facts.mac = {{2, 0, 0, 0, 0, number}};
  facts.arch = firmware_known ? policy::Arch::x64 : policy::Arch::other;
  facts.firmware_known = firmware_known;
  return facts;
}

TEST(PendingBook, CountsThePollsOfABoot) {
  PendingBook book;
  struct Row {
    int at;  // seconds
    bool polls;
    bool waits;
  };
  const Row rows[] = {
      {0, false, true},  {1, true, true},   {11, true, true},
      {21, true, true},  {31, true, false}, {41, true, false},  // used up
      {50, false, true},                                        // its ROM again: another boot
      {51, true, true},  {61, true, true},  {71, true, true},
      {81, true, false}, {300, true, true},  // silent meanwhile: another boot
      {310, true, true}, {320, true, true}, {330, true, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(book.on_asked(machine(), terms, row.polls, start + seconds(row.at), 1000 + row.at), row.waits)
        << row.at;
  }
  const PendingSeen* seen = book.find(machine().mac, start + seconds(331));
  ASSERT_NE(seen, nullptr);
  EXPECT_EQ(seen->first, 1000);
  EXPECT_EQ(seen->last, 1330);
}

TEST(PendingBook, SlowPollsAreNoSilence) {
  PendingBook book;
  const policy::PendingTerms slow{600, 2, ""};
  EXPECT_TRUE(book.on_asked(machine(), slow, true, start, 0));
  EXPECT_TRUE(book.on_asked(machine(), slow, true, start + seconds(600), 600));
  EXPECT_FALSE(book.on_asked(machine(), slow, true, start + seconds(1200), 1200));
}

TEST(PendingBook, WhatFirmwareToldIsNotForgottenForABareName) {
  PendingBook book;
  book.on_asked(machine(1, false), terms, true, start, 1);
  EXPECT_EQ(book.find(machine().mac, start)->facts.arch, policy::Arch::other);
  book.on_asked(machine(1, true), terms, false, start, 2);
  book.on_asked(machine(1, false), terms, true, start, 3);
  EXPECT_EQ(book.find(machine().mac, start)->facts.arch, policy::Arch::x64);
}

TEST(PendingBook, IsBounded) {
  PendingBook book(2);
  for (std::uint8_t i = 1; i <= 3; ++i) book.on_asked(machine(i), terms, false, start + seconds(i), i);
  EXPECT_EQ(book.size(), 2U);
  EXPECT_EQ(book.find(machine(1).mac, start + seconds(3)), nullptr);
  EXPECT_EQ(book.find(machine(3).mac, start + PendingBook::remembered + seconds(3)), nullptr);
}

}  // namespace
}  // namespace session
