// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/wim_reader.h"

#include <wimlib.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "format/wim_boot_files.h"

namespace format {
namespace {

using policy::Arch;

// What the library means, in words for who has the file. Codes without a row say their number.
struct Words {
  int code;
  const char* text;
};
constexpr Words words[] = {
    {WIMLIB_ERR_NOT_A_WIM_FILE, "not a Windows image"},
    {WIMLIB_ERR_UNEXPECTED_END_OF_FILE, "the file ends too early: it is incomplete"},
    {WIMLIB_ERR_READ, "the file cannot be read"},
    {WIMLIB_ERR_INVALID_HEADER, "its header is damaged"},
    {WIMLIB_ERR_UNKNOWN_VERSION, "a Windows image of a version that nobody knows"},
    {WIMLIB_ERR_INVALID_CHUNK_SIZE, "its header names an impossible chunk size"},
    {WIMLIB_ERR_INVALID_COMPRESSION_TYPE, "its header names an unknown compression"},
    {WIMLIB_ERR_INVALID_PART_NUMBER, "its header names impossible parts"},
    {WIMLIB_ERR_IMAGE_COUNT, "it holds another number of images than its header says"},
    {WIMLIB_ERR_INVALID_INTEGRITY_TABLE, "its integrity table is damaged"},
    {WIMLIB_ERR_INTEGRITY, "its integrity table shows that it was damaged"},
    {WIMLIB_ERR_INVALID_LOOKUP_TABLE_ENTRY, "its table of files is damaged"},
    {WIMLIB_ERR_INVALID_METADATA_RESOURCE, "the folders of an image are damaged"},
    {WIMLIB_ERR_METADATA_NOT_FOUND, "the folders of an image are missing"},
    {WIMLIB_ERR_INVALID_RESOURCE_HASH, "a file in it is damaged: its checksum is wrong"},
    {WIMLIB_ERR_RESOURCE_NOT_FOUND, "the content of a file is not in it"},
    {WIMLIB_ERR_DECOMPRESSION, "its compressed data is damaged"},
    {WIMLIB_ERR_XML, "its XML description is damaged"},
    {WIMLIB_ERR_INVALID_UTF16_STRING, "it holds a text that is no UTF-16"},
    {WIMLIB_ERR_INVALID_PIPABLE_WIM, "its parts are in an impossible order"},
    {WIMLIB_ERR_WIM_IS_ENCRYPTED, "it is encrypted: export it without encryption first"},
    {WIMLIB_ERR_IS_SPLIT_WIM, "one part of an image that was split: join its parts first"},
    {WIMLIB_ERR_WIM_IS_INCOMPLETE, "it holds no files of its own: it belongs to another image file"},
    {WIMLIB_ERR_NOT_A_REGULAR_FILE, "a boot file is no plain file"},
    {WIMLIB_ERR_WIM_IS_READONLY, "it is marked as not to be changed"},
    {WIMLIB_ERR_NOTDIR, "a folder is needed where a file stands in it"},
    {WIMLIB_ERR_IS_DIRECTORY, "a file is to stand where a folder is in it"},
    {WIMLIB_ERR_PATH_DOES_NOT_EXIST, "a file that is to be renamed is not in it"},
};

tl::unexpected<WimFault> refuse(std::string what) {
  return tl::unexpected(WimFault{WimFault::Kind::refused, std::move(what)});
}

tl::unexpected<WimFault> fault(int code) { return wim_fault(code); }

// PROCESSOR_ARCHITECTURE_*, as Windows numbers them.
std::optional<Arch> arch_of(std::string_view number) {
  if (number == "0") return Arch::ia32;
  if (number == "9") return Arch::x64;
  if (number == "5") return Arch::arm32;
  if (number == "12") return Arch::arm64;
  if (number.empty()) return std::nullopt;
  return Arch::other;
}

std::string property(const WIMStruct* wim, int image, const char* name) {
  const char* text = wimlib_get_image_property(wim, image, name);
  return text == nullptr ? "" : base::one_line(text, longest_wim_text);
}

std::string version_of(const WIMStruct* wim, int image) {
  std::string version;
  for (const char* part : {"WINDOWS/VERSION/MAJOR", "WINDOWS/VERSION/MINOR", "WINDOWS/VERSION/BUILD",
                           "WINDOWS/VERSION/SPBUILD"}) {
    const std::string number = property(wim, image, part).substr(0, 10);
    if (number.empty()) break;
    version += (version.empty() ? "" : ".") + number;
  }
  return version;
}

WimImage describe(const WIMStruct* wim, int index) {
  const auto text = [&](const char* name) { return property(wim, index, name); };
  WimImage image{index, text("NAME"), text("DESCRIPTION"), arch_of(text("WINDOWS/ARCH"))};
  image.product = text("WINDOWS/PRODUCTNAME");
  image.version = version_of(wim, index);
  for (std::size_t i = 1; i <= most_wim_languages; ++i) {
    std::string language = text(fmt::format("WINDOWS/LANGUAGES/LANGUAGE[{}]", i).c_str());
    if (language.empty()) break;
    image.languages.push_back(std::move(language));
  }
  image.default_language = text("WINDOWS/LANGUAGES/DEFAULT");
  image.system_directory = text("WINDOWS/SYSTEMROOT");
  // No public document names the element; SMSPXE's log shows that some images have one.
  image.creator = text("CREATOR");
  return image;
}

WimCompression compression_of(int type) {
  switch (type) {
    case WIMLIB_COMPRESSION_TYPE_XPRESS:
      return WimCompression::xpress;
    case WIMLIB_COMPRESSION_TYPE_LZX:
      return WimCompression::lzx;
    case WIMLIB_COMPRESSION_TYPE_LZMS:
      return WimCompression::lzms;
    default:
      return WimCompression::none;
  }
}

// One piece's files, as the library lists them.
struct Listing {
  const WimBootPiece& piece;
  std::vector<WimBootFile>& into;
  [[nodiscard]] bool folder() const { return piece.name.ends_with('/'); }
};

constexpr int enough = -1;  // ends the library's walk

int list_one(const wimlib_dir_entry* entry, void* context) {
  Listing& listing = *static_cast<Listing*>(context);
  constexpr std::uint32_t not_plain =
      WIMLIB_FILE_ATTRIBUTE_DIRECTORY | WIMLIB_FILE_ATTRIBUTE_REPARSE_POINT | WIMLIB_FILE_ATTRIBUTE_ENCRYPTED;
  if ((entry->attributes & not_plain) != 0 || entry->filename == nullptr || entry->full_path == nullptr)
    return 0;
  std::string name(listing.piece.name);
  if (listing.folder()) {
    if (!is_wim_font(entry->filename)) return 0;
    name += base::lowered(entry->filename);
  }
  const auto known = [&](const WimBootFile& f) { return f.name == name; };
  if (std::ranges::any_of(listing.into, known)) return 0;
  if (listing.into.size() >= most_wim_boot_files) return enough;
  const wimlib_stream_entry& content = entry->streams[0];  // the unnamed one
  listing.into.push_back({std::move(name), entry->full_path, content.resource.uncompressed_size});
  return 0;
}

}  // namespace

tl::unexpected<WimFault> wim_fault(int code) {
  if (code == WIMLIB_ERR_NOMEM) return tl::unexpected(WimFault{WimFault::Kind::out_of_memory, ""});
  if (code == WIMLIB_ERR_WRITE) return tl::unexpected(WimFault{WimFault::Kind::too_large, ""});
  for (const Words& row : words) {
    if (row.code == code) return refuse(row.text);
  }
  return refuse(fmt::format("libwim refuses it (error {})", code));
}

WimResult<WimReader> WimReader::open(const char* file) {
  wimlib_set_print_errors(false);
  if (const int code = wimlib_global_init(WIMLIB_INIT_FLAG_DEFAULT_CASE_INSENSITIVE); code != 0)
    return fault(code);
  WIMStruct* wim = nullptr;
  if (const int code = wimlib_open_wim(file, 0, &wim); code != 0) return fault(code);
  return WimReader(wim);
}

WimReader::WimReader(WimReader&& other) noexcept : wim_(std::exchange(other.wim_, nullptr)) {}

WimReader::~WimReader() {
  if (wim_ != nullptr) wimlib_free(wim_);
}

WimResult<WimFacts> WimReader::facts(int image) {
  wimlib_wim_info info{};
  if (const int code = wimlib_get_wim_info(wim_, &info); code != 0) return fault(code);
  if (info.total_parts > 1) {
    return refuse(fmt::format("part {} of {} of an image that was split: join its parts first",
                              info.part_number, info.total_parts));
  }
  if (info.spanned != 0) return fault(WIMLIB_ERR_IS_SPLIT_WIM);
  if (info.image_count == 0) return refuse("it holds no image");
  if (info.image_count > most_wim_images)
    return refuse(fmt::format("it holds {} images, more than {}", info.image_count, most_wim_images));
  const int count = static_cast<int>(info.image_count);
  if (info.boot_index > info.image_count) return refuse("it boots an image that it does not hold");
  if (image < 0 || image > count) return refuse(fmt::format("it has no image {}, only {}", image, count));
  if (info.write_in_progress != 0) return refuse("whoever wrote it did not finish");
  WimFacts facts;
  facts.compression = compression_of(info.compression_type);
  facts.chunk_size = info.chunk_size;
  facts.solid = info.wim_version == 0xe00;
  facts.integrity_table = info.has_integrity_table != 0;
  facts.boot_index = static_cast<int>(info.boot_index);
  facts.image = image != 0 ? image : facts.boot_index != 0 ? facts.boot_index : count;
  for (int i = 1; i <= count; ++i) facts.images.push_back(describe(wim_, i));
  return facts;
}

WimResult<std::vector<WimBootFile>> WimReader::find_boot_files(int image) {
  std::vector<WimBootFile> found;
  for (const WimBootPiece& piece : wim_boot_pieces()) {
    Listing listing{piece, found};
    const std::size_t before = found.size();
    for (const std::string_view place : piece.places) {
      if (place.empty() || found.size() > before) break;
      const int flags = listing.folder() ? WIMLIB_ITERATE_DIR_TREE_FLAG_CHILDREN : 0;
      const int code =
          wimlib_iterate_dir_tree(wim_, image, std::string(place).c_str(), flags, list_one, &listing);
      if (code == enough) return refuse("it holds too many fonts");
      if (code != 0 && code != WIMLIB_ERR_PATH_DOES_NOT_EXIST && code != WIMLIB_ERR_NOTDIR)
        return fault(code);
    }
  }
  for (const WimBootFile& file : found) {
    if (file.size > largest_wim_boot_file)
      return refuse(fmt::format("{} in it has {} octets: that is no boot file", file.name, file.size));
  }
  return found;
}

WimResult<void> WimReader::write_to_output(int image, const std::string& path) {
  const char* const paths[] = {path.c_str()};
  const int code = wimlib_extract_paths(wim_, image, "/", paths, 1, WIMLIB_EXTRACT_FLAG_TO_STDOUT);
  if (code != 0) return fault(code);
  return {};
}

std::string_view print(WimCompression compression) {
  constexpr std::string_view names[] = {"none", "XPRESS", "LZX", "LZMS"};
  return names[static_cast<std::size_t>(compression)];
}

std::optional<WimCompression> parse_wim_compression(std::string_view text) {
  for (const auto c :
       {WimCompression::none, WimCompression::xpress, WimCompression::lzx, WimCompression::lzms}) {
    if (print(c) == text) return c;
  }
  return std::nullopt;
}

}  // namespace format
