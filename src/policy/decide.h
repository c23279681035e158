// SPDX-License-Identifier: GPL-3.0-or-later
// The decision: facts about who asks + snapshot + time -> plan. Pure, quick, no allocation:
// the same call serves a packet, a rendered menu and `explain`.
#pragma once

#include <cstdint>

#include "policy/facts.h"
#include "policy/plan.h"
#include "policy/snapshot.h"

namespace policy {

// The wall's time, told by the caller; deciding reads no clock and knows no time zone. And what no
// record says because it passes by itself.
struct Now {
  std::int64_t unix_seconds = 0;
  std::uint16_t minute_of_week = 0;  // local; Monday 00:00 is 0
  bool installs_stopped = false;     // no required deployment may begin
  bool boots_too_often = false;      // this machine is to go on to its disk
};

// What this machine boots, whoever is speaking on it just now.
//
//  1. Gates: ignore list, identity, answer policy, delay.
//  2. The device's state: rejected machines are never served, pending ones wait.
//     A machine that boots too often goes on to its disk.
//  3. A referral of the device, of one of its collections, of its network.
//  4. Deployments: those to the device, to its collections, to strangers, to all. Required comes
//     before available, then order, then the newest. While installs are stopped, none that is
//     required until it is done.
//  5. The device's overrides change the image or the program of that, or stand alone.
//  6. Nothing? A known device goes on to its disk. A stranger is added, where that is on, and
//     waits; else it hears nothing: others may serve it.
Plan decide(const Facts& facts, const Snapshot& snapshot, const Now& now);

}  // namespace policy
