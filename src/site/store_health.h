// SPDX-License-Identifier: GPL-3.0-or-later
// Whether changes of records can be kept. Where not, the server is degraded: machines are served
// from the last snapshot, changes are refused, and everybody who looks is told so and why.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace site {

struct Degraded {
  std::string why;         // one sentence with what to do
  std::int64_t since = 0;  // Unix seconds
};
// "DEGRADED since 2026-11-21 22:10:03: machines go on booting from …, changes are refused: …"
std::string print(const Degraded& degraded);

// Any thread. Says each change for the better or worse in the log, once.
class StoreHealth {
 public:
  // Served from the copy that was kept, for as long as this process lives.
  void started_from_copy(std::string why);
  // The database's files are gone, or were exchanged; or are as they were.
  void missing(std::optional<std::string> why);
  // A change could not be written; one was.
  void not_written(std::string why);
  void written();
  // The copy on disk could not be made; was made. Boots and changes go on.
  void not_copied(std::optional<std::string> why);

  [[nodiscard]] std::optional<Degraded> degraded() const;
  [[nodiscard]] std::optional<std::string> copy_problem() const;

 private:
  void set(std::optional<Degraded>& which, std::optional<std::string> why);

  mutable std::mutex mutex_;
  std::optional<Degraded> from_copy_, missing_, not_written_;
  std::optional<std::string> not_copied_;
};

}  // namespace site
