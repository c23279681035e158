// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/records.h"

#include <array>
#include <utility>

#include "base/overloaded.h"

namespace store {
namespace {

constexpr std::array<std::pair<Kind, std::string_view>, 10> kinds = {{
    {Kind::device, "device"},
    {Kind::collection, "collection"},
    {Kind::image, "image"},
    {Kind::task_sequence, "task-sequence"},
    {Kind::program, "program"},
    {Kind::deployment, "deployment"},
    {Kind::network, "network"},
    {Kind::server, "server"},
    {Kind::referral, "referral"},
    {Kind::settings, "settings"},
}};

}  // namespace

std::string_view print(Kind kind) {
  for (const auto& [value, name] : kinds) {
    if (value == kind) return name;
  }
  return "unknown";
}

std::optional<Kind> parse_kind(std::string_view text) {
  for (const auto& [value, name] : kinds) {
    if (name == text) return value;
  }
  return std::nullopt;
}

Kind kind_of(const Record& record) {
  return std::visit(base::Overloaded{
                        [](const policy::Device&) { return Kind::device; },
                        [](const policy::Collection&) { return Kind::collection; },
                        [](const ImageRecord&) { return Kind::image; },
                        [](const policy::TaskSequence&) { return Kind::task_sequence; },
                        [](const policy::Program&) { return Kind::program; },
                        [](const policy::Deployment&) { return Kind::deployment; },
                        [](const policy::Network&) { return Kind::network; },
                        [](const policy::BootServer&) { return Kind::server; },
                        [](const policy::Referral&) { return Kind::referral; },
                    },
                    record);
}

std::int64_t id_of(const Record& record) {
  return std::visit(base::Overloaded{[](const ImageRecord& image) { return image.image.id; },
                                     [](const auto& other) { return other.id; }},
                    record);
}

void set_id(Record& record, std::int64_t id) {
  std::visit(base::Overloaded{[id](ImageRecord& image) { image.image.id = id; },
                              [id](auto& other) { other.id = id; }},
             record);
}

std::string_view name_of(const Record& record) {
  return std::visit(
      base::Overloaded{[](const ImageRecord& image) -> std::string_view { return image.image.name; },
                       [](const auto& other) -> std::string_view { return other.name; }},
      record);
}

}  // namespace store
