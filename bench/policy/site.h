// SPDX-License-Identifier: GPL-3.0-or-later
// A large organisation's site, made up from a seed.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

#include "policy/decide.h"

namespace bench {

struct Size {
  std::int64_t devices = 1'000'000;
  std::int64_t collections = 2'000;  // a quarter by rule, a tenth made of others
  std::int64_t deployments = 5'000;  // four of five to collections, most others to devices
};

// From the command line: 100 to 10,000,000.
bool read_number(std::string_view text, std::int64_t& out);

policy::SiteModel make_model(const Size& size, std::mt19937_64& random);
// With address, UUID and name; in up to three collections; one of twenty with something of its own.
policy::Device make_device(std::int64_t id, const Size& size, std::mt19937_64& random);
// How device `id` asks: of one firmware or another, in one of the site's networks.
policy::Facts make_facts(std::int64_t id, std::mt19937_64& random);

}  // namespace bench
