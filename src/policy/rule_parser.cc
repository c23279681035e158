// SPDX-License-Identifier: GPL-3.0-or-later
// Rule::parse: recursive descent over the grammar in rule.h, with a bound on its depth.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/address.h"
#include "policy/rule.h"

namespace policy {
namespace {

constexpr std::string_view blanks = " \t\r\n";

struct Token {
  enum class Kind : std::uint8_t { end, open, close, word, quoted } kind = Kind::end;
  std::size_t position = 0;
  std::string text;
};

}  // namespace

class RuleParser {
 public:
  explicit RuleParser(std::string_view text) : text_(text) {}

  base::Result<Rule, RuleError> parse() {
    if (text_.size() > Rule::max_text) return fail(Rule::max_text, "the rule is longer than 2048 letters");
    advance();
    if (!error_ && next_.kind == Token::Kind::word && next_.text == "all") {
      advance();
      if (!error_ && next_.kind == Token::Kind::end) return Rule();
      return fail(next_.position, "\"all\" stands alone");
    }
    parse_or(0);
    if (!error_ && next_.kind != Token::Kind::end) {
      set_error(next_.position, next_.kind == Token::Kind::close ? "no bracket is open here"
                                                                 : "\"and\" or \"or\" is missing here");
    }
    if (error_) return tl::unexpected(*error_);
    Rule rule;
    rule.nodes_ = std::move(nodes_);
    // Longer names for the same: what is kept in the one spelling must parse again.
    if (rule.print().size() > Rule::max_text)
      return fail(text_.size(), "the rule is longer than 2048 letters when it is spelled out");
    return rule;
  }

 private:
  using Kind = Rule::Kind;

  static tl::unexpected<RuleError> fail(std::size_t position, std::string what) {
    return tl::unexpected(RuleError{position, std::move(what)});
  }
  void set_error(std::size_t position, std::string what) {
    if (!error_) error_ = RuleError{position, std::move(what)};
  }

  void advance() {
    at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size());
    next_ = {Token::Kind::end, at_, {}};
    if (at_ == text_.size()) return;
    const char c = text_[at_];
    if (c == '(' || c == ')') {
      next_.kind = c == '(' ? Token::Kind::open : Token::Kind::close;
      ++at_;
    } else if (c == '"') {
      read_quoted();
    } else {
      const std::size_t end = std::min(text_.find_first_of(" \t\r\n()\"", at_), text_.size());
      next_.kind = Token::Kind::word;
      next_.text = text_.substr(at_, end - at_);
      at_ = end;
    }
  }

  void read_quoted() {
    next_.kind = Token::Kind::quoted;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      next_.text += text_[at_];
    }
    if (at_ == text_.size()) return set_error(next_.position, "this quotation mark is never closed");
    ++at_;
  }

  bool word(std::string_view text) const {
    return !error_ && next_.kind == Token::Kind::word && next_.text == text;
  }

  // A list of one is that one: the tree has no empty shells.
  template <class Item>
  void parse_list(Kind kind, std::string_view separator, const Item& item) {
    const std::size_t head = nodes_.size();
    nodes_.push_back({kind, 1, {}});
    std::size_t count = 0;
    do {
      if (count > 0) advance();
      item();
      ++count;
    } while (word(separator));
    if (error_) return;
    if (count == 1) {
      nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(head));
    } else {
      nodes_[head].size = static_cast<std::uint16_t>(nodes_.size() - head);
    }
  }

  void parse_or(std::size_t depth) {
    parse_list(Kind::any_of, "or", [&] { parse_and(depth); });
  }
  void parse_and(std::size_t depth) {
    parse_list(Kind::all_of, "and", [&] { parse_item(depth); });
  }

  void parse_item(std::size_t depth) {
    if (error_) return;
    if (depth > Rule::max_depth) return set_error(next_.position, "brackets and \"not\" are nested too deep");
    if (word("not")) {
      advance();
      const std::size_t head = nodes_.size();
      nodes_.push_back({Kind::negation, 1, {}});
      parse_item(depth + 1);
      nodes_[head].size = static_cast<std::uint16_t>(nodes_.size() - head);
    } else if (next_.kind == Token::Kind::open) {
      const std::size_t open = next_.position;
      advance();
      parse_or(depth + 1);
      if (error_) return;
      if (next_.kind != Token::Kind::close) return set_error(open, "this bracket is never closed");
      advance();
    } else {
      parse_test();
    }
  }

  void parse_test() {
    const Token fact = next_;
    if (fact.kind != Token::Kind::word) {
      return set_error(fact.position,
                       "a fact is expected here: subnet, relay, circuit, arch, vendor, "
                       "firmware, mac or name");
    }
    advance();
    const Token value = next_;
    if (error_) return;
    const auto kind = kind_of(fact.text);
    if (!kind) {
      return set_error(fact.position,
                       fmt::format("\"{}\" is no fact: there are subnet, relay, circuit, arch, "
                                   "vendor, firmware, mac and name",
                                   fact.text));
    }
    if (value.kind != Token::Kind::word && value.kind != Token::Kind::quoted) {
      return set_error(value.position, fmt::format("{} of what? A value is missing here", fact.text));
    }
    auto operand = operand_of(*kind, value.text);
    if (!operand)
      return set_error(value.position, fmt::format("\"{}\" is no {}", value.text, expected(*kind)));
    if (++tests_ > Rule::max_tests) return set_error(fact.position, "the rule has more than 64 tests");
    nodes_.push_back({*kind, 1, std::move(*operand)});
    advance();
  }

  static std::optional<Kind> kind_of(std::string_view fact) {
    constexpr std::pair<std::string_view, Kind> facts[] = {
        {"subnet", Kind::subnet}, {"relay", Kind::relay},   {"circuit", Kind::circuit},
        {"arch", Kind::arch},     {"vendor", Kind::vendor}, {"firmware", Kind::firmware},
        {"mac", Kind::mac},       {"name", Kind::name},
    };
    for (const auto& [name, kind] : facts) {
      if (name == fact) return kind;
    }
    return std::nullopt;
  }

  static std::optional<Rule::Operand> operand_of(Kind kind, const std::string& text) {
    const auto wrap = [](const auto& value) -> std::optional<Rule::Operand> {
      if (!value) return std::nullopt;
      return Rule::Operand(*value);
    };
    switch (kind) {
      case Kind::subnet:
        return wrap(base::IpNet::parse(text));
      case Kind::relay:
        return wrap(base::Ipv4::parse(text));
      case Kind::arch:
        return wrap(parse_arch(text));
      case Kind::firmware:
        return wrap(parse_firmware(text));
      case Kind::mac:
        return wrap(mac_pattern(text));
      default:
        return text.empty() ? std::nullopt : std::optional<Rule::Operand>(text);
    }
  }

  // A whole address in whatever spelling, or a pattern of 52:54:00:12:34:56. What can match no
  // address is an error: a rule that never holds is found when it is written.
  static std::optional<std::string> mac_pattern(std::string text) {
    if (const auto whole = base::Mac::parse(text)) return whole->print();
    std::ranges::replace(text, '-', ':');
    if (text.find_first_not_of("0123456789abcdefABCDEF:*?") != std::string::npos) return std::nullopt;
    if (text.find('*') == std::string::npos && text.size() != 17) return std::nullopt;
    std::size_t digits = 0;
    for (const char c : text) {
      digits = c == ':' || c == '*' || c == '?' ? 0 : digits + 1;
      if (digits > 2) return std::nullopt;
    }
    return text;
  }

  static std::string_view expected(Kind kind) {
    switch (kind) {
      case Kind::subnet:
        return "subnet: write it as 10.1.0.0/16";
      case Kind::relay:
        return "address: write it as 10.1.0.1";
      case Kind::arch:
        return "architecture: bios, ia32, x64, arm32, arm64, riscv64 or loongarch64";
      case Kind::firmware:
        return "firmware: bios, uefi, u-boot or raspberry-pi";
      case Kind::mac:
        return "pattern of a hardware address: write it as 52:54:00:*";
      default:
        return "pattern";
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Token next_;
  std::size_t tests_ = 0;
  std::vector<Rule::Node> nodes_;
  std::optional<RuleError> error_;
};

base::Result<Rule, RuleError> Rule::parse(std::string_view text) { return RuleParser(text).parse(); }

}  // namespace policy
