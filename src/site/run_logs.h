// SPDX-License-Identifier: GPL-3.0-or-later
// Logs that machines send while they are installed, kept below the state directory: a file for
// each try of a run, «runs/17-4-1763760000.log» by device, deployment and time of the offer.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "policy/run.h"
#include "site/registrar.h"

namespace site {

class RunLogs {
 public:
  static constexpr std::size_t max_octets = 1 << 20;  // of one try; the rest of it is dropped
  static constexpr std::size_t max_files = 512;       // the oldest make room
  static constexpr std::size_t max_waiting = 16 << 20;

  // `post` is Registrar::post: what it takes is done before this object ends.
  RunLogs(std::string directory, std::function<bool(Registrar::Work)> post)
      : directory_(std::move(directory)), post_(std::move(post)) {}

  // Any thread, without waiting for the disk. False: no room just now.
  bool append(const policy::Run& run, std::string_view octets);

 private:
  void write(const std::string& name, std::string_view octets) const;
  void drop_oldest() const;

  std::string directory_;
  std::function<bool(Registrar::Work)> post_;
  std::atomic<std::size_t> waiting_ = 0;
};

}  // namespace site
