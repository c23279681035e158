// SPDX-License-Identifier: GPL-3.0-or-later
// Lists of records, page by page.
#pragma once

#include "management/api.h"

namespace management {

// GET /v1/{kinds}: in the order of their numbers. A page's cursor is the number of its last
// record, so that what comes and goes meanwhile moves nothing.
ApiResult list_records(ApiContext& context, store::Kind kind, const ApiRequest& request);

}  // namespace management
