// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/loader_config.h"

#include <algorithm>
#include <utility>

namespace content {
namespace {

// A menu that includes itself must end. Debian's needs 4 levels and about 20 files.
constexpr int deepest_include = 8;
constexpr int most_includes = 200;
constexpr std::size_t most_entries = 1000;

constexpr std::string_view blanks = " \t\r";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find_first_of(blanks), line.size());
  const std::string_view word = line.substr(0, end);
  line = trim(line.substr(end));
  return word;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

void add_word(std::string& line, std::string_view word) {
  if (!line.empty()) line += ' ';
  line += word;
}

void add_list(std::vector<std::string>& list, std::string_view comma_separated) {
  while (!comma_separated.empty()) {
    const std::size_t end = std::min(comma_separated.find(','), comma_separated.size());
    if (end > 0) list.emplace_back(comma_separated.substr(0, end));
    comma_separated.remove_prefix(std::min(end + 1, comma_separated.size()));
  }
}

class Syslinux {
 public:
  explicit Syslinux(const Include& include) : include_(include) {}

  void read(std::string_view text, int depth) {
    while (!text.empty()) {
      std::string_view line = take_line(text);
      const std::string directive = lower(take_word(line));
      if (directive == "include") {
        read_included(line, depth);
      } else if (directive == "text") {  // up to "endtext": prose for people
        while (!text.empty() && lower(take_line(text)) != "endtext") continue;
      } else {
        obey(directive, line);
      }
    }
  }

  std::vector<ConfigEntry> entries() && {
    for (ConfigEntry& entry : entries_) {
      if (!default_.empty() && entry.label == default_) entry.is_default = true;
    }
    return std::move(entries_);
  }

 private:
  void read_included(std::string_view path, int depth) {
    if (depth >= deepest_include || ++includes_ > most_includes) return;
    if (const auto text = include_(path)) read(*text, depth + 1);
  }

  void obey(const std::string& directive, std::string_view rest) {
    if (directive == "label") {
      if (entries_.size() < most_entries) entries_.push_back({.label = std::string(rest)});
    } else if (directive == "default") {
      default_ = rest;
    } else if (entries_.empty()) {
      return;
    } else if (directive == "kernel" || directive == "linux") {
      entries_.back().kernel = rest;
    } else if (directive == "initrd") {
      add_list(entries_.back().initrds, rest);
    } else if (directive == "append") {
      append(entries_.back(), rest);
    } else if (directive == "menu" && lower(rest) == "default") {
      entries_.back().is_default = true;
    }
  }

  static void append(ConfigEntry& entry, std::string_view rest) {
    entry.command_line.clear();  // a second APPEND replaces the first
    while (!rest.empty()) {
      const std::string_view word = take_word(rest);
      if (word.starts_with("initrd=")) {
        entry.initrds.clear();
        add_list(entry.initrds, word.substr(7));
      } else {
        add_word(entry.command_line, word);
      }
    }
  }

  const Include& include_;
  std::vector<ConfigEntry> entries_;
  std::string default_;
  int includes_ = 0;
};

// The title of «menuentry --hotkey=g 'Graphical install' {»: the first quoted text.
std::string grub_title(std::string_view rest) {
  const std::size_t open = rest.find_first_of("'\"");
  if (open == std::string_view::npos) return std::string(take_word(rest));
  const std::size_t close = rest.find(rest[open], open + 1);
  return std::string(rest.substr(open + 1, std::min(close, rest.size()) - open - 1));
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool has_variable(std::string_view text) { return text.find('$') != std::string_view::npos; }

std::string_view unquoted(std::string_view text) {
  const bool quoted =
      text.size() >= 2 && text.front() == text.back() && (text.front() == '"' || text.front() == '\'');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

class Grub {
 public:
  void read(std::string_view text) {
    while (!text.empty()) {
      std::string_view line = take_line(text);
      const std::string_view command = take_word(line);
      obey(command, line);
    }
  }

  std::vector<ConfigEntry> entries() && {
    for (ConfigEntry& entry : entries_) {
      const std::size_t place = places_[static_cast<std::size_t>(&entry - entries_.data())];
      entry.is_default = entry.label == default_ || (place != 0 && std::to_string(place - 1) == default_);
    }
    std::erase_if(entries_, [](const ConfigEntry& entry) {
      return has_variable(entry.kernel) ||
             std::any_of(entry.initrds.begin(), entry.initrds.end(), has_variable);
    });
    return std::move(entries_);
  }

 private:
  void obey(std::string_view command, std::string_view rest) {
    if (command == "menuentry") {
      begin(rest);
    } else if (command == "submenu") {
      if (submenus_++ == 0) ++counted_;
    } else if (command == "}") {
      if (!inside_ && submenus_ > 0) --submenus_;
      inside_ = false;
    } else if (command == "set" && !inside_ && rest.starts_with("default=") && !has_variable(rest)) {
      default_ = unquoted(rest.substr(rest.find('=') + 1));
    } else if (inside_ && is_one_of(command, {"linux", "linuxefi", "linux16"})) {
      entries_.back().kernel = take_word(rest);
      while (!rest.empty()) {
        const std::string_view word = take_word(rest);
        if (!has_variable(word)) add_word(entries_.back().command_line, word);
      }
    } else if (inside_ && is_one_of(command, {"initrd", "initrdefi", "initrd16"})) {
      while (!rest.empty()) entries_.back().initrds.emplace_back(take_word(rest));
    }
  }

  void begin(std::string_view title) {
    inside_ = entries_.size() < most_entries;
    if (!inside_) return;
    entries_.push_back({.label = grub_title(title)});
    places_.push_back(submenus_ == 0 ? ++counted_ : 0);
  }

  std::vector<ConfigEntry> entries_;
  std::vector<std::size_t> places_;  // of each, as GRUB counts from 1 on; 0: in a submenu
  std::size_t counted_ = 0, submenus_ = 0;
  bool inside_ = false;
  std::string default_ = "0";
};

}  // namespace

std::vector<ConfigEntry> parse_syslinux(std::string_view text, const Include& include) {
  Syslinux reader(include);
  reader.read(text, 0);
  return std::move(reader).entries();
}

std::vector<ConfigEntry> parse_grub(std::string_view text) {
  Grub reader;
  reader.read(text);
  return std::move(reader).entries();
}

}  // namespace content
