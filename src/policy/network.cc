// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/network.h"

#include <algorithm>
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

// The address with nothing but zeros behind the prefix.
base::Ip first_of(const base::IpNet& net) {
  base::Ip first = net.address;
  const std::size_t bits = std::min<std::size_t>((first.is_v4() ? 96U : 0U) + net.prefix, 128);
  for (std::size_t bit = bits; bit < 128; ++bit)
    first.octets.at(bit / 8) &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  return first;
}
base::Ip subnet_of(const Network& network) { return first_of(network.subnet); }

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
  std::ranges::stable_sort(all, [](const Network& a, const Network& b) {
    if (a.subnet.prefix != b.subnet.prefix) return a.subnet.prefix > b.subnet.prefix;
    return subnet_of(a) < subnet_of(b);
  });
  const auto twin = std::ranges::adjacent_find(all, [](const Network& a, const Network& b) {
    return a.subnet.prefix == b.subnet.prefix && subnet_of(a) == subnet_of(b);
  });
  if (twin != all.end())
    return base::fail("networks \"{}\" and \"{}\" are the same subnet", twin->name, std::next(twin)->name);
  Networks made;
  made.all_ = std::move(all);
  return made;
}

// A site has thousands of networks and a handful of prefix lengths: one binary search for each.
const Network* Networks::of(const base::Ip& address) const {
  if (address.is_zero()) return nullptr;
  for (auto first = all_.begin(); first != all_.end();) {
    const std::uint8_t prefix = first->subnet.prefix;
    const auto last = std::partition_point(
        first, all_.end(), [prefix](const Network& each) { return each.subnet.prefix == prefix; });
    const base::Ip wanted = first_of({address, prefix});
    const auto found = std::ranges::lower_bound(first, last, wanted, {}, subnet_of);
    if (found != last && subnet_of(*found) == wanted) return &*found;
    first = last;
  }
  return nullptr;
}

}  // namespace policy
