// SPDX-License-Identifier: GPL-3.0-or-later
// Machines that wait for an administrator. A stranger whose plan asks for an approval becomes a
// pending device, «pending-7», written by the registrar's thread; what packets told of it is kept
// beside, in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log_rate.h"
#include "policy/plan.h"
#include "session/pending_book.h"
#include "site/administration.h"
#include "site/registrar.h"

namespace site {

// A pending device, and what was seen of it since the server started.
struct PendingMachine {
  std::uint32_t request = 0;
  std::string device;
  std::vector<base::Mac> macs;
  std::optional<base::Uuid> uuid;
  std::optional<session::PendingSeen> seen;  // by its addresses
};

class PendingMachines {
 public:
  // Of pending devices. A person goes through them: more than that is no classroom but somebody
  // who makes up addresses, and each is a record for ever. Those beyond wait without a number.
  static constexpr std::size_t most_devices = 1000;
  // To be recorded at one time; the others ask again.
  static constexpr std::size_t most_under_way = 256;

  // `post` is Registrar::post; it may be called on any thread.
  explicit PendingMachines(std::function<bool(Registrar::Work)> post) : post_(std::move(post)) {}

  // Any thread, packet threads included: a machine whose plan is to ask for approval asks (`polls`:
  // again, by a program that waits on it). One that no record knows is recorded, once. False: it
  // has waited for as long as `terms` say.
  bool may_wait(const policy::Facts& facts, const policy::AskApproval& ask, const policy::PendingTerms& terms,
                bool polls, base::Time now);

  // All pending devices, by number. Walks through every device: not for packet threads.
  [[nodiscard]] std::vector<PendingMachine> list(const policy::Snapshot& snapshot, base::Time now);

  struct Counts {
    std::uint64_t recorded = 0;
    std::uint64_t full = 0;    // refused: most_devices are there
    std::uint64_t busy = 0;    // put off: too many at one time
    std::uint64_t failed = 0;  // refused by the store
  };
  [[nodiscard]] Counts counts() const;

 private:
  // On the registrar's thread.
  void record(Administration& administration, const policy::Facts& facts);
  bool has_room(const std::shared_ptr<const Site>& site);
  void count(std::uint64_t Counts::*what);

  std::function<bool(Registrar::Work)> post_;
  mutable std::mutex mutex_;  // of what follows, for a look-up at a time
  session::PendingBook book_;
  std::set<base::Mac> under_way_;
  Counts counts_;
  // The registrar's thread alone: how many pending devices that view of the site had.
  std::weak_ptr<const Site> counted_;
  std::size_t devices_ = 0;
  base::LogRate log_rate_{10};
};

}  // namespace site
