// SPDX-License-Identifier: GPL-3.0-or-later
// image inspect: what a Windows image is, before anybody takes it in. Asks no server.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/local_tree.h"
#include "commands.h"
#include "content/wim.h"
#include "content/wim_facts_json.h"
#include "format/wim_boot_files.h"
#include "site.h"
#include "terminal.h"

namespace cli {
namespace {

using format::WimFacts;
using format::WimImage;

struct Inspect {
  std::string file;
  std::optional<std::int64_t> image;
};

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

std::string show(const std::string& file, const WimFacts& facts) {
  const WimImage& image = facts.booted();
  Lines lines;
  lines.add("file", file);
  lines.add("form", form(facts));
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
  return lines.text();
}

// Who signed a program, or what is wrong with it.
std::string signed_by(const format::WimBootFile& file) {
  if (!file.fault.empty()) return file.fault;
  if (!file.program) return "";
  if (file.program->signatures.empty()) return "not signed";
  std::vector<std::string> words;
  for (const format::PeSignature& signature : file.program->signatures)
    words.push_back(fmt::format("{} ({})", signature.signer, signature.issuer));
  return join(words);
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

int inspect(const Inspect& typed, const Common& common) {
  const auto fd = api::open_local_file(typed.file);
  if (!fd) return failed(Failure{fd.error().what});
  const auto looked = content::inspect_wim(fd->get(), static_cast<int>(typed.image.value_or(0)));
  if (!looked) return failed(Failure{typed.file + ": " + looked.error().what});
  if (!looked->landlock)
    report("note: this kernel has no Landlock: seccomp alone kept the image's reader in");
  if (common.json) {
    print_line(content::print_wim_facts(looked->facts));
    return exit_ok;
  }
  print_line(show(typed.file, looked->facts) + show_files(looked->facts) + show_missing(looked->facts));
  return exit_ok;
}

}  // namespace

void add_image_inspect(Command& images) {
  auto typed = std::make_shared<Inspect>();
  Command command = images.leaf("inspect", "Say what a Windows image (WIM, ESD) is and what it lacks",
                                [typed](const Common& common) { return inspect(*typed, common); });
  command.needs("FILE", typed->file, "The image file; no server is asked", a_file());
  command.option("--image", typed->image, "Which of the file's images, from 1 on [the one that boots]");
  command.refuse_if([typed]() -> std::string {
    return typed->image && (*typed->image < 1 || *typed->image > format::most_wim_images)
               ? "--image: a number from 1 on is needed"
               : "";
  });
}

}  // namespace cli
