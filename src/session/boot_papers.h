// SPDX-License-Identifier: GPL-3.0-or-later
// What a boot was given to fetch by: a word of its own for each machine that was told what it boots,
// and what is handed out once for it. A file counts as taken when a transfer of it was complete;
// whoever lost the end of that one may take it again for a minute.
//
// In memory alone: a boot that is under way when the server starts anew asks in vain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/ip.h"
#include "base/time.h"
#include "policy/run.h"
#include "session/recent_map.h"

namespace session {

// One thing that the boot may lead to.
struct PaperEntry {
  std::int64_t image = 0;
  std::int64_t deployment = 0, task_sequence = 0;  // 0: none
  std::string directory;                           // of the image's version: «images/debian/3»
};

struct BootPapers {
  std::string token;
  policy::TokenHash hash{};
  base::Mac mac;  // of who was told
  std::optional<base::Uuid> uuid;
  std::int64_t device = 0;  // 0: no record knows it
  base::Ip address;         // by which it asked
  std::vector<PaperEntry> entries;
  std::vector<std::pair<std::string, base::Time>> taken;  // when it was, the first time
  [[nodiscard]] const PaperEntry* entry(std::int64_t image) const;
};

// Not locked: the server shares it between its threads.
class Papers {
 public:
  static constexpr std::size_t default_capacity = 65536;
  // Large images over slow lines come before an installer asks for its answers: as long as a run
  // may be without a report.
  static constexpr base::Duration default_lifetime = std::chrono::hours(4);
  static constexpr base::Duration again = std::chrono::seconds(60);

  explicit Papers(std::size_t capacity = default_capacity, base::Duration lifetime = default_lifetime)
      : by_mac_(capacity, lifetime), by_token_(capacity, lifetime) {}

  // In place of those that the machine had.
  void issue(BootPapers papers, base::Time now);
  // Null: none, or no longer. Until the next issue().
  [[nodiscard]] const BootPapers* of(const base::Mac& mac, base::Time now);
  [[nodiscard]] const BootPapers* behind(const policy::TokenHash& token, base::Time now);

  [[nodiscard]] static bool may_take(const BootPapers& papers, std::string_view what, base::Time now);
  // A transfer of it was complete.
  void took(const base::Mac& mac, std::string_view what, base::Time now);

 private:
  // Names are ours; nobody can bring more of them about.
  static constexpr std::size_t most_taken = 256;

  RecentMap<BootPapers> by_mac_;
  RecentMap<base::Mac> by_token_;  // by the front of its hash
};

}  // namespace session
