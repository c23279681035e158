// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/wim_facts_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/bytes.h"
#include "base/utf8.h"
#include "content/answer_fields.h"
#include "content/sources.h"
#include "format/wim_boot_files.h"

namespace content {
namespace {

using format::PeProgram;
using format::PeSignature;
using format::WimBootFile;
using format::WimFacts;
using format::WimImage;
using Json = nlohmann::ordered_json;

constexpr std::size_t largest_kept_facts = 4U << 20U;

Json write(const WimImage& image) {
  return {{"index", image.index},
          {"name", image.name},
          {"description", image.description},
          {"arch", image.arch ? Json(policy::print(*image.arch)) : Json()},
          {"product", image.product},
          {"version", image.version},
          {"languages", image.languages},
          {"default_language", image.default_language},
          {"system_directory", image.system_directory},
          {"creator", image.creator}};
}

Json write(const WimBootFile& file) {
  Json out{{"name", file.name},
           {"path", base::one_line(file.path, format::longest_wim_text)},
           {"size", file.size}};
  if (file.program) {
    Json signatures = Json::array();
    for (const PeSignature& signature : file.program->signatures)
      signatures.push_back({{"signer", signature.signer}, {"issuer", signature.issuer}});
    out["arch"] = policy::print(file.program->arch);
    out["signatures"] = std::move(signatures);
  }
  if (!file.fault.empty()) out["fault"] = file.fault;
  return out;
}

WimImage read_image(const Json& json, bool& good) {
  AnswerFields from(json, good);
  WimImage image{from.small("index", format::most_wim_images), from.line("name"), from.line("description"),
                 from.arch("arch")};
  image.product = from.line("product");
  image.version = from.line("version");
  image.languages = from.lines("languages", format::most_wim_languages);
  image.default_language = from.line("default_language");
  image.system_directory = from.line("system_directory");
  image.creator = from.line("creator");
  return image;
}

WimBootFile read_file(const Json& json, bool& good) {
  AnswerFields from(json, good);
  WimBootFile file{from.line("name"), from.line("path"), from.number("size", format::largest_wim_boot_file)};
  file.fault = json.contains("fault") ? from.line("fault") : "";
  if (!good || !json.contains("signatures")) return file;
  PeProgram program;
  program.arch = from.arch("arch").value_or(policy::Arch::other);
  for (const Json& entry : from.list("signatures", format::most_pe_signatures)) {
    AnswerFields signature(entry, good);
    program.signatures.push_back({signature.line("signer"), signature.line("issuer")});
  }
  file.program = std::move(program);
  return file;
}

// A name that is to become a file's: one of the table's, or a font in one of its folders.
bool is_boot_file_name(std::string_view name) {
  return std::ranges::any_of(format::wim_boot_pieces(), [&](const format::WimBootPiece& piece) {
    if (!piece.name.ends_with('/')) return name == piece.name;
    return name.starts_with(piece.name) && format::is_wim_font(name.substr(piece.name.size()));
  });
}

bool makes_sense(const WimFacts& facts) {
  if (facts.images.empty() || facts.image < 1) return false;
  const auto count = facts.images.size();
  if (static_cast<std::size_t>(facts.image) > count || static_cast<std::size_t>(facts.boot_index) > count)
    return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (facts.images[i].index != static_cast<int>(i) + 1) return false;
  }
  std::set<std::string_view> names;
  return std::ranges::all_of(facts.boot_files, [&](const WimBootFile& file) {
    return is_boot_file_name(file.name) && names.insert(file.name).second;
  });
}

}  // namespace

std::string print_wim_facts(const WimFacts& facts) {
  Json out{{"size", facts.size},
           {"compression", format::print(facts.compression)},
           {"chunk_size", facts.chunk_size},
           {"solid", facts.solid},
           {"integrity_table", facts.integrity_table},
           {"boot_index", facts.boot_index},
           {"image", facts.image}};
  out["images"] = Json::array();
  for (const WimImage& image : facts.images) out["images"].push_back(write(image));
  out["serves"] = Json::array();
  for (const policy::Arch arch : format::served_by(facts)) out["serves"].push_back(policy::print(arch));
  out["boot_files"] = Json::array();
  for (const WimBootFile& file : facts.boot_files) out["boot_files"].push_back(write(file));
  out["missing"] = Json::array();
  for (const format::WimLack& lack : format::missing_pieces(facts))
    out["missing"].push_back({{"name", lack.name}, {"consequence", lack.without}});
  return out.dump();
}

base::Result<WimFacts> read_wim_facts(int file) {
  const auto text = read_front({"the facts", file}, largest_kept_facts);
  if (!text) return tl::unexpected(text.error());
  return parse_wim_facts(base::as_text(*text));
}

base::Result<WimFacts> parse_wim_facts(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  bool good = !json.is_discarded();
  AnswerFields from(json, good);
  WimFacts facts;
  facts.size = from.number("size", ~std::uint64_t{0});
  const auto compression = format::parse_wim_compression(from.line("compression"));
  facts.compression = compression.value_or(format::WimCompression::none);
  facts.chunk_size = static_cast<std::uint32_t>(from.number("chunk_size", ~std::uint32_t{0}));
  facts.solid = from.truth("solid");
  facts.integrity_table = from.truth("integrity_table");
  facts.boot_index = from.small("boot_index", format::most_wim_images);
  facts.image = from.small("image", format::most_wim_images);
  for (const Json& image : from.list("images", format::most_wim_images))
    facts.images.push_back(read_image(image, good));
  for (const Json& file : from.list("boot_files", format::most_wim_boot_files))
    facts.boot_files.push_back(read_file(file, good));
  if (!good || !compression || !makes_sense(facts)) return base::fail("its description makes no sense");
  return facts;
}

}  // namespace content
