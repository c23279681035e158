// SPDX-License-Identifier: GPL-3.0-or-later
// An image's templates, looked at when it is added: its answer files, and the command line that an
// administrator gave.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "content/sources.h"
#include "site/administration.h"

namespace site {

// What is refused says file, line and column. Else warnings: a sentence for each template that asks
// for a secret, which everybody on the machine's wire could read then.
base::Result<std::vector<std::string>> check_answers(const NewImage& image);
// As files of the package.
std::vector<content::SourceFile> answer_sources(const NewImage& image);

}  // namespace site
