// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/install_breaker.h"

namespace session {

void InstallBreaker::set_terms(const BreakerTerms& terms) {
  terms_ = terms;
  while (begun_.size() > terms_.begins) begun_.pop_front();
}

void InstallBreaker::on_begun(std::int64_t now) {
  if (terms_.begins == 0) return;
  if (begun_.size() == terms_.begins) begun_.pop_front();
  begun_.push_back(now);
}

void InstallBreaker::on_failed(std::int64_t now) {
  ++mark_.failures_in_row;
  if (terms_.failures_in_row != 0 && mark_.failures_in_row >= terms_.failures_in_row &&
      mark_.stopped_at == 0) {
    mark_.stopped_at = now;
  }
}

InstallBreaker::Verdict InstallBreaker::verdict(std::int64_t now) const {
  if (mark_.stopped_at != 0) return Verdict::too_many_failures;
  const bool full = terms_.begins != 0 && begun_.size() == terms_.begins;
  return full && now - begun_.front() < terms_.within ? Verdict::too_many : Verdict::go_on;
}

void InstallBreaker::reset() {
  mark_ = {};
  begun_.clear();
}

}  // namespace session
