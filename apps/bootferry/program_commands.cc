// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <filesystem>

#include "api/local_tree.h"
#include "commands.h"
#include "policy/arch.h"
#include "records.h"
#include "terminal.h"
#include "upload.h"

namespace cli {
namespace {

using Shape = Field::Shape;

const std::vector<std::string> all_roles{"boot", "prompt", "abort", "detect"};

const Kind program{
    "program",
    "programs",
    {{"--role", "roles", Shape::texts, "What it is given out for (may be repeated)", one_of(all_roles)},
     {"--console", "console", Shape::yes_no, "For machines whose console is a serial line"}},
    {"arch", "roles", "console", "path"},
    "no boot programs were added"};

struct Add {
  std::string arch, file, name;
  std::vector<std::string> roles;
  bool console = false;
};

Got<int> add_program(const Add& typed, const Common& common, Site& site) {
  auto fd = api::open_local_file(typed.file);
  if (!fd) return tl::unexpected(Failure{fd.error().what});
  const std::string file = std::filesystem::path(typed.file).filename().string();
  const std::string arch(policy::print(*policy::parse_arch(typed.arch)));
  Json record{{"name", typed.name.empty() ? arch : typed.name}, {"arch", arch}};
  if (!typed.roles.empty()) record["roles"] = typed.roles;
  if (typed.console) record["console"] = true;
  std::vector<NamedFile> files;
  files.push_back({file, std::move(*fd)});
  const auto added = upload(site, "/v1/programs", record, std::move(files), "copying " + file, common);
  if (!added) return tl::unexpected(added.error());
  print_line(common.json ? api::print_json(*added)
                         : fmt::format("machines of architecture {} get {}", arch, file));
  return exit_ok;
}

}  // namespace

void add_program_commands(Command& root) {
  Command programs = root.group("program", "Boot programs in place of ours, or where there are none of ours");
  auto typed = std::make_shared<Add>();
  Command add =
      programs.leaf("add", "Hand out FILE to machines of an architecture", [typed](const Common& common) {
        return with_site(
            common, [&](Site& site) { return add_program(*typed, common, site); }, true);
      });
  add.option("--arch", typed->arch, "bios, ia32, x64, arm32, arm64, riscv64 or loongarch64");
  add.option("--name", typed->name, "What to call it [the architecture]");
  add.option("--role", typed->roles, "What it is given out for (may be repeated) [boot, prompt]",
             one_of(all_roles));
  add.flag("--console", typed->console, "For machines whose console is a serial line");
  add.needs("FILE", typed->file, "The program", a_file());
  add.refuse_if([typed]() -> std::string {
    if (typed->arch.empty()) return "--arch is required";
    const auto arch = policy::parse_arch(typed->arch);
    if (arch && *arch != policy::Arch::other) return "";
    return fmt::format("\"{}\" is no architecture: bios, ia32, x64, arm32, arm64, riscv64, loongarch64",
                       typed->arch);
  });
  list_command(programs, program);
  show_command(programs, program);
  set_command(programs, program);
  remove_command(programs, program);
}

}  // namespace cli
