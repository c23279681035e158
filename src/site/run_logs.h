// SPDX-License-Identifier: GPL-3.0-or-later
// What machines send while they are installed, kept below the state directory: files for each try
// of a run, by device, deployment and time of the offer. «runs/17-4-1763760000.log» is its log,
// «….facts.json» what the machine says that it is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
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
  // In place of those that the same try has sent before.
  bool keep_facts(const policy::Run& run, std::string_view json);

 private:
  [[nodiscard]] std::string name_of(const policy::Run& run, std::string_view end) const;
  bool post(std::string_view octets, std::function<void(std::string_view)> write);
  [[nodiscard]] bool make_room() const;
  void write_log(const std::string& name, std::string_view octets) const;
  void write_facts(const std::string& name, std::string_view octets) const;
  void drop_oldest() const;

  std::string directory_;
  std::function<bool(Registrar::Work)> post_;
  std::atomic<std::size_t> waiting_ = 0;
};

struct KeptFacts {
  std::int64_t deployment = 0, at = 0;  // at: Unix seconds
  std::string json;
};
// The last that a device has sent, of those that `directory` keeps.
std::optional<KeptFacts> last_facts(const std::string& directory, std::int64_t device);

}  // namespace site
