// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/disc_facts_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "content/answer_fields.h"
#include "content/disc_needs.h"

namespace content {
namespace {

using format::DiscFile;
using format::DiscNames;
using format::Extent;
using Json = AnswerFields::Json;

constexpr DiscNames kinds_of_names[] = {DiscNames::udf, DiscNames::rock_ridge, DiscNames::joliet,
                                        DiscNames::iso9660};

Json write(const DiscFile& file) {
  Json extents = Json::array();
  for (const Extent& extent : file.extents) extents.push_back(Json::array({extent.offset, extent.size}));
  return {{"path", file.path}, {"size", file.size}, {"extents", std::move(extents)}};
}
Json write(const std::optional<DiscFile>& file) { return file ? write(*file) : Json(); }

Json write(const std::vector<DiscFile>& files) {
  Json out = Json::array();
  for (const DiscFile& file : files) out.push_back(write(file));
  return out;
}

Json write(const WindowsMedia& media) {
  Json trees = Json::array();
  for (const WindowsTree& tree : media.trees) {
    trees.push_back({{"folder", tree.folder},
                     {"arch", policy::print(tree.arch)},
                     {"boot_wim", write(tree.boot_wim)},
                     {"install", write(tree.install)},
                     {"boot_sdi", write(tree.boot_sdi)},
                     {"fonts", write(tree.fonts)}});
  }
  return trees;
}

Json write(const LinuxMedia& media) {
  return {{"entry", base::one_line(media.entry.label, longest_answer_line)},
          {"entries", media.entries},
          {"needs", media.needs},
          {"kernel", write(media.kernel)},
          {"initrds", write(media.initrds)},
          {"command_line", media.entry.command_line},
          {"arch", policy::print(media.kernel_facts.arch)},
          {"version", base::one_line(media.kernel_facts.version, longest_answer_line)},
          {"efi_stub", media.kernel_facts.efi_stub},
          {"command_line_max", media.kernel_facts.command_line_max}};
}

// Reads the facts of an image of `size` octets.
class Reader {
 public:
  Reader(std::uint64_t size, bool& good) : size_(size), good_(good) {}

  WindowsMedia windows(const Json& trees) {
    WindowsMedia media;
    good_ = good_ && trees.is_array() && !trees.empty() && trees.size() <= most_windows_trees;
    if (!good_) return media;
    for (const Json& json : trees) {
      AnswerFields from(json, good_);
      WindowsTree tree;
      tree.folder = from.exact("folder", format::longest_disc_path);
      tree.arch = from.arch("arch").value_or(policy::Arch::other);
      tree.boot_wim = optional_file(from.field("boot_wim"));
      tree.install = optional_file(from.field("install"));
      tree.boot_sdi = optional_file(from.field("boot_sdi"));
      for (const Json& font : from.list("fonts", most_disc_fonts)) tree.fonts.push_back(file(font));
      good_ = good_ && (tree.folder.empty() || is_path(tree.folder)) && (tree.boot_wim || tree.install);
      media.trees.push_back(std::move(tree));
    }
    return media;
  }

  LinuxMedia linux(const Json& json) {
    LinuxMedia media;
    AnswerFields from(json, good_);
    media.entry.label = from.line("entry");
    media.entries = from.lines("entries", most_menu_labels);
    media.needs = from.lines("needs", disc_needs().size());
    good_ = good_ && std::ranges::all_of(media.needs, is_known_need);
    media.kernel = file(from.field("kernel"));
    media.entry.kernel = media.kernel.path;
    for (const Json& initrd : from.list("initrds", most_disc_initrds)) {
      media.initrds.push_back(file(initrd));
      media.entry.initrds.push_back(media.initrds.back().path);
    }
    media.entry.command_line = from.exact("command_line", longest_disc_command_line);
    media.kernel_facts.arch = from.arch("arch").value_or(policy::Arch::other);
    media.kernel_facts.version = from.line("version");
    media.kernel_facts.efi_stub = from.truth("efi_stub");
    media.kernel_facts.command_line_max =
        static_cast<std::uint32_t>(from.number("command_line_max", ~std::uint32_t{0}));
    return media;
  }

 private:
  DiscFile file(const Json& json) {
    AnswerFields from(json, good_);
    DiscFile file{from.exact("path", format::longest_disc_path), from.number("size", size_), {}};
    good_ = good_ && is_path(file.path);
    std::uint64_t rest = file.size;
    for (const Json& extent : from.list("extents", most_disc_pieces)) {
      const auto number = [&](std::size_t which) -> std::uint64_t {
        good_ = good_ && extent.is_array() && extent.size() == 2 && extent[which].is_number_unsigned();
        return good_ ? extent[which].get<std::uint64_t>() : 0;
      };
      const Extent piece{number(0), number(1)};
      good_ = good_ && piece.size > 0 && piece.size <= rest && piece.offset <= size_ &&
              piece.size <= size_ - piece.offset;
      if (!good_) break;
      rest -= piece.size;
      file.extents.push_back(piece);
    }
    good_ = good_ && rest == 0;
    return file;
  }
  std::optional<DiscFile> optional_file(const Json& json) {
    if (!good_ || json.is_null()) return std::nullopt;
    return file(json);
  }

  // As format/disc.h has them: relative, and every part a name.
  static bool is_path(std::string_view path) {
    while (true) {
      const std::string_view part = path.substr(0, path.find('/'));
      if (part.empty() || part == "." || part == "..") return false;
      if (part.size() == path.size()) return true;
      path.remove_prefix(part.size() + 1);
    }
  }

  static bool is_known_need(const std::string& name) {
    return std::ranges::any_of(disc_needs(), [&](const DiscNeed& need) { return need.name == name; });
  }

  std::uint64_t size_;
  bool& good_;
};

base::Status check(const DiscFile& file) {
  if (file.extents.size() <= most_disc_pieces) return {};
  return base::fail("{} lies in {} pieces: at most {}", base::one_line(file.path, 120), file.extents.size(),
                    most_disc_pieces);
}

base::Status check(const LinuxMedia& media) {
  if (media.initrds.size() > most_disc_initrds)
    return base::fail("{} initrds: at most {}", media.initrds.size(), most_disc_initrds);
  if (media.entry.command_line.size() > longest_disc_command_line)
    return base::fail("a kernel command line of over {} characters", longest_disc_command_line);
  if (!is_printable(media.entry.command_line))
    return base::fail("the kernel command line holds a line break or another control character");
  for (const DiscFile& initrd : media.initrds) {
    if (auto fits = check(initrd); !fits) return fits;
  }
  return check(media.kernel);
}

base::Status check(const WindowsMedia& media) {
  for (const WindowsTree& tree : media.trees) {
    for (const auto* file : {&tree.boot_wim, &tree.install, &tree.boot_sdi}) {
      if (!*file) continue;
      if (auto fits = check(**file); !fits) return fits;
    }
    for (const DiscFile& font : tree.fonts) {
      if (auto fits = check(font); !fits) return fits;
    }
  }
  return {};
}

}  // namespace

base::Status check_disc_facts(const DiscFacts& facts) {
  return std::visit([](const auto& media) { return check(media); }, facts.media);
}

std::string print_disc_facts(const DiscFacts& facts) {
  Json out{{"size", facts.size},
           {"names", format::print(facts.names)},
           {"label", facts.label},
           {"files", facts.files}};
  if (const auto* windows = std::get_if<WindowsMedia>(&facts.media)) out["windows"] = write(*windows);
  if (const auto* linux_media = std::get_if<LinuxMedia>(&facts.media)) out["linux"] = write(*linux_media);
  return out.dump();
}

base::Result<DiscFacts> parse_disc_facts(std::string_view text, std::uint64_t size) {
  const Json json = Json::parse(text, nullptr, false);
  bool good = !json.is_discarded();
  AnswerFields from(json, good);
  DiscFacts facts;
  facts.size = size;
  good = good && from.number("size", size) == size;
  const std::string names = from.line("names");
  const auto kind = std::ranges::find(kinds_of_names, names, [](DiscNames n) { return format::print(n); });
  if (kind != std::end(kinds_of_names)) facts.names = *kind;
  facts.label = from.line("label");
  facts.files = from.number("files", format::most_disc_entries);
  Reader reader(size, good);
  if (json.is_object() && json.contains("windows"))
    facts.media = reader.windows(from.field("windows"));
  else
    facts.media = reader.linux(from.field("linux"));
  if (!good || kind == std::end(kinds_of_names)) return base::fail("its description makes no sense");
  return facts;
}

}  // namespace content
