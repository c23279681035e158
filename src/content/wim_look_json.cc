// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/wim_look_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "content/answer_fields.h"
#include "content/wim_edit.h"
#include "content/wim_facts_json.h"

namespace content {
namespace {

using Json = nlohmann::ordered_json;
using format::WimEntryKind;

constexpr std::string_view kind_letters = "-fdx";  // by WimEntryKind

}  // namespace

std::string print_wim_look(const WimLookAnswer& answer) {
  std::string kinds;
  for (const WimEntryKind kind : answer.kinds) kinds += kind_letters[static_cast<std::size_t>(kind)];
  Json sizes = Json::array();
  for (const auto& size : answer.sizes) sizes.push_back(size ? Json(*size) : Json());
  return Json{{"facts", Json::parse(print_wim_facts(answer.facts))}, {"kinds", kinds}, {"sizes", sizes}}
      .dump();
}

base::Result<WimLookAnswer> parse_wim_look(std::string_view text, std::size_t paths, std::size_t texts) {
  const Json json = Json::parse(text, nullptr, false);
  bool good = !json.is_discarded();
  AnswerFields from(json, good);
  const std::string kinds = from.exact("kinds", paths);
  const Json& sizes = from.list("sizes", texts);
  auto facts = parse_wim_facts(good ? from.field("facts").dump() : "");
  good = good && facts && kinds.size() == paths && sizes.size() == texts &&
         kinds.find_first_not_of(kind_letters) == kinds.npos;
  const auto is_size = [](const Json& size) {
    return size.is_null() || (size.is_number_unsigned() && size.get<std::uint64_t>() <= largest_wim_text);
  };
  if (!good || !std::ranges::all_of(sizes, is_size)) return base::fail("its description makes no sense");
  WimLookAnswer answer{std::move(*facts), {}, {}};
  for (const char kind : kinds) answer.kinds.push_back(static_cast<WimEntryKind>(kind_letters.find(kind)));
  for (const Json& size : sizes) {
    answer.sizes.emplace_back();
    if (!size.is_null()) answer.sizes.back() = size.get<std::uint64_t>();
  }
  return answer;
}

}  // namespace content
