// SPDX-License-Identifier: GPL-3.0-or-later
// The whole model as text: out to a file, and in from one.
#include <fmt/format.h>

#include <iostream>

#include "commands.h"
#include "records.h"
#include "terminal.h"
#include "text_file.h"

namespace cli {
namespace {

constexpr const char* path = "/v1/model";

Got<int> export_model(const std::string& file, Site& site) {
  auto out = NewFile::make(file);
  if (!out) return tl::unexpected(Failure{out.error().what});
  api::Request request;
  request.path = path;
  const auto written =
      site.ask(std::move(request), [&](std::string_view piece) { return out->write(piece); });
  if (!written) return tl::unexpected(written.error());
  if (auto kept = out->commit(); !kept) return tl::unexpected(Failure{kept.error().what});
  return exit_ok;
}

struct Apply {
  std::string file;
  bool diff = false, keep = false, yes = false;
};

std::size_t count(const Json& plan, const char* what) {
  const auto found = plan.find(what);
  return found == plan.end() ? 0 : found->size();
}

std::string summary(const Json& plan) {
  return fmt::format("{} new, {} changed, {} removed", count(plan, "create"), count(plan, "change"),
                     count(plan, "remove"));
}

// «+ device pc-1»; «~» changed, «-» removed.
std::string show(const Json& plan) {
  std::string out;
  for (const auto& [what, mark] : {std::pair{"create", '+'}, {"change", '~'}, {"remove", '-'}}) {
    for (const Json& record : plan.value(what, Json::array()))
      out += printable(fmt::format("{} {} {}", mark, cell(record, "kind"), cell(record, "name"))) + "\n";
  }
  return out + summary(plan);
}

Got<int> apply(const Apply& typed, const Common& common, Site& site) {
  const auto text = read_text(typed.file);
  if (!text) return tl::unexpected(Failure{text.error().what});
  api::Pairs query;
  if (typed.keep) query.emplace_back("remove", "false");
  api::Pairs rehearsal = query;
  rehearsal.emplace_back("dry_run", "true");
  const auto plan = site.send_text("PUT", path, *text, rehearsal);
  if (!plan) return tl::unexpected(plan.error());
  const std::string shown = common.json ? api::print_json(*plan) : show(*plan);
  const bool nothing = count(*plan, "create") + count(*plan, "change") + count(*plan, "remove") == 0;
  if (typed.diff || nothing) {
    print_line(typed.diff || common.json ? shown : "nothing to do: the site is as the text says");
    return exit_ok;
  }
  if (!typed.yes) {
    std::cerr << shown << '\n';
    if (!confirm("Apply that?")) return failed("apply: nothing was changed");
  }
  const auto applied = site.send_text("PUT", path, *text, query);
  if (!applied) return tl::unexpected(applied.error());
  print_line(common.json ? api::print_json(*applied) : "applied: " + summary(*applied));
  return exit_ok;
}

}  // namespace

void add_text_commands(Command& root) {
  auto file = std::make_shared<std::string>("-");
  root.leaf("export", "Write the whole model as text, for version control",
            [file](const Common& common) {
              return with_site(common, [&](Site& site) { return export_model(*file, site); });
            })
      .may("FILE", *file, "[standard output]", a_file());

  auto typed = std::make_shared<Apply>();
  Command command = root.leaf("apply", "Make the model as a text says", [typed](const Common& common) {
    return with_site(
        common, [&](Site& site) { return apply(*typed, common, site); }, true);
  });
  command.needs("FILE", typed->file, "As `export` writes it; - reads standard input", a_file());
  command.flag("--diff", typed->diff, "Change nothing; say what would be");
  command.flag("--keep", typed->keep, "Keep what the text does not name");
  command.flag("--yes", typed->yes, "Do not ask");
}

}  // namespace cli
