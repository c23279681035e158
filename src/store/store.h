// SPDX-License-Identifier: GPL-3.0-or-later
// The site's records, behind an interface that a second database can implement; its meaning is
// in tests/store/conformance.h. One owner, one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/run.h"
#include "store/records.h"

namespace store {

// Which runs; all that is given must hold.
struct RunQuery {
  std::optional<std::int64_t> device;
  std::optional<policy::RunState> state;
  bool open = false;              // only those that may go on: neither done nor held
  std::int64_t offered_from = 0;  // only those that were offered then or later
  policy::RunKey after;           // only those behind it
  std::size_t count = 100;        // at most
};

class Store {
 public:
  virtual ~Store() = default;

  virtual base::Result<Everything> load() = 0;
  // Looks at what a batch would make before it is kept; its error undoes the batch.
  using Veto = std::function<base::Status(const Applied&)>;
  // All of it or nothing, durable when it returns. Records are to be tidy (store/shape.h): such
  // ones are kept as they are. What a step refers to must be there behind the last step, and an
  // address, a UUID or a request's number may pass from one device to another in any order; other
  // names are free from the step on that gives them up. A new record's number is known only
  // afterwards: steps behind it refer to it by a placeholder of their choice below 0.
  virtual base::Result<Applied, Refused> apply(const Batch& batch, const Veto& veto = {}) = 0;

  // The revision that a record was last changed in; nothing where there is no such record.
  virtual base::Result<std::optional<std::int64_t>> revision(Kind kind, std::int64_t id) = 0;
  // Those behind `after`, oldest first, at most `count`.
  virtual base::Result<std::vector<Event>> events(std::int64_t after, std::size_t count) = 0;

  // The number of the next version of something kept in files, «images/debian»: 1, 2, … It is
  // never given twice, also after a removal: the same name never means other bytes.
  virtual base::Result<std::int64_t> next_version(const std::string& place) = 0;
  // The last number given for a place; 0 for a place that this database never knew.
  virtual base::Result<std::int64_t> last_version(const std::string& place) = 0;

  // Runs are no records: they have no revision and leave no event. They go with their device or
  // deployment. In the order of device and deployment.
  virtual base::Result<std::vector<policy::Run>> runs(const RunQuery& query) = 0;
  // All of them or none, durable when it returns; each in place of the one before of its machine
  // and deployment. What those have left meanwhile is dropped.
  virtual base::Status put_runs(std::span<const policy::Run> runs,
                                const std::optional<policy::BreakerMark>& breaker = {}) = 0;
  // Of one deployment, or with 0 of all.
  virtual base::Status remove_runs(std::int64_t device, std::int64_t deployment) = 0;
  virtual base::Result<policy::BreakerMark> breaker() = 0;

  // Whether changes can be kept at all; looks without changing anything.
  virtual base::Status look() = 0;

  // A whole copy that opens as a database of its own, while this one goes on. Replaces nothing.
  virtual base::Status back_up(const std::string& path) = 0;
};

// Opens or creates; migrates older schemas (numbered, checksummed, backed up first beside the
// file); refuses newer ones.
base::Result<std::unique_ptr<Store>> open_sqlite(const std::string& path);
// A copy that back_up() made, to read only: the file stays as it is, also where its schema is
// older. Every change is refused with `why`.
base::Result<std::unique_ptr<Store>> open_sqlite_copy(const std::string& path, std::string why);

}  // namespace store
