// SPDX-License-Identifier: GPL-3.0-or-later
// What people read about an image that was looked at.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/json.h"
#include "content/disc.h"
#include "content/uki.h"
#include "content/wim.h"

namespace cli {

// The Windows image of one of a disc's trees: what it is, or why nobody could tell.
struct TreeInspection {
  std::optional<format::WimFacts> facts;
  std::string fault;
};

std::string show_wim(const std::string& file, const format::WimFacts& facts);
// What the server tells of an image that it has (GET …/facts), after its record; may be empty.
std::string show_facts(const api::Json& facts);

// `trees` as many as the Windows media have, none for Linux media.
std::string show_disc(const std::string& file, const content::DiscFacts& facts,
                      const std::vector<TreeInspection>& trees);
// Of Linux media, when they are taken in: which entry, what else there is, what stays on the disc
// with this command line, and what to do.
std::string show_taken(const content::LinuxMedia& media, const std::string& command_line);
// Of a unified kernel image, when it is taken in: what is not in the record.
std::string show_taken(const content::UkiFacts& facts);
std::string show_uki(const std::string& file, const content::UkiFacts& facts);
// {"entry", "entries", "command_line", "needs": [{"name", "consequence", "remedy"}]}
nlohmann::json taken_json(const content::LinuxMedia& media, const std::string& command_line);

// The facts, and beside each tree's folder its image under «wim», or why not under «fault».
std::string print_disc_json(const content::DiscFacts& facts, const std::vector<TreeInspection>& trees);

}  // namespace cli
