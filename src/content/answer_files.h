// SPDX-License-Identifier: GPL-3.0-or-later
// Answer files of images (preseed, kickstart, unattend.xml, …): templates that stand in the image's
// package, in a folder of their own, and never among the published names.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "content/sources.h"

namespace content {

// Within a package. No file that an image brings itself may be there.
inline constexpr std::string_view own_folder = ".bootferry/";
inline constexpr std::string_view answers_folder = ".bootferry/answers/";
inline constexpr std::size_t longest_answer = 256U << 10U;  // octets
inline constexpr std::size_t most_answers = 16;             // of an image

// Letters, digits, '.', '_' and '-', as an image's: «preseed.cfg».
base::Status check_answer_name(std::string_view name);
// «.bootferry/answers/preseed.cfg» -> «preseed.cfg»; nothing for any other file of a package.
std::optional<std::string_view> answer_name(std::string_view in_package);
// Text without NUL, and not too long.
base::Result<std::string> read_answer(const SourceFile& file);
base::Result<std::string> read_answer(const std::string& path);

}  // namespace content
