// SPDX-License-Identifier: GPL-3.0-or-later
#include "image_words.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "content/disc_facts_json.h"
#include "content/disc_needs.h"
#include "content/wim_facts_json.h"
#include "format/wim_boot_files.h"
#include "terminal.h"

namespace cli {
namespace {

using content::LinuxMedia;
using content::WindowsMedia;
using content::WindowsTree;
using format::DiscFile;
using format::WimFacts;
using format::WimImage;

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

// Names and values; what has no value is left out.
class Lines {
 public:
  void add(std::string_view name, const std::string& value) {
    if (!value.empty()) text_ += fmt::format("{}{:<14}{}", text_.empty() ? "" : "\n", name, printable(value));
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string languages(const WimImage& image) {
  std::vector<std::string> words;
  for (const std::string& language : image.languages)
    words.push_back(language == image.default_language ? language + " (default)" : language);
  return join(words);
}

std::string form(const WimFacts& facts) {
  std::vector<std::string> words{print_size(facts.size)};
  if (facts.compression == format::WimCompression::none)
    words.emplace_back("not compressed");
  else
    words.push_back(fmt::format("{}{}", print(facts.compression), facts.solid ? " solid (ESD)" : ""));
  words.emplace_back(facts.integrity_table ? "integrity table" : "no integrity table");
  return join(words);
}

std::string serves(const WimFacts& facts) {
  std::vector<std::string> words;
  for (const policy::Arch arch : format::served_by(facts)) {
    words.push_back(arch == policy::Arch::bios ? "BIOS" : fmt::format("UEFI {}", policy::print(arch)));
  }
  return words.empty() ? "no machine over the network" : join(words);
}

std::string which(const WimFacts& facts) {
  return fmt::format("{} of {}{}", facts.image, facts.images.size(),
                     facts.image == facts.boot_index ? ", the one that boots" : "");
}

void add_wim(Lines& lines, const WimFacts& facts) {
  const WimImage& image = facts.booted();
  lines.add("image", which(facts));
  lines.add("name", image.name);
  lines.add("description", image.description);
  lines.add("architecture", image.arch ? std::string(policy::print(*image.arch)) : "none: no Windows");
  lines.add("product", image.product);
  lines.add("version", image.version);
  lines.add("languages", languages(image));
  lines.add("system", image.system_directory);
  lines.add("creator", image.creator);
  lines.add("serves", serves(facts));
  for (const WimImage& other : facts.images) {
    if (other.index == facts.image) continue;
    lines.add("other image", fmt::format("{}: {}", other.index, other.name));
  }
}

// Who signed a program, or what is wrong with it.
std::string signed_by(const std::vector<format::PeSignature>& signatures) {
  if (signatures.empty()) return "not signed";
  std::vector<std::string> words;
  for (const format::PeSignature& signature : signatures)
    words.push_back(fmt::format("{} ({})", signature.signer, signature.issuer));
  return join(words);
}
std::string signed_by(const format::WimBootFile& file) {
  if (!file.fault.empty()) return file.fault;
  return file.program ? signed_by(file.program->signatures) : "";
}

std::string show_files(const WimFacts& facts) {
  if (facts.boot_files.empty()) return "";
  Table table({"BOOT FILE", "OCTETS", "SIGNED BY (AUTHORITY)"});
  for (const format::WimBootFile& file : facts.boot_files)
    table.add({file.name, fmt::format("{}", file.size), signed_by(file)});
  return "\n\n" + table.print();
}

std::string show_missing(const WimFacts& facts) {
  const auto lacks = format::missing_pieces(facts);
  if (lacks.empty()) return "";
  Table table({"MISSING", "CONSEQUENCE"});
  for (const format::WimLack& lack : lacks) table.add({std::string(lack.name), std::string(lack.without)});
  return "\n\n" + table.print();
}

// What and where: the place is what --json has in full.
std::string place(const std::optional<DiscFile>& file) {
  if (!file) return "";
  return fmt::format("{}, {}", file->path, print_size(file->size));
}

void add_tree(Lines& lines, const WindowsTree& tree) {
  lines.add("folder", tree.folder);
  lines.add("boots", fmt::format("Windows, programs for {}", tree.arch == policy::Arch::other
                                                                 ? "no machine that they name"
                                                                 : policy::print(tree.arch)));
  lines.add("boot image", place(tree.boot_wim));
  lines.add("install image", place(tree.install));
  lines.add("boot.sdi", place(tree.boot_sdi));
}

void add_entries(Lines& lines, const LinuxMedia& media) {
  lines.add("menu entry", media.entry.label);
  for (const std::string& other : media.entries) {
    if (other != base::one_line(media.entry.label, content::longest_menu_label))
      lines.add("other entry", other);
  }
}

std::string show_needs(const std::vector<const content::DiscNeed*>& needs) {
  if (needs.empty()) return "";
  Table table({"STAYS ON THE DISC", "CONSEQUENCE, AND WHAT TO DO"});
  for (const content::DiscNeed* need : needs) {
    table.add({std::string(need->name), std::string(need->consequence)});
    table.add({"", std::string(need->remedy)});
  }
  return "\n\n" + table.print();
}

void add_linux(Lines& lines, const LinuxMedia& media) {
  lines.add("boots", fmt::format("Linux {}", media.kernel_facts.version));
  lines.add("architecture", std::string(policy::print(media.kernel_facts.arch)));
  add_entries(lines, media);
  lines.add("kernel", place(media.kernel));
  for (const DiscFile& initrd : media.initrds) lines.add("initrd", place(initrd));
  lines.add("command line", media.entry.command_line);
}

void add_system(Lines& lines, const content::UkiFacts& facts) {
  lines.add("system", facts.system);
  lines.add("kernel", facts.kernel_facts.version.empty() ? "Linux" : "Linux " + facts.kernel_facts.version);
}

std::string show_trees(const WindowsMedia& media, const std::vector<TreeInspection>& trees) {
  std::string out;
  for (std::size_t i = 0; i < media.trees.size(); ++i) {
    Lines lines;
    add_tree(lines, media.trees[i]);
    if (trees[i].facts) {
      lines.add("form", form(*trees[i].facts));
      add_wim(lines, *trees[i].facts);
    }
    out += (i == 0 ? "\n" : "\n\n") + lines.text();
    if (trees[i].facts) out += show_files(*trees[i].facts) + show_missing(*trees[i].facts);
  }
  return out;
}

}  // namespace

std::string show_wim(const std::string& file, const WimFacts& facts) {
  Lines lines;
  lines.add("file", file);
  lines.add("form", form(facts));
  add_wim(lines, facts);
  return lines.text() + show_files(facts) + show_missing(facts);
}

std::string show_facts(const api::Json& facts) {
  Lines lines;
  if (const auto kernel = facts.find("kernel"); kernel != facts.end()) {
    lines.add("version", kernel->value("version", ""));
    lines.add("EFI stub", kernel->value("efi_stub", false) ? "yes: UEFI can start it by itself" : "no");
  }
  const auto wim = facts.find("wim");
  const auto read = wim == facts.end() ? base::Result<WimFacts>() : content::parse_wim_facts(wim->dump());
  if (wim == facts.end()) return lines.text();
  if (!read) return read.error().what;
  lines.add("form", form(*read));
  add_wim(lines, *read);
  return lines.text() + show_files(*read) + show_missing(*read);
}

std::string show_disc(const std::string& file, const content::DiscFacts& facts,
                      const std::vector<TreeInspection>& trees) {
  Lines lines;
  lines.add("file", file);
  lines.add("disc", fmt::format("{}, {} with {} file{}", print_size(facts.size), format::print(facts.names),
                                facts.files, facts.files == 1 ? "" : "s"));
  lines.add("label", facts.label);
  if (const auto* windows = std::get_if<WindowsMedia>(&facts.media))
    return lines.text() + show_trees(*windows, trees);
  const auto& media = std::get<LinuxMedia>(facts.media);
  add_linux(lines, media);
  return lines.text() + show_needs(content::unmet_needs(media.needs, media.entry.command_line));
}

std::string show_taken(const LinuxMedia& media, const std::string& command_line) {
  Lines lines;
  add_entries(lines, media);
  lines.add("command line", command_line);
  return lines.text() + show_needs(content::unmet_needs(media.needs, command_line));
}

nlohmann::json taken_json(const LinuxMedia& media, const std::string& command_line) {
  using Json = nlohmann::json;
  Json needs = Json::array();
  for (const content::DiscNeed* need : content::unmet_needs(media.needs, command_line))
    needs.push_back({{"name", need->name}, {"consequence", need->consequence}, {"remedy", need->remedy}});
  return {{"entry", media.entry.label},
          {"entries", media.entries},
          {"command_line", command_line},
          {"needs", std::move(needs)}};
}

std::string show_taken(const content::UkiFacts& facts) {
  Lines lines;
  add_system(lines, facts);
  lines.add("command line", facts.command_line);
  lines.add("signed by", signed_by(facts.signatures));
  return lines.text();
}

std::string show_uki(const std::string& file, const content::UkiFacts& facts) {
  Lines lines;
  lines.add("file", file);
  lines.add("form", fmt::format("{}, unified kernel image", print_size(facts.size)));
  add_system(lines, facts);
  lines.add("architecture", std::string(policy::print(facts.kernel_facts.arch)));
  for (const format::PeRange& initrd : facts.initrds) lines.add("initrd", print_size(initrd.size));
  lines.add("command line", facts.command_line);
  lines.add("signed by", signed_by(facts.signatures));
  const bool pc =
      facts.kernel_facts.arch == policy::Arch::x64 || facts.kernel_facts.arch == policy::Arch::ia32;
  lines.add("serves", fmt::format("{}UEFI {}", pc ? "BIOS, " : "", policy::print(facts.kernel_facts.arch)));
  return lines.text();
}

std::string print_disc_json(const content::DiscFacts& facts, const std::vector<TreeInspection>& trees) {
  using Ordered = nlohmann::ordered_json;
  Ordered out = Ordered::parse(content::print_disc_facts(facts));
  for (std::size_t i = 0; i < trees.size(); ++i) {
    Ordered& tree = out["windows"][i];
    if (trees[i].facts)
      tree["wim"] = Ordered::parse(content::print_wim_facts(*trees[i].facts));
    else
      tree["fault"] = trees[i].fault;
  }
  return out.dump();
}

}  // namespace cli
