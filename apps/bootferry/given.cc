// SPDX-License-Identifier: GPL-3.0-or-later
// What was typed for a record's fields, as the record has it.
#include <fmt/format.h>

#include <charconv>

#include "records.h"

namespace cli {
namespace {

tl::expected<Json, std::string> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return Json(value);
  return tl::unexpected(fmt::format("\"{}\" is no whole number", text));
}

}  // namespace

Given::Given(const std::vector<Field>& fields)
    : fields_(fields), single_(fields.size()), several_(fields.size()) {}

void Given::declare(Command& command, bool adding) {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Field& field = fields_[i];
    switch (field.shape) {
      case Field::Shape::texts:
      case Field::Shape::pairs:
      case Field::Shape::shares:
        command.option(field.option, several_[i], field.what, field.values);
        break;
      case Field::Shape::yes_no:
        command.option(field.option, single_[i], field.what, one_of({"yes", "no"}));
        break;
      case Field::Shape::text:
      case Field::Shape::number:
        command.option(field.option, single_[i], field.what, field.values);
        break;
    }
  }
  command.refuse_if([this, adding]() -> std::string {
    for (std::size_t i = 0; adding && i < fields_.size(); ++i) {
      if (fields_[i].needed && !single_[i] && several_[i].empty())
        return fmt::format("{} is required", fields_[i].option);
    }
    return fault();
  });
}

std::string Given::fault() const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (const auto made = value(i); !made) return fmt::format("{}: {}", fields_[i].option, made.error());
  }
  return "";
}

tl::expected<Json, std::string> Given::value(std::size_t i) const {
  const std::vector<std::string>& several = several_[i];
  switch (fields_[i].shape) {
    case Field::Shape::text:
      return single_[i] ? Json(*single_[i]) : Json();
    case Field::Shape::yes_no:
      return single_[i] ? Json(*single_[i] == "yes") : Json();
    case Field::Shape::number:
      return single_[i] ? number(*single_[i]) : Json();
    case Field::Shape::texts:
      return several.empty() ? Json() : Json(several);
    case Field::Shape::pairs: {
      Json out;
      for (const std::string& pair : several) {
        const std::size_t equals = pair.find('=');
        if (equals == std::string::npos || equals == 0)
          return tl::unexpected(fmt::format("\"{}\": NAME=VALUE is needed", pair));
        out[pair.substr(0, equals)] = pair.substr(equals + 1);
      }
      return out;
    }
    case Field::Shape::shares: {
      Json out;
      for (const std::string& share : several) {
        const std::size_t equals = share.rfind('=');
        const auto weight = equals == std::string::npos ? Json(1) : number(share.substr(equals + 1));
        if (!weight) return tl::unexpected(weight.error());
        out.push_back({{"server", share.substr(0, equals)}, {"weight", *weight}});
      }
      return out;
    }
  }
  return Json();
}

Json Given::record() const {
  Json out = Json::object();
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const auto made = value(i);
    if (made && !made->is_null()) out[fields_[i].field] = *made;
  }
  return out;
}

}  // namespace cli
