// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "api/local_tree.h"
#include "base/url.h"
#include "commands.h"
#include "image_words.h"
#include "records.h"
#include "terminal.h"
#include "upload.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

const Kind image{"image",
                 "images",
                 {{"--kind", "kind", Field::Shape::text, ""},
                  {"--arch", "arch", Field::Shape::text, ""},
                  {"--state", "state", Field::Shape::text, ""},
                  {"--created", "created", Field::Shape::text, ""},
                  {"--kernel", "kernel", Field::Shape::text, ""},
                  {"--initrd", "initrds", Field::Shape::texts, ""},
                  {"--cmdline", "command_line", Field::Shape::text, ""},
                  {"--own", "own_octets", Field::Shape::text, ""},
                  {"--shared", "shared_octets", Field::Shape::text, ""}},
                 {"kind", "arch", "state", "created", "own_octets", "shared_octets", "command_line"},
                 "no images: `bootferry image add` publishes one"};

struct Add {
  std::string name;
  std::string tree;  // a folder, or empty
  std::string wim, sdi;
  std::optional<std::int64_t> index;  // of the WIM's images
  std::string kernel;                 // a file; with a tree: a name inside it
  std::vector<std::string> initrds;
  std::optional<std::string> command_line;
  bool draft = false;
};

// Files given one by one are published under their own names; of two alike, the later one
// gets a number in front.
base::Result<std::vector<NamedFile>> open_files(const Add& command) {
  std::vector<std::string> paths{command.kernel};
  paths.insert(paths.end(), command.initrds.begin(), command.initrds.end());
  std::vector<NamedFile> files;
  for (const std::string& path : paths) {
    auto fd = api::open_local_file(path);
    if (!fd) return tl::unexpected(fd.error());
    std::string name = fs::path(path).filename().string();
    const auto taken = [&](const NamedFile& other) { return other.name == name; };
    if (std::any_of(files.begin(), files.end(), taken)) name = fmt::format("{}-{}", files.size(), name);
    files.push_back({std::move(name), std::move(*fd)});
  }
  return files;
}

base::Result<std::vector<NamedFile>> open_windows(const Add& command) {
  std::vector<NamedFile> files;
  for (const std::string& path : {command.wim, command.sdi}) {
    if (path.empty()) continue;
    auto fd = api::open_local_file(path);
    if (!fd) return tl::unexpected(fd.error());
    files.push_back({fs::path(path).filename().string(), std::move(*fd)});
  }
  return files;
}

base::Result<std::vector<NamedFile>> open_tree(const std::string& path) {
  const auto tree = api::LocalTree::open(path);
  if (!tree) return tl::unexpected(tree.error());
  std::vector<NamedFile> files;
  for (const std::string& name : tree->names()) {
    auto fd = tree->open_file(name);
    if (!fd) return tl::unexpected(fd.error());
    files.push_back({name, std::move(*fd)});
  }
  return files;
}

// «./a//b» and «/a/b», as people type them, are the tree's a/b.
std::string inside_tree(const std::string& name) {
  return fs::path(name).relative_path().lexically_normal().string();
}

Json description(const Add& command, const std::vector<NamedFile>& files) {
  const bool windows = !command.wim.empty();
  Json out{{"name", command.name}, {"kind", windows ? "wim" : command.tree.empty() ? "linux" : "tree"}};
  if (command.draft) out["state"] = "draft";
  if (windows && command.index) out["index"] = *command.index;
  if (windows) return out;
  std::string kernel;
  std::vector<std::string> initrds;
  if (command.tree.empty()) {
    kernel = files.front().name;
    for (std::size_t i = 1; i < files.size(); ++i) initrds.push_back(files[i].name);
  } else {
    if (!command.kernel.empty()) kernel = inside_tree(command.kernel);
    for (const std::string& initrd : command.initrds) initrds.push_back(inside_tree(initrd));
  }
  if (!kernel.empty()) out["kernel"] = kernel;
  if (!initrds.empty()) out["initrds"] = initrds;
  if (command.command_line) out["command_line"] = *command.command_line;
  return out;
}

Got<int> add_image(const Add& command, const Common& common, Site& site) {
  auto files = !command.wim.empty()   ? open_windows(command)
               : command.tree.empty() ? open_files(command)
                                      : open_tree(command.tree);
  if (!files) return tl::unexpected(Failure{files.error().what});
  const Json record = description(command, *files);
  const auto added = upload(site, "/v1/images", record, std::move(*files), "copying " + command.name, common);
  if (!added) return tl::unexpected(added.error());
  if (common.json) {
    print_line(api::print_json(*added));
    return exit_ok;
  }
  const std::string initrds = cell(*added, "initrds");
  print_line(fmt::format("added {}: {} {}{}{}", cell(*added, "name"), command.wim.empty() ? "kernel" : "WIM",
                         cell(*added, "kernel"), initrds.empty() ? "" : ", initrd ", initrds));
  const std::string name = cell(*added, "name");
  print_line(command.draft ? fmt::format("no machine gets it before: bootferry image publish {}", name)
                           : fmt::format("no machine gets it yet: bootferry deploy {} --to MAC", name));
  return exit_ok;
}

Got<int> set_state(const char* verb, const char* said, const std::string& name, const Common& common,
                   Site& site) {
  const std::string path = fmt::format("/v1/images/{}/{}", base::escape_url_part(name), verb);
  const auto changed = site.send("POST", path, Json::object());
  if (!changed) return tl::unexpected(changed.error());
  print_line(common.json ? api::print_json(*changed) : fmt::format("{} {}", said, cell(*changed, "name")));
  return exit_ok;
}

void add_state_command(Command& images, const char* verb, const char* said, const char* help) {
  auto name = std::make_shared<std::string>();
  Command command = images.leaf(verb, help, [=](const Common& common) {
    return with_site(common, [&](Site& site) { return set_state(verb, said, *name, common, site); });
  });
  command.needs("NAME", *name, "The image", names_of("images"));
}

// The record, and what the files say about themselves; of an image that is damaged the record alone.
Got<int> show_image(const std::string& name, const Common& common, Site& site) {
  const std::string path = fmt::format("/v1/images/{}", base::escape_url_part(name));
  auto record = site.get(path);
  if (!record) return tl::unexpected(record.error());
  const auto facts = site.get(path + "/facts");
  if (common.json) {
    if (facts) (*record)["facts"] = *facts;
    print_line(api::print_json(*record));
    return exit_ok;
  }
  const std::string words = facts ? show_facts(*facts) : "what it is: " + facts.error().what;
  print_line(fmt::format("{}{}{}", show_record(image, *record), words.empty() ? "" : "\n", words));
  return exit_ok;
}

void add_show_command(Command& images) {
  auto name = std::make_shared<std::string>();
  Command command =
      images.leaf("show", "Show one, and what it says about itself", [name](const Common& common) {
        return with_site(common, [&](Site& site) { return show_image(*name, common, site); });
      });
  command.needs("NAME", *name, "Which one", names_of("images"));
}

const char* const footer =
    "A kernel with its initrds:\n"
    "  bootferry image add debian --kernel vmlinuz --initrd initrd.gz --cmdline console=ttyS0\n"
    "A netboot tree, which knows itself what to boot:\n"
    "  bootferry image add debian --tree /usr/lib/debian-installer/images/12/amd64/text\n"
    "A Windows image, of the name that its file has, or of another:\n"
    "  bootferry image add boot.wim\n"
    "  bootferry image add winpe --wim boot.wim";

// «image add boot.wim»: the file, and a name made of its name.
void read_shorthand(Add& command) {
  std::error_code error;
  const fs::path path(command.name);
  const bool plain = command.kernel.empty() && command.tree.empty() && command.wim.empty();
  if (!plain || !fs::is_regular_file(path, error)) return;
  command.wim = command.name;
  command.name = path.stem().string();
}

}  // namespace

void add_image_commands(Command& root) {
  Command images = root.group("image", "Boot images: what machines can be given");
  auto typed = std::make_shared<Add>();
  Command add =
      images.leaf("add", "Publish an image; the same name again replaces it", [typed](const Common& common) {
        read_shorthand(*typed);
        return with_site(
            common, [&](Site& site) { return add_image(*typed, common, site); }, true);
      });
  add.footer(footer);
  add.needs("NAME", typed->name, "What to call it");
  add.option("--kernel", typed->kernel, "Kernel file; with --tree: its name inside the tree", a_file());
  add.option("--initrd", typed->initrds, "Initrd file (may be repeated); with --tree: inside it", a_file());
  add.option("--tree", typed->tree, "Folder with everything, loaders' configuration included", a_folder());
  add.option("--wim", typed->wim, "Windows image (WIM) with its boot programs inside", a_file());
  add.option("--index", typed->index, "Which of the WIM's images, from 1 on [the one that it boots]");
  add.option("--sdi", typed->sdi, "The boot.sdi for a WIM that brings none", a_file());
  add.option("--cmdline", typed->command_line, "Kernel command line; with --tree: instead of the tree's own");
  add.refuse_if([typed]() -> std::string {
    const bool windows = !typed->wim.empty();
    if (windows && !(typed->kernel + typed->tree).empty())
      return "image add: --wim, --kernel and --tree are three kinds of image";
    if (windows) return "";
    if (!typed->kernel.empty()) return "";
    std::error_code error;
    if (typed->tree.empty() && fs::is_regular_file(typed->name, error)) return "";
    if (typed->tree.empty()) return "image add: --kernel FILE, --tree DIR or --wim FILE is needed";
    return typed->initrds.empty() ? "" : "image add: --initrd needs --kernel";
  });
  add.flag("--draft", typed->draft, "Take it in without letting machines have it: image publish does that");
  add_state_command(images, "publish", "published", "Let machines have it");
  add_state_command(images, "withdraw", "withdrew",
                    "Let machines have it no longer; those that are fetching it finish");
  list_command(images, image);
  add_show_command(images);
  remove_command(images, image);
  add_library_commands(images);
  add_image_inspect(images);
  add_image_build(images);
  add_image_inject(images);
}

}  // namespace cli
