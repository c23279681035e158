// SPDX-License-Identifier: GPL-3.0-or-later
// Device lists as people's other programs have them.
#include "api/import.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "../policy/sites.h"

namespace api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::string_literals;

// "pc-1 52:54:00:00:00:01+… uuid=… state=… in=lab,… image=… K=V", as far as it is there.
std::string in_words(const ImportedDevice& device) {
  std::string out = device.name.empty() ? "?" : device.name;
  for (std::size_t i = 0; i < device.macs.size(); ++i) out += (i == 0 ? " " : "+") + device.macs[i].print();
  if (device.uuid) out += " uuid=" + device.uuid->print();
  if (device.state) out += fmt::format(" state={}", policy::print(*device.state));
  for (const auto& collection : device.collections) out += " in=" + collection;
  if (!device.image.empty()) out += " image=" + device.image;
  if (!device.program.empty()) out += " program=" + device.program;
  if (!device.referral.empty()) out += " referral=" + device.referral;
  for (const auto& [name, value] : device.variables) out += fmt::format(" {}={}", name, value);
  return out;
}
std::vector<std::string> in_words(const LineFaults& faults) {
  std::vector<std::string> out;
  for (const auto& [line, what] : faults.lines) out.push_back(fmt::format("{}: {}", line, what));
  return out;
}
std::vector<std::string> read(ImportFormat format, std::string_view text) {
  const auto imported = parse_import(format, text);
  if (!imported) {
    auto out = in_words(imported.error());
    out.insert(out.begin(), "refused");
    return out;
  }
  std::vector<std::string> out;
  for (const auto& device : imported->devices) out.push_back(in_words(device));
  return out;
}
std::vector<std::string> passed_over(ImportFormat format, std::string_view text) {
  const auto imported = parse_import(format, text);
  return imported ? in_words(imported->passed_over) : std::vector<std::string>{"refused"};
}

struct Good {
  const char* name;
  ImportFormat format;
  std::string text;
  std::vector<std::string> want;
};
class GoodImport : public testing::TestWithParam<Good> {};
TEST_P(GoodImport, IsRead) {
  EXPECT_EQ(read(GetParam().format, GetParam().text), GetParam().want);
  // However its lines end.
  std::string dos;
  for (const char c : GetParam().text) dos += c == '\n' ? "\r\n"s : std::string(1, c);
  if (GetParam().text.find('\0') == std::string::npos) {
    EXPECT_EQ(read(GetParam().format, dos), GetParam().want);
  }
}

constexpr auto csv = ImportFormat::csv, wds = ImportFormat::wds, dnsmasq = ImportFormat::dnsmasq,
               isc = ImportFormat::isc, kea = ImportFormat::kea;

// UTF-16 as PowerShell writes it.
std::string utf16(std::string_view ascii) {
  std::string out = "\xff\xfe";
  for (const char c : ascii) {
    out += c;
    out += '\0';
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    Csv, GoodImport,
    testing::Values(
        Good{"plain",
             csv,
             "name,mac\npc-1,52:54:00:00:00:01\npc-2,525400000002\n",
             {"pc-1 52:54:00:00:00:01", "pc-2 52:54:00:00:00:02"}},
        Good{"any_order_all_columns",
             csv,
             "var.OU,referral,program,image,state,collections,uuid,macs,name\n"
             "\"OU=lab,DC=x\",away,grub,debian,Approved,\"lab, west\",{32E5B71A-B626-4A4B-902E-7F94AD38B5B3},"
             "52-54-00-00-00-01 52:54:00:00:00:02,pc-1\n",
             {"pc-1 52:54:00:00:00:01+52:54:00:00:00:02 uuid=32e5b71a-b626-4a4b-902e-7f94ad38b5b3 "
              "state=approved "
              "in=lab in=west image=debian program=grub referral=away OU=OU=lab,DC=x"}},
        Good{"excel_german",
             csv,
             "\xef\xbb\xbfName;MAC-Address;Collections\nPC-Küche;5254.0000.0001;lab|west\n;;\n",
             {"PC-Küche 52:54:00:00:00:01 in=lab in=west"}},
        Good{"excel_tabs", csv, "name\tmac\n\"pc-1\"\t52:54:00:00:00:01", {"pc-1 52:54:00:00:00:01"}},
        Good{"excel_says_how", csv, "sep=|\nname|mac\npc-1|52:54:00:00:00:01\n", {"pc-1 52:54:00:00:00:01"}},
        Good{"excel_unicode_text",
             csv,
             utf16("name\tmac\npc-1\t52:54:00:00:00:01\n"),
             {"pc-1 52:54:00:00:00:01"}},
        Good{"quotes",
             csv,
             "name,mac,var.K\npc-1,52:54:00:00:00:01,\"a \"\"b\"\", c\"\n",
             {"pc-1 52:54:00:00:00:01 K=a \"b\", c"}},
        Good{"remarks_and_blank_lines",
             csv,
             "# our lab\n\nname,mac\n\n# old\npc-1,52:54:00:00:00:01\n,\n",
             {"pc-1 52:54:00:00:00:01"}},
        Good{"one_machine_in_two_lines",
             csv,
             "name,mac,collection\npc-1,52:54:00:00:00:01,lab\nPC-1,52:54:00:00:00:02,west\n",
             {"pc-1 52:54:00:00:00:01+52:54:00:00:00:02 in=lab in=west"}},
        Good{"several_columns_of_addresses",
             csv,
             "name,mac1,MAC Address 2\npc-1,52:54:00:00:00:01,52:54:00:00:00:02\n",
             {"pc-1 52:54:00:00:00:01+52:54:00:00:00:02"}},
        Good{"without_a_name", csv, "mac\n52:54:00:00:00:01\n", {"? 52:54:00:00:00:01"}},
        Good{"named_later",
             csv,
             "name,mac\n,52:54:00:00:00:01\npc-1,52:54:00:00:00:01\n",
             {"pc-1 52:54:00:00:00:01"}},
        Good{"configuration_manager",
             csv,
             "Name,SMBIOS GUID,MAC address\nCM01,32E5B71A-B626-4A4B-902E-7F94AD38B5B3,00:15:5D:3C:D0:4C\n"
             "CM02,,00:15:5D:00:19:CA\nCM03,4C4C4544-0042-3910-8051-B6C04F4E3332,\n",
             {"CM01 00:15:5d:3c:d0:4c uuid=32e5b71a-b626-4a4b-902e-7f94ad38b5b3", "CM02 00:15:5d:00:19:ca",
              "CM03 uuid=4c4c4544-0042-3910-8051-b6c04f4e3332"}},
        Good{"configuration_manager_without_columns",
             csv,
             "CM01,32E5B71A-B626-4A4B-902E-7F94AD38B5B3,00:15:5D:3C:D0:4C\nCM02,,00:15:5D:00:19:CA\n",
             {"CM01 00:15:5d:3c:d0:4c uuid=32e5b71a-b626-4a4b-902e-7f94ad38b5b3", "CM02 00:15:5d:00:19:ca"}}),
    [](const auto& each) { return std::string(each.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Wds, GoodImport,
    testing::Values(
        // Microsoft's own example of one UUID in both orders: ACEFA3E8… and E8A3EFAC-….
        Good{"binary_string_and_guid",
             wds,
             "name,netbootGUID\nA,ACEFA3E81F20694E953EB2DAA1E8B1B6\n"
             "a,E8A3EFAC-201F-4E69-953E-B2DAA1E8B1B6\n",
             {"A uuid=e8a3efac-201f-4e69-953e-b2daa1e8b1b6"}},
        Good{
            "csvde",
            wds,
            "DN,objectClass,cn,sAMAccountName,netbootGUID,netbootMachineFilePath\n"
            "\"CN=PC1,OU=Lab,DC=example,DC=com\",computer,PC1,PC1$,X'acefa3e81f20694e953eb2daa1e8b1b6',wds1\n"
            "\"CN=PC2,OU=Lab,DC=example,DC=com\",computer,PC2,PC2$,X'0000000000000000000000155d3cd04c',\n",
            {"PC1 uuid=e8a3efac-201f-4e69-953e-b2daa1e8b1b6", "PC2 00:15:5d:3c:d0:4c"}},
        Good{"powershell",
             wds,
             utf16("\"Name\";\"netbootGUID\"\n\"PC1\";\"00000000-0000-0000-0000-00155d3cd04c\"\n"),
             {"PC1 00:15:5d:3c:d0:4c"}},
        Good{"wdsutil",
             wds,
             "\nWindows Deployment Services Management Utility [Version 10.0.17763.1]\n"
             "(c) 2018 Microsoft Corporation. All rights reserved.\n\n"
             "Device Name:                EXAMPLE\\PC1$\n"
             "Device ID:                  {E8A3EFAC-201F-4E69-953E-B2DAA1E8B1B6}\n"
             "Boot Image Path:            \n"
             "Referral Server:            wds2\n\n"
             "Device Name:                PC2\n"
             "Device ID:                  00-15-5D-3C-D0-4C\n\n"
             "The command completed successfully.\n",
             {"PC1 uuid=e8a3efac-201f-4e69-953e-b2daa1e8b1b6", "PC2 00:15:5d:3c:d0:4c"}}),
    [](const auto& each) { return std::string(each.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Dnsmasq, GoodImport,
    testing::Values(
        Good{"configuration",
             dnsmasq,
             "# the lab\ninterface=eth0\ndhcp-range=192.168.0.50,192.168.0.150,12h\n"
             "dhcp-host=10:22:33:44:55:67,fred,192.168.0.60,45m\n"
             "dhcp-host=10:22:33:44:55:66,12:34:56:78:90:12,192.168.0.60\n"
             "dhcp-host=00:20:e0:3b:13:af,id:01:02:02:04,set:red,tag:lab,judge,[::1:2],infinite # remark\n"
             "dhcp-host = 1-0:1:2:a:b:c , ignore-me-not\n",
             {"fred 10:22:33:44:55:67", "? 10:22:33:44:55:66+12:34:56:78:90:12", "judge 00:20:e0:3b:13:af",
              "ignore-me-not 00:01:02:0a:0b:0c"}},
        Good{"hosts_file",
             dnsmasq,
             "\n00:20:e0:3b:13:af,wap,infinite\n# old\n00:20:e0:3b:13:b0,10.0.0.9\n",
             {"wap 00:20:e0:3b:13:af", "? 00:20:e0:3b:13:b0"}}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Import, WhatDnsmasqKnowsByOtherThingsIsPassedOver) {
  EXPECT_THAT(
      passed_over(dnsmasq,
                  "dhcp-host=lap,192.168.0.199\ndhcp-host=id:01:02:02:04,192.168.0.60\n"
                  "dhcp-host=00:20:e0:*:*:*,block\ndhcp-host=00:20:e0:3b:13:af,ignore\n"
                  "dhcp-host=06-00:20:e0:3b:13:b0,ring\ndhcp-host=00:20:e0:3b:13:b1,pc\n"),
      ElementsAre("1: it has no hardware address", "2: it has no hardware address",
                  "3: its hardware address stands for many machines",
                  "4: dnsmasq is told to ignore this machine", "5: its hardware address is not of Ethernet"));
}

INSTANTIATE_TEST_SUITE_P(
    Isc, GoodImport,
    testing::Values(
        Good{
            "nested",
            isc,
            "# a comment { that opens nothing\noption domain-name \"example.org # {\";\n"
            "shared-network west {\n  subnet 10.0.0.0 netmask 255.255.0.0 {\n    range 10.0.0.10 10.0.0.20;\n"
            "    group {\n      filename \"pxelinux.0\";\n"
            "      host passacaglia { hardware ethernet 0:0:c0:5d:bd:95; fixed-address 10.0.0.5; }\n"
            "      host \"fantasia\" {\n        hardware ethernet 08:00:07:26:c0:a5; # here\n"
            "        fixed-address fantasia.example.org;\n      }\n    }\n  }\n}\n"
            "class \"foo\" { match if substring (option vendor-class-identifier, 0, 4) = \"SUNW\"; }\n",
            {"passacaglia 00:00:c0:5d:bd:95", "fantasia 08:00:07:26:c0:a5"}},
        Good{"by_machine_id",
             isc,
             "host a { host-identifier option pxe-client-id "
             "0:1a:b7:e5:32:26:b6:4b:4a:90:2e:7f:94:ad:38:b5:b3; }\n"
             "host b { host-identifier option dhcp-client-identifier 01:52:54:00:00:00:02; }\n"
             "host c { option dhcp-client-identifier 1:52:54:00:00:00:03; fixed-address 10.0.0.3; }\n",
             {"a uuid=32e5b71a-b626-4a4b-902e-7f94ad38b5b3", "b 52:54:00:00:00:02", "c 52:54:00:00:00:03"}},
        Good{"leases",
             isc,
             "host nxlab1 {\n  dynamic;\n  hardware ethernet 52:54:00:00:00:01;\n  fixed-address "
             "10.1.0.1;\n}\n"
             "host nxlab2 {\n  dynamic;\n  deleted;\n}\n",
             {"nxlab1 52:54:00:00:00:01"}}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Import, WhatIscKnowsByOtherThingsIsPassedOver) {
  EXPECT_THAT(
      passed_over(isc,
                  "include \"/etc/dhcp/hosts.conf\";\nhost ring { hardware token-ring 0:1:2:3:4:5; }\n"
                  "host none { fixed-address 10.0.0.1; }\nhost pc { hardware ethernet 0:1:2:3:4:5; }\n"),
      ElementsAre("1: it includes /etc/dhcp/hosts.conf: import that file by itself",
                  "2: host ring has no Ethernet address", "3: host none has no hardware address"));
}

const char* const kea_configuration = R"(// A shortened example.
{ "Dhcp4": {
  # global ones
  "reservations": [
    { "hw-address": "1a:1b:1c:1d:1e:1f", "hostname": "global", "ip-address": "192.0.2.1" },
  ],
  "subnet4": [ { "subnet": "192.0.2.0/24", "id": 1,
    /* "reservations": [ {} ], */
    "reservations": [
      { "client-id": "01:11:22:33:44:55:66", "ip-address": "192.0.2.202" },
      { "hw-address": "1a:1b:1c:1d:1e:20", "hostname": "sub//net" }, // here
      <?include "/etc/kea/more.json"?>
    ] } ],
  "shared-networks": [ { "name": "west", "subnet4": [ { "reservations": [
      { "hw-address": "1A-1B-1C-1D-1E-21" } ] } ] } ]
} }
)";
INSTANTIATE_TEST_SUITE_P(
    Kea, GoodImport,
    testing::Values(Good{"everywhere",
                         kea,
                         kea_configuration,
                         {"global 1a:1b:1c:1d:1e:1f", "sub//net 1a:1b:1c:1d:1e:20", "? 1a:1b:1c:1d:1e:21"}},
                    Good{"an_included_list",
                         kea,
                         R"([ { "hw-address": "1a:1b:1c:1d:1e:1f", "hostname": "a" } ])",
                         {"a 1a:1b:1c:1d:1e:1f"}},
                    Good{"without_its_frame",
                         kea,
                         R"({ "reservations": [ { "hw-address": "1a:1b:1c:1d:1e:1f", "hostname": "a" } ] })",
                         {"a 1a:1b:1c:1d:1e:1f"}}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Import, WhatKeaKnowsByOtherThingsIsPassedOver) {
  EXPECT_THAT(passed_over(kea, kea_configuration),
              ElementsAre("12: it includes another file: import that one by itself",
                          "10: this reservation has no hw-address"));
}

struct Bad {
  const char* name;
  ImportFormat format;
  std::string text;
  std::vector<const char*> want;  // the beginnings of the faults
};
class BadImport : public testing::TestWithParam<Bad> {};
TEST_P(BadImport, NamesEachLine) {
  const auto imported = parse_import(GetParam().format, GetParam().text);
  ASSERT_FALSE(imported);
  const auto faults = in_words(imported.error());
  ASSERT_THAT(faults, SizeIs(GetParam().want.size())) << faults.front();
  for (std::size_t i = 0; i < faults.size(); ++i)
    EXPECT_THAT(faults[i], testing::StartsWith(GetParam().want[i]));
}
INSTANTIATE_TEST_SUITE_P(
    Table, BadImport,
    testing::Values(
        Bad{"each_bad_line",
            csv,
            "name,mac\npc-1,52:54\npc-2,52:54:00:00:00:02\npc-3,ff:ff:ff:ff:ff:ff\npc-4,\n",
            {"2: \"52:54\" is not a hardware address", "4: ff:ff:ff:ff:ff:ff is not the address of a machine",
             "5: \"pc-4\" has neither"}},
        Bad{"unknown_column",
            csv,
            "name,mac,colection\npc-1,52:54:00:00:00:01,lab\n",
            {"1: no column is called \"colection\""}},
        Bad{"no_columns", csv, "name,state\npc-1,approved\n", {"1: the first line names no column"}},
        Bad{"a_number",
            csv,
            "name,mac\npc-1,\"5,254E+11\"\n",
            {"2: \"5,254E+11\" is a number that a spreadsheet made"}},
        Bad{"more_cells", csv, "name,mac\npc-1,52:54:00:00:00:01,x\n", {"2: it has 3 cells"}},
        Bad{"state_pending",
            csv,
            "mac,state\n52:54:00:00:00:01,pending\n",
            {"2: \"pending\" is not a state"}},
        Bad{"open_quote",
            csv,
            "name,mac\npc-1,52:54:00:00:00:01\n\"pc-2,52:54:00:00:00:02\n",
            {"3: a quotation mark is opened here"}},
        Bad{"behind_a_quote", csv, "name,mac\n\"pc\"-1,52:54:00:00:00:01\n", {"2: there is more behind"}},
        Bad{"one_address_two_names",
            csv,
            "name,mac\npc-1,52:54:00:00:00:01\npc-2,52:54:00:00:00:01\n",
            {"3: \"pc-2\" has the hardware address 52:54:00:00:00:01 of \"pc-1\" in line 2"}},
        Bad{"one_name_two_uuids",
            csv,
            "name,uuid\npc-1,32E5B71A-B626-4A4B-902E-7F94AD38B5B3\npc-1,32E5B71A-B626-4A4B-902E-"
            "7F94AD38B5B4\n",
            {"3: \"pc-1\" has another UUID in line 2"}},
        Bad{"one_name_two_images",
            csv,
            "name,mac,image\npc-1,52:54:00:00:00:01,a\npc-1,52:54:00:00:00:02,b\n",
            {"3: \"pc-1\" has another image in line 2"}},
        Bad{"blank_uuid",
            csv,
            "name,uuid\npc-1,FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF\n",
            {"2: a UUID of zeros"}},
        Bad{"latin_1",
            csv,
            "name,mac\nK\xfc"
            "che,52:54:00:00:00:01\n",
            {"2: column 2: the octet 0xfc is not UTF-8; the file looks like Latin-1"}},
        Bad{"mixed_encodings",
            csv,
            "name,mac\nK\xc3\xbc"
            "che,52:54:00:00:00:01\nT\xfcr,52:54:00:00:00:02\n",
            {"3: column 2: the octet 0xfc is not UTF-8, while what is before it is: the file mixes"}},
        Bad{"utf16_without_mark", csv, "n\0a\0"s, {"1: column 2 holds a NUL"}},
        Bad{"utf16_cut", csv, "\xff\xfen\0a"s, {"1: the file begins as UTF-16"}},
        Bad{"empty", csv, "", {"0: there is no machine"}},
        Bad{"only_columns", csv, "name,mac\n", {"0: there is no machine"}},
        Bad{"byte_array",
            wds,
            "\"Name\",\"netbootGUID\"\n\"PC1\",\"System.Byte[]\"\n",
            {"2: \"System.Byte[]\" is not a UUID or a hardware address"}},
        Bad{"no_listing", wds, "Der Befehl wurde ausgef\xc3\xbchrt.\n", {"0: there is no machine"}},
        Bad{"bad_dnsmasq",
            dnsmasq,
            "dhcp-host=11:22:33:44:55,fred\ndhcp-host=11:22:33:44:55:66,fred,frida\n",
            {"1: \"11:22:33:44:55\" is no hardware address",
             "2: \"fred\" and \"frida\": a machine has one name"}},
        Bad{"isc_bracket_open",
            isc,
            "group {\n host a { hardware ethernet 0:1:2:3:4:5; }\n",
            {"1: this bracket is never closed"}},
        Bad{"isc_bracket_closed",
            isc,
            "host a { hardware ethernet 0:1:2:3:4:5; }\n}\n",
            {"2: this bracket closes"}},
        Bad{"isc_quote", isc, "option x \"abc;\n", {"2: a quotation mark is never closed"}},
        Bad{"isc_address",
            isc,
            "host a {\n hardware ethernet 0:1:2:3:4;\n}\n",
            {"2: host a: \"0:1:2:3:4\" is no"}},
        Bad{"kea_no_json", kea, "{ \"Dhcp4\": {\n  \"reservations\": [ } }\n", {"0: no JSON at line 2"}},
        Bad{"kea_address",
            kea,
            "{\n\"reservations\": [\n{ \"hw-address\": \"x\" },\n{ \"hw-address\": 5 }\n]}\n",
            {"3: \"x\" is no hardware address", "4: 5 is no hardware address"}},
        Bad{"kea_too_deep", kea, std::string(100000, '['), {"0: no JSON at line 1, column 17"}}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Import, FaultsAreCountedBeyondAHundred) {
  std::string text = "name,mac\n";
  for (int i = 0; i < 250; ++i) text += fmt::format("pc-{},x\n", i);
  const auto imported = parse_import(csv, text);
  ASSERT_FALSE(imported);
  EXPECT_THAT(imported.error().lines, SizeIs(100));
  EXPECT_EQ(imported.error().more, 150U);
}

TEST(Import, AHundredThousandLinesInUnderTwoSeconds) {
  std::string text = "name,mac,uuid,collections\n";
  for (std::uint64_t i = 0; i < 100'000; ++i)
    text += fmt::format("pc-{},{},{},lab\n", i, policy::numbered_mac(i).print(),
                        policy::numbered_uuid(i).print());
  const auto begin = std::chrono::steady_clock::now();
  const auto imported = parse_import(csv, text);
  ASSERT_TRUE(imported);
  EXPECT_THAT(imported->devices, SizeIs(100'000));
  policy::SiteModel model;
  model.collections = {policy::collection(1)};
  model.collections[0].name = "lab";
  const policy::Snapshot site = policy::site(model);
  const auto plan = plan_import(imported->devices, "", Names(site));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->created, 100'000U);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  // Unoptimized and on a busy machine: optimized it takes a tenth.
  EXPECT_LT(took.count(), 10.0);
  RecordProperty("seconds", std::to_string(took.count()));
  std::printf("100,000 lines: %.2f s\n", took.count());
}

// What an import makes of a site.
class ImportPlanTest : public testing::Test {
 protected:
  ImportPlanTest() {
    policy::SiteModel model;
    model.images = {policy::image(1)};
    model.collections = {policy::collection(1), policy::collection(2)};
    model.programs = {{1, "Grub", policy::Arch::x64, {}, false, "x"}};
    policy::Device known = policy::device(1, {policy::mac_1}, policy::numbered_uuid(1));
    known.name = "pc-1";
    known.collections = {1};
    policy::Device waiting = policy::device(2, {policy::mac_2});
    waiting.name = "52-54-00-00-00-02";
    waiting.state = policy::DeviceState::pending;
    waiting.request = 9;
    site = policy::site(model, {known, waiting});
  }
  base::Result<ImportPlan, LineFaults> plan(std::string_view text, std::string_view collection = "") {
    return plan_import(parse_import(csv, text).value().devices, collection, Names(site));
  }
  std::vector<std::string> faults(std::string_view text, std::string_view collection = "") {
    const auto made = plan(text, collection);
    return made ? std::vector<std::string>{} : in_words(made.error());
  }
  static const policy::Device& device(const ImportPlan& plan, std::size_t step = 0) {
    return std::get<policy::Device>(std::get<store::Put>(plan.batch.steps.at(step)).record);
  }
  policy::Snapshot site;
};

TEST_F(ImportPlanTest, New) {
  const auto made = plan(
      "name,mac,image,program,collections,var.B,var.A\npc-9,52:54:00:00:00:09,image-1,gRUB,c2,1,2\n", "C1");
  ASSERT_TRUE(made) << in_words(made.error()).front();
  EXPECT_EQ(made->created, 1U);
  EXPECT_EQ(made->batch.verb, "imported");
  const policy::Device& pc = device(*made);
  EXPECT_EQ(pc.name, "pc-9");
  EXPECT_THAT(pc.collections, ElementsAre(1, 2));
  EXPECT_EQ(pc.extras().image, 1);
  EXPECT_EQ(pc.extras().program, "Grub");
  EXPECT_EQ(pc.extras().variables, (policy::Variables{{"A", "2"}, {"B", "1"}}));
}
TEST_F(ImportPlanTest, WithoutANameItIsCalledByItsAddress) {
  const auto made = plan("mac\n52:54:00:00:00:09\n");
  ASSERT_TRUE(made);
  EXPECT_EQ(device(*made).name, "52-54-00-00-00-09");
}
TEST_F(ImportPlanTest, ASecondTimeChangesNothing) {
  const auto made = plan("name,mac,collections\nPC-1,52:54:00:00:00:01,c1\n");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->unchanged, 1U);
  EXPECT_THAT(made->batch.steps, IsEmpty());
}
TEST_F(ImportPlanTest, AddsToWhatIsThere) {
  const auto made = plan("name,mac,collections\nPC-1,52:54:00:00:00:0a,c2\n");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->changed, 1U);
  EXPECT_EQ(device(*made).name, "pc-1");
  EXPECT_THAT(device(*made).macs, ElementsAre(policy::mac_1, policy::mac("52:54:00:00:00:0a")));
  EXPECT_THAT(device(*made).collections, ElementsAre(1, 2));
  EXPECT_EQ(device(*made).uuid, policy::numbered_uuid(1));
}
TEST_F(ImportPlanTest, NamesAndApprovesWhoWaits) {
  const auto made = plan("name,mac\npc-2,52:54:00:00:00:02\n");
  ASSERT_TRUE(made) << in_words(made.error()).front();
  EXPECT_EQ(device(*made).id, 2);
  EXPECT_EQ(device(*made).name, "pc-2");
  EXPECT_EQ(device(*made).state, policy::DeviceState::approved);
  EXPECT_EQ(device(*made).request, 0U);
}
TEST_F(ImportPlanTest, Refusals) {
  EXPECT_THAT(faults("name,mac\npc-3,52:54:00:00:00:01\n"),
              ElementsAre("2: the hardware address 52:54:00:00:00:01 belongs to device \"pc-1\" already"));
  EXPECT_THAT(faults(fmt::format("name,uuid\npc-3,{}\n", policy::numbered_uuid(1).print())),
              ElementsAre(HasSubstr("belongs to device \"pc-1\" already")));
  EXPECT_THAT(faults(fmt::format("name,uuid\npc-1,{}\n", policy::numbered_uuid(7).print())),
              ElementsAre(HasSubstr("device \"pc-1\" has the UUID")));
  EXPECT_THAT(faults("name,mac,collections,image\npc-3,52:54:00:00:00:03,c3,none\n"),
              ElementsAre("2: there is no collection \"c3\"", "2: there is no image \"none\""));
  EXPECT_THAT(faults("name,mac\npc-3,52:54:00:00:00:03\n", "c9"),
              ElementsAre("0: there is no collection \"c9\""));
  EXPECT_THAT(faults("name,mac\n52-54-00-00-00-02,52:54:00:00:00:03\npc-2,52:54:00:00:00:02\n"),
              ElementsAre(HasSubstr("so is line 2")));
}

TEST(ImportFormat, Names) {
  for (const ImportFormat format : {csv, wds, dnsmasq, isc, kea})
    EXPECT_EQ(parse_import_format(print(format)), format);
  EXPECT_EQ(parse_import_format("excel"), std::nullopt);
}

}  // namespace
}  // namespace api
