// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/wim_facts_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/utf8.h"
#include "format/wim_boot_files.h"

namespace content {
namespace {

using format::PeProgram;
using format::PeSignature;
using format::WimBootFile;
using format::WimFacts;
using format::WimImage;
using Json = nlohmann::ordered_json;

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

// Reads fields one after the other; the first that is not what it must be ends it all.
class Fields {
 public:
  Fields(const Json& object, bool& good) : object_(object), good_(good) {
    good_ = good_ && object.is_object();
  }

  std::string text(const char* name) {
    const Json* value = find(name);
    if (value == nullptr || !value->is_string()) return no<std::string>();
    return checked(value->get_ref<const std::string&>());
  }
  std::string optional_text(const char* name) {
    return object_.is_object() && object_.contains(name) ? text(name) : "";
  }
  std::uint64_t number(const char* name, std::uint64_t most) {
    const Json* value = find(name);
    if (value == nullptr || !value->is_number_unsigned() || value->get<std::uint64_t>() > most)
      return no<std::uint64_t>();
    return value->get<std::uint64_t>();
  }
  int small(const char* name, int most) {
    return static_cast<int>(number(name, static_cast<std::uint64_t>(most)));
  }
  bool truth(const char* name) {
    const Json* value = find(name);
    return value != nullptr && value->is_boolean() ? value->get<bool>() : no<bool>();
  }
  std::optional<policy::Arch> arch(const char* name) {
    const Json* value = find(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (!value->is_string()) return no<std::optional<policy::Arch>>();
    const auto arch = policy::parse_arch(value->get_ref<const std::string&>());
    good_ = good_ && arch;
    return arch;
  }
  const Json& list(const char* name, std::size_t most) {
    static const Json empty = Json::array();
    const Json* value = find(name);
    if (value == nullptr || !value->is_array() || value->size() > most) {
      good_ = false;
      return empty;
    }
    return *value;
  }
  std::vector<std::string> texts(const char* name, std::size_t most) {
    std::vector<std::string> all;
    for (const Json& value : list(name, most))
      all.push_back(value.is_string() ? checked(value.get_ref<const std::string&>()) : no<std::string>());
    return all;
  }

 private:
  const Json* find(const char* name) {
    const auto at = good_ ? object_.find(name) : object_.end();
    if (good_ && at != object_.end()) return &*at;
    good_ = false;
    return nullptr;
  }
  std::string checked(const std::string& text) {
    good_ = good_ && base::one_line(text, format::longest_wim_text) == text;
    return good_ ? text : "";
  }
  template <class T>
  T no() {
    good_ = false;
    return T{};
  }

  const Json& object_;
  bool& good_;
};

WimImage read_image(const Json& json, bool& good) {
  Fields from(json, good);
  WimImage image{from.small("index", format::most_wim_images), from.text("name"), from.text("description"),
                 from.arch("arch")};
  image.product = from.text("product");
  image.version = from.text("version");
  image.languages = from.texts("languages", format::most_wim_languages);
  image.default_language = from.text("default_language");
  image.system_directory = from.text("system_directory");
  image.creator = from.text("creator");
  return image;
}

WimBootFile read_file(const Json& json, bool& good) {
  Fields from(json, good);
  WimBootFile file{from.text("name"), from.text("path"), from.number("size", format::largest_wim_boot_file)};
  file.fault = from.optional_text("fault");
  if (!good || !json.contains("signatures")) return file;
  PeProgram program;
  program.arch = from.arch("arch").value_or(policy::Arch::other);
  for (const Json& entry : from.list("signatures", format::most_pe_signatures)) {
    Fields signature(entry, good);
    program.signatures.push_back({signature.text("signer"), signature.text("issuer")});
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

base::Result<WimFacts> parse_wim_facts(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  bool good = !json.is_discarded();
  Fields from(json, good);
  WimFacts facts;
  facts.size = from.number("size", ~std::uint64_t{0});
  const auto compression = format::parse_wim_compression(from.text("compression"));
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
