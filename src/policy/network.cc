// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/network.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace policy {
namespace {

template <class Value, std::size_t Count>
std::optional<Value> parse_one_of(const Value (&values)[Count], std::string_view text) {
  for (const Value value : values) {
    if (print(value) == text) return value;
  }
  return std::nullopt;
}

base::Status check(const Network& network) {
  const auto& windows = network.maintenance;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (windows[i].from_minute >= minutes_of_week || windows[i].minutes == 0 ||
        windows[i].minutes > minutes_of_week)
      return base::fail("network \"{}\": a maintenance window begins within a week and lasts up to one",
                        network.name);
    for (std::size_t j = 0; j < windows.size(); ++j) {
      if (i != j && windows[i].contains(windows[j].from_minute))
        return base::fail("network \"{}\": two maintenance windows overlap", network.name);
    }
  }
  return {};
}

}  // namespace

std::string_view print(AnswerTo answer) {
  switch (answer) {
    case AnswerTo::all:
      return "all";
    case AnswerTo::known:
      return "known";
    case AnswerTo::none:
      return "none";
  }
  return "unknown";
}

std::string_view print(Prompting prompting) {
  switch (prompting) {
    case Prompting::opt_in:
      return "opt-in";
    case Prompting::none:
      return "none";
    case Prompting::opt_out:
      return "opt-out";
  }
  return "unknown";
}

std::optional<AnswerTo> parse_answer_to(std::string_view text) {
  return parse_one_of({AnswerTo::all, AnswerTo::known, AnswerTo::none}, text);
}
std::optional<Prompting> parse_prompting(std::string_view text) {
  return parse_one_of({Prompting::opt_in, Prompting::none, Prompting::opt_out}, text);
}

bool WeekWindow::contains(std::uint16_t minute_of_week) const {
  return (minute_of_week + minutes_of_week - from_minute) % minutes_of_week < minutes;
}

base::Result<Networks> Networks::make(std::vector<Network> all) {
  for (const Network& network : all) {
    if (auto good = check(network); !good) return tl::unexpected(good.error());
  }
  std::ranges::stable_sort(all, std::ranges::greater(),
                           [](const Network& each) { return each.subnet.prefix; });
  Networks made;
  made.all_ = std::move(all);
  for (const Network& network : made.all_) {
    const std::uint8_t prefix = network.subnet.prefix;
    if (made.lengths_.empty() || made.lengths_.back().prefix != prefix) made.lengths_.push_back({prefix, {}});
    const auto position = static_cast<std::size_t>(&network - made.all_.data());
    const auto [there, added] = made.lengths_.back().by_first.emplace(network.subnet.first(), position);
    if (!added)
      return base::fail("networks \"{}\" and \"{}\" are the same subnet", made.all_[there->second].name,
                        network.name);
  }
  return made;
}

const Network* Networks::of(const base::Ip& address) const {
  if (address.is_zero()) return nullptr;
  for (const Length& length : lengths_) {
    const auto found = length.by_first.find(base::IpNet{address, length.prefix}.first());
    if (found != length.by_first.end()) return &all_[found->second];
  }
  return nullptr;
}

}  // namespace policy
