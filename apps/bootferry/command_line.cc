// SPDX-License-Identifier: GPL-3.0-or-later
#include "command_line.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

#include "api/messages.h"
#include "terminal.h"

namespace cli {
namespace {

// Everything that options write into; one command is chosen from it in the end.
struct Parsed {
  Common common;
  Serve serve;
  ImageAdd add;
  std::string name;
  std::string target;
  std::string arch;
  std::string file;
  Deploy deploy;
  bool list = false;
  std::optional<Command> chosen;
};

const char* const image_add_footer =
    "A kernel with its initrds:\n"
    "  bootferry image add debian --kernel vmlinuz --initrd initrd.gz --cmdline console=ttyS0\n"
    "A netboot tree, which knows itself what to boot:\n"
    "  bootferry image add debian --tree /usr/lib/debian-installer/images/12/amd64/text";

class Builder {
 public:
  Builder(CLI::App& app, Parsed& parsed) : app_(app), p_(parsed) {}

  void build() {
    serve();
    image();
    deployment();
    program();
    leaf(app_, "status", "Show what the running server does", [this] { p_.chosen = Status{}; });
    leaf(app_, "queue", "List the machines that load or wait for that", [this] { p_.chosen = Queue{}; });
    leaf(app_, "check", "Look for what would keep this machine from serving",
         [this] { p_.chosen = Check{}; });
    leaf(app_, "version", "Show the version", [this] { p_.chosen = Version{}; });
  }

 private:
  CLI::App* leaf(CLI::App& parent, const char* name, const char* what, std::function<void()> chosen) {
    CLI::App* command = parent.add_subcommand(name, what);
    command->add_option("--config", p_.common.config, "Configuration file [/etc/bootferry/bootferry.toml]");
    command->add_option("--socket", p_.common.socket, "Control socket of the running server");
    command->add_option("--state", p_.common.state, "State directory of a stopped server");
    command->add_flag("--json", p_.common.json, "Answer in JSON");
    command->callback(std::move(chosen));
    return command;
  }

  static CLI::App* group(CLI::App& parent, const char* name, const char* what) {
    CLI::App* command = parent.add_subcommand(name, what);
    command->require_subcommand(1);
    return command;
  }

  void serve() {
    static const std::map<std::string, base::LogLevel> levels{{"debug", base::LogLevel::debug},
                                                              {"info", base::LogLevel::info},
                                                              {"warning", base::LogLevel::warning},
                                                              {"error", base::LogLevel::error}};
    CLI::App* command =
        leaf(app_, "serve", "Answer machines that boot from the network", [this] { p_.chosen = p_.serve; });
    command->add_option("--interface", p_.serve.interfaces, "Serve this interface only (may be repeated)")
        ->allow_extra_args(false);
    command
        ->add_option_function<std::string>(
            "--log-level", [this](const std::string& text) { p_.serve.log_level = levels.at(text); },
            "debug, info, warning or error")
        ->check(CLI::IsMember(levels));
  }

  void image() {
    CLI::App* images = group(app_, "image", "Boot images: what machines can be given");
    CLI::App* add = leaf(*images, "add", "Publish an image; the same name again replaces it",
                         [this] { p_.chosen = p_.add; });
    add->footer(image_add_footer);
    add->add_option("NAME", p_.add.name, "What to call it")->required();
    add->add_option("--kernel", p_.add.kernel, "Kernel file; with --tree: its name inside the tree");
    add->add_option("--initrd", p_.add.initrds, "Initrd file (may be repeated); with --tree: inside it")
        ->allow_extra_args(false);
    add->add_option("--tree", p_.add.tree, "Folder with everything, loaders' configuration included");
    add->add_option("--cmdline", p_.add.command_line,
                    "Kernel command line; with --tree: instead of the tree's own");
    leaf(*images, "list", "List images", [this] { p_.chosen = ImageList{}; });
    CLI::App* show = leaf(*images, "show", "Show one image", [this] { p_.chosen = ImageShow{p_.name}; });
    show->add_option("NAME", p_.name)->required();
    CLI::App* remove = leaf(*images, "remove", "Remove an image that is deployed nowhere",
                            [this] { p_.chosen = ImageRemove{p_.name}; });
    remove->add_option("NAME", p_.name)->required();
  }

  api::Target target() const {
    const auto value = api::parse_target(p_.target);
    if (!value)
      throw CLI::ValidationError(fmt::format("\"{}\" is neither a MAC address nor \"all\"", p_.target));
    return *value;
  }

  void deployment() {
    CLI::App* deploy = leaf(app_, "deploy", "Say which machine boots an image", [this] {
      if (p_.list) {
        if (!p_.deploy.image.empty() || !p_.target.empty()) throw CLI::ValidationError("--list stands alone");
        p_.chosen = DeploymentList{};
        return;
      }
      if (p_.deploy.image.empty()) throw CLI::RequiredError("IMAGE");
      if (p_.target.empty()) throw CLI::RequiredError("--to");
      p_.deploy.target = target();
      p_.chosen = p_.deploy;
    });
    deploy->add_option("IMAGE", p_.deploy.image, "Name of the image");
    deploy->add_option("--to", p_.target, "MAC address of a machine, or all");
    deploy->add_flag("--prompt", p_.deploy.prompt, "Ask at the machine before it boots (always for all)");
    deploy->add_flag("--yes", p_.deploy.yes, "Do not ask here before deploying to all");
    deploy->add_flag("--list", p_.list, "List deployments");
    CLI::App* undeploy =
        leaf(app_, "undeploy", "Take a deployment back", [this] { p_.chosen = Undeploy{target()}; });
    undeploy->add_option("TARGET", p_.target, "MAC address of a machine, or all")->required();
    CLI::App* deployments = group(app_, "deployment", "Deployments: who gets what");
    leaf(*deployments, "list", "List deployments", [this] { p_.chosen = DeploymentList{}; });
  }

  policy::Arch arch() const {
    const auto value = policy::parse_arch(p_.arch);
    if (value && *value != policy::Arch::other) return *value;
    throw CLI::ValidationError(fmt::format(
        "\"{}\" is no architecture: bios, ia32, x64, arm32, arm64, riscv64, loongarch64", p_.arch));
  }

  void program() {
    CLI::App* programs = group(app_, "program", "Boot programs for architectures without one of ours");
    CLI::App* add = leaf(*programs, "add", "Hand out FILE to machines of an architecture", [this] {
      p_.chosen = ProgramAdd{arch(), p_.file};
    });
    add->add_option("--arch", p_.arch, "bios, ia32, x64, arm32, arm64, riscv64 or loongarch64")->required();
    add->add_option("FILE", p_.file)->required();
    leaf(*programs, "list", "List added boot programs", [this] { p_.chosen = ProgramList{}; });
    CLI::App* remove = leaf(*programs, "remove", "Remove an added boot program",
                            [this] { p_.chosen = ProgramRemove{arch()}; });
    remove->add_option("ARCH", p_.arch)->required();
  }

  CLI::App& app_;
  Parsed& p_;
};

// What no single option can say about itself.
std::string contradiction(const Parsed& p) {
  if (p.common.socket && p.common.state && !std::holds_alternative<Serve>(*p.chosen) &&
      !std::holds_alternative<Check>(*p.chosen)) {
    return "--socket is for a running server and --state for a stopped one: give one of them";
  }
  if (std::holds_alternative<Status>(*p.chosen) && p.common.state) {
    return "status: a stopped server has none: leave out --state";
  }
  if (std::holds_alternative<Queue>(*p.chosen) && p.common.state) {
    return "queue: a stopped server has none: leave out --state";
  }
  if (const auto* add = std::get_if<ImageAdd>(&*p.chosen)) {
    if (add->kernel.empty() && add->tree.empty()) return "image add: --kernel FILE or --tree DIR is needed";
    if (add->kernel.empty() && !add->initrds.empty()) return "image add: --initrd needs --kernel";
  }
  return "";
}

}  // namespace

std::variant<Invocation, int> parse(int argc, const char* const* argv) {
  CLI::App app("Boots machines from the network: PXE and UEFI HTTP Boot beside your DHCP server.",
               "bootferry");
  app.require_subcommand(1);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  Parsed parsed;
  Builder builder(app, parsed);  // lives as long as its callbacks
  builder.build();
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    report(fmt::format("{} (bootferry --help shows how)", error.what()));
    return exit_usage;
  }
  if (const std::string what = contradiction(parsed); !what.empty()) {
    report(what);
    return exit_usage;
  }
  return Invocation{std::move(*parsed.chosen), std::move(parsed.common)};
}

}  // namespace cli
