// SPDX-License-Identifier: GPL-3.0-or-later
// What a limited process says, field by field. It may have been taken over by what it read:
// the first field that is not what it must be ends it all.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/arch.h"

namespace content {

inline constexpr std::size_t longest_answer_line = 1024;  // octets

class AnswerFields {
 public:
  using Json = nlohmann::ordered_json;

  // `good` becomes false at the first field that is missing or wrong, and what is read after it
  // is empty. Both must outlive this.
  AnswerFields(const Json& object, bool& good);

  // One printable line of at most longest_answer_line: base::one_line would not change it.
  std::string line(const char* name);
  std::vector<std::string> lines(const char* name, std::size_t most);
  // Printable characters, blanks as they are: what must be found again by its octets.
  std::string exact(const char* name, std::size_t longest);
  std::uint64_t number(const char* name, std::uint64_t most);
  int small(const char* name, int most);
  bool truth(const char* name);
  std::optional<policy::Arch> arch(const char* name);  // null is none
  const Json& list(const char* name, std::size_t most);
  // Of any kind: null where it is missing.
  const Json& field(const char* name);

 private:
  const Json* find(const char* name);
  std::string checked(const std::string& text);
  template <class T>
  T no() {
    good_ = false;
    return T{};
  }

  const Json& object_;
  bool& good_;
};

// Whether every character of it can be shown on a line.
bool is_printable(std::string_view text);

}  // namespace content
