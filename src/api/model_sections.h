// SPDX-License-Identifier: GPL-3.0-or-later
// The sections of the model's text behind its settings, each behind what it refers to. Images
// come with their files and have none.
#pragma once

#include <array>

#include "store/records.h"

namespace api {

inline constexpr std::array<store::Kind, 8> model_sections = {
    store::Kind::server,     store::Kind::referral, store::Kind::program, store::Kind::task_sequence,
    store::Kind::collection, store::Kind::network,  store::Kind::device,  store::Kind::deployment,
};

}  // namespace api
