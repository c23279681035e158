// SPDX-License-Identifier: GPL-3.0-or-later
// from_json() for the model's text, which also brings back what clients cannot set. For .cc
// files of this room only.
#pragma once

#include <string>

#include "api/json.h"
#include "api/names.h"
#include "base/result.h"
#include "store/records.h"

namespace api {

enum class Restoring : bool {
  no,
  yes,  // when deployments were created, which number a waiting device shows, and its runs
};
// `at`: the pointer to the object, for faults.
base::Result<store::Record, Fault> read_record(store::Kind kind, const Json& object, const Names& names,
                                               const std::string& at, Restoring restoring);
base::Result<store::SiteSettings, Fault> read_settings(const Json& object, const std::string& at);

}  // namespace api
