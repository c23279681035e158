// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/inject_start.h"

#include <gtest/gtest.h>

namespace bootimage {
namespace {

TEST(StartScript, DriversThenWhatWasThereThenTheCommand) {
  EXPECT_EQ(print_start_script({"/Drivers/1-a/100%.inf"}, Before::startnet, "X:\\go.cmd %1"),
            "@rem Made by bootferry image inject, which makes it anew each time.\r\n"
            "@drvload \"%SystemDrive%\\Drivers\\1-a\\100%%.inf\"\r\n"
            "@if errorlevel 1 echo bootferry: \"\\Drivers\\1-a\\100%%.inf\" was not loaded\r\n"
            "@call \"%SystemRoot%\\System32\\startnet-original.cmd\"\r\n"
            "X:\\go.cmd %1\r\n");
  EXPECT_EQ(print_start_script({}, Before::wpeinit, ""),
            "@rem Made by bootferry image inject, which makes it anew each time.\r\n@wpeinit\r\n");
}

TEST(StartScript, OneLineOfAscii) {
  EXPECT_TRUE(check_start_command("X:\\go.cmd && exit").has_value());
  for (const std::string& command : {std::string("a\nb"), std::string("\xc3\xa9"), std::string(9000, 'a')})
    EXPECT_FALSE(check_start_command(command).has_value());
  EXPECT_FALSE(check_inf_path("/Drivers/1-a/\xc3\xa9.inf").has_value());
}

const std::string ours = "%SYSTEMROOT%\\System32\\cmd.exe, /c %SYSTEMROOT%\\System32\\bootferry-start.cmd";

TEST(Winpeshl, OursIsFirstAndTheRestKeepsItsOrder) {
  EXPECT_EQ(print_winpeshl("[LaunchApps]\n%SYSTEMDRIVE%\\a.exe, /x \"b;c\" ; d\nc.exe\n").value(),
            "[LaunchApps]\r\n" + ours + "\r\n%SYSTEMDRIVE%\\a.exe, /x \"b;c\"\r\nc.exe\r\n");
  EXPECT_EQ(
      print_winpeshl("; hi\r\n[LaunchApp]\r\nAppPath = X:\\shell.exe\r\n[launchapps]\r\na.exe\r\n").value(),
      "[LaunchApps]\r\n" + ours + "\r\nX:\\shell.exe\r\na.exe\r\n");
  EXPECT_EQ(read_winpeshl(print_setup_winpeshl()).value().apps,
            (std::vector<std::string>{ours, "%SYSTEMDRIVE%\\setup.exe"}));
}

TEST(Winpeshl, KeepsItsEncoding) {
  const std::string wide =
      print_winpeshl(std::string("\xff\xfe[\0L\0a\0u\0n\0c\0h\0A\0p\0p\0s\0]\0\n\0\xe9\0", 30)).value();
  EXPECT_TRUE(wide.starts_with(std::string("\xff\xfe[\0L\0", 6)));
  EXPECT_TRUE(wide.ends_with(std::string("\xe9\0\r\0\n\0", 6)));
  EXPECT_TRUE(print_winpeshl("[LaunchApps]\n\xe9.exe\n").value().ends_with("\r\n\xe9.exe\r\n"));
}

TEST(Winpeshl, OneThatStartsNothingIsRefused) {
  for (const char* text : {"", "[LaunchApps]\n", "[LaunchApp]\nAppPath=\n", "a.exe\n", "[Other]\na.exe\n"})
    EXPECT_FALSE(print_winpeshl(text).has_value()) << text;
}

TEST(InjectRecord, IsReadBack) {
  const InjectRecord record{InjectRecord::Start::winpeshl, {"/Drivers/1-a", "/x.txt"}};
  const std::string text = print_inject_record(record);
  EXPECT_EQ(text, "bootferry inject 1\r\nstart winpeshl\r\nput \\Drivers\\1-a\r\nput \\x.txt\r\n");
  const auto again = parse_inject_record(text);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->start, record.start);
  EXPECT_EQ(again->put, record.put);
}

TEST(InjectRecord, LeadsToNothingElse) {
  const std::string head = "bootferry inject 1\r\nstart none\r\n";
  EXPECT_TRUE(parse_inject_record(head).has_value());
  for (const std::string& text :
       {std::string("bootferry inject 2\r\n"), std::string("bootferry inject 1\r\nstart x\r\n"),
        head + "put \\Windows\r\n", head + "put \\windows\\System32\r\n", head + "put \\a\\..\\b\r\n",
        head + "put \\Windows\\Boot\\PXE\\wdsnbp.com\r\n", head + "get \\a\r\n", head + "put \\a"}) {
    EXPECT_FALSE(parse_inject_record(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace bootimage
