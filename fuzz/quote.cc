// SPDX-License-Identifier: GPL-3.0-or-later
// Any name or command line on its way into a script for iPXE or GRUB. Properties: no text
// adds a line, a word that acts or a screen's worth of signs; what GRUB reads back is what
// was meant.
#include "render/quote.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_line(std::string_view text) { return std::none_of(text.begin(), text.end(), is_control); }

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// The words that GRUB makes of a line; nullopt when a sign would act. As in GRUB's lexer,
// nothing is special inside single quotes, and outside of them only \' is used here.
std::optional<std::vector<std::string>> grub_words(std::string_view line) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == ' ') {
      if (word) words.push_back(*word);
      word.reset();
      continue;
    }
    if (!word) word.emplace();
    if (c == '\'') {
      const std::size_t end = line.find('\'', i + 1);
      if (end == line.npos) return std::nullopt;
      *word += line.substr(i + 1, end - i - 1);
      i = end;
    } else if (c == '\\' && i + 1 < line.size()) {
      *word += line[++i];
    } else if (std::string_view("{}|&$;<>\"\\#*?[]()!").find(c) != std::string_view::npos) {
      return std::nullopt;
    } else {
      *word += c;
    }
  }
  if (word) words.push_back(*word);
  return words;
}

void check_ipxe(std::string_view text) {
  const std::string words = render::ipxe_words(text);
  BOOTFERRY_CHECK(is_line(words) && words.size() <= text.size());
  BOOTFERRY_CHECK(render::what_ipxe_acts_on(words).empty());
  BOOTFERRY_CHECK(words.find("${") == words.npos && render::ipxe_words(words) == words);
  // What the administrator is not told about reaches the kernel word for word.
  if (is_line(text) && render::what_ipxe_acts_on(text).empty()) {
    BOOTFERRY_CHECK(words_of(words) == words_of(text));
  }
}

void check_grub(std::string_view text) {
  const std::string word = render::grub_word(text);
  const auto one = grub_words(word);
  BOOTFERRY_CHECK(is_line(word) && one && one->size() == 1 && one->front() == render::one_line(text));

  const std::string line = render::grub_command_line(text);
  const auto all = grub_words(line);
  BOOTFERRY_CHECK(is_line(line) && all);
  std::string meant = render::one_line(text);
  // Without quotes the words are those of the text.
  if (meant.find('"') == meant.npos) BOOTFERRY_CHECK(*all == words_of(meant));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = base::as_text({data, size});
  const std::string line = render::one_line(text);
  BOOTFERRY_CHECK(is_line(line) && line.size() <= size && render::one_line(line) == line);
  const std::string screen = render::screen_text(text);
  BOOTFERRY_CHECK(screen.size() <= 80);
  BOOTFERRY_CHECK(std::all_of(screen.begin(), screen.end(), [](char c) { return c >= ' ' && c <= '~'; }));
  check_ipxe(text);
  check_grub(text);
  return 0;
}
