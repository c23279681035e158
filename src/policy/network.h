// SPDX-License-Identifier: GPL-3.0-or-later
// Who is answered and how: for the whole site, and where a network says otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace policy {

enum class AnswerTo : std::uint8_t { all, known, none };
enum class Prompting : std::uint8_t {
  opt_in,  // a key boots from the network, silence goes to the disk
  none,
  opt_out,  // a key goes to the disk, silence boots from the network
};
std::string_view print(AnswerTo answer);      // "all", "known", "none"
std::string_view print(Prompting prompting);  // "opt-in", "none", "opt-out"
std::optional<AnswerTo> parse_answer_to(std::string_view text);
std::optional<Prompting> parse_prompting(std::string_view text);

// How strangers wait for an administrator.
struct PendingTerms {
  std::uint16_t poll_seconds = 10;
  std::uint16_t polls = 2160;  // six hours
  std::string message = "This machine waits for an administrator's approval.";
  bool operator==(const PendingTerms&) const = default;
};

struct SitePolicy {
  AnswerTo answer = AnswerTo::all;
  bool add_unknown = false;                    // strangers become pending devices
  Prompting prompt_known = Prompting::opt_in;  // of what is available; what is required asks nothing
  Prompting prompt_unknown = Prompting::opt_in;
  std::uint16_t delay_seconds =
      0;                          // strangers are answered only after so long, where their firmware can wait
  bool menus = true;              // of several available deployments; else the first of them boots
  bool detect_processor = false;  // BIOS machines get the detecting program first
  PendingTerms pending;
  bool operator==(const SitePolicy&) const = default;
};

// In the server's local time, every week.
struct WeekWindow {
  std::uint16_t from_minute = 0;  // of the week, Monday 00:00 is 0
  std::uint16_t minutes = 0;      // may run over Sunday's end
  bool operator==(const WeekWindow&) const = default;
  [[nodiscard]] bool contains(std::uint16_t minute_of_week) const;
};
inline constexpr std::uint16_t minutes_of_week = 7 * 24 * 60;

// A window of each network that is said otherwise than for the site.
struct Network {
  std::int64_t id = 0;
  std::string name;
  base::IpNet subnet;
  std::optional<AnswerTo> answer;
  std::optional<bool> add_unknown;
  std::optional<Prompting> prompt_known, prompt_unknown;
  std::optional<std::uint16_t> delay_seconds;
  std::vector<WeekWindow> maintenance;  // required deployments boot only then; empty: at any time
  std::int64_t referral = 0;            // sends its machines to another server; 0: none
  bool operator==(const Network&) const = default;
};

// All networks; the one with the longest prefix speaks for an address.
class Networks {
 public:
  Networks() = default;
  // Refuses two of one subnet, and windows of one network that overlap.
  static base::Result<Networks> make(std::vector<Network> all);
  [[nodiscard]] const std::vector<Network>& all() const { return all_; }
  [[nodiscard]] const Network* of(const base::Ip& address) const;

 private:
  std::vector<Network> all_;  // longest prefix first
  // A site has thousands of networks and a handful of prefix lengths: one look for each.
  struct Length {
    std::uint8_t prefix = 0;
    std::unordered_map<base::Ip, std::size_t> by_first;  // the place in all_, by a subnet's first address
  };
  std::vector<Length> lengths_;
};

}  // namespace policy
