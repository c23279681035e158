// SPDX-License-Identifier: GPL-3.0-or-later
// The stores in tests/golden/bcd are the claim; test_bcd_goldens.py beside them has other
// programs read them, and says what they must find.
#include "format/bcd.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>

namespace format {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

BcdStore one_image() {
  BcdStore store;
  store.images = {{"Windows PE (x64)", R"(\boot\boot.wim)", R"(\boot\boot.sdi)"}};
  return store;
}

BcdStore non_ascii() {
  BcdStore store;
  store.images = {{"Démarrage – 東京", R"(\Images\Größe 東京\boot.wim)", R"(\SMSBoot\boot.sdi)",
                   WindowsLoader::winload_efi}};
  store.locale = "fr-FR";
  store.fonts_path = R"(\SMSBoot\Fonts)";
  store.timeout = 0;
  store.tftp_block_size = 1456;
  store.tftp_window_size = 8;
  return store;
}

BcdStore menu() {
  BcdStore store;
  store.images = {
      {"Install", R"(\SMSImages\ABC00005\boot.ABC00005.wim)", R"(\SMSBoot\boot.sdi)",
       WindowsLoader::winload_exe},
      {"Rescue", R"(\Boot\x64\Images\rescue.wim)", R"(\Boot\boot.sdi)", WindowsLoader::winload_exe},
      {"Capture", R"(\Boot\x64\Images\capture.wim)", R"(\SMSBoot\boot.sdi)", WindowsLoader::winload_exe}};
  store.default_image = 2;
  store.timeout = 10;
  store.tftp_block_size = 16384;
  store.debugging = SerialDebugging{2, 57'600};
  return store;
}

const std::map<std::string, std::function<BcdStore()>> goldens = {
    {"one-image.bcd", one_image}, {"non-ascii.bcd", non_ascii}, {"menu.bcd", menu}};

TEST(Bcd, GoldenStores) {
  for (const auto& [name, store] : goldens) {
    const std::string path = std::string(BOOTFERRY_TEST_DATA) + "/golden/bcd/" + name;
    const auto bytes = write_bcd(store());
    ASSERT_TRUE(bytes) << bytes.error().what;
    if (std::getenv("BOOTFERRY_GOLDEN_UPDATE") != nullptr) {
      std::ofstream(path, std::ios::binary) << base::as_text(*bytes);
    }
    std::ifstream file(path, std::ios::binary);
    const std::string golden{std::istreambuf_iterator<char>(file), {}};
    EXPECT_TRUE(base::as_text(*bytes) == golden) << name << " differs";
  }
}

// Every value by its place: "Objects\{…}\Elements\25000004\Element".
using Flat = std::map<std::string, base::Bytes>;
void flatten(const HiveKey& key, const std::string& path, Flat& out) {
  for (const HiveValue& value : key.values) out[path + value.name] = value.data;
  for (const HiveKey& child : key.keys) flatten(child, path + child.name + "\\", out);
}
Flat flat(const BcdStore& store) {
  const auto tree = bcd_tree(store);
  EXPECT_TRUE(tree) << tree.error().what;
  Flat out;
  if (tree) flatten(*tree, "", out);
  return out;
}

// The elements that are not alike, by object and number, sorted.
std::vector<std::string> changed(const std::function<void(BcdStore&)>& change,
                                 const BcdStore& before = one_image()) {
  BcdStore after = before;
  change(after);
  const Flat was = flat(before);
  const Flat is = flat(after);
  std::map<std::string, bool> all;
  for (const auto& [path, value] : was) all[path] = true;
  for (const auto& [path, value] : is) all[path] = true;
  std::vector<std::string> out;
  for (const auto& [path, unused] : all) {
    const auto a = was.find(path);
    const auto b = is.find(path);
    if (a != was.end() && b != is.end() && a->second == b->second) continue;
    const std::size_t object = path.find('{');
    const std::size_t element = path.find("Elements\\");
    out.push_back(path.substr(object + 1, 8) +
                  (element == path.npos ? " type" : " " + path.substr(element + 9, 8)));
  }
  return out;
}

TEST(Bcd, ASettingChangesOnlyItsElements) {
  EXPECT_THAT(changed([](BcdStore&) {}), IsEmpty());
  EXPECT_THAT(changed([](BcdStore& s) { s.images[0].wim_path = R"(\other.wim)"; }),
              ElementsAre("6a0f7d0c 11000001", "6a0f7d0c 21000001"));
  EXPECT_THAT(changed([](BcdStore& s) { s.images[0].sdi_path = R"(\other.sdi)"; }),
              ElementsAre("ae5534e0 32000004"));
  EXPECT_THAT(changed([](BcdStore& s) { s.images[0].description = "Other"; }),
              ElementsAre("6a0f7d0c 12000004"));
  EXPECT_THAT(changed([](BcdStore& s) { s.images[0].loader = WindowsLoader::winload_efi; }),
              ElementsAre("6a0f7d0c 12000002"));
  EXPECT_THAT(changed([](BcdStore& s) { s.timeout = 5; }), ElementsAre("9dea862c 25000004"));
  EXPECT_THAT(changed([](BcdStore& s) { s.locale = "de-DE"; }),
              ElementsAre("6a0f7d0c 12000005", "9dea862c 12000005"));
  EXPECT_THAT(changed([](BcdStore& s) { s.images[0].locale = "de-DE"; }), ElementsAre("6a0f7d0c 12000005"));
  EXPECT_THAT(changed([](BcdStore& s) { s.fonts_path = R"(\Boot\Fonts)"; }),
              ElementsAre("9dea862c 1200004a"));
  EXPECT_THAT(changed([](BcdStore& s) { s.tftp_block_size = 4096; }), ElementsAre("ae5534e0 35000007"));
  EXPECT_THAT(changed([](BcdStore& s) { s.tftp_window_size = 16; }), ElementsAre("ae5534e0 35000008"));
  EXPECT_THAT(changed([](BcdStore& s) { s.default_image = 1; }, menu()), ElementsAre("9dea862c 23000003"));
  EXPECT_THAT(changed(
                  [](BcdStore& s) {
                    s.debugging = SerialDebugging{2, 9600};
                  },
                  menu()),
              ElementsAre("4636856e 15000014"));
}

TEST(Bcd, DebuggingOverTheNetwork) {
  EXPECT_THAT(
      changed([](BcdStore& s) {
        s.debugging = NetDebugging{{{192, 168, 1, 10}}, 50'005, "1.2.3.4"};
      }),
      ElementsAre("4636856e type", "4636856e 1200001d", "4636856e 15000011", "4636856e 1500001a",
                  "4636856e 1500001b", "4636856e 1600001c", "6a0f7d0c 14000006", "6a0f7d0c 260000a0"));
}

TEST(Bcd, EachBootSdiHasOneOptionsObject) {
  const auto tree = bcd_tree(menu());
  ASSERT_TRUE(tree);
  std::vector<std::string> names;
  for (const HiveKey& object : tree->keys[1].keys) names.push_back(object.name.substr(1, 8));
  EXPECT_THAT(
      names, ElementsAre("9dea862c", "ae5534e0", "6a0f7d0c", "6a0f7d0c", "6a0f7d0c", "6a0f7d0c", "4636856e"));
}

TEST(Bcd, Refusals) {
  const auto refusal = [](const std::function<void(BcdStore&)>& change) {
    BcdStore store = one_image();
    change(store);
    const auto bytes = write_bcd(store);
    return bytes ? "" : bytes.error().what;
  };
  EXPECT_EQ(refusal([](BcdStore& s) { s.images.clear(); }), "a boot configuration without an image");
  EXPECT_EQ(refusal([](BcdStore& s) { s.images.resize(33, s.images[0]); }), "33 images: at most 32");
  EXPECT_EQ(refusal([](BcdStore& s) { s.images.resize(32, s.images[0]); }), "");
  EXPECT_EQ(refusal([](BcdStore& s) { s.default_image = 1; }), "default image 2: there are 1");
  EXPECT_EQ(refusal([](BcdStore& s) { s.images[0].wim_path = "boot.wim"; }),
            R"(WIM path: not of the form \folder\file)");
  EXPECT_EQ(refusal([](BcdStore& s) { s.images[0].wim_path = R"(\a/b)"; }),
            R"(WIM path: not of the form \folder\file)");
  EXPECT_EQ(refusal([](BcdStore& s) { s.images[0].wim_path = "\\a\xff"; }), "WIM path: not UTF-8");
  EXPECT_EQ(refusal([](BcdStore& s) { s.images[0].sdi_path = ""; }), "boot.sdi path: empty");
  EXPECT_EQ(refusal([](BcdStore& s) { s.images[0].wim_path = "\\" + std::string(250, 'a'); }),
            "WIM path: over 250 characters");
  EXPECT_EQ(refusal([](BcdStore& s) { s.images[0].wim_path = "\\" + std::string(249, 'a'); }), "");
  EXPECT_EQ(refusal([](BcdStore& s) { s.images[0].description = "a\nb"; }),
            "description: holds a control character");
  EXPECT_EQ(refusal([](BcdStore& s) { s.locale = "../.."; }), "locale: not of the form en-US");
  EXPECT_EQ(refusal([](BcdStore& s) { s.images[0].locale = "x"; }),
            "an image's locale: not of the form en-US");
  EXPECT_EQ(refusal([](BcdStore& s) { s.tftp_block_size = 511; }),
            "TFTP block size: 511 is not within 512 and 65464");
  EXPECT_EQ(refusal([](BcdStore& s) { s.tftp_window_size = 0; }),
            "TFTP window size: 0 is not within 1 and 65535");
  EXPECT_THAT(refusal([](BcdStore& s) {
                s.debugging = SerialDebugging{0, 9600};
              }),
              HasSubstr("debugging port"));
  EXPECT_THAT(refusal([](BcdStore& s) {
                s.debugging = NetDebugging{{}, 50'000, "1.2.3"};
              }),
              HasSubstr("debugging key"));
}

}  // namespace
}  // namespace format
