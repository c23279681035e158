// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/wim_facts_json.h"

#include <gtest/gtest.h>

#include <cstring>

namespace content {
namespace {

using format::WimFacts;
using policy::Arch;

WimFacts some_facts() {
  WimFacts facts;
  facts.size = 2048;
  facts.compression = format::WimCompression::lzx;
  facts.chunk_size = 32768;
  facts.image = facts.boot_index = 1;
  format::WimImage image{1, "Windows PE", "for tests", Arch::x64};
  image.product = "Windows";
  image.version = "10.0.26100.1";
  image.languages = {"en-US", "de-DE"};
  image.default_language = "en-US";
  image.system_directory = "WINDOWS";
  image.creator = "somebody";
  facts.images = {image};
  facts.boot_files = {
      {"wdsnbp.com", "/Windows/Boot/PXE/wdsnbp.com", 30000},
      {"bootmgfw.efi", "/Windows/Boot/EFI/bootmgfw.efi", 1024, format::PeProgram{Arch::x64, {}}},
      {"fonts/wgl4_boot.ttf", "/Windows/Boot/Fonts/WGL4_BOOT.TTF", 7}};
  return facts;
}

TEST(WimFactsJson, SurvivesItsReading) {
  WimFacts found = some_facts();
  found.images[0].name = "PE «ä»";
  found.boot_files[1].program->signatures = {{"a signer", "an authority"}, {"", ""}};
  found.boot_files[1].fault = "is built for arm64, the image for x64";
  const auto again = parse_wim_facts(print_wim_facts(found));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, found);
}

TEST(WimFactsJson, WhatMakesNoSenseIsRefused) {
  const std::string good = print_wim_facts(some_facts());
  ASSERT_TRUE(parse_wim_facts(good));
  const std::pair<const char*, const char*> changes[] = {
      {"{\"size\"", "[\"size\""},
      {"\"size\":", "\"syze\":"},
      {"\"compression\":\"LZX\"", "\"compression\":\"ZIP\""},
      {"\"image\":1", "\"image\":2"},
      {"\"image\":1", "\"image\":0"},
      {"\"image\":1", "\"image\":-1"},
      {"\"image\":1", "\"image\":\"1\""},
      {"\"index\":1", "\"index\":7"},
      {"\"solid\":false", "\"solid\":0"},
      {"\"arch\":\"x64\"", "\"arch\":\"z80\""},
      {"\"name\":\"wdsnbp.com\"", "\"name\":\"../wdsnbp.com\""},
      {"\"name\":\"wdsnbp.com\"", "\"name\":\"bootmgfw.efi\""},
      {"\"name\":\"wdsnbp.com\"", "\"name\":\"fonts/../x.ttf\""},
      {"\"name\":\"wdsnbp.com\"", "\"name\":\"\""},
      {"fonts/wgl4_boot.ttf", "fonts/wgl4_boot.tt"},
      {"Windows PE", "Windows\\nPE"},
      {"Windows PE", "Windows\\u009bPE"},
      {"\"size\":1024", "\"size\":99999999999"},
      {"\"size\":1024", "\"size\":-1"},
      {"\"languages\":[", "\"languages\":[1,"},
      {"\"signatures\":[", "\"signatures\":[7"},
  };
  for (const auto& [from, to] : changes) {
    std::string bad = good;
    const std::size_t at = bad.find(from);
    ASSERT_NE(at, bad.npos) << from;
    bad.replace(at, std::strlen(from), to);
    EXPECT_FALSE(parse_wim_facts(bad)) << from << " -> " << to;
  }
}

}  // namespace
}  // namespace content
