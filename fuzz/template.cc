// SPDX-License-Identifier: GPL-3.0-or-later
// Any text as a template. Properties: what is refused names a place within it; what is taken is read
// the same way later on; text without a brace is itself; in XML no value adds a '<' of its own.
#include "render/template.h"

#include <algorithm>

#include "base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(base::as_text({data, size}));
  const policy::Variables variables{{"a", "<{name}>"}};
  render::BootWords words;
  words.name = "<&>";
  words.server = "{server}";
  words.variables = &variables;
  const render::Choosing choice{"i", "d", "http://h/answer/1/", nullptr};

  const auto parsed = render::Template::parse(text);
  const render::Template read = render::Template::read(text);
  const std::string rendered = read.render(words, choice);
  if (!parsed) {
    BOOTFERRY_CHECK(parsed.error().what.starts_with("line "));
    return 0;
  }
  BOOTFERRY_CHECK(parsed->placeholders() == read.placeholders());
  BOOTFERRY_CHECK(parsed->render(words, choice) == rendered);
  if (text.find('{') == text.npos) BOOTFERRY_CHECK(rendered == text);
  const std::string xml = read.render(words, choice, render::Escape::xml);
  BOOTFERRY_CHECK(std::ranges::count(xml, '<') <= std::ranges::count(text, '<'));
  for (const std::string& lacking : read.without_value(words, choice))
    BOOTFERRY_CHECK(lacking.starts_with('{') && lacking.ends_with('}'));
  return 0;
}
