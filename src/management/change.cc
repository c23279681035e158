// SPDX-License-Identifier: GPL-3.0-or-later
#include "management/change.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/record_json.h"
#include "base/url.h"

namespace management {

base::Result<store::Applied, Problem> keep(site::SiteRecords& records, store::Batch batch, bool dry_run) {
  auto applied = dry_run ? records.try_out(std::move(batch)) : records.apply(std::move(batch));
  if (!applied) return tl::unexpected(problem_of(applied.error()));
  return std::move(*applied);
}

base::Result<std::optional<std::int64_t>, Problem> revision_of(site::SiteRecords& records, store::Kind kind,
                                                               std::int64_t id) {
  auto revision = records.store().revision(kind, id);
  if (!revision) return tl::unexpected(Problem{ProblemType::not_written, revision.error().what});
  return *revision;
}

base::Result<api::Json, Problem> shown(site::SiteRecords& records, const api::Names& names, store::Kind kind,
                                       std::int64_t id) {
  std::optional<store::Record> record;
  if (kind == store::Kind::image) {
    // Only these know when an image was made.
    if (const store::ImageRecord* const found = records.image(id)) record = *found;
  } else {
    record = api::record_of(records.snapshot(), kind, id);
  }
  if (!record) return tl::unexpected(not_found(store::print(kind), std::to_string(id)));
  const auto revision = revision_of(records, kind, id);
  if (!revision) return tl::unexpected(revision.error());
  api::Json json = api::to_json(*record, names);
  json["revision"] = revision->value_or(0);
  return json;
}

ApiAnswer record_answer(const api::Json& record, store::Kind kind, bool created) {
  ApiAnswer answer = json_answer(record, created ? 201 : 200);
  if (const auto revision = record.find("revision"); revision != record.end())
    answer.fields.emplace_back("ETag", print_etag(revision->get<std::int64_t>()));
  if (created) {
    answer.fields.emplace_back("Location",
                               fmt::format("/v1/{}/{}", api::plural(kind),
                                           base::escape_url_part(record.at("name").get<std::string>())));
  }
  return answer;
}

}  // namespace management
