// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/collection.h"

#include <algorithm>
#include <span>
#include <utility>

namespace policy {
namespace {

// Depth first, each collection behind those it is made of. A site has thousands of them, and a
// chain may be as long: the stack is ours.
class Ordering {
 public:
  Ordering(const std::vector<Collection>& all, const std::unordered_map<std::int64_t, std::size_t>& by_id)
      : all_(all), by_id_(by_id), state_(all.size(), State::untouched) {}

  base::Result<std::vector<std::size_t>> run() {
    for (std::size_t start = 0; start < all_.size(); ++start) {
      if (auto done = visit(start); !done) return tl::unexpected(done.error());
    }
    return std::move(order_);
  }

 private:
  enum class State : std::uint8_t { untouched, under_way, done };
  struct Step {
    std::size_t at;
    std::size_t next = 0;  // of its includes, then its excludes
  };

  [[nodiscard]] std::optional<std::int64_t> part(const Step& step) const {
    const Collection& of = all_[step.at];
    if (step.next < of.includes.size()) return of.includes[step.next];
    const std::size_t rest = step.next - of.includes.size();
    return rest < of.excludes.size() ? std::optional(of.excludes[rest]) : std::nullopt;
  }

  base::Status visit(std::size_t start) {
    if (state_[start] != State::untouched) return {};
    std::vector<Step> path{{start}};
    state_[start] = State::under_way;
    while (!path.empty()) {
      Step& step = path.back();
      const auto id = part(step);
      if (!id) {
        state_[step.at] = State::done;
        order_.push_back(step.at);
        path.pop_back();
        continue;
      }
      ++step.next;
      const auto found = by_id_.find(*id);
      if (found == by_id_.end()) {
        return base::fail("collection \"{}\" is made of a collection that is not there", all_[step.at].name);
      }
      if (state_[found->second] == State::under_way) return cycle(path, found->second);
      if (state_[found->second] == State::done) continue;
      state_[found->second] = State::under_way;
      path.push_back({found->second});
    }
    return {};
  }

  base::Status cycle(const std::vector<Step>& path, std::size_t back_to) const {
    std::string way;
    const auto from = std::ranges::find(path, back_to, &Step::at);
    for (auto it = from; it != path.end(); ++it) way += "\"" + all_[it->at].name + "\" is made of ";
    return base::fail("collections go in a circle: {}\"{}\"", way, all_[back_to].name);
  }

  const std::vector<Collection>& all_;
  const std::unordered_map<std::int64_t, std::size_t>& by_id_;
  std::vector<State> state_;
  std::vector<std::size_t> order_;
};

}  // namespace

base::Result<Collections> Collections::make(std::vector<Collection> all) {
  Collections made;
  made.all_ = std::move(all);
  for (std::size_t i = 0; i < made.all_.size(); ++i) made.by_id_.emplace(made.all_[i].id, i);
  const auto order = Ordering(made.all_, made.by_id_).run();
  if (!order) return tl::unexpected(order.error());
  for (const std::size_t position : *order) {
    const Collection& collection = made.all_[position];
    if (!collection.rule && collection.includes.empty() && collection.excludes.empty()) continue;
    const auto count = [](const auto& list) { return static_cast<std::uint32_t>(list.size()); };
    Derived derived{static_cast<std::uint32_t>(position), count(made.parts_), count(collection.includes),
                    count(collection.excludes), std::nullopt};
    if (collection.rule) {
      derived.rule = count(made.rules_);
      made.rules_.push_back(*collection.rule);
      made.of_rule_.push_back(count(made.derived_));
    }
    made.derived_.push_back(derived);
    for (const auto* list : {&collection.includes, &collection.excludes}) {
      for (const std::int64_t id : *list)
        made.parts_.push_back(static_cast<std::uint32_t>(made.by_id_.at(id)));
    }
  }
  made.index_ = RuleIndex(made.rules_);
  made.find_users();
  return made;
}

void Collections::find_users() {
  std::vector<std::vector<std::uint32_t>> users(all_.size());
  for (std::uint32_t i = 0; i < derived_.size(); ++i) {
    const Derived& derived = derived_[i];
    users[derived.position].push_back(i);
    for (std::uint32_t part = 0; part < derived.includes + derived.excludes; ++part)
      users[parts_[derived.parts + part]].push_back(i);
  }
  for (const auto& of_one : users) {
    first_user_.push_back(static_cast<std::uint32_t>(users_.size()));
    users_.insert(users_.end(), of_one.begin(), of_one.end());
  }
  first_user_.push_back(static_cast<std::uint32_t>(users_.size()));
}

std::optional<std::size_t> Collections::position(std::int64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional(found->second);
}

void Collections::open_users(std::size_t position, Memberships& of) const {
  for (std::uint32_t i = first_user_[position]; i < first_user_[position + 1]; ++i)
    Memberships::set(of.open_, users_[i]);
}

// A site has thousands of collections and a machine is in a few: only those are looked at that a
// name, a rule that may hold, or a part leads to. What is found opens nothing but what stands behind
// it, so that one pass does.
void Collections::members(const Device& device, const Facts& facts, Memberships& out) const {
  out.words_.assign((all_.size() + 63) / 64, 0);
  out.open_.assign((derived_.size() + 63) / 64, 0);
  for (const std::int64_t id : device.collections) {
    const auto at = position(id);
    if (!at) continue;
    Memberships::set(out.words_, *at);
    open_users(*at, out);
  }
  const RuleSubject subject(facts, device.name);
  out.rules_.clear();
  index_.may_match(subject, out.rules_);
  for (const std::uint32_t rule : out.rules_) Memberships::set(out.open_, of_rule_[rule]);

  const auto in = [&out](std::uint32_t position) { return out.in(position); };
  const auto look_at = [&](const Derived& derived) {
    const std::span parts = std::span(parts_).subspan(derived.parts, derived.includes + derived.excludes);
    const bool named = in(derived.position);
    if (std::ranges::any_of(parts.subspan(derived.includes), in)) {
      if (named) Memberships::clear(out.words_, derived.position);
    } else if (!named && (std::ranges::any_of(parts.first(derived.includes), in) ||
                          (derived.rule && rules_[*derived.rule].matches(subject)))) {
      Memberships::set(out.words_, derived.position);
      open_users(derived.position, out);
    }
  };
  for (std::size_t word = 0; word < out.open_.size(); ++word) {
    for (std::uint64_t done = 0, rest = 0; (rest = out.open_[word] & ~done) != 0;) {
      const std::uint64_t lowest = rest & -rest;
      done |= lowest;
      look_at(derived_[word * 64 + static_cast<std::size_t>(std::countr_zero(lowest))]);
    }
  }
}

}  // namespace policy
