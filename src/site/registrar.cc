// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/registrar.h"

#include <utility>

namespace site {

Registrar::Registrar(Administration& administration)
    : administration_(administration), thread_([this] { run(); }) {}

Registrar::~Registrar() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Registrar::post(Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= capacity) {
      ++counts_.refused;
      return false;
    }
    waiting_.push_back(std::move(work));
  }
  changed_.notify_all();
  return true;
}

void Registrar::wait_until_idle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !busy_; });
}

Registrar::Counts Registrar::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.waiting = waiting_.size() + (busy_ ? 1 : 0);
  return counts;
}

void Registrar::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !waiting_.empty() || stopping_; });
    if (waiting_.empty()) return;
    const Work work = std::move(waiting_.front());
    waiting_.pop_front();
    busy_ = true;
    lock.unlock();
    work(administration_);
    lock.lock();
    busy_ = false;
    ++counts_.done;
    changed_.notify_all();
  }
}

}  // namespace site
