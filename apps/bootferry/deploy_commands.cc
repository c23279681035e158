// SPDX-License-Identifier: GPL-3.0-or-later
// deploy and undeploy: a deployment in one line, with the questions that ought to be asked first.
#include <fmt/format.h>

#include <iostream>

#include "commands.h"
#include "deploy_target.h"
#include "records.h"
#include "terminal.h"

namespace cli {
namespace {

struct Deploy {
  std::string image, task_sequence, to, name, condition, from, until, program;
  bool required = false, again = false, once = false, prompt = false, dry_run = false, yes = false,
       list = false;
  std::optional<std::int64_t> order;
};

constexpr std::string_view all_warning =
    "this is for every machine that boots from the network here, also ones that nobody thought of: "
    "each of them will be asked, and boots its disk when nobody answers";

// What comes behind what is meant for a machine itself.
constexpr int order_of_all = 100;

std::string what_of(const Deploy& typed) { return typed.image.empty() ? typed.task_sequence : typed.image; }

Json record_of(const Deploy& typed, const Target& target) {
  Json out{{"to", target.json()}};
  out["name"] = typed.name.empty() ? fmt::format("{} to {}", what_of(typed), target.words()) : typed.name;
  out[typed.image.empty() ? "task_sequence" : "image"] = what_of(typed);
  const bool all = target.kind == Target::Kind::all;
  // One machine that was named needs no further word: it boots this whenever it asks the network.
  // For more than one it takes a word to be required, and whoever powers on a machine must be able
  // to say no to what was meant for everybody.
  const bool for_one = target.kind == Target::Kind::device && !typed.prompt;
  out["purpose"] = typed.required || for_one ? "required" : "available";
  out["once"] = typed.once;
  out["again"] = typed.again || (for_one && !typed.required && !typed.once);
  out["asks"] = typed.prompt || all;
  if (typed.order || all) out["order"] = typed.order.value_or(order_of_all);
  if (!typed.condition.empty()) out["condition"] = typed.condition;
  if (!typed.from.empty()) out["from"] = typed.from;
  if (!typed.until.empty()) out["until"] = typed.until;
  if (!typed.program.empty()) out["program"] = typed.program;
  return out;
}

// What the site would answer; with the number of machines.
Got<Json> rehearse(Site& site, const Json& record, const Target& target, const std::optional<Json>& before) {
  if (!target.new_mac.empty()) {  // no device yet, so that the site cannot be asked about it
    Json out = record;
    out["machines"] = 1;
    return out;
  }
  if (!before) return site.send("POST", "/v1/deployments", record, {{"dry_run", "true"}});
  return site.send("PUT", path_of("deployments", cell(*before, "name")), record, {{"dry_run", "true"}});
}

std::string reach_in_words(const Json& rehearsed) {
  const auto machines = rehearsed.value("machines", std::uint64_t{0});
  std::string out = fmt::format("{} known machine{}", machines, machines == 1 ? "" : "s");
  if (rehearsed.value("unknown", false)) out += " and any unknown one";
  return out;
}

std::string in_words(const Json& record, const std::string& whom) {
  const bool required = cell(record, "purpose") == "required";
  const bool asks = record.value("asks", false);
  const char* how = record.value("once", false)                ? ", once"
                    : required && record.value("again", false) ? ", at every boot"
                    : required                                 ? ", required"
                                                               : "";
  const std::string what = cell(record, record.contains("image") ? "image" : "task_sequence");
  return fmt::format("{} to {}{}{}", what, whom, how, asks ? ", asking at the machine" : "");
}

// What is to be said, and answered, before anything is changed.
bool agreed(const Deploy& typed, const Json& record, const Target& target, const Json& rehearsed) {
  const bool all = target.kind == Target::Kind::all;
  const bool required = cell(record, "purpose") == "required";
  if (typed.yes || (!all && !required)) return true;
  if (all) std::cerr << "bootferry: warning: " << all_warning << '\n';
  return confirm(fmt::format("Deploy {}: {}{}?", in_words(record, target.words()), reach_in_words(rehearsed),
                             required && !record.value("asks", false) ? ", without a question there" : ""));
}

Got<Json> put(Site& site, const Json& record, const Target& target, const std::optional<Json>& before) {
  if (!target.new_mac.empty()) {
    const Json device{{"name", target.name}, {"macs", {target.new_mac}}};
    if (auto made = site.send("POST", "/v1/devices", device); !made) return made;
  }
  auto made = before ? site.send("PUT", path_of("deployments", cell(*before, "name")), record)
                     : site.send("POST", "/v1/deployments", record);
  // A device that was made for nothing does not stay.
  if (!made && !target.new_mac.empty()) static_cast<void>(site.remove(path_of("devices", target.name)));
  return made;
}

Got<int> deploy(const Deploy& typed, const Common& common, Site& site) {
  const auto target = find_target(site, typed.to);
  if (!target) return tl::unexpected(target.error());
  const Json record = record_of(typed, *target);
  std::optional<Json> before;
  if (typed.name.empty()) {
    const auto there = deployments_to(site, *target);
    if (!there) return tl::unexpected(there.error());
    before = unnamed_among(*there, *target);
  }
  const auto rehearsed = rehearse(site, record, *target, before);
  if (!rehearsed) return tl::unexpected(rehearsed.error());
  if (typed.dry_run) {
    print_line(common.json ? api::print_json(*rehearsed)
                           : fmt::format("would deploy {}: {}", in_words(record, target->words()),
                                         reach_in_words(*rehearsed)));
    return exit_ok;
  }
  if (!agreed(typed, record, *target, *rehearsed)) return failed("deploy: nothing was changed");
  const auto made = put(site, record, *target, before);
  if (!made) return tl::unexpected(made.error());
  if (common.json) {
    print_line(api::print_json(*made));
    return exit_ok;
  }
  const std::string whom = target->new_mac.empty() ? target->words() : target->new_mac;
  print_line(fmt::format("deployed {}: {}", in_words(*made, whom), reach_in_words(*rehearsed)));
  if (before && cell(*before, "name") != cell(*made, "name"))
    print_line(
        fmt::format("in place of «{}»; --name NAME lets two stand side by side", cell(*before, "name")));
  return exit_ok;
}

Got<int> undeploy(const std::string& what, const Common& common, Site& site) {
  // A deployment's own name goes before a target of the same name.
  auto removed = site.remove(path_of("deployments", what));
  if (removed) return done(common, fmt::format("removed deployment {}", what));
  if (removed.error().status != 404) return tl::unexpected(removed.error());
  const auto target = find_target(site, what);
  if (!target && target.error().status != 404) return tl::unexpected(target.error());
  Got<std::vector<Json>> there{std::vector<Json>()};
  if (target && target->new_mac.empty()) there = deployments_to(site, *target);
  if (!there) return tl::unexpected(there.error());
  if (there->empty()) {
    return tl::unexpected(Failure{fmt::format(
        "nothing is deployed to {}, and no deployment is called so: `bootferry deployment list` shows them",
        what)});
  }
  auto meant = unnamed_among(*there, *target);
  if (!meant && there->size() == 1) meant = there->front();
  if (!meant) {
    std::string names;
    for (const Json& deployment : *there) names += fmt::format(" «{}»", cell(deployment, "name"));
    return tl::unexpected(Failure{fmt::format("{} has more than one deployment: say which:{}", what, names)});
  }
  removed = site.remove(path_of("deployments", cell(*meant, "name")));
  if (!removed) return tl::unexpected(removed.error());
  return done(common, fmt::format("{} gets nothing any more by «{}»", what, cell(*meant, "name")));
}

std::string deploy_fault(const Deploy& typed) {
  if (typed.list) {
    return !typed.image.empty() || !typed.task_sequence.empty() || !typed.to.empty() ? "--list stands alone"
                                                                                     : "";
  }
  if (typed.image.empty() && typed.task_sequence.empty()) return "IMAGE is required, or --task-sequence";
  if (!typed.image.empty() && !typed.task_sequence.empty())
    return "an image or a task sequence: give one of them";
  if (typed.to.empty()) return "--to is required";
  if (typed.again && typed.once) return "--again and --once: give one of them";
  if (typed.again && typed.prompt && !typed.required) return "--again is of what is --required";
  return target_fault(typed.to);
}

void add_rerun(Command& deploy) {
  struct Typed {
    std::string machine, deployment;
  };
  auto typed = std::make_shared<Typed>();
  Command rerun =
      deploy.leaf("rerun", "Let a machine run what is required once more", [typed](const Common& common) {
        return with_site(common, [&](Site& site) -> Got<int> {
          Json body = Json::object();
          if (!typed->deployment.empty()) body["deployment"] = typed->deployment;
          const auto cleared = site.send("POST", path_of("devices", typed->machine) + "/rerun", body);
          if (!cleared) return tl::unexpected(cleared.error());
          if (common.json && !cleared->is_null()) {
            print_line(api::print_json(*cleared));
            return exit_ok;
          }
          return done(common,
                      fmt::format("{} runs {} again at its next network boot", typed->machine,
                                  typed->deployment.empty() ? "what is required" : typed->deployment));
        });
      });
  rerun.needs("MACHINE", typed->machine, "Name, MAC address or UUID", names_of("devices"));
  rerun.option("--deployment", typed->deployment, "Only this one", names_of("deployments"));
}

const char* const footer =
    "TARGET is all, unknown, collection:NAME, a MAC address or a device's name. Without --name a target\n"
    "has one deployment: the next takes its place.\n"
    "  bootferry deploy debian --to 52:54:00:12:34:56\n"
    "  bootferry deploy debian --to collection:lab --required";

}  // namespace

void add_deploy_commands(Command& root) {
  auto typed = std::make_shared<Deploy>();
  Command command = root.leaf("deploy", "Say which machines boot an image", [typed](const Common& common) {
    return with_site(common, [&](Site& site) {
      return typed->list ? list_deployments(common, site) : deploy(*typed, common, site);
    });
  });
  command.footer(footer);
  command.may("IMAGE", typed->image, "Name of the image", names_of("images"));
  command.option("--task-sequence", typed->task_sequence, "Instead of an image", names_of("task-sequences"));
  command.option("--to", typed->to, "TARGET: see below", names_of("targets"));
  command.option("--name", typed->name, "What to call it [IMAGE to TARGET]");
  command.flag("--required", typed->required, "Boots without a question, once");
  command.flag("--again", typed->again, "Required at every boot: machines without a disk");
  command.flag("--once", typed->once, "Over once the machine has started it, whatever comes of it");
  command.flag("--prompt", typed->prompt, "Ask at the machine before it boots (always for all)");
  command.option("--condition", typed->condition, "Of all and unknown: a rule that machines must match");
  command.option("--from", typed->from, "Not before: 2026-12-01T08:00:00Z");
  command.option("--until", typed->until, "Not after");
  command.option("--order", typed->order, "The lower comes first");
  command.option("--program", typed->program, "Boot program instead of the usual one", names_of("programs"));
  command.flag("--dry-run", typed->dry_run, "Change nothing; say how many machines it reaches");
  command.flag("--yes", typed->yes, "Do not ask here");
  command.flag("--list", typed->list, "List deployments");
  command.refuse_if([typed] { return deploy_fault(*typed); });
  add_rerun(command);

  auto what = std::make_shared<std::string>();
  root.leaf("undeploy", "Take a deployment back",
            [what](const Common& common) {
              return with_site(common, [&](Site& site) { return undeploy(*what, common, site); });
            })
      .needs("TARGET", *what, "Its name, or whom it was for", names_of("undeploy"))
      .refuse_if([what] { return target_fault(*what); });
}

}  // namespace cli
