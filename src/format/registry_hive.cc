// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/registry_hive.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "format/numbers_on_disk.h"

namespace format {
namespace {

constexpr std::uint32_t page = 0x1000;  // of the base block, and the unit of bins
constexpr std::uint32_t bin_header = 32;
constexpr std::uint32_t nowhere = 0xffffffff;
// Flags of a key: names are stored as one octet a character; the root may not be deleted and
// is where the hive begins.
constexpr std::uint16_t compact_name = 0x20;
constexpr std::uint16_t root_flags = compact_name | 0x08 | 0x04;
constexpr std::uint16_t compact_value_name = 1;
constexpr std::uint32_t in_place = 0x80000000;  // a value's data stand where their offset would

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return upper(c); });
  return out;
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
}

template <class Named>
base::Status check_names(const std::vector<Named>& list, std::string_view what) {
  std::vector<std::string> names;
  for (const Named& one : list) {
    if (!is_name(one.name)) return base::fail("a {} name that no hive can hold", what);
    names.push_back(upper(one.name));
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) return base::fail("two {}s named {}", what, *twice);
  return {};
}

base::Status check(const HiveKey& key, std::size_t level) {
  if (level > most_key_levels) return base::fail("keys nested over {} levels deep", most_key_levels);
  if (key.keys.size() > most_subkeys) {
    return base::fail("key {} has {} subkeys: at most {}", key.name, key.keys.size(), most_subkeys);
  }
  if (auto names = check_names(key.keys, "key"); !names) return names;
  if (auto names = check_names(key.values, "value"); !names) return names;
  for (const HiveValue& value : key.values) {
    if (value.data.size() > most_value_octets) {
      return base::fail("value {} has {} octets: at most {}", value.name, value.data.size(),
                        most_value_octets);
    }
  }
  for (const HiveKey& child : key.keys) {
    if (auto ok = check(child, level + 1); !ok) return ok;
  }
  return {};
}

std::uint32_t count_keys(const HiveKey& key) {
  std::uint32_t count = 1;
  for (const HiveKey& child : key.keys) count += count_keys(child);
  return count;
}

// Who may do what with the keys: administrators own them; they and the system may do all.
// (Boot programs do not ask; a Windows that opens the store does.)
base::Bytes security_descriptor() {
  constexpr std::array<std::uint8_t, 16> administrators = {1,  2, 0, 0, 0,    0, 0, 5,
                                                           32, 0, 0, 0, 0x20, 2, 0, 0};
  constexpr std::array<std::uint8_t, 12> system = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
  constexpr std::uint32_t all_access = 0xf003f;  // KEY_ALL_ACCESS
  const auto add = [](base::Bytes& out, const auto& sid) { out.insert(out.end(), sid.begin(), sid.end()); };
  base::Bytes list;
  const auto allow = [&](const auto& sid) {
    list.push_back(0);  // allowed
    list.push_back(2);  // inherited by the keys below
    append_little(list, static_cast<std::uint16_t>(8 + sid.size()));
    append_little(list, all_access);
    add(list, sid);
  };
  allow(administrators);
  allow(system);

  base::Bytes out = {1, 0};
  append_little<std::uint16_t>(out, 0x8004);  // offsets from its own start; a list is present
  const std::uint32_t owner = 20;
  const auto group = static_cast<std::uint32_t>(owner + administrators.size());
  append_little(out, owner);
  append_little(out, group);
  append_little<std::uint32_t>(out, 0);  // no audit list
  append_little(out, static_cast<std::uint32_t>(group + system.size()));
  add(out, administrators);
  add(out, system);
  append_little<std::uint16_t>(out, 2);  // revision of the list
  append_little(out, static_cast<std::uint16_t>(8 + list.size()));
  append_little<std::uint32_t>(out, 2);  // entries
  add(out, list);
  return out;
}

// The cells behind the base block. They lie in bins of one page; one that does not fit has a
// bin of as many pages as it needs. Offsets count from the first bin.
class Cells {
 public:
  // The octets that a cell of this size has to itself, behind its length.
  std::uint32_t add(std::size_t size) {
    const auto whole = static_cast<std::uint32_t>((4 + size + 7) / 8 * 8);
    if (whole > free_) open_bin(whole);
    const auto at = static_cast<std::uint32_t>(bytes_.size()) - free_;
    put(at, 0 - whole);  // negative: in use
    free_ -= whole;
    return at;
  }
  std::uint32_t add(base::ByteView content) {
    const std::uint32_t at = add(content.size());
    std::copy(content.begin(), content.end(), bytes_.begin() + at + 4);
    return at;
  }
  // A number within the content of a cell.
  template <class Number>
  void put_in(std::uint32_t cell, std::uint32_t at, Number value) {
    put_little(bytes_, cell + 4 + at, value);
  }
  void put_text(std::uint32_t cell, std::uint32_t at, std::string_view text) {
    std::copy(text.begin(), text.end(), bytes_.begin() + cell + 4 + at);
  }
  base::Bytes take() && {
    close_bin();
    return std::move(bytes_);
  }

 private:
  void put(std::uint32_t at, std::uint32_t value) { put_little(bytes_, at, value); }
  void open_bin(std::uint32_t room) {
    close_bin();
    const auto start = static_cast<std::uint32_t>(bytes_.size());
    const std::uint32_t size = (bin_header + room + page - 1) / page * page;
    bytes_.resize(bytes_.size() + size);
    put_little(bytes_, start, std::uint32_t{0x6e696268});  // "hbin"
    put(start + 4, start);
    put(start + 8, size);
    free_ = size - bin_header;
  }
  // What is left of a bin is one free cell: its length is positive.
  void close_bin() {
    if (free_ > 0) put(static_cast<std::uint32_t>(bytes_.size()) - free_, free_);
    free_ = 0;
  }

  base::Bytes bytes_;
  std::uint32_t free_ = 0;  // at the end of the last bin
};

std::uint32_t add_security(Cells& cells, std::uint32_t keys) {
  const base::Bytes descriptor = security_descriptor();
  base::Bytes content = {'s', 'k', 0, 0};
  content.resize(12);  // its neighbours, below
  append_little(content, keys);
  append_little(content, static_cast<std::uint32_t>(descriptor.size()));
  content.insert(content.end(), descriptor.begin(), descriptor.end());
  const std::uint32_t cell = cells.add(base::ByteView(content));
  cells.put_in(cell, 4, cell);  // the only one: its own neighbour on both sides
  cells.put_in(cell, 8, cell);
  return cell;
}

std::uint32_t add_value(Cells& cells, const HiveValue& value) {
  auto size = static_cast<std::uint32_t>(value.data.size());
  std::uint32_t data = 0;
  if (size > 4) {
    data = cells.add(base::ByteView(value.data));
  } else {
    for (std::uint32_t i = size; i-- > 0;) data = (data << 8) | value.data[i];
    size |= in_place;
  }
  base::Bytes content = {'v', 'k'};
  append_little(content, static_cast<std::uint16_t>(value.name.size()));
  append_little(content, size);
  append_little(content, data);
  append_little(content, static_cast<std::uint32_t>(value.type));
  append_little(content, compact_value_name);
  append_little<std::uint16_t>(content, 0);
  content.insert(content.end(), value.name.begin(), value.name.end());
  return cells.add(base::ByteView(content));
}

struct Child {
  std::uint32_t cell;
  std::string_view name;
};

// A list by which a name is found: sorted, each with the first four characters of its name.
std::uint32_t add_list(Cells& cells, const std::vector<Child>& children) {
  base::Bytes content = {'l', 'f'};
  append_little(content, static_cast<std::uint16_t>(children.size()));
  for (const Child& child : children) {
    append_little(content, child.cell);
    for (std::size_t i = 0; i < 4; ++i) {
      content.push_back(i < child.name.size() ? static_cast<std::uint8_t>(child.name[i]) : std::uint8_t{0});
    }
  }
  return cells.add(base::ByteView(content));
}

// Names are counted as if they were UTF-16.
std::uint32_t longest_name(const auto& list) {
  std::size_t longest = 0;
  for (const auto& one : list) longest = std::max(longest, one.name.size());
  return static_cast<std::uint32_t>(2 * longest);
}

constexpr std::uint32_t key_name_at = 76;

std::uint32_t reserve_key(Cells& cells, const HiveKey& key) {
  return cells.add(key_name_at + key.name.size());
}

void fill_key(Cells& cells, std::uint32_t cell, const HiveKey& key, std::uint32_t parent,
              std::uint32_t security) {
  std::vector<const HiveKey*> sorted;
  for (const HiveKey& child : key.keys) sorted.push_back(&child);
  std::sort(sorted.begin(), sorted.end(),
            [](const HiveKey* a, const HiveKey* b) { return upper(a->name) < upper(b->name); });
  std::vector<Child> children;
  for (const HiveKey* child : sorted) {
    children.push_back({reserve_key(cells, *child), child->name});
    fill_key(cells, children.back().cell, *child, cell, security);
  }
  base::Bytes values;
  std::size_t largest = 0;
  for (const HiveValue& value : key.values) {
    append_little(values, add_value(cells, value));
    largest = std::max(largest, value.data.size());
  }

  cells.put_text(cell, 0, "nk");
  cells.put_in(cell, 2, parent == nowhere ? root_flags : compact_name);
  cells.put_in(cell, 16, parent);
  cells.put_in(cell, 20, static_cast<std::uint32_t>(children.size()));
  cells.put_in(cell, 28, children.empty() ? nowhere : add_list(cells, children));
  cells.put_in(cell, 32, nowhere);  // keys that live in memory alone
  cells.put_in(cell, 36, static_cast<std::uint32_t>(key.values.size()));
  cells.put_in(cell, 40, values.empty() ? nowhere : cells.add(base::ByteView(values)));
  cells.put_in(cell, 44, security);
  cells.put_in(cell, 48, nowhere);  // class name
  cells.put_in(cell, 52, longest_name(key.keys));
  cells.put_in(cell, 60, longest_name(key.values));
  cells.put_in(cell, 64, static_cast<std::uint32_t>(largest));
  cells.put_in(cell, 72, static_cast<std::uint16_t>(key.name.size()));
  cells.put_text(cell, key_name_at, key.name);
}

base::Bytes base_block(std::uint32_t root, std::uint32_t size) {
  base::Bytes out = {'r', 'e', 'g', 'f'};
  out.resize(page);
  put_little(out, 4, std::uint32_t{1});  // both sequence numbers alike: written to the end
  put_little(out, 8, std::uint32_t{1});
  put_little(out, 20, std::uint32_t{1});  // version 1.3
  put_little(out, 24, std::uint32_t{3});
  put_little(out, 32, std::uint32_t{1});  // a file to be loaded as it is
  put_little(out, 36, root);
  put_little(out, 40, size);
  put_little(out, 44, std::uint32_t{1});  // clustering factor
  constexpr std::size_t sum_at = 508;
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at < sum_at; at += 4) sum ^= number_at<std::uint32_t>(out, at);
  if (sum == 0) sum = 1;
  if (sum == nowhere) sum = nowhere - 1;
  put_little(out, sum_at, sum);
  return out;
}

}  // namespace

base::Result<base::Bytes> write_hive(const HiveKey& root) {
  if (!is_name(root.name)) return base::fail("a key name that no hive can hold");
  if (auto ok = check(root, 1); !ok) return tl::unexpected(ok.error());
  Cells cells;
  const std::uint32_t cell = reserve_key(cells, root);  // the first cell, as in genuine stores
  fill_key(cells, cell, root, nowhere, add_security(cells, count_keys(root)));
  const base::Bytes bins = std::move(cells).take();
  base::Bytes out = base_block(cell, static_cast<std::uint32_t>(bins.size()));
  out.insert(out.end(), bins.begin(), bins.end());
  return out;
}

}  // namespace format
