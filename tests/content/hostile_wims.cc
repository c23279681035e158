// SPDX-License-Identifier: GPL-3.0-or-later
#include "hostile_wims.h"

#include <gnutls/crypto.h>

#include <array>
#include <cstring>

#include "wim_maker.h"

namespace {

constexpr std::size_t header_size = 208;
constexpr std::size_t table_at = 0x30, xml_at = 0x48, metadata_at = 0x60, integrity_at = 0x7c;
constexpr std::size_t entry_size = 50, entry_hash_at = 30;
constexpr std::uint64_t size_mask = (std::uint64_t{1} << 56) - 1;
constexpr std::uint64_t flag_metadata = std::uint64_t{2} << 56;

std::uint64_t get(const std::string& bytes, std::size_t at, int octets = 8) {
  std::uint64_t value = 0;
  for (int i = octets; i-- > 0;)
    value = value << 8 | static_cast<std::uint8_t>(bytes.at(at + static_cast<std::size_t>(i)));
  return value;
}
void put(std::string& bytes, std::size_t at, std::uint64_t value, int octets = 8) {
  for (int i = 0; i < octets; ++i)
    bytes.at(at + static_cast<std::size_t>(i)) = static_cast<char>(value >> (8 * i));
}

template <class Random>
std::size_t below(Random& random, std::size_t limit) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

// Numbers at which programs stumble.
template <class Random>
std::uint64_t odd_number(Random& random) {
  constexpr std::array<std::uint64_t, 16> numbers{0,
                                                  1,
                                                  2,
                                                  7,
                                                  0x7f,
                                                  0xff,
                                                  0x7fff,
                                                  0xffff,
                                                  0x10000,
                                                  0x7fffffff,
                                                  0x80000000,
                                                  0xffffffff,
                                                  0x100000000,
                                                  0x00ffffffffffffff,
                                                  0x7fffffffffffffff,
                                                  0xffffffffffffffff};
  return numbers[below(random, numbers.size())];
}

// Where the table of files stands, and how many entries it has.
struct Table {
  std::size_t at;
  std::size_t count;
};
Table table_of(const std::string& wim) {
  return {get(wim, table_at + 8), (get(wim, table_at) & size_mask) / entry_size};
}

// The folders of the first image of a WIM that is not compressed: edited, they are given the
// checksum that they then have, since nobody who attacks would forget that.
struct Folders {
  explicit Folders(std::string& in) : wim(in) {
    const Table table = table_of(wim);
    for (std::size_t i = 0; i < table.count; ++i) {
      const std::size_t entry = table.at + i * entry_size;
      if ((get(wim, entry) & flag_metadata) == 0) continue;
      hash = entry + entry_hash_at;
      at = get(wim, entry + 8);
      size = get(wim, entry) & size_mask;
      break;
    }
    collect(at + (get(wim, at, 4) + 7) / 8 * 8);
  }
  // Offsets in the file of each name's entry, the root first.
  void collect(std::size_t entry) {
    entries.push_back(entry);
    std::size_t child = get(wim, entry + 16);
    if (child == 0) return;
    for (child += at; get(wim, child) > 8; child += (get(wim, child) + 7) / 8 * 8) collect(child);
  }
  void sign() {
    std::uint8_t digest[20];
    gnutls_hash_fast(GNUTLS_DIG_SHA1, wim.data() + at, size, digest);
    std::memcpy(wim.data() + hash, digest, sizeof digest);
  }

  std::string& wim;
  std::size_t at = 0, size = 0, hash = 0;
  std::vector<std::size_t> entries;
};

std::string utf16(std::string_view text) {
  std::string out;
  for (const char c : text) out += {c, '\0'};
  return out;
}

// Another XML document at the end of the file.
void set_xml(std::string& wim, const std::string& document) {
  put(wim, xml_at, document.size());
  put(wim, xml_at + 8, wim.size());
  put(wim, xml_at + 16, document.size());
  put(wim, integrity_at, 0), put(wim, integrity_at + 8, 0), put(wim, integrity_at + 16, 0);
  wim += document;
}

}  // namespace

HostileWims::HostileWims(const Scratch& scratch) {
  const MadeImage pe{"PE", pe_files(machine_x64), windows_properties("9")};
  const auto made = [&](const MadeWim& wim) { return read_text(make_wim(scratch, "sound.wim", wim)); };
  MadeImage second = pe;
  second.name = "Setup";
  sound_.push_back(made({.images = {pe, second}, .boot_index = 1}));
  plain_ = made({.images = {pe}, .compression = WIMLIB_COMPRESSION_TYPE_NONE, .flags = 0});
  sound_.push_back(plain_);
  sound_.push_back(
      made({.images = {pe}, .compression = WIMLIB_COMPRESSION_TYPE_LZMS, .flags = WIMLIB_WRITE_FLAG_SOLID}));
  MadeImage large = pe;
  for (char c = 'a'; c <= 'j'; ++c) {
    large.files[std::string("Windows/Boot/Fonts/") + c + ".ttf"] = std::string(20U << 20U, c);
  }
  bomb_ = made({.images = {large}});
  std::filesystem::remove(scratch.path("sound.wim"));
}

HostileWim HostileWims::make(std::uint32_t number) const {
  Random random(number);
  using Attack = HostileWim (HostileWims::*)(Random&) const;
  constexpr Attack attacks[] = {&HostileWims::truncated,    &HostileWims::flipped,
                                &HostileWims::header_field, &HostileWims::crossed_resources,
                                &HostileWims::table_entry,  &HostileWims::xml,
                                &HostileWims::folders,      &HostileWims::names,
                                &HostileWims::runaway,      &HostileWims::bomb};
  return (this->*attacks[number % std::size(attacks)])(random);
}

const std::string& HostileWims::any(Random& random) const { return sound_[below(random, sound_.size())]; }

HostileWim HostileWims::truncated(Random& random) const {
  const std::string& whole = any(random);
  return {"truncated", whole.substr(0, below(random, whole.size()))};
}

HostileWim HostileWims::flipped(Random& random) const {
  HostileWim wim{"bits flipped", any(random)};
  for (std::size_t n = 1 + below(random, 30); n > 0; --n)
    wim.bytes[below(random, wim.bytes.size())] ^= static_cast<char>(1U << below(random, 8));
  return wim;
}

HostileWim HostileWims::header_field(Random& random) const {
  HostileWim wim{"a number of the header", any(random)};
  constexpr std::array<std::pair<std::size_t, int>, 14> fields{{{0x08, 4},
                                                                {0x0c, 4},
                                                                {0x10, 4},
                                                                {0x14, 4},
                                                                {0x28, 2},
                                                                {0x2a, 2},
                                                                {0x2c, 4},
                                                                {0x30, 8},
                                                                {0x38, 8},
                                                                {0x40, 8},
                                                                {0x48, 8},
                                                                {0x50, 8},
                                                                {0x78, 4},
                                                                {0x7c, 8}}};
  const auto [at, octets] = fields[below(random, fields.size())];
  put(wim.bytes, at, odd_number(random), octets);
  return wim;
}

// The parts of the file stand in for one another, or for themselves.
HostileWim HostileWims::crossed_resources(Random& random) const {
  HostileWim wim{"parts that point at each other", any(random)};
  constexpr std::array<std::size_t, 4> parts{table_at, xml_at, metadata_at, integrity_at};
  const std::size_t to = parts[below(random, 4)];
  if (below(random, 3) == 0) {
    put(wim.bytes, to + 8, below(random, wim.bytes.size()));
  } else {
    const std::string from = wim.bytes.substr(parts[below(random, 4)], 24);
    wim.bytes.replace(to, 24, from);
  }
  return wim;
}

HostileWim HostileWims::table_entry(Random& random) const {
  HostileWim wim{"an entry of the table of files", plain_};
  const Table table = table_of(wim.bytes);
  const std::size_t entry = table.at + below(random, table.count) * entry_size;
  constexpr std::array<std::pair<std::size_t, int>, 6> fields{
      {{0, 7}, {7, 1}, {8, 8}, {16, 8}, {24, 2}, {26, 4}}};
  for (std::size_t n = 1 + below(random, 2); n > 0; --n) {
    const auto [at, octets] = fields[below(random, fields.size())];
    put(wim.bytes, entry + at, odd_number(random), octets);
  }
  return wim;
}

HostileWim HostileWims::xml(Random& random) const {
  HostileWim wim{"XML", any(random)};
  std::string text = "<WIM><IMAGE INDEX=\"1\"><NAME>x</NAME></IMAGE></WIM>";
  switch (below(random, 7)) {
    case 0:
      text = "<WIM>" + std::string(200'000, '<');
      break;
    case 1:
      text.clear();
      for (int i = 0; i < 50'000; ++i) text += "<a>";
      break;
    case 2:
      text = "<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\">";
      for (char c = 'b'; c < 'l'; ++c) {
        text += std::string("<!ENTITY ") + c + " \"";
        for (int i = 0; i < 10; ++i) text += std::string("&") + static_cast<char>(c - 1) + ";";
        text += "\">";
      }
      text += "]><WIM><IMAGE INDEX=\"1\"><NAME>&k;</NAME></IMAGE></WIM>";
      break;
    case 3:
      text =
          "<!DOCTYPE l [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><WIM><IMAGE INDEX=\"1\"><NAME>&f;</NAME>"
          "</IMAGE></WIM>";
      break;
    case 4:
      text = "<WIM>";
      for (int i = 1; i < 20'000; ++i) text += "<IMAGE INDEX=\"" + std::to_string(i) + "\"/>";
      text += "</WIM>";
      break;
    case 5:
      text = "<WIM><IMAGE INDEX=\"1\"><NAME>" + std::string(1U << 20U, 'n') + "\x1b[2J</NAME></IMAGE></WIM>";
      break;
    default:
      text = "<WIM><IMAGE INDEX=\"" + std::to_string(odd_number(random)) + "\"/></WIM>";
      break;
  }
  set_xml(wim.bytes, "\xff\xfe" + utf16(text));
  return wim;
}

HostileWim HostileWims::folders(Random& random) const {
  HostileWim wim{"an entry of the folders", plain_};
  Folders folders(wim.bytes);
  const std::size_t entry = folders.entries[below(random, folders.entries.size())];
  const std::size_t other = folders.entries[below(random, folders.entries.size())];
  switch (below(random, 6)) {
    case 0:  // a folder that holds itself, or one above it
      put(wim.bytes, entry + 8, 0x10, 4);
      put(wim.bytes, entry + 16, get(wim.bytes, folders.entries[0] + 16));
      wim.attack = "a folder within itself";
      break;
    case 1:
      put(wim.bytes, entry + 8, 0x10, 4);
      put(wim.bytes, entry + 16, other - folders.at);
      wim.attack = "a folder that is elsewhere too";
      break;
    case 2:
      put(wim.bytes, entry, odd_number(random));  // length
      break;
    case 3:
      put(wim.bytes, entry + 96 + 2 * below(random, 3), odd_number(random), 2);  // streams, lengths of names
      break;
    case 4:
      put(wim.bytes, entry + 8, odd_number(random), 4);  // attributes
      break;
    default:
      put(wim.bytes, folders.at + 4 * below(random, 2), odd_number(random), 4);  // security descriptors
      break;
  }
  folders.sign();
  return wim;
}

// Names that mean something to a file system, of the same length as the one that was there.
HostileWim HostileWims::names(Random& random) const {
  HostileWim wim{"a name", plain_};
  Folders folders(wim.bytes);
  constexpr std::array<std::string_view, 7> names{"..", ".", "/", "../../x", "a/b", "\0", "\x1b[2J"};
  for (std::size_t n = 1 + below(random, 4); n > 0; --n) {
    const std::size_t entry = folders.entries[1 + below(random, folders.entries.size() - 1)];
    const std::size_t octets = get(wim.bytes, entry + 100, 2);
    std::string name = utf16(names[below(random, names.size())]);
    if (name.empty()) name = std::string(2, '\0');
    if (name.size() > octets) name.resize(octets);
    put(wim.bytes, entry + 100, name.size(), 2);
    wim.bytes.replace(entry + 102, name.size(), name);
  }
  folders.sign();
  return wim;
}

// Folders that say to be gigabytes, or to hold millions of entries.
HostileWim HostileWims::runaway(Random& random) const {
  HostileWim wim{"huge folders", any(random)};
  const Table table = table_of(wim.bytes);
  for (std::size_t i = 0; table.at + table.count * entry_size <= wim.bytes.size() && i < table.count; ++i) {
    const std::size_t entry = table.at + i * entry_size;
    if ((get(wim.bytes, entry) & flag_metadata) == 0) continue;
    constexpr std::array<std::uint64_t, 4> sizes{300U << 20U, 1U << 30U, 3ULL << 30U, 1ULL << 40U};
    const std::uint64_t size = sizes[below(random, sizes.size())];
    put(wim.bytes, entry + 16, size);
    if (below(random, 2) == 0) put(wim.bytes, entry, size, 7);
    put(wim.bytes, metadata_at + 16, size);
  }
  return wim;
}

HostileWim HostileWims::bomb(Random& random) const {
  HostileWim wim{"files that unpack to much", bomb_};
  if (below(random, 2) == 0) {
    const Table table = table_of(wim.bytes);
    for (std::size_t i = 0; i < table.count; ++i) {
      const std::size_t entry = table.at + i * entry_size;
      if ((get(wim.bytes, entry) & flag_metadata) == 0) put(wim.bytes, entry + 16, odd_number(random));
    }
    wim.attack = "files that say to unpack to much";
  }
  return wim;
}
