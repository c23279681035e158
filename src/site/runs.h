// SPDX-License-Identifier: GPL-3.0-or-later
// The runs of a site: what machines are given and what they report, on one side; records, log and
// decisions on the other. Packet and HTTP threads tell it what happens and wait for no disk; a
// change is written a moment later by the Registrar's thread, and again until it is.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log_rate.h"
#include "policy/decide.h"
#include "session/boot_counts.h"
#include "session/install_breaker.h"
#include "session/runs.h"
#include "site/administration.h"
#include "site/registrar.h"

namespace site {

struct RunsTerms {
  session::RunTerms life;
  session::BreakerTerms breaker;
  session::BootCountTerms counts;
  bool operator==(const RunsTerms&) const = default;
};

// For the API and the command line.
struct RunItem {
  policy::RunKey key;
  std::string device, deployment, image;  // names
  policy::Run run;
  std::optional<unsigned> percent;  // as far as the machine says
  std::string progress;
};

class Runs {
 public:
  using SiteNow = std::function<std::shared_ptr<const Site>()>;
  using Post = std::function<bool(Registrar::Work)>;
  using UnixNow = std::function<std::int64_t()>;

  Runs(SiteNow site, const RunsTerms& terms, UnixNow unix_now);
  void set_terms(const RunsTerms& terms);
  // Before anybody boots: what is kept. `post` is Registrar::post, and ends before this object.
  base::Status open(Administration& administration, Post post);

  // --- boots; any thread --------------------------------------------------------------------

  // The time as decisions take it, for a machine of which nothing more is known.
  [[nodiscard]] policy::Now now() const;
  // What a machine boots that asks for its script: with what is known of its run and its boots.
  policy::Plan decide(const policy::Facts& facts, const policy::Snapshot& snapshot, base::Time now);

  struct Offered {
    base::Ip to;
    bool reports = false;           // HTTP is on: it gets a word to report with
    bool images_elsewhere = false;  // another server sends the image: that it left is not seen here
  };
  // The plan is about to be rendered for its machine. The word to report with; empty where nothing
  // is to be reported. A plan whose run is over already becomes one that boots nothing.
  std::string offer(policy::Plan& plan, const Offered& offered, base::Time now);
  // A machine has the last file of a choice's image.
  void image_sent(const policy::Facts& facts, const policy::Device* device, const policy::Choice& choice,
                  base::Time now);

  // --- reports; any thread -------------------------------------------------------------------

  [[nodiscard]] std::optional<policy::Run> behind(const policy::TokenHash& token) const;
  // Since its present try was offered.
  [[nodiscard]] base::Duration age(const policy::Run& run) const {
    return std::chrono::seconds(unix_now_() - run.offered);
  }
  void done(const policy::TokenHash& token);
  void failed(const policy::TokenHash& token, std::string_view message);  // one line
  void progress(const policy::TokenHash& token, std::optional<unsigned> percent, std::string_view text);

  // --- people; not packet threads ------------------------------------------------------------

  base::Result<std::vector<RunItem>> list(Administration& administration, const store::RunQuery& query) const;
  // All begins anew for a device, or with a deployment (else 0) that one: `deploy rerun`.
  base::Status rerun(Administration& administration, std::int64_t device, std::int64_t deployment,
                     const std::string& who);
  // Installs go on that were stopped.
  void reset_breaker(const std::string& who);
  // Machines that boot over and over, installs that are stopped, records that cannot be written.
  [[nodiscard]] std::vector<std::string> problems() const;
  // «runs.started» and the like.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> counters() const;

  // Once a second or so: those that fall silent, and what is still to be written.
  void poll();

 private:
  struct Progress {
    std::optional<unsigned> percent;
    std::string text;
  };

  template <class Use>
  auto change(Use&& use);
  std::vector<std::string> take_news();  // under the lock
  [[nodiscard]] std::string words(const session::RunEvent& event, const Site& site) const;
  void tell_breaker();  // under the lock
  void schedule();
  void write(Administration& administration);
  bool stops(const policy::Plan& plan) const;

  SiteNow site_;
  UnixNow unix_now_;
  Post post_;

  mutable std::mutex mutex_;
  session::Runs runs_;
  session::InstallBreaker breaker_;
  session::BootCounts counts_;
  std::map<policy::RunKey, Progress> progress_;  // of runs that have started
  bool breaker_changed_ = false;
  session::InstallBreaker::Verdict verdict_ = session::InstallBreaker::Verdict::go_on;
  std::array<std::uint64_t, session::run_news_count> news_{};
  std::uint64_t loops_ = 0, untracked_ = 0;
  std::string unwritten_;  // why, since the last time it worked
  base::LogRate log_rate_;

  std::atomic<bool> stopped_ = false;  // verdict_, for packets
  std::atomic<bool> scheduled_ = false;
  std::mutex writing_;  // one at a time: a rerun must not be overtaken by an older change
};

// A word nobody guesses: 128 bits, as 32 hexadecimal digits.
std::string new_token();
policy::TokenHash hash_of(std::string_view token);

// How it stands on the command line: «bootferry.report=http://10.0.0.2/boot/v1/0123…».
inline constexpr std::string_view report_word = "bootferry.report=";

}  // namespace site
