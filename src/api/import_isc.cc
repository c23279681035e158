// SPDX-License-Identifier: GPL-3.0-or-later
// Host declarations of ISC's dhcpd.conf and dhcpd.leases (dhcpd.conf(5)), however deep they lie in
// groups, subnets and classes.
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

#include "api/import_collector.h"
#include "api/import_text.h"

namespace api {
namespace {

struct Token {
  std::string text;
  std::size_t line = 1;
  bool quoted = false;
  [[nodiscard]] bool is(std::string_view wanted) const { return !quoted && text == wanted; }
};

class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  // False at the end.
  bool next(Token& token) {
    skip();
    token = {"", line_, false};
    if (rest_.empty()) return false;
    if (rest_.front() == '"') {
      quoted(token);
    } else if (signs.find(rest_.front()) != signs.npos) {
      token.text = rest_.front();
      rest_.remove_prefix(1);
    } else {
      const std::string_view word = rest_.substr(0, rest_.find_first_of(" \t\r\n\"#{};,"));
      token.text = word;
      rest_.remove_prefix(word.size());
    }
    return true;
  }
  [[nodiscard]] std::size_t line() const { return line_; }
  [[nodiscard]] bool open_quote() const { return open_quote_; }

 private:
  static constexpr std::string_view signs = "{};,";

  void skip() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '#') {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
        continue;
      }
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return;
      line_ += c == '\n' ? 1 : 0;
      rest_.remove_prefix(1);
    }
  }
  void quoted(Token& token) {
    token.quoted = true;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      line_ += rest_.front() == '\n' ? 1 : 0;
      token.text += rest_.front();
      rest_.remove_prefix(1);
    }
    open_quote_ = rest_.empty();
    if (!rest_.empty()) rest_.remove_prefix(1);
  }

  std::string_view rest_;
  std::size_t line_ = 1;
  bool open_quote_ = false;
};

// "0:32:e5:…" or "01:52:54:…"; nothing where it is none.
std::optional<std::vector<std::uint8_t>> octets_of(std::string_view text) {
  std::vector<std::uint8_t> out;
  while (!text.empty()) {
    std::uint8_t octet = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), octet, 16);
    const auto size = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || size > 2) return std::nullopt;
    out.push_back(octet);
    text.remove_prefix(size);
    if (text.empty()) break;
    if (text.front() != ':' || text.size() == 1) return std::nullopt;
    text.remove_prefix(1);
  }
  return out;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : tokens_(text) {}

  base::Result<Imported, LineFaults> read() {
    Token token;
    while (tokens_.next(token)) {
      if (token.is("{")) {
        open();
      } else if (token.is("}")) {
        if (!close(token.line)) break;
      } else if (token.is(";")) {
        statement();
      } else if (words_.size() < max_words) {
        words_.push_back(std::move(token));
      }
      if (blocks_.size() > max_depth) {
        out_.fault(token.line, "brackets are nested too deep");
        return std::move(out_).finish();
      }
    }
    if (tokens_.open_quote()) out_.fault(tokens_.line(), "a quotation mark is never closed");
    if (!blocks_.empty()) out_.fault(blocks_.back().line, "this bracket is never closed");
    return std::move(out_).finish();
  }

 private:
  static constexpr std::size_t max_depth = 64;
  static constexpr std::size_t max_words = 16;  // of a statement; those that we look at are shorter
  struct Block {
    std::size_t line = 0;
    bool host = false;
    bool other_hardware = false, deleted = false, bad = false;
    ImportedDevice device;
  };

  [[nodiscard]] bool begins_with(std::initializer_list<std::string_view> wanted) const {
    std::size_t i = 0;
    for (const std::string_view word : wanted) {
      if (i >= words_.size() || !words_[i].is(word)) return false;
      ++i;
    }
    return true;
  }

  void open() {
    Block block;
    block.line = words_.empty() ? tokens_.line() : words_.front().line;
    if (begins_with({"host"}) && words_.size() >= 2) {
      block.host = true;
      block.device.line = block.line;
      block.device.name = words_[1].text;
    }
    blocks_.push_back(std::move(block));
    words_.clear();
  }

  bool close(std::size_t line) {
    if (blocks_.empty()) {
      out_.fault(line, "this bracket closes nothing");
      return false;
    }
    words_.clear();
    Block block = std::move(blocks_.back());
    blocks_.pop_back();
    if (!block.host || block.bad || block.deleted) return true;
    ImportedDevice& device = block.device;
    if (device.macs.empty() && !device.uuid) {
      out_.pass_over(block.line, fmt::format("host {} has no {} address", device.name,
                                             block.other_hardware ? "Ethernet" : "hardware"));
    } else {
      out_.add(std::move(device));
    }
    return true;
  }

  void statement() {
    if (begins_with({"include"}) && words_.size() == 2)
      out_.pass_over(words_.front().line,
                     fmt::format("it includes {}: import that file by itself", words_[1].text));
    if (!blocks_.empty() && blocks_.back().host) host_statement(blocks_.back());
    words_.clear();
  }

  void host_statement(Block& block) {
    if (begins_with({"hardware", "ethernet"}) && words_.size() == 3) {
      if (const auto mac = parse_loose_mac(words_[2].text)) {
        block.device.macs.push_back(*mac);
      } else {
        block.bad = true;
        out_.fault(words_[2].line, fmt::format("host {}: \"{}\" is no hardware address", block.device.name,
                                               words_[2].text.substr(0, 60)));
      }
    } else if (begins_with({"hardware"})) {
      block.other_hardware = true;
    } else if (begins_with({"deleted"})) {
      block.deleted = true;  // in leases: a host that was taken back
    } else if (begins_with({"host-identifier", "option"}) && words_.size() == 4) {
      identifier(block, words_[2].text, words_[3].text);
    } else if (begins_with({"option", "dhcp-client-identifier"}) && words_.size() == 3) {
      identifier(block, words_[1].text, words_[2].text);
    }
  }

  // Option 97 begins with a zero, option 61 of Ethernet with a one (RFC 2132 §9.14, RFC 4578 §2.3).
  static void identifier(Block& block, std::string_view name, std::string_view value) {
    const auto octets = octets_of(value);
    if (!octets) return;
    if (name.find("pxe-client-id") != name.npos && octets->size() == 17 && octets->front() == 0) {
      block.device.uuid.emplace();
      std::copy(octets->begin() + 1, octets->end(), block.device.uuid->octets.begin());
    } else if (name.find("client-identifier") != name.npos && octets->size() == 7 && octets->front() == 1) {
      base::Mac mac;
      std::copy(octets->begin() + 1, octets->end(), mac.octets.begin());
      block.device.macs.push_back(mac);
    }
  }

  Tokens tokens_;
  std::vector<Token> words_;
  std::vector<Block> blocks_;
  Collector out_;
};

}  // namespace

base::Result<Imported, LineFaults> read_isc(std::string_view text) { return Reader(text).read(); }

}  // namespace api
