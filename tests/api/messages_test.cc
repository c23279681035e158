// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/messages.h"

#include <gtest/gtest.h>

namespace api {
namespace {

const base::Mac mac{{0x52, 0x54, 0, 0x12, 0x34, 0x56}};

TEST(Messages, RequestsComeBackAsTheyWent) {
  const Request requests[] = {
      BeginImage{"debian", policy::ImageKind::tree, "", {}, std::nullopt},
      BeginImage{"d", policy::ImageKind::linux_kernel, "linux", {"a", "b"}, "quiet \"x\" \\ ü"},
      BeginImage{"d", policy::ImageKind::linux_kernel, "linux", {}, ""},
      AddFile{"a/b"},
      CommitImage{},
      ListImages{},
      RemoveImage{"debian"},
      Deploy{"debian", mac, false},
      Deploy{"debian", api::AllMachines{}, true},
      Undeploy{mac},
      ListDeployments{},
      AddProgram{policy::Arch::riscv64, "boot.efi"},
      ListPrograms{},
      RemoveProgram{policy::Arch::bios},
      GetStatus{},
      GetProblems{},
      ListQueue{},
  };
  for (const Request& request : requests) {
    const auto parsed = parse_request(print(request));
    ASSERT_TRUE(parsed) << print(request) << ": " << parsed.error().what;
    EXPECT_EQ(*parsed, request) << print(request);
  }
}

TEST(Messages, RepliesComeBackAsTheyWent) {
  policy::Image image;
  image.id = 7;
  image.name = "debian";
  image.kind = policy::ImageKind::tree;
  image.kernel = "images/debian/1/linux";
  image.initrds = {"images/debian/1/initrd.gz"};
  image.command_line = "quiet";
  image.arch = policy::Arch::arm64;
  Status status{
      "0.1",         42, 1700000000, {"eth0"}, {"UDP 67 proxyDHCP"}, {{"a.b", 1}, {"c", ~std::uint64_t{0}}},
      {50, 49, 2, 8}};
  const Reply replies[] = {Done{},
                           Failed{"line\nbreak"},
                           Progress{1, ~std::uint64_t{0}},
                           ImageItem{image, 1700000000},
                           DeploymentItem{"debian", mac, true},
                           ProgramItem{policy::Arch::arm64, "programs/arm64/1/x.efi"},
                           status,
                           Status{},
                           Problem{"p"},
                           QueueItem{mac, "uefi-pxe", true, "offer", 8, ""},
                           QueueItem{mac, "ipxe", false, "script", 8, "10.1.0.0/16"}};
  for (const Reply& reply : replies) {
    const auto parsed = parse_reply(print(reply));
    ASSERT_TRUE(parsed) << print(reply) << ": " << parsed.error().what;
    EXPECT_EQ(*parsed, reply) << print(reply);
  }
}

TEST(Messages, WhatIsWrongWithARequestIsSaid) {
  struct Case {
    const char* name;
    std::string text;
    const char* want;
  };
  const Case cases[] = {
      {"empty", "", "not one JSON object"},
      {"no JSON", "hello", "not one JSON object"},
      {"two objects", "{}{}", "not one JSON object"},
      {"a list", "[]", "an object is needed"},
      {"not UTF-8", "{\"do\":\"\xff\"}", "not one JSON object"},
      {"nesting that would eat the stack", std::string(50000, '['), "not one JSON object"},
      {"deep objects", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}}",
       "not one JSON object"},
      {"no verb", "{}", "\"do\" must be text"},
      {"unknown verb", R"({"do":"reboot"})", "\"do\": nothing is called \"reboot\""},
      {"missing field", R"({"do":"image.remove"})", "\"name\" must be text"},
      {"wrong type", R"({"do":"image.remove","name":1})", "\"name\" must be text"},
      {"list of wrong type", R"({"do":"image.begin","name":"x","kind":"tree","kernel":"","initrds":[1]})",
       "\"initrds\" must hold text"},
      {"unknown kind", R"({"do":"image.begin","name":"x","kind":"iso","kernel":"","initrds":[]})",
       "\"kind\" must be \"linux\" or \"tree\""},
      {"target", R"({"do":"undeploy","target":"5254"})", "\"target\" must be \"all\" or a MAC address"},
      {"architecture", R"({"do":"program.remove","arch":"z80"})",
       "\"arch\" names no architecture that is known"},
      {"flag", R"({"do":"deploy","image":"x","target":"all","prompt":1})",
       "\"prompt\" must be true or false"},
      {"too long", std::string(max_message + 1, ' '), "message of 61441 octets: at most 61440"},
  };
  for (const Case& c : cases) {
    const auto parsed = parse_request(c.text);
    ASSERT_FALSE(parsed) << c.name;
    EXPECT_EQ(parsed.error().what, c.want) << c.name;
  }
}

TEST(Messages, RepliesThatAreNoneAreRefused) {
  for (const char* text :
       {"{}", "{\"a\":1}", "{\"done\":true,\"error\":\"\"}", "{\"progress\":{\"done\":-1}}", "{\"image\":3}",
        "{\"status\":{}}", "{\"error\":1}", "null", R"({"image":{"id":18446744073709551615}})"}) {
    EXPECT_FALSE(parse_reply(text)) << text;
  }
}

TEST(Messages, PrintingNeverFails) {
  EXPECT_EQ(print(Reply(Problem{"\xff"})), "{\"problem\":\"\xef\xbf\xbd\"}");
  EXPECT_EQ(print(Request(AddFile{"\xc3"})), "{\"do\":\"image.file\",\"name\":\"\xef\xbf\xbd\"}");
}

TEST(Messages, ItemsForOtherPrograms) {
  const std::vector<Reply> items{Progress{1, 2}, DeploymentItem{"debian", mac, false}};
  EXPECT_EQ(print_items(items), R"([{"image":"debian","prompt":false,"target":"52:54:00:12:34:56"}])");
  EXPECT_EQ(print_items({}), "[]");
}

}  // namespace
}  // namespace api
