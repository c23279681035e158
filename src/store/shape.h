// SPDX-License-Identifier: GPL-3.0-or-later
// What records look like: one spelling for each, and bounds.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "store/records.h"

namespace store {

// Bounds on what one record may hold; texts in octets.
inline constexpr std::size_t max_name = 255;           // of a record or a variable; one line
inline constexpr std::size_t max_path = 1024;          // of a file or directory; one line
inline constexpr std::size_t max_text = 16384;         // command lines, values, messages
inline constexpr std::size_t max_list = 4096;          // of anything in one record
inline constexpr std::size_t max_site_list = 100'000;  // of addresses that are ignored, …

// Lists whose order means nothing get the order that they are read back in, each entry once; of
// two variables of one name the last counts. Stores keep tidy records as they are.
void tidy(Record& record);
void tidy(SiteSettings& settings);
void tidy(Batch& batch);

// What no decision could use, and no store should keep.
base::Status check(const Record& record);
base::Status check(const SiteSettings& settings);

}  // namespace store
