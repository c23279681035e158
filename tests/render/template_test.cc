// SPDX-License-Identifier: GPL-3.0-or-later
#include "render/template.h"

#include <gmock/gmock.h>

namespace render {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const policy::Variables own{{"disk", "/dev/nvme0n1"}, {"empty", ""}, {"who", "A & B <\"'>"}};
const policy::Variables of_sequence{{"disk", "/dev/sda"}, {"suite", "bookworm"}};

BootWords boot() {
  BootWords words;
  words.server = "192.0.2.1";
  words.http = "http://192.0.2.1:8080";
  words.name = "pc-7";
  words.mac = "52:54:00:12:34:56";
  words.mac_dashed = "52-54-00-12-34-56";
  words.token = "4f1c";
  words.report = "http://192.0.2.1:8080/boot/v1/4f1c";
  words.variables = &own;
  return words;
}
Choosing choice() {
  const std::string report = boot().report;
  return {"debian", "lab", answers_url(report, 12), &of_sequence};
}

std::string rendered(std::string_view text, Escape escape = Escape::none) {
  const auto parsed = Template::parse(text);
  return parsed ? parsed->render(boot(), choice(), escape) : "refused: " + parsed.error().what;
}
std::string refusal(std::string_view text) {
  const auto parsed = Template::parse(text);
  return parsed ? "taken" : parsed.error().what;
}

TEST(TemplateTest, EachPlaceholderHasItsValue) {
  const struct {
    const char* text;
    const char* value;
  } rows[] = {
      {"{server}", "192.0.2.1"},
      {"{http}/pool", "http://192.0.2.1:8080/pool"},
      {"{name}.example", "pc-7.example"},
      {"{mac}", "52:54:00:12:34:56"},
      {"01-{mac-dashed}", "01-52-54-00-12-34-56"},
      {"{image} {deployment}", "debian lab"},
      {"{token}", "4f1c"},
      {"{report}/done", "http://192.0.2.1:8080/boot/v1/4f1c/done"},
      {"url={answer:preseed.cfg}", "url=http://192.0.2.1:8080/boot/v1/4f1c/answer/12/preseed.cfg"},
      {"ds=nocloud-net;s={answer:}", "ds=nocloud-net;s=http://192.0.2.1:8080/boot/v1/4f1c/answer/12/"},
      {"{var:disk}", "/dev/nvme0n1"},  // the machine's own word comes first
      {"{var:suite}", "bookworm"},     // then the task sequence's
      {"{var:suite|trixie}", "bookworm"},
      {"{var:raid|none at all}", "none at all"},
      {"<{var:empty|full}>", "<>"},  // empty on purpose
      {"[{uuid|no UUID}]", "[no UUID]"},
      {"[{uuid}]", "[]"},
      {"", ""},
      {"d-i debian-installer/locale string de_DE\n", "d-i debian-installer/locale string de_DE\n"},
  };
  for (const auto& row : rows) EXPECT_EQ(rendered(row.text), row.value) << row.text;
}

TEST(TemplateTest, BracesOfOthersStayAsTheyAre) {
  const struct {
    const char* text;
    const char* value;
  } rows[] = {
      {"{{name}", "{name}"},
      {"{{{name}", "{pc-7"},
      {"{{{{ v1.local_hostname }}", "{{ v1.local_hostname }}"},
      {"a { b } c", "a { b } c"},
      {"awk '{print $1}'", "awk '{print $1}'"},
      {"\"${word#*=}/done\" ${HOME} ${name}", "\"${word#*=}/done\" ${HOME} ${name}"},
      {"${{name}", "${pc-7"},
      {"{", "{"},
      {"}", "}"},
      {"{}", "{}"},
      {"{name", "{name"},
      {"{name\n}", "{name\n}"},
      {"{1}", "{1}"},
      {"{\"a\": {\"b\": 1}}", "{\"a\": {\"b\": 1}}"},
      {"$", "$"},
  };
  for (const auto& row : rows) EXPECT_EQ(rendered(row.text), row.value) << row.text;
}

TEST(TemplateTest, WhatMeansNothingIsRefusedWithItsPlace) {
  EXPECT_EQ(refusal("{sever}"),
            "line 1, column 1: {sever}: there is no placeholder of this name (\"{{\" is a brace)");
  EXPECT_THAT(refusal("# preseed\n\nd-i url string {answer}\n"),
              HasSubstr("line 3, column 16: {answer}: a name"));
  EXPECT_THAT(refusal("x\n{var:}"), HasSubstr("line 2, column 1: {var:}: the variable has no name"));
  EXPECT_THAT(refusal("{name:first}"), HasSubstr("{name:first}: nothing may stand behind ':'"));
  EXPECT_THAT(refusal("{Name}"), HasSubstr("no placeholder of this name"));
  EXPECT_THAT(refusal("{name} {colour|red}"), HasSubstr("line 1, column 8: {colour|red}"));
}

TEST(TemplateTest, WhatWasThereBeforeIsNeverRefused) {
  const Template old = Template::read("root={label} name={name} {{ x");
  EXPECT_EQ(old.render(boot(), choice()), "root={label} name=pc-7 { x");
}

TEST(TemplateTest, ValuesAreWrittenAsXmlWants) {
  EXPECT_EQ(rendered("<Name who=\"{var:who}\">{name}</Name>", Escape::xml),
            "<Name who=\"A &amp; B &lt;&quot;&apos;&gt;\">pc-7</Name>");
  EXPECT_EQ(rendered("<a>{var:no|1 < 2}</a>", Escape::xml), "<a>1 &lt; 2</a>");
  EXPECT_EQ(escape_for("unattend.xml"), Escape::xml);
  EXPECT_EQ(escape_for("AutoUnattend.XML"), Escape::xml);
  EXPECT_EQ(escape_for("preseed.cfg"), Escape::none);
}

TEST(TemplateTest, WhatHasNoValueIsNamed) {
  const Template text = Template::read("{var:raid} {uuid} {name} {var:raid} {var:lv|no} {var:empty}");
  EXPECT_THAT(text.without_value(boot(), choice()), ElementsAre("{var:raid}", "{uuid}"));
  EXPECT_THAT(Template::read("{answer:a}").without_value({}, {}), ElementsAre("{answer:a}"));
  EXPECT_THAT(Template::read("{name}").without_value(boot(), choice()), IsEmpty());
}

TEST(TemplateTest, SecretsAreKnownByTheirNames) {
  for (const char* name :
       {"password", "ADMIN_PASSWORD", "rootpasswd", "secret", "join-token", "key", "api_key", "apikey",
        "keys", "key.private", "wifi-psk", "credentials", "wifiKey"}) {
    EXPECT_TRUE(is_secret_name(name)) << name;
  }
  for (const char* name : {"keymap", "keyboard", "disk", "locale", ""}) {
    EXPECT_FALSE(is_secret_name(name)) << name;
  }
}

}  // namespace
}  // namespace render
