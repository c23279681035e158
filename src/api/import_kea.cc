// SPDX-License-Identifier: GPL-3.0-or-later
// Kea's host reservations: global, of subnets, of shared networks. Its JSON has three kinds of
// comments, commas too many, and includes.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "api/import_collector.h"
#include "api/import_text.h"
#include "api/json.h"

namespace api {
namespace {

constexpr const char* line_key = "\x01line";  // set last: whatever a file has under it is gone

// Blanks in place of what is not JSON, so that lines stay where they are. An included file
// becomes null.
class Plain {
 public:
  Plain(std::string text, Collector& out) : text_(std::move(text)), out_(out) {}

  std::string make() && {
    for (at_ = 0; at_ < text_.size();) {
      const std::string_view rest = std::string_view(text_).substr(at_);
      if (rest.front() == '"') {
        at_ += string(rest);
      } else if (rest.front() == '#' || rest.starts_with("//")) {
        blank(std::min(rest.find('\n'), rest.size()));
      } else if (rest.starts_with("/*")) {
        const auto end = rest.find("*/", 2);
        blank(end == rest.npos ? rest.size() : end + 2);
      } else if (rest.starts_with("<?include")) {
        include(rest);
      } else {
        significant(rest.front());
        ++at_;
      }
    }
    return std::move(text_);
  }

 private:
  std::size_t string(std::string_view rest) {
    comma_ = std::string::npos;
    std::size_t i = 1;
    while (i < rest.size() && rest[i] != '"') i += rest[i] == '\\' ? 2 : 1;
    return std::min(i + 1, rest.size());
  }
  void blank(std::size_t count) {
    for (; count > 0; --count, ++at_) {
      if (text_[at_] == '\n') {
        ++line_;
      } else {
        text_[at_] = ' ';
      }
    }
  }
  void include(std::string_view rest) {
    const auto end = rest.find("?>");
    out_.pass_over(line_, "it includes another file: import that one by itself");
    comma_ = std::string::npos;
    const std::size_t begin = at_;
    blank(end == rest.npos ? rest.size() : end + 2);
    text_.replace(begin, 4, "null");
  }
  void significant(char c) {
    if (c == '\n') ++line_;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return;
    if ((c == ']' || c == '}') && comma_ != std::string::npos) text_[comma_] = ' ';
    comma_ = c == ',' ? at_ : std::string::npos;
  }

  std::string text_;
  Collector& out_;
  std::size_t at_ = 0, line_ = 1;
  std::size_t comma_ = std::string::npos;  // the last thing that was no blank, if it was one
};

// Tells how far a parser has read.
class Watched {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Watched(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  Watched& operator++() {
    ++at_;
    *furthest_ = at_;
    return *this;
  }
  Watched operator++(int) {
    const Watched before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Watched& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

// Each object with the line that it begins in.
Json with_lines(const std::string& text) {
  const char* furthest = text.data();
  const char* counted = text.data();
  std::size_t line = 1;
  std::vector<std::size_t> begun;
  const auto mark = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) {
      line += static_cast<std::size_t>(std::count(counted, furthest, '\n'));
      counted = furthest;
      begun.push_back(line);
    } else if (event == Json::parse_event_t::object_end) {
      parsed[line_key] = begun.back();
      begun.pop_back();
    }
    return true;
  };
  return Json::parse(Watched(text.data(), &furthest), Watched(text.data() + text.size(), &furthest), mark);
}

class Reader {
 public:
  base::Result<Imported, LineFaults> read(std::string_view text) {
    const std::string plain = Plain(std::string(text), out_).make();
    // Checked first: it says where brackets are too deep or what is no JSON.
    if (const auto good = read_json(plain); !good) {
      out_.fault(0, good.error().what);
      return std::move(out_).finish();
    }
    const Json whole = with_lines(plain);
    const Json* const inner = whole.is_object() ? member(whole, "Dhcp4") : nullptr;
    server(inner != nullptr ? *inner : whole);
    return std::move(out_).finish();
  }

 private:
  static const Json* member(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
  }
  // Each object in a list of that name.
  template <class Visit>
  static void each(const Json& object, const char* name, const Visit& visit) {
    const Json* const list = object.is_object() ? member(object, name) : nullptr;
    if (list == nullptr || !list->is_array()) return;
    for (const Json& entry : *list) {
      if (entry.is_object()) visit(entry);
    }
  }

  void server(const Json& dhcp4) {
    if (dhcp4.is_array()) {  // an included file, alone: reservations, or subnets that hold them
      for (const Json& entry : dhcp4) {
        if (!entry.is_object()) continue;
        if (member(entry, "reservations") != nullptr) {
          reservations(entry);
        } else {
          reservation(entry);
        }
      }
      return;
    }
    reservations(dhcp4);
    each(dhcp4, "subnet4", [&](const Json& subnet) { reservations(subnet); });
    each(dhcp4, "shared-networks", [&](const Json& network) {
      each(network, "subnet4", [&](const Json& subnet) { reservations(subnet); });
    });
  }
  void reservations(const Json& scope) {
    each(scope, "reservations", [&](const Json& entry) { reservation(entry); });
  }

  void reservation(const Json& entry) {
    ImportedDevice device;
    device.line = entry.at(line_key).get<std::size_t>();
    if (const Json* const hostname = member(entry, "hostname"); hostname != nullptr && hostname->is_string())
      device.name = hostname->get<std::string>();
    const Json* const address = member(entry, "hw-address");
    if (address == nullptr) return out_.pass_over(device.line, "this reservation has no hw-address");
    const auto mac =
        address->is_string() ? parse_loose_mac(address->get_ref<const std::string&>()) : std::nullopt;
    if (!mac)
      return out_.fault(device.line,
                        fmt::format("{} is no hardware address", print_json(*address).substr(0, 60)));
    device.macs.push_back(*mac);
    out_.add(std::move(device));
  }

  Collector out_;
};

}  // namespace

base::Result<Imported, LineFaults> read_kea(std::string_view text) { return Reader().read(text); }

}  // namespace api
