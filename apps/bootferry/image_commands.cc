// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "api/local_tree.h"
#include "base/url.h"
#include "commands.h"
#include "content/disc.h"
#include "content/uki.h"
#include "given_image.h"
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
                  {"--answer", "answers", Field::Shape::texts, ""},
                  {"--own", "own_octets", Field::Shape::text, ""},
                  {"--shared", "shared_octets", Field::Shape::text, ""}},
                 {"kind", "arch", "state", "created", "own_octets", "shared_octets", "command_line"},
                 "no images: `bootferry image add` publishes one"};

struct Add {
  std::string name;
  std::string file;  // of a kind that it tells itself
  std::string tree;  // a folder, or empty
  std::string wim, sdi, iso, uki;
  std::string entry;                  // of the disc's menu
  std::optional<std::int64_t> index;  // of the WIM's images
  std::string kernel;                 // a file; with a tree: a name inside it
  std::vector<std::string> initrds;
  std::optional<std::string> command_line;
  std::vector<std::string> answers;  // NAME=FILE
  bool allow_secrets = false;
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

// What is one file, and perhaps a boot.sdi beside it: empty for a kernel or a tree.
const std::string& whole_file(const Add& command) {
  if (!command.iso.empty()) return command.iso;
  return command.uki.empty() ? command.wim : command.uki;
}

base::Result<std::vector<NamedFile>> open_whole(const Add& command) {
  std::vector<NamedFile> files;
  for (const std::string& path : {whole_file(command), command.sdi}) {
    if (path.empty()) continue;
    auto fd = api::open_local_file(path);
    if (!fd) return tl::unexpected(fd.error());
    files.push_back({fs::path(path).filename().string(), std::move(*fd)});
  }
  return files;
}

base::Result<std::vector<NamedFile>> open_answers(const Add& command) {
  std::vector<NamedFile> files;
  for (const std::string& answer : command.answers) {
    const std::size_t equals = answer.find('=');
    auto fd = api::open_local_file(answer.substr(equals + 1));
    if (!fd) return tl::unexpected(fd.error());
    files.push_back({answer.substr(0, equals), std::move(*fd)});
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
  const char* const kind = !command.iso.empty()    ? "iso"
                           : !command.uki.empty()  ? "uki"
                           : !command.wim.empty()  ? "wim"
                           : !command.tree.empty() ? "tree"
                                                   : "linux";
  Json out{{"name", command.name}, {"kind", kind}};
  if (command.draft) out["state"] = "draft";
  if (command.allow_secrets) out["allow_secrets"] = true;
  if (command.index) out["index"] = *command.index;
  if (!command.entry.empty()) out["entry"] = command.entry;
  if (command.command_line) out["command_line"] = *command.command_line;
  if (!whole_file(command).empty()) return out;
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
  return out;
}

// What is said of a file beside the record. The server looks for itself; a refusal here comes before
// anything is sent.
struct Seen {
  std::optional<content::LinuxMedia> media;
  std::optional<content::UkiFacts> uki;

  [[nodiscard]] std::string words(const std::string& command_line) const {
    return media ? show_taken(*media, command_line) : uki ? show_taken(*uki) : "";
  }
  void add_to(Json& record, const std::string& command_line) const {
    if (media) record["disc"] = taken_json(*media, command_line);
    if (uki) record["unified"] = Json::parse(content::print_uki_facts(*uki));
  }
};

Got<Seen> look_into(const Add& command, const std::vector<NamedFile>& files) {
  const auto refuse = [&](const std::string& why) {
    return tl::unexpected(Failure{whole_file(command) + ": " + why});
  };
  Seen seen;
  if (!command.iso.empty()) {
    auto looked = content::inspect_disc(files.front().fd.get(), command.entry);
    if (!looked) return refuse(looked.error().what);
    if (auto* const media = std::get_if<content::LinuxMedia>(&looked->facts.media))
      seen.media = std::move(*media);
  }
  if (!command.uki.empty()) {
    auto looked = content::inspect_uki(files.front().fd.get());
    if (!looked) return refuse(looked.error().what);
    seen.uki = std::move(looked->facts);
  }
  return seen;
}

const char* what_boots(const Json& added) {
  const std::string kind = cell(added, "kind");
  return kind == "wim" ? "WIM" : kind == "uki" ? "unified kernel image" : "kernel";
}

Got<int> add_image(const Add& command, const Common& common, Site& site) {
  auto files = !whole_file(command).empty() ? open_whole(command)
               : command.tree.empty()       ? open_files(command)
                                            : open_tree(command.tree);
  if (!files) return tl::unexpected(Failure{files.error().what});
  auto answers = open_answers(command);
  if (!answers) return tl::unexpected(Failure{answers.error().what});
  const auto seen = look_into(command, *files);
  if (!seen) return tl::unexpected(seen.error());
  const Json record = description(command, *files);
  auto added = upload(site, "/v1/images", record, std::move(*files), "copying " + command.name, common,
                      std::move(*answers));
  if (!added) return tl::unexpected(added.error());
  for (const Json& warning : added->value("warnings", Json::array()))
    report("warning: " + warning.get<std::string>());
  const std::string command_line = cell(*added, "command_line");
  if (common.json) {
    seen->add_to(*added, command_line);
    print_line(api::print_json(*added));
    return exit_ok;
  }
  const std::string initrds = cell(*added, "initrds");
  print_line(fmt::format("added {}: {} {}{}{}", cell(*added, "name"), what_boots(*added),
                         cell(*added, "kernel"), initrds.empty() ? "" : ", initrd ", initrds));
  if (const std::string words = seen->words(command_line); !words.empty()) print_line(words);
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
    "With a template that answers the installer's questions:\n"
    "  bootferry image add debian --tree DIR --answer preseed.cfg=my.cfg --cmdline 'auto "
    "url={answer:preseed.cfg}'\n"
    "A Windows image (WIM), a disc image (ISO) of Windows or Linux, a unified kernel image (UKI), of\n"
    "the name that its file has, or of another:\n"
    "  bootferry image add boot.wim\n"
    "  bootferry image add debian debian-12.5.0-amd64-netinst.iso --entry expert";

// The kinds of image that were named, by option or by being there.
int kinds_named(const Add& command) {
  int count = command.kernel.empty() && command.tree.empty() ? 0 : 1;
  for (const std::string* path : {&command.wim, &command.iso, &command.uki, &command.file})
    count += path->empty() ? 0 : 1;
  return count;
}

bool names_a_file(const std::string& text) {
  std::error_code error;
  return fs::is_regular_file(text, error);
}

// «image add boot.wim»: the file, and a name made of its name. What it is, it tells itself.
base::Status read_shorthand(Add& command) {
  if (kinds_named(command) == 0 && names_a_file(command.name)) {
    command.file = std::exchange(command.name, fs::path(command.name).stem().string());
  }
  if (command.file.empty()) return {};
  const auto fd = api::open_local_file(command.file);
  if (!fd) return tl::unexpected(fd.error());
  std::string& kind = [&]() -> std::string& {
    switch (recognise(fd->get())) {
      case GivenImage::disc:
        return command.iso;
      case GivenImage::uki:
        return command.uki;
      case GivenImage::wim:
        break;
    }
    return command.wim;
  }();
  kind = std::exchange(command.file, "");
  return {};
}

std::string fault_of(const Add& command) {
  for (const std::string& answer : command.answers) {
    if (answer.find('=') == std::string::npos) return "image add: --answer is NAME=FILE, not " + answer;
  }
  const int kinds = kinds_named(command);
  if (kinds > 1)
    return "image add: FILE, --wim, --iso, --uki and --kernel or --tree are different kinds of image";
  if (kinds == 0 && !names_a_file(command.name))
    return "image add: FILE, --kernel FILE, --tree DIR, --wim FILE, --iso FILE or --uki FILE is needed";
  return command.kernel.empty() && !command.initrds.empty() ? "image add: --initrd needs --kernel" : "";
}

}  // namespace

void add_image_commands(Command& root) {
  Command images = root.group("image", "Boot images: what machines can be given");
  auto typed = std::make_shared<Add>();
  Command add =
      images.leaf("add", "Publish an image; the same name again replaces it", [typed](const Common& common) {
        if (const auto read = read_shorthand(*typed); !read) return failed(Failure{read.error().what});
        return with_site(
            common, [&](Site& site) { return add_image(*typed, common, site); }, true);
      });
  add.footer(footer);
  add.needs("NAME", typed->name, "What to call it; or FILE alone, which its own name is made of");
  add.may("FILE", typed->file, "A Windows image, a disc image or a unified kernel image", a_file());
  add.option("--kernel", typed->kernel, "Kernel file; with --tree: its name inside the tree", a_file());
  add.option("--initrd", typed->initrds, "Initrd file (may be repeated); with --tree: inside it", a_file());
  add.option("--tree", typed->tree, "Folder with everything, loaders' configuration included", a_folder());
  add.option("--wim", typed->wim, "Windows image (WIM) with its boot programs inside", a_file());
  add.option("--iso", typed->iso, "Disc image of Windows or Linux, of which only what boots is copied",
             a_file());
  add.option("--entry", typed->entry,
             "Of a disc: the entry of its menu, or the folder with Windows [what it boots itself]");
  add.option("--uki", typed->uki, "Unified kernel image: a UEFI program with kernel and initrd inside",
             a_file());
  add.option("--index", typed->index, "Which of the WIM's images, from 1 on [the one that it boots]");
  add.option("--sdi", typed->sdi, "The boot.sdi for a WIM that brings none", a_file());
  add.option("--cmdline", typed->command_line,
             "Kernel command line; of a tree or a disc: instead of its own");
  add.option("--answer", typed->answers,
             "NAME=FILE: an answer file for the installer, with placeholders (may be repeated)");
  add.flag("--allow-secrets", typed->allow_secrets, "No warning where a template asks for a secret");
  add.refuse_if([typed] { return fault_of(*typed); });
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
  add_image_test(images);
  add_image_inject(images);
}

}  // namespace cli
