// SPDX-License-Identifier: GPL-3.0-or-later
// Files on disk as they are published: what the index must know of them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "content/published.h"

namespace content {

// By the ending of the published name, which may differ from the file's («.efi.signed»):
// UEFI HTTP Boot refuses a program whose type is not the registered one.
std::string_view content_type(std::string_view published_name);

// Size, type and entity tag of a regular file that we can read. The tag is made of inode,
// size and time of change, without quotation marks.
base::Result<DiskFile> describe_file(const std::string& path, std::string_view published_name);

// Adds every regular file below `directory`, recursively, as «<prefix>/<relative name>».
// Symbolic links are not followed: we never make any.
base::Status publish_directory(Published& published, const std::string& directory, std::string_view prefix);

}  // namespace content
