// SPDX-License-Identifier: GPL-3.0-or-later
// What handlers that read and change records have in common.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "api/names.h"
#include "management/request.h"
#include "site/administration.h"
#include "store/records.h"

namespace management {

// Keeps a batch, or only tries it.
base::Result<store::Applied, Problem> keep(site::SiteRecords& records, store::Batch batch, bool dry_run);

// A record with its id and revision; in one view with what it refers to.
base::Result<api::Json, Problem> shown(site::SiteRecords& records, const api::Names& names, store::Kind kind,
                                       std::int64_t id);
base::Result<std::optional<std::int64_t>, Problem> revision_of(site::SiteRecords& records, store::Kind kind,
                                                               std::int64_t id);

// 200, or 201 with its place, and an ETag.
ApiAnswer record_answer(const api::Json& record, store::Kind kind, bool created = false);
// What an image's package tells: {"own_octets", "shared_octets", "answers"}. In library.cc.
void add_usage(const site::Administration& administration, store::Kind kind, api::Json& record);

}  // namespace management
