// SPDX-License-Identifier: GPL-3.0-or-later
// Stops required deployments from beginning when too many began within a time, as after a slip
// that meant one room and took the site, or when one after the other fails. The first passes by
// itself; the second waits for an administrator. Unix seconds in, a verdict out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "policy/run.h"

namespace session {

struct BreakerTerms {
  std::size_t begins = 0;              // that may begin `within`; 0: any number
  std::int64_t within = 60 * 60;       // seconds
  std::uint32_t failures_in_row = 10;  // that stop it; 0: any number
  bool operator==(const BreakerTerms&) const = default;
};

class InstallBreaker {
 public:
  enum class Verdict : std::uint8_t { go_on, too_many, too_many_failures };

  explicit InstallBreaker(const BreakerTerms& terms = {}) : terms_(terms) {}
  void set_terms(const BreakerTerms& terms);
  // As kept, when the server starts; the begins come one by one, oldest first.
  void load(const policy::BreakerMark& mark) { mark_ = mark; }

  void on_begun(std::int64_t now);
  void on_done() { mark_.failures_in_row = 0; }
  void on_failed(std::int64_t now);
  [[nodiscard]] Verdict verdict(std::int64_t now) const;
  // An administrator lets them go on.
  void reset();

  [[nodiscard]] const policy::BreakerMark& mark() const { return mark_; }
  [[nodiscard]] const BreakerTerms& terms() const { return terms_; }

 private:
  BreakerTerms terms_;
  policy::BreakerMark mark_;
  std::deque<std::int64_t> begun_;  // the last ones, as many as `begins`
};

}  // namespace session
