// SPDX-License-Identifier: GPL-3.0-or-later
// image inject: drivers, files and a start command into a Windows image, as the image's next
// version, as another image, or as a file.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>

#include "api/local_tree.h"
#include "commands.h"
#include "content/answer_files.h"
#include "content/sources.h"
#include "content/wim.h"
#include "content/windows_names.h"
#include "download.h"
#include "inject_wish.h"
#include "inject_words.h"
#include "records.h"
#include "scratch_file.h"
#include "terminal.h"
#include "upload.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

struct Inject {
  std::string what;  // an image's name, or a file
  InjectArguments arguments;
  std::string output, as, keep;
  std::optional<std::int64_t> image;
};

constexpr std::uint64_t some_room = 32U << 20U;  // for folders and what compresses badly

bool is_file(const Inject& typed) {
  std::error_code error;
  return fs::is_regular_file(typed.what, error);
}
std::string folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}
Failure failure_of(const base::Error& error) { return Failure{error.what}; }

// The image as it came and the one that is made of it must differ in files alone.
Got<void> check_result(const format::WimFacts& before, int output) {
  const auto looked = content::inspect_wim(output, before.image);
  if (!looked) return tl::unexpected(Failure{"the changed image: " + looked.error().what});
  const format::WimFacts& after = looked->facts;
  if (after.boot_index == before.boot_index && after.images == before.images &&
      after.compression == before.compression && after.chunk_size == before.chunk_size)
    return {};
  return tl::unexpected(Failure{"the changed image is another one than was meant"});
}

// `wim` with what was wished, into `output`.
Got<Injected> inject(const Inject& typed, bootimage::InjectWish wish, int wim, const ScratchFile& output,
                     const Common& common) {
  const auto named = [&](const std::string& what) { return Failure{typed.what + ": " + what}; };
  const auto question = bootimage::question_for(wish, static_cast<int>(typed.image.value_or(0)));
  const auto look = content::look_into_wim(wim, question);
  if (!look) return tl::unexpected(named(look.error().what));
  if (!look->landlock) report("note: this kernel has no Landlock: seccomp alone kept the image's reader in");
  auto plan = bootimage::plan_injection(wish, question, *look);
  if (!plan) return tl::unexpected(named(plan.error().what));
  const std::uint64_t expected = look->facts.size + octets_of(wish);
  auto scratch = ScratchFile::make(scratch_folder());
  if (!scratch) return tl::unexpected(failure_of(scratch.error()));
  ProgressBar bar("writing " + typed.what, !common.json);
  content::WimEdit edit;
  edit.image = look->facts.image;
  edit.steps = plan->steps;
  edit.scratch = scratch->release();
  edit.output = output.get();
  edit.written = [&](std::uint64_t octets) { bar.show(octets, expected); };
  const auto size = content::edit_wim(wim, std::move(edit));
  bar.clear();
  if (!size) return tl::unexpected(named(size.error().what));
  if (auto good = check_result(look->facts, output.get()); !good) return tl::unexpected(good.error());
  return Injected{std::move(wish), look->facts, std::move(*plan), *size};
}

void tell(const Injected& injected, const char* place, const std::string& name, const std::string& sentence,
          const Common& common) {
  if (common.json) {
    Json out{{place, name}};
    out.update(injected_json(injected));
    print_line(api::print_json(out));
    return;
  }
  for (const std::string& warning : inject_warnings(injected)) report("note: " + warning);
  print_line(show_injected(injected) + "\n\n" + sentence);
}

// What the image is kept as on the server.
struct Kept {
  Json wim;                 // of its files: the image, and
  std::optional<Json> sdi;  // the boot.sdi that was given beside it
  std::vector<Json> answers;
  std::string state;
  std::optional<std::int64_t> index;  // of the WIM's images, which one machines are given
};

Got<Kept> find_kept(const std::string& name, Site& site) {
  const auto record = site.get(path_of("images", name));
  if (!record) return tl::unexpected(record.error());
  if (cell(*record, "kind") != "wim") {
    return tl::unexpected(Failure{fmt::format(
        "image \"{}\" is no Windows image: `bootferry image build --driver` is for Linux", name)});
  }
  const auto files = files_of_image(name, site);
  if (!files) return tl::unexpected(files.error());
  Kept kept{{}, {}, {}, cell(*record, "state"), {}};
  if (const auto facts = site.get(path_of("images", name) + "/facts"))
    kept.index = facts->value(Json::json_pointer("/wim/image"), std::int64_t{1});
  for (const Json& file : *files) {
    if (cell(file, "name") == content::windows_image_name) kept.wim = file;
    if (cell(file, "name") == "boot.sdi") kept.sdi = file;
    if (content::answer_name(cell(file, "name"))) kept.answers.push_back(file);
  }
  if (kept.wim.is_null()) return tl::unexpected(Failure{fmt::format("image \"{}\" has no WIM", name)});
  return kept;
}

Got<ScratchFile> fetch(const std::string& name, const Json& file, Site& site, const Common& common) {
  auto to = ScratchFile::make(scratch_folder());
  if (!to) return tl::unexpected(failure_of(to.error()));
  const auto size = file.value("size", std::uint64_t{0});
  std::uint64_t done = 0;
  ProgressBar bar("reading " + name, !common.json);
  const auto fetched = fetch_file(name, file, site, [&](std::string_view piece) {
    bar.show(done += piece.size(), size);
    return to->write(piece);
  });
  if (!fetched) return tl::unexpected(fetched.error());
  return std::move(*to);
}

// Where the result goes: a file of that name, or a nameless one that is handed to the server.
Got<ScratchFile> make_output(const Inject& typed, std::uint64_t octets) {
  const std::string folder = typed.output.empty() ? scratch_folder() : folder_of(typed.output);
  if (auto room = check_room(folder, octets + some_room); !room)
    return tl::unexpected(failure_of(room.error()));
  auto output = ScratchFile::make(folder);
  if (!output) return tl::unexpected(failure_of(output.error()));
  return std::move(*output);
}

struct Answer {
  std::string name;
  ScratchFile file;
};

// A Windows image and what stands beside it, handed to the server.
struct Parcel {
  std::string name;
  int wim = -1, sdi = -1;  // -1: none
  bool published = true;
  std::span<const Answer> answers = {};
};
Got<Json> send(const Inject& typed, const Parcel& parcel, Site& site, const Common& common) {
  const auto copy = [](int file) { return base::Fd(::fcntl(file, F_DUPFD_CLOEXEC, 0)); };
  std::vector<NamedFile> files;
  files.push_back({std::string(content::windows_image_name), copy(parcel.wim)});
  if (parcel.sdi >= 0) files.push_back({"boot.sdi", copy(parcel.sdi)});
  Json record{{"name", parcel.name}, {"kind", "wim"}, {"state", parcel.published ? "published" : "draft"}};
  if (typed.image) record["index"] = *typed.image;
  std::vector<NamedFile> answers;
  for (const Answer& answer : parcel.answers) answers.push_back({answer.name, copy(answer.file.get())});
  if (!answers.empty()) record["allow_secrets"] = true;  // who added them was warned
  return upload(site, "/v1/images", record, std::move(files), "copying " + parcel.name, common,
                std::move(answers));
}

Got<int> add_result(const Inject& typed, const Injected& injected, const Parcel& result, Site& site,
                    const Common& common) {
  const auto added = send(typed, result, site, common);
  if (!added) return tl::unexpected(added.error());
  std::string sentence = fmt::format("added {}: WIM {}", result.name, cell(*added, "kernel"));
  if (!typed.keep.empty())
    sentence += fmt::format("; what it was before is {}, a draft", typed.keep);
  else if (result.name != typed.what)
    sentence += fmt::format("; {} stays as it is", typed.what);
  if (!result.published)
    sentence += fmt::format("\nno machine gets it before: bootferry image publish {}", result.name);
  tell(injected, "image", result.name, sentence, common);
  return exit_ok;
}

Got<void> check_free(const std::string& name, Site& site) {
  const auto taken = site.get(path_of("images", name));
  if (taken) return tl::unexpected(Failure{fmt::format("--keep: there is an image \"{}\"", name)});
  if (taken.error().status != 404) return tl::unexpected(taken.error());
  return {};
}

Got<int> to_file(const Inject& typed, const Injected& injected, ScratchFile output, const Common& common) {
  if (auto kept = output.give_name(typed.output); !kept) return tl::unexpected(failure_of(kept.error()));
  tell(injected, "output", typed.output, "written to " + typed.output, common);
  return exit_ok;
}

Got<int> inject_file(const Inject& typed, bootimage::InjectWish wish, Site* site, const Common& common) {
  const auto wim = api::open_local_file(typed.what);
  if (!wim) return tl::unexpected(failure_of(wim.error()));
  std::error_code error;
  auto output = make_output(typed, fs::file_size(typed.what, error) + octets_of(wish));
  if (!output) return tl::unexpected(output.error());
  const auto injected = inject(typed, std::move(wish), wim->get(), *output, common);
  if (!injected) return tl::unexpected(injected.error());
  if (site == nullptr) return to_file(typed, *injected, std::move(*output), common);
  return add_result(typed, *injected, {typed.as, output->get(), -1, true}, *site, common);
}

Got<int> inject_image(Inject typed, bootimage::InjectWish wish, Site& site, const Common& common) {
  const auto kept = find_kept(typed.what, site);
  if (!kept) return tl::unexpected(kept.error());
  if (!typed.image) typed.image = kept->index;
  if (!typed.keep.empty()) {
    if (auto free = check_free(typed.keep, site); !free) return tl::unexpected(free.error());
  }
  const auto size = kept->wim.value("size", std::uint64_t{0});
  const std::uint64_t added = octets_of(wish);
  // The image as it comes, what is added to it, and what becomes of the two.
  if (auto room =
          check_room(scratch_folder(), size + added + (typed.output.empty() ? size + added : 0) + some_room);
      !room)
    return tl::unexpected(Failure{room.error().what + "; TMPDIR=DIR names another place"});
  auto output = make_output(typed, size + added);
  if (!output) return tl::unexpected(output.error());
  const auto wim = fetch(typed.what, kept->wim, site, common);
  if (!wim) return tl::unexpected(wim.error());
  std::optional<ScratchFile> sdi;
  if (kept->sdi && typed.output.empty()) {
    auto fetched = fetch(typed.what, *kept->sdi, site, common);
    if (!fetched) return tl::unexpected(fetched.error());
    sdi.emplace(std::move(*fetched));
  }
  std::vector<Answer> answers;
  for (const Json& file : kept->answers) {
    if (!typed.output.empty()) break;
    auto fetched = fetch(typed.what, file, site, common);
    if (!fetched) return tl::unexpected(fetched.error());
    answers.push_back({std::string(*content::answer_name(cell(file, "name"))), std::move(*fetched)});
  }
  const auto injected = inject(typed, std::move(wish), wim->get(), *output, common);
  if (!injected) return tl::unexpected(injected.error());
  if (!typed.output.empty()) return to_file(typed, *injected, std::move(*output), common);
  const auto now = find_kept(typed.what, site);
  if (!now) return tl::unexpected(now.error());
  if (now->wim != kept->wim || now->answers != kept->answers)
    return tl::unexpected(Failure{fmt::format("image \"{}\" was replaced meanwhile: try again", typed.what)});
  const int sdi_file = sdi ? sdi->get() : -1;
  if (!typed.keep.empty()) {
    const auto before = send(typed, {typed.keep, wim->get(), sdi_file, false, answers}, site, common);
    if (!before) return tl::unexpected(before.error());
  }
  const Parcel result{typed.as.empty() ? typed.what : typed.as, output->get(), sdi_file,
                      !typed.as.empty() || now->state == "published", answers};
  return add_result(typed, *injected, result, site, common);
}

int run(const Inject& typed, const Common& common) {
  auto wish = read_inject_wish(typed.arguments);
  if (!wish) return failed(failure_of(wish.error()));
  if (is_file(typed) && !typed.output.empty()) {
    const auto code = inject_file(typed, std::move(*wish), nullptr, common);
    return code ? *code : failed(code.error());
  }
  return with_site(
      common,
      [&](Site& site) {
        return is_file(typed) ? inject_file(typed, std::move(*wish), &site, common)
                              : inject_image(typed, std::move(*wish), site, common);
      },
      is_file(typed));
}

std::string fault_of(const Inject& typed) {
  const InjectArguments& given = typed.arguments;
  if (given.drivers.empty() && given.files.empty() && given.start.empty())
    return "image inject: --driver DIR, --file SOURCE=DESTINATION or --start COMMAND is needed";
  if (!typed.as.empty() && !typed.output.empty()) return "image inject: --as and --output are two places";
  if (!typed.keep.empty() && (is_file(typed) || !(typed.as + typed.output).empty()))
    return "image inject: --keep is for an image that is replaced";
  if (is_file(typed) && typed.as.empty() && typed.output.empty())
    return "image inject: of a file, --output FILE or --as NAME is needed";
  if (typed.image && (*typed.image < 1 || *typed.image > format::most_wim_images))
    return "--image: a number from 1 on is needed";
  for (const std::string& name : {typed.as, typed.keep}) {
    if (name.empty()) continue;
    if (const auto named = content::check_image_name(name); !named) return name + ": " + named.error().what;
  }
  return "";
}

const char* const footer =
    "  bootferry image inject winpe --driver drivers/e1d --start 'X:\\Tools\\go.cmd' --file tools=\\Tools\n"
    "What an earlier inject put into the image makes way. Drivers are loaded when Windows PE starts,\n"
    "by drvload; Windows' own driver store is not changed.";

}  // namespace

void add_image_inject(Command& images) {
  auto typed = std::make_shared<Inject>();
  Command command = images.leaf(
      "inject", "Put drivers, files and a start command into a Windows image, as its next version",
      [typed](const Common& common) { return run(*typed, common); });
  command.footer(footer);
  command.needs("NAME", typed->what, "The image, or a file (WIM)", names_of("images"));
  command.option("--driver", typed->arguments.drivers,
                 "A driver's folder: its .inf and all beside it (may be repeated)", a_folder());
  command.option(
      "--file", typed->arguments.files,
      "SOURCE=DESTINATION: a file or folder, and where in the image, \\Tools\\x.exe (may be repeated)");
  command.option("--start", typed->arguments.start,
                 "What Windows PE runs once its drivers are loaded, a line of a script");
  command.option("--image", typed->image,
                 "Which of the file's images, from 1 on [the one that machines are given]");
  command.option("--as", typed->as, "Add the result as this image, and leave the one before as it is");
  command.option("--keep", typed->keep, "First add the image as it is under this name, as a draft");
  command.option("--output", typed->output, "Write the result to this file; nothing is added", a_file());
  command.refuse_if([typed] { return fault_of(*typed); });
}

}  // namespace cli
