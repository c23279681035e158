// SPDX-License-Identifier: GPL-3.0-or-later
#include "render/variables_file.h"

#include <string_view>

#include "render/quote.h"

namespace render {
namespace {

void add(std::string& file, std::string_view name, std::string_view value) {
  const std::string line = one_line(value);
  if (line.empty()) return;
  file += name;
  file += '=';
  file += line;
  file += '\n';
}

}  // namespace

std::string variables_file(const BootWords& boot, const Choosing& choice) {
  std::string file = "# bootferry variables 1\n";
  add(file, "ManagementPoint", boot.http);
  add(file, "Report", boot.report);
  add(file, "Token", boot.token);
  add(file, "Device", boot.name);
  add(file, "Mac", boot.mac);
  add(file, "Image", choice.image);
  add(file, "Deployment", choice.deployment);
  add(file, "Answers", choice.answers);
  return file;
}

}  // namespace render
