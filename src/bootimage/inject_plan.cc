// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/inject_plan.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/ascii.h"
#include "bootimage/inject_names.h"
#include "bootimage/inject_start.h"

namespace bootimage {
namespace {

using content::WimStep;
using format::WimChange;
using format::WimEntryKind;
using Start = InjectRecord::Start;

constexpr std::string_view drivers_folder = "/Drivers";

// What belongs to the start, and to no --file.
constexpr std::string_view our_places[] = {start_script,  inject_record,   startnet_file, startnet_before,
                                           winpeshl_file, winpeshl_before, windows_setup};

// The image as it will be once the earlier inject is taken back.
class Present {
 public:
  Present(const content::WimQuestion& question, const content::WimLook& look) {
    for (std::size_t i = 0; i < question.paths.size(); ++i)
      kinds_.emplace(base::lowered(question.paths[i]), look.kinds[i]);
    for (std::size_t i = 0; i < question.texts.size(); ++i)
      texts_.emplace(base::lowered(question.texts[i]), look.texts[i]);
  }
  [[nodiscard]] WimEntryKind kind(std::string_view path) const {
    for (std::string_view at = path; !at.empty(); at = at.substr(0, at.rfind('/'))) {
      if (gone_.contains(base::lowered(at))) return WimEntryKind::none;
    }
    const auto found = kinds_.find(base::lowered(path));
    return found == kinds_.end() ? WimEntryKind::none : found->second;
  }
  [[nodiscard]] bool has(std::string_view path) const { return kind(path) != WimEntryKind::none; }
  [[nodiscard]] std::optional<std::string> text(std::string_view path) const {
    const auto found = texts_.find(base::lowered(path));
    return has(path) && found != texts_.end() ? found->second : std::nullopt;
  }
  void remove(std::string_view path) { gone_.insert(base::lowered(path)); }
  void rename(std::string_view from, std::string_view to) {
    kinds_[base::lowered(to)] = kind(from);
    texts_[base::lowered(to)] = text(from);
    gone_.erase(base::lowered(to));
    remove(from);
  }

 private:
  std::unordered_map<std::string, WimEntryKind> kinds_;
  std::unordered_map<std::string, std::optional<std::string>> texts_;
  std::set<std::string> gone_;
};

class Planning {
 public:
  Planning(const InjectWish& wish, policy::Arch arch, Present present)
      : wish_(wish), arch_(arch), present_(std::move(present)) {}

  base::Result<InjectPlan> plan() {
    if (auto back = take_back(); !back) return tl::unexpected(back.error());
    for (std::size_t i = 0; i < wish_.drivers.size(); ++i) {
      if (auto put = put_driver(i); !put) return tl::unexpected(put.error());
    }
    for (const InjectSource& file : wish_.files) {
      if (auto put = put_file(file); !put) return tl::unexpected(put.error());
    }
    if (auto started = put_start(); !started) return tl::unexpected(started.error());
    if (!record_.put.empty() || record_.start != Start::none)
      add_text(inject_record, print_inject_record(record_));
    return std::move(plan_);
  }

 private:
  base::Status take_back() {
    const auto text = present_.text(inject_record);
    if (!text) return {};
    const auto record = parse_inject_record(*text);
    if (!record) return tl::unexpected(record.error());
    remove(inject_record);
    for (const std::string& path : record->put) {
      remove(path);
      plan_.taken_back.push_back(path);
    }
    if (record->start == Start::none) return {};
    remove(start_script);
    const bool shell = record->start == Start::winpeshl;
    const std::string_view now = shell ? winpeshl_file : startnet_file;
    const std::string_view before = shell ? winpeshl_before : startnet_before;
    remove(now);
    if (present_.has(before)) rename(before, now);
    return {};
  }

  base::Status put_driver(std::size_t which) {
    const DriverFolder& driver = wish_.drivers[which];
    const std::string place = driver_place(wish_, which);
    if (present_.has(place)) {
      return base::fail("{} is in the image, and no inject of ours put it there: name the folder otherwise",
                        as_windows(place));
    }
    if (auto free = check_parents(place); !free) return free;
    for (const InjectSource& file : driver.files) {
      const auto path = image_path(place + "/" + file.name);
      if (!path) return base::fail("{}: {}", driver.name, path.error().what);
      if (auto fresh = note_target(*path); !fresh) return fresh;
      const auto described = std::ranges::find(driver.infs, file.name, &DriverInf::name);
      if (described != driver.infs.end() && format::is_for(described->inf, arch_)) {
        if (auto named = check_inf_path(*path); !named) return named;
        infs_.push_back(*path);
      }
      add(*path, {{}, file.open});
    }
    record_.put.push_back(place);
    return {};
  }

  base::Status put_file(const InjectSource& file) {
    const std::string& path = file.name;
    if (is_boot_program(path)) {
      return base::fail("{}: machines need what is there to start Windows: it is not replaced",
                        as_windows(path));
    }
    const auto same = [&](std::string_view ours) { return base::same_but_for_case(ours, path); };
    const bool starts = !wish_.drivers.empty() || !wish_.command.empty();
    const bool always_ours = same(start_script) || same(inject_record);
    if (always_ours || (starts && std::ranges::any_of(our_places, same)))
      return base::fail("{}: that is written by inject itself: --start COMMAND", as_windows(path));
    if (auto free = check_parents(path); !free) return free;
    if (auto fresh = note_target(path); !fresh) return fresh;
    switch (present_.kind(path)) {
      case WimEntryKind::none:
        record_.put.push_back(path);
        break;
      case WimEntryKind::file:
        plan_.replaced.push_back(path);
        break;
      case WimEntryKind::folder:
      case WimEntryKind::other:
        return base::fail("{}: something else than a file stands there in the image", as_windows(path));
    }
    add(path, {{}, file.open});
    return {};
  }

  base::Status put_start() {
    if (wish_.drivers.empty() && wish_.command.empty()) return {};
    for (const std::string_view path : {start_script, startnet_before, winpeshl_before}) {
      if (present_.has(path)) {
        return base::fail("{} is in the image, and no inject of ours put it there: remove it first",
                          as_windows(path));
      }
    }
    if (const auto before = present_.text(winpeshl_file)) return start_by_winpeshl(*before);
    if (present_.has(winpeshl_file)) return base::fail("its winpeshl.ini is no file");
    if (present_.has(windows_setup)) return start_before_setup();
    return start_by_startnet();
  }

  base::Status start_by_winpeshl(const std::string& before) {
    auto text = print_winpeshl(before);
    if (!text) return tl::unexpected(text.error());
    rename(winpeshl_file, winpeshl_before);
    add_text(winpeshl_file, std::move(*text));
    record_.start = Start::winpeshl;
    add_script(Before::nothing);
    plan_.start = "its winpeshl.ini runs bootferry-start.cmd, then what it ran before";
    return {};
  }
  base::Status start_before_setup() {
    add_text(winpeshl_file, print_setup_winpeshl());
    record_.start = Start::winpeshl;
    add_script(Before::nothing);
    plan_.start = "a winpeshl.ini, which it did not have, runs bootferry-start.cmd, then \\setup.exe";
    return {};
  }
  base::Status start_by_startnet() {
    const bool there = present_.has(startnet_file);
    if (there) rename(startnet_file, startnet_before);
    add_text(startnet_file, print_startnet());
    record_.start = Start::startnet;
    add_script(there ? Before::startnet : Before::wpeinit);
    plan_.start = there ? "startnet.cmd runs bootferry-start.cmd, which runs what startnet.cmd was before"
                        : "startnet.cmd, which it did not have, runs bootferry-start.cmd, and that wpeinit";
    return {};
  }

  base::Status check_parents(std::string_view path) const {
    for (const std::string& parent : parents_of(path)) {
      const WimEntryKind kind = present_.kind(parent);
      if (kind != WimEntryKind::none && kind != WimEntryKind::folder)
        return base::fail("{}: {} is no folder in the image", as_windows(path), as_windows(parent));
    }
    return {};
  }
  base::Status note_target(const std::string& path) {
    if (targets_.insert(base::lowered(path)).second) return {};
    return base::fail("{}: two files are to stand there; Windows' names know no case", as_windows(path));
  }

  void add(std::string_view path, content::WimContent what) {
    plan_.steps.push_back({{WimChange::Kind::add, std::string(path)}, std::move(what)});
  }
  void add_text(std::string_view path, std::string text) { add(path, {std::move(text), {}}); }
  void add_script(Before before) { add_text(start_script, print_start_script(infs_, before, wish_.command)); }
  void remove(std::string_view path) {
    plan_.steps.push_back({{WimChange::Kind::remove, std::string(path)}, {}});
    present_.remove(path);
  }
  void rename(std::string_view from, std::string_view to) {
    plan_.steps.push_back({{WimChange::Kind::rename, std::string(from), std::string(to)}, {}});
    present_.rename(from, to);
  }

  const InjectWish& wish_;
  policy::Arch arch_;
  Present present_;
  InjectPlan plan_;
  InjectRecord record_;
  std::vector<std::string> infs_;
  std::set<std::string> targets_;
};

}  // namespace

std::string driver_place(const InjectWish& wish, std::size_t which) {
  return fmt::format("{}/{}-{}", drivers_folder, which + 1, plain_name(wish.drivers[which].name));
}

content::WimQuestion question_for(const InjectWish& wish, int image) {
  std::set<std::string> paths(std::begin(our_places), std::end(our_places));
  const auto ask = [&](const std::string& path) {
    paths.insert(path);
    for (std::string& parent : parents_of(path)) paths.insert(std::move(parent));
  };
  for (std::size_t i = 0; i < wish.drivers.size(); ++i) ask(driver_place(wish, i));
  for (const InjectSource& file : wish.files) ask(file.name);
  return {image,
          {paths.begin(), paths.end()},
          {std::string(inject_record), std::string(winpeshl_file), std::string(winpeshl_before)}};
}

base::Result<InjectPlan> plan_injection(const InjectWish& wish, const content::WimQuestion& question,
                                        const content::WimLook& look) {
  const format::WimImage& image = look.facts.booted();
  if (!image.arch) return base::fail("image {} holds no Windows", image.index);
  if (look.facts.solid) return base::fail("it is solid (an ESD), which Windows' boot manager does not start");
  return Planning(wish, *image.arch, Present(question, look)).plan();
}

}  // namespace bootimage
