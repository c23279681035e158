// SPDX-License-Identifier: GPL-3.0-or-later
// What may come next on the command line, from the same tree that parses it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "arguments.h"

namespace cli {
namespace {

class Walk {
 public:
  explicit Walk(const CLI::App& root) : at_(&root) {}

  // A word that stands whole before the one that is completed.
  void pass(const std::string& word) {
    if (waiting_ != nullptr) {
      remember(*waiting_, word);
      waiting_ = nullptr;
    } else if (word.starts_with("-")) {
      const std::size_t equals = word.find('=');
      const CLI::Option* option = at_->get_option_no_throw(word.substr(0, equals));
      if (option == nullptr) return;
      given_.push_back(option);
      if (option->get_items_expected_max() == 0) return;
      if (equals == std::string::npos)
        waiting_ = option;
      else
        remember(*option, word.substr(equals + 1));
    } else if (const CLI::App* below = subcommand(word); below != nullptr) {
      at_ = below;
      positions_ = 0;
    } else {
      ++positions_;
    }
  }

  [[nodiscard]] const CLI::App& at() const { return *at_; }
  [[nodiscard]] const CLI::Option* waiting() const { return waiting_; }
  [[nodiscard]] const Common& common() const { return common_; }
  [[nodiscard]] bool given(const CLI::Option* option) const {
    return std::find(given_.begin(), given_.end(), option) != given_.end();
  }
  // The option by position that comes next; null: none.
  [[nodiscard]] const CLI::Option* next_position() const {
    std::size_t skip = positions_;
    for (const CLI::Option* option : at_->get_options()) {
      if (!option->get_positional()) continue;
      if (option->get_items_expected_max() > 1 || skip == 0) return option;
      --skip;
    }
    return nullptr;
  }

 private:
  [[nodiscard]] const CLI::App* subcommand(const std::string& name) const {
    const auto found = at_->get_subcommands([&](const CLI::App* app) { return app->get_name() == name; });
    return found.empty() ? nullptr : found.front();
  }
  void remember(const CLI::Option& option, const std::string& value) {
    if (option.check_lname("socket")) common_.socket = value;
    if (option.check_lname("state")) common_.state = value;
    if (option.check_lname("config")) common_.config = value;
  }

  const CLI::App* at_;
  const CLI::Option* waiting_ = nullptr;  // for its value
  std::vector<const CLI::Option*> given_;
  std::size_t positions_ = 0;
  Common common_;
};

}  // namespace

Tree::Complete Tree::complete(const std::vector<std::string>& words, const NamesOf& names) const {
  Complete out;
  if (words.empty()) return out;
  Walk walk(*app_);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) walk.pass(words[i]);
  const std::string& begun = words.back();
  const auto offer = [&](const std::string& candidate, const std::string& what) {
    if (!candidate.starts_with(begun)) return;
    out.lines.push_back(what.empty() ? candidate : fmt::format("{}\t{}", candidate, what));
  };
  const auto offer_values = [&](const CLI::Option* option) {
    const auto found =
        std::find_if(values_.begin(), values_.end(), [&](const auto& v) { return v.first == option; });
    if (found == values_.end()) return;
    const Values& values = found->second;
    for (const std::string& word : values.words) offer(word, "");
    if (values.kind == Values::Kind::file) out.lines.emplace_back(":file");
    if (values.kind == Values::Kind::folder) out.lines.emplace_back(":folder");
    if (values.kind == Values::Kind::names) {
      for (const std::string& name : names(walk.common(), values.names, begun)) offer(name, "");
    }
  };
  if (walk.waiting() != nullptr) {
    offer_values(walk.waiting());
    return out;
  }
  if (begun.starts_with("-")) {
    for (const CLI::Option* option : walk.at().get_options()) {
      const bool again = option->get_items_expected_max() > 1;
      if (option->get_lnames().empty() || (walk.given(option) && !again)) continue;
      offer("--" + option->get_lnames().front(), option->get_description());
    }
    return out;
  }
  for (const CLI::App* below : walk.at().get_subcommands({})) {
    if (!below->get_group().empty()) offer(below->get_name(), below->get_description());
  }
  if (const CLI::Option* next = walk.next_position()) offer_values(next);
  return out;
}

}  // namespace cli
