// SPDX-License-Identifier: GPL-3.0-or-later
// The lives of required deployments on known machines: offered, started, and then done, failed or
// silent. Events and time (Unix seconds: lives outlast the server) in, values out.
//
// Only done, or an administrator, ends such a run. One that failed or fell silent is offered again
// some times, and then held. A machine that comes back while its run is under way has fallen
// silent, too: an installer that reports nothing would else start over for ever.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policy/run.h"

namespace session {

struct RunTerms {
  std::int64_t silent_after = std::int64_t{4} * 60 * 60;  // seconds from its start, without a report
  std::uint32_t offers_again = 3;                         // that failed or fell silent; then it is held
  bool operator==(const RunTerms&) const = default;
};

enum class RunNews : std::uint8_t { offered, started, done, failed, silent, held };
inline constexpr std::size_t run_news_count = 6;
std::string_view print(RunNews news);
struct RunEvent {
  RunNews news = RunNews::offered;
  policy::Run run;  // as it is then
};

// Not locked: the server shares it between its threads.
class Runs {
 public:
  static constexpr std::size_t default_capacity = 1 << 18;
  // An ended run still hears its machine, which may say it twice or send its log afterwards.
  static constexpr std::int64_t lingers = std::int64_t{60} * 60;

  explicit Runs(RunTerms terms = {}, std::size_t capacity = default_capacity)
      : terms_(terms), capacity_(capacity) {}
  void set_terms(const RunTerms& terms) { terms_ = terms; }
  // As kept, when the server starts.
  void load(const policy::Run& run);

  enum class Offer : std::uint8_t {
    made,
    over,  // it is done or held, and the records do not say so yet: it must not boot
    full,  // no room: it boots, and nobody keeps its life
  };
  // The machine is given what boots it. The token is what it may report with; the one before it
  // is worth nothing from now on.
  Offer on_offered(const policy::RunKey& key, const std::optional<policy::TokenHash>& token,
                   const base::Ip& address, std::int64_t now);
  // Its boot image was wholly fetched. `once`: that is all that was wanted.
  void on_image_sent(const policy::RunKey& key, bool once, std::int64_t now);
  // The same of one that somebody chose at the machine: recorded, and decides nothing unless `once`.
  void on_chosen(const policy::RunKey& key, bool once, std::int64_t now);

  // The run that a token belongs to; until the next event.
  [[nodiscard]] const policy::Run* behind(const policy::TokenHash& token) const;
  // What the machine says. Done is heard from any run that is known; what was said already
  // changes nothing. False: no run has this token.
  bool on_done(const policy::TokenHash& token, std::int64_t now);
  bool on_failed(const policy::TokenHash& token, std::string_view message, std::int64_t now);

  // Whoever fell silent. Once a second or so.
  void poll(std::int64_t now);

  // An administrator begins anew: all of a device, or with a deployment only that one.
  void forget(std::int64_t device, std::int64_t deployment = 0);

  [[nodiscard]] const policy::Run* find(const policy::RunKey& key) const;
  // Offered or started just now.
  [[nodiscard]] bool under_way(const policy::RunKey& key) const;
  [[nodiscard]] std::size_t size() const { return runs_.size(); }

  // What has happened since the last call.
  std::vector<RunEvent> take_events() { return std::exchange(events_, {}); }
  // What is to be written, each run once, as it is now.
  std::vector<policy::Run> take_changed();
  [[nodiscard]] bool has_changed() const { return !changed_.empty(); }
  // It could not be written: it comes again, unless it has changed since.
  void not_written(std::vector<policy::Run> runs);

 private:
  using Clock = std::set<std::pair<std::int64_t, policy::RunKey>>;
  // The hash is as good as random already.
  struct Hash {
    std::size_t operator()(const policy::TokenHash& hash) const noexcept {
      std::size_t first = 0;
      std::memcpy(&first, hash.data(), sizeof first);
      return first;
    }
  };

  policy::Run* find_mutable(const policy::RunKey& key);
  policy::Run* behind_mutable(const policy::TokenHash& token);
  policy::Run* enter(const policy::RunKey& key, std::int64_t now);
  void give_token(policy::Run& run, const std::optional<policy::TokenHash>& token);
  void start(policy::Run& run, bool once, std::int64_t now);
  void finish(policy::Run& run, std::int64_t now);
  void fall(policy::Run& run, policy::RunState how, std::string_view why, std::int64_t now);
  void leave_clocks(const policy::Run& run);
  void remove(const policy::RunKey& key);
  void tell(RunNews news, const policy::Run& run);

  RunTerms terms_;
  std::size_t capacity_;
  std::map<policy::RunKey, policy::Run> runs_;
  std::unordered_map<policy::TokenHash, policy::RunKey, Hash> tokens_;
  Clock started_, ended_;  // when they did
  std::map<policy::RunKey, policy::Run> changed_;
  std::vector<RunEvent> events_;
};

}  // namespace session
