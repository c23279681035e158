// SPDX-License-Identifier: GPL-3.0-or-later
// What packets bring must leave one line, valid JSON, and a terminal as it was.
#include "base/log.h"

#include <gtest/gtest.h>

namespace base {
namespace {

class Log : public testing::Test {
 protected:
  Log() {
    set_log_sink([this](std::string_view line) { line_ = line; });
  }
  ~Log() override {
    set_log_sink({});
    set_log_format(LogFormat::text);
  }
  std::string said(LogFormat format, std::string_view text) {
    set_log_format(format);
    log(LogLevel::warning, "test", "{}", text);
    return line_;
  }
  std::string line_;
};

TEST_F(Log, TextOfStrangersIsMadeHarmless) {
  const struct {
    const char* name;
    std::string_view text;
    const char* plain;
    const char* json;
  } cases[] = {
      {"words", "name «Büro» 🚢", "name «Büro» 🚢", "name «Büro» 🚢"},
      {"a line of its own", "a\nb\r", "a\\x0ab\\x0d", "a\\\\x0ab\\\\x0d"},
      {"a colour", "\x1b[31mred", "\\x1b[31mred", "\\\\x1b[31mred"},
      {"a colour by a C1 control",
       "\xc2\x9b"
       "31m",
       "\\xc2\\x9b31m", "\\\\xc2\\\\x9b31m"},
      {"no UTF-8", "\xff\x80z", "\\xff\\x80z", "\\\\xff\\\\x80z"},
      {"UTF-8 cut off", "\xe2\x82", "\\xe2\\x82", "\\\\xe2\\\\x82"},
      {"overlong slash", "\xc0\xaf", "\\xc0\\xaf", "\\\\xc0\\\\xaf"},
      {"half a surrogate pair", "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\\\xed\\\\xa0\\\\x80"},
      {"beyond Unicode", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\\\xf4\\\\x90\\\\x80\\\\x80"},
      {"out of its string", "\"}\\", "\"}\\", "\\\"}\\\\"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(said(LogFormat::journal, c.text), std::string("<4>test: ") + c.plain + "\n") << c.name;
    const std::string json = said(LogFormat::json, c.text);
    EXPECT_TRUE(json.ends_with(std::string("\"text\":\"") + c.json + "\"}\n")) << c.name << ": " << json;
  }
}

}  // namespace
}  // namespace base
