// SPDX-License-Identifier: GPL-3.0-or-later
// Records as JSON objects and back: the shapes of the management API, which docs/openapi.json
// describes, and of the model's text. Records refer to each other by name.
#pragma once

#include "api/json.h"
#include "api/names.h"
#include "base/result.h"
#include "store/records.h"

namespace api {

// With its "id", and with every field that has a value. A reference to a record that is not
// there reads "". Revisions and members are for the caller to add.
Json to_json(const store::Record& record, const Names& names);
Json to_json(const store::SiteSettings& settings);

// The record that an object describes: tidy, and within the bounds of store/shape.h. An absent
// field has its default; a field that no record of this kind has is refused, and so are names of
// records that are not there and images, which come with their files. What clients may not set
// is read over ("id", "revision", "created", "request", "seen", "members", "runs"): the id is 0,
// and keep_what_clients_cannot_set() is for the rest.
base::Result<store::Record, Fault> from_json(store::Kind kind, const Json& object, const Names& names);
base::Result<store::SiteSettings, Fault> settings_from_json(const Json& object);

// `next` replaces `present`, or is new where that is null: its id, when it was created (`now`,
// Unix seconds, where it is new), the number that a waiting device shows and its runs.
void keep_what_clients_cannot_set(store::Record& next, const store::Record* present, std::int64_t now);

// The record of a snapshot; images without their directories, which JSON does not show. Nothing
// where it is not there, and for settings.
std::optional<store::Record> record_of(const policy::Snapshot& snapshot, store::Kind kind, std::int64_t id);
store::SiteSettings settings_of(const policy::Snapshot& snapshot);

// "devices", "task-sequences": in paths and in the model's text.
std::string_view plural(store::Kind kind);
std::optional<store::Kind> parse_plural(std::string_view text);

}  // namespace api
