// SPDX-License-Identifier: GPL-3.0-or-later
// What other programs read back is in tests/golden/test_bcd_goldens.py.
#include "format/registry_hive.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "format/numbers_on_disk.h"

namespace format {
namespace {

std::string error_of(const HiveKey& root) {
  const auto hive = write_hive(root);
  return hive ? "" : hive.error().what;
}

TEST(RegistryHive, TheSmallestOne) {
  const auto hive = write_hive({"Root"});
  ASSERT_TRUE(hive) << hive.error().what;
  ASSERT_EQ(hive->size(), 0x2000U);
  EXPECT_EQ(base::as_text(*hive).substr(0, 4), "regf");
  EXPECT_EQ(base::as_text(*hive).substr(0x1000, 4), "hbin");
  EXPECT_EQ(number_at<std::uint32_t>(*hive, 36), 0x20U);    // the root's cell
  EXPECT_EQ(number_at<std::uint32_t>(*hive, 40), 0x1000U);  // octets of bins
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at < 508; at += 4) sum ^= number_at<std::uint32_t>(*hive, at);
  EXPECT_EQ(number_at<std::uint32_t>(*hive, 508), sum);
}

TEST(RegistryHive, OrderInDoesNotMatter) {
  EXPECT_EQ(write_hive({"r", {}, {{"b"}, {"A"}, {"c"}}}), write_hive({"r", {}, {{"c"}, {"b"}, {"A"}}}));
}

// Each page begins a bin or lies within one that says so, and the cells fill it exactly.
TEST(RegistryHive, CellsFillTheirBins) {
  HiveKey root{"Root"};
  for (int i = 0; i < 300; ++i) {
    const auto size = static_cast<std::size_t>(i * 37 % 9000);
    root.keys.push_back({fmt::format("key {}", i), {{"v", RegistryType::binary, base::Bytes(size, 7)}}, {}});
  }
  const auto hive = write_hive(root);
  ASSERT_TRUE(hive);
  std::size_t bins = 0;
  std::size_t bin = 0x1000;
  while (bin < hive->size()) {
    ASSERT_EQ(base::as_text(*hive).substr(bin, 4), "hbin");
    EXPECT_EQ(number_at<std::uint32_t>(*hive, bin + 4), bin - 0x1000);
    const std::size_t size = number_at<std::uint32_t>(*hive, bin + 8);
    ASSERT_EQ(size % 0x1000, 0U);
    std::size_t at = bin + 32;
    while (at < bin + size) {
      const auto length = static_cast<std::int32_t>(number_at<std::uint32_t>(*hive, at));
      ASSERT_NE(length, 0);
      ASSERT_EQ(length % 8, 0);
      at += static_cast<std::size_t>(std::abs(length));
    }
    ASSERT_EQ(at, bin + size);
    bin += size;
    ++bins;
  }
  EXPECT_EQ(bin, hive->size());
  EXPECT_EQ(number_at<std::uint32_t>(*hive, 40), hive->size() - 0x1000);
  EXPECT_GT(bins, 100U);
}

TEST(RegistryHive, Refusals) {
  EXPECT_EQ(error_of({""}), "a key name that no hive can hold");
  EXPECT_EQ(error_of({"a", {}, {{"x\\y"}}}), "a key name that no hive can hold");
  EXPECT_EQ(error_of({"a", {}, {{"\xc3\xa9"}}}), "a key name that no hive can hold");
  EXPECT_EQ(error_of({std::string(256, 'a')}), "a key name that no hive can hold");
  EXPECT_EQ(error_of({"a", {}, {{"Key"}, {"kEY"}}}), "two keys named KEY");
  EXPECT_EQ(error_of({"a", {{"v"}, {"V"}}, {}}), "two values named V");
  EXPECT_EQ(error_of({"a", {{"v", RegistryType::binary, base::Bytes(most_value_octets + 1)}}, {}}),
            "value v has 16345 octets: at most 16344");
  EXPECT_EQ(error_of({"a", {{"v", RegistryType::binary, base::Bytes(most_value_octets)}}, {}}), "");
  HiveKey wide{"wide"};
  for (std::size_t i = 0; i <= most_subkeys; ++i) wide.keys.push_back({fmt::format("{}", i)});
  EXPECT_EQ(error_of(wide), "key wide has 501 subkeys: at most 500");
  HiveKey deep{"0"};
  for (std::size_t i = 0; i < most_key_levels; ++i) deep = HiveKey{"0", {}, {deep}};
  EXPECT_EQ(error_of(deep), "keys nested over 32 levels deep");
}

}  // namespace
}  // namespace format
