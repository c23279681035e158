// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/answer_fields.h"

#include "base/utf8.h"

namespace content {

using Json = AnswerFields::Json;

AnswerFields::AnswerFields(const Json& object, bool& good) : object_(object), good_(good) {
  good_ = good_ && object.is_object();
}

std::string AnswerFields::line(const char* name) {
  const Json* value = find(name);
  if (value == nullptr || !value->is_string()) return no<std::string>();
  return checked(value->get_ref<const std::string&>());
}

std::vector<std::string> AnswerFields::lines(const char* name, std::size_t most) {
  std::vector<std::string> all;
  for (const Json& value : list(name, most))
    all.push_back(value.is_string() ? checked(value.get_ref<const std::string&>()) : no<std::string>());
  return all;
}

std::string AnswerFields::exact(const char* name, std::size_t longest) {
  const Json* value = find(name);
  if (value == nullptr || !value->is_string()) return no<std::string>();
  const auto& text = value->get_ref<const std::string&>();
  return text.size() <= longest && is_printable(text) ? text : no<std::string>();
}

std::uint64_t AnswerFields::number(const char* name, std::uint64_t most) {
  const Json* value = find(name);
  if (value == nullptr || !value->is_number_unsigned() || value->get<std::uint64_t>() > most)
    return no<std::uint64_t>();
  return value->get<std::uint64_t>();
}

int AnswerFields::small(const char* name, int most) {
  return static_cast<int>(number(name, static_cast<std::uint64_t>(most)));
}

bool AnswerFields::truth(const char* name) {
  const Json* value = find(name);
  return value != nullptr && value->is_boolean() ? value->get<bool>() : no<bool>();
}

std::optional<policy::Arch> AnswerFields::arch(const char* name) {
  const Json* value = find(name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (!value->is_string()) return no<std::optional<policy::Arch>>();
  const auto arch = policy::parse_arch(value->get_ref<const std::string&>());
  good_ = good_ && arch;
  return arch;
}

const Json& AnswerFields::list(const char* name, std::size_t most) {
  static const Json empty = Json::array();
  const Json* value = find(name);
  if (value == nullptr || !value->is_array() || value->size() > most) {
    good_ = false;
    return empty;
  }
  return *value;
}

const Json& AnswerFields::field(const char* name) {
  static const Json null;
  const Json* value = find(name);
  return value == nullptr ? null : *value;
}

const Json* AnswerFields::find(const char* name) {
  const auto at = good_ ? object_.find(name) : object_.end();
  if (good_ && at != object_.end()) return &*at;
  good_ = false;
  return nullptr;
}

std::string AnswerFields::checked(const std::string& text) {
  good_ = good_ && base::one_line(text, longest_answer_line) == text;
  return good_ ? text : "";
}

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const std::size_t octets = base::printable_utf8(text);
    if (octets == 0) return false;
    text.remove_prefix(octets);
  }
  return true;
}

}  // namespace content
