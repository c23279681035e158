// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/record_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../policy/sites.h"
#include "api/record_reader.h"
#include "api/time_text.h"
#include "site_texts.h"

namespace api {
namespace {

using store::Kind;
using testing::ElementsAre;
using testing::HasSubstr;

// A site with one record of each kind, for the names that tests use.
policy::Snapshot small_site() {
  policy::SiteModel model;
  model.images = {policy::image(1), policy::image(2, policy::Arch::arm64)};
  model.images[0].name = "debian";
  model.collections = {policy::collection(1), policy::collection(2)};
  model.collections[0].name = "lab";
  model.programs = {{1, "Grub", policy::Arch::x64, {}, false, "programs/x64/1/grub.efi"}};
  model.servers = {{1, "two", policy::ipv4("10.0.0.2"), {}}};
  model.referrals = {{1, "away", {{1, 1}}}};
  model.task_sequences = {{1, "install", 1, {}}};
  model.deployments = {policy::deployment(1, policy::ToAll{})};
  policy::Device pc = policy::device(1, {policy::mac_1}, policy::numbered_uuid(1));
  pc.name = "pc-1";
  return policy::site(model, {pc});
}

TEST(RecordJson, WhatWasReadCanBeWrittenBack) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const auto model = random_site(seed, 120);
    const auto site = snapshot_of(model.everything()).value();
    const Names names(site);
    std::size_t records = 0;
    for (std::size_t k = 0; k < 9; ++k) {
      const auto kind = static_cast<Kind>(k);
      if (kind == Kind::image) continue;
      for (const auto& [id, row] : model.table(kind)) {
        const Json json = to_json(row.record, names);
        // Whole: nothing that a record holds is missing in its JSON.
        auto whole = read_record(kind, json, names, "", Restoring::yes);
        ASSERT_TRUE(whole) << print_json(json) << "\n" << whole.error().field << ": " << whole.error().what;
        store::set_id(*whole, id);
        EXPECT_EQ(*whole, row.record) << print_json(json);
        // As a client's: what it cannot set is what it was.
        auto written = from_json(kind, read_json(print_json(json)).value(), names);
        ASSERT_TRUE(written) << print_json(json);
        keep_what_clients_cannot_set(*written, &row.record, 7);
        EXPECT_EQ(*written, row.record) << print_json(json);
        EXPECT_EQ(record_of(site, kind, id), row.record);
        ++records;
      }
    }
    EXPECT_GT(records, 20U);
    const auto settings = settings_from_json(to_json(settings_of(site)));
    ASSERT_TRUE(settings) << settings.error().what;
    EXPECT_EQ(*settings, settings_of(site));
  }
}

TEST(RecordJson, OfANewOne) {
  const auto site = small_site();
  const Names names(site);
  auto record = from_json(Kind::deployment, Json::parse(R"({"name": "d", "image": "Debian", "to": "all",
                                          "created": "2000-01-01T00:00:00Z"})"),
                          names);
  ASSERT_TRUE(record) << record.error().what;
  keep_what_clients_cannot_set(*record, nullptr, 1000);
  const auto& deployment = std::get<policy::Deployment>(*record);
  EXPECT_EQ(deployment.created, 1000) << "a client does not say when";
  EXPECT_EQ(deployment.what, policy::Deployed(policy::ToBoot{1})) << "names know no case";
  EXPECT_TRUE(deployment.enabled);
}

TEST(RecordJson, FieldsAsTheApiHasThem) {
  const auto site = small_site();
  const Names names(site);
  policy::Device pc = *site.device(1);
  pc.collections = {1};
  pc.state = policy::DeviceState::pending;
  pc.request = 7;
  policy::DeviceExtras more;
  more.variables = {{"K", "V"}};
  more.runs = {{1, policy::RunEnd::held}};
  EXPECT_EQ(to_json(store::Record(policy::with_extras(pc, more)), names), Json::parse(R"({
    "id": 1, "name": "pc-1", "macs": ["52:54:00:00:00:01"], "uuid": "00000032-0000-0000-0000-000000000001",
    "state": "pending", "request": 7, "collections": ["lab"], "variables": {"K": "V"}, "program": "",
    "image": "", "referral": "", "runs": [{"deployment": "d1", "end": "held"}]})"));
  policy::Network network = policy::network(4, "10.1.0.0/16");
  network.maintenance = {{5 * 1440 + 22 * 60, 8 * 60}};
  network.delay_seconds = 3;
  EXPECT_EQ(to_json(store::Record(network), names), Json::parse(R"({"id": 4, "name": "n4",
    "subnet": "10.1.0.0/16", "delay_seconds": 3, "maintenance": ["Sat 22:00-Sun 06:00"], "referral": ""})"));
}

TEST(RecordJson, ProgramsAreKeptAsTheyAreSpelled) {
  const auto site = small_site();
  const auto record = from_json(
      Kind::device, Json::parse(R"({"name": "a", "macs": ["52:54:00:00:00:09"], "program": "gRUB"})"),
      Names(site));
  ASSERT_TRUE(record);
  EXPECT_EQ(std::get<policy::Device>(*record).extras().program, "Grub");
}

struct Bad {
  const char* name;
  Kind kind;
  const char* json;
  const char* field;
  const char* what;
};
class BadRecord : public testing::TestWithParam<Bad> {};
TEST_P(BadRecord, IsRefusedWithItsField) {
  const auto site = small_site();
  const Names names(site);
  const auto json = read_json(GetParam().json);
  ASSERT_TRUE(json) << json.error().what;
  const auto record = from_json(GetParam().kind, *json, names);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().field, GetParam().field) << record.error().what;
  EXPECT_THAT(record.error().what, HasSubstr(GetParam().what));
}
INSTANTIATE_TEST_SUITE_P(
    Table, BadRecord,
    testing::Values(
        Bad{"no_object", Kind::device, "[]", "", "object"},
        Bad{"no_name", Kind::device, R"({"macs": ["52:54:00:00:00:01"]})", "/name", "needed"},
        Bad{"name_no_text", Kind::device, R"({"name": 5})", "/name", "text"},
        Bad{"name_of_two_lines", Kind::server, R"({"name": "a\nb", "address": "10.0.0.1"})", "/name",
            "one line"},
        Bad{"unknown_field", Kind::collection, R"({"name": "c", "nmae/~": 1})", "/nmae~1~0", "no such field"},
        Bad{"bad_mac", Kind::device, R"({"name": "a", "macs": ["52:54:00:00:00:01", "52:54"]})", "/macs/1",
            "\"52:54\""},
        Bad{"group_mac", Kind::device, R"({"name": "a", "macs": ["ff:ff:ff:ff:ff:ff"]})", "/macs/0",
            "machine"},
        Bad{"bad_uuid", Kind::device, R"({"name": "a", "uuid": "x"})", "/uuid", "UUID"},
        Bad{"blank_uuid", Kind::device, R"({"name": "a", "uuid": "00000000-0000-0000-0000-000000000000"})",
            "/uuid", "names no machine"},
        Bad{"neither_mac_nor_uuid", Kind::device, R"({"name": "a"})", "", "neither"},
        Bad{"unknown_state", Kind::device, R"({"name": "a", "state": "new"})", "/state", "approved"},
        Bad{"unknown_collection", Kind::device,
            R"({"name": "a", "macs": ["52:54:00:00:00:01"], "collections": ["lab", "lob"]})",
            "/collections/1", "there is no collection \"lob\""},
        Bad{"variable_no_text", Kind::device, R"({"name": "a", "variables": {"K": 5}})", "/variables/K",
            "text"},
        Bad{"rule_with_position", Kind::collection, R"({"name": "c", "rule": "arch = x64"})", "/rule",
            "at character 6"},
        Bad{"deployment_of_both", Kind::deployment,
            R"({"name": "d", "image": "debian", "task_sequence": "install", "to": "all"})", "/image",
            "one of them"},
        Bad{"deployment_of_nothing", Kind::deployment, R"({"name": "d", "to": "all"})", "/image",
            "one of them"},
        Bad{"deployment_to_nobody", Kind::deployment, R"({"name": "d", "image": "debian"})", "/to",
            "\"all\""},
        Bad{"deployment_to_two", Kind::deployment,
            R"({"name": "d", "image": "debian", "to": {"device": "pc-1", "collection": "lab"}})", "/to",
            "\"all\""},
        Bad{"deployment_to_unknown_device", Kind::deployment,
            R"({"name": "d", "image": "debian", "to": {"device": "pc-2"}})", "/to/device", "\"pc-2\""},
        Bad{"order_out_of_range", Kind::deployment,
            R"({"name": "d", "image": "debian", "to": "all", "order": 4294967296})", "/order",
            "whole number"},
        Bad{"order_beyond_all_range", Kind::deployment,
            R"({"name": "d", "image": "debian", "to": "all", "order": 18446744073709551615})", "/order",
            "whole"},
        Bad{"order_fraction", Kind::deployment,
            R"({"name": "d", "image": "debian", "to": "all", "order": 1.5})", "/order", "whole number"},
        Bad{"time_not_there", Kind::deployment,
            R"({"name": "d", "image": "debian", "to": "all", "from": "2026-02-30T00:00:00Z"})", "/from",
            "time"},
        Bad{"ends_before", Kind::deployment,
            R"({"name": "d", "image": "debian", "to": "all", "from": "2026-02-02T00:00:00Z",
                "until": "2026-02-01T00:00:00Z"})",
            "/until", "before it begins"},
        Bad{"delay_negative", Kind::network, R"({"name": "n", "subnet": "10.0.0.0/8", "delay_seconds": -1})",
            "/delay_seconds", "from 0 to 65535"},
        Bad{"windows_overlap", Kind::network,
            R"({"name": "n", "subnet": "10.0.0.0/8", "maintenance": ["Sat 22:00-Sun 06:00", "Sun 05:00-06:00"]})",
            "/maintenance/1", "overlaps Sat 22:00-Sun 06:00"},
        Bad{"window_unreadable", Kind::network,
            R"({"name": "n", "subnet": "10.0.0.0/8", "maintenance": ["weekend"]})", "/maintenance/0",
            "window"},
        Bad{"no_subnet", Kind::network, R"({"name": "n"})", "/subnet", "subnet"},
        Bad{"bad_prefix", Kind::network, R"({"name": "n", "subnet": "10.0.0.0/33"})", "/subnet", "subnet"},
        Bad{"file_of_unknown_arch", Kind::server,
            R"({"name": "s", "address": "10.0.0.1", "files": {"z80": "x"}})", "/files/z80", "one of"},
        Bad{"share_without_server", Kind::referral, R"({"name": "r", "shares": [{"weight": 1}]})",
            "/shares/0/server", "server"},
        Bad{"share_with_more", Kind::referral, R"({"name": "r", "shares": [{"server": "two", "wieght": 1}]})",
            "/shares/0/wieght", "no such field"},
        Bad{"weight_too_large", Kind::referral,
            R"({"name": "r", "shares": [{"server": "two", "weight": 65536}]})", "/shares/0/weight",
            "whole number"},
        Bad{"sequence_without_image", Kind::task_sequence, R"({"name": "t"})", "/image", "boot image"},
        Bad{"role_unknown", Kind::program,
            R"({"name": "p", "arch": "x64", "path": "x", "roles": ["boot", "eat"]})", "/roles/1", "\"eat\""},
        Bad{"images_come_with_files", Kind::image, R"({"name": "i"})", "", "bootferry image add"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(RecordJson, TooLong) {
  const auto site = small_site();
  const Names names(site);
  const auto fault = [&](const Json& json) { return from_json(Kind::device, json, names).error(); };
  EXPECT_EQ(fault({{"name", std::string(256, 'x')}}).field, "/name");
  Json macs = Json::array();
  for (std::size_t i = 0; i <= store::max_list; ++i) macs.push_back("52:54:00:00:00:01");
  EXPECT_EQ(fault({{"name", "a"}, {"macs", macs}}).field, "/macs");
  EXPECT_EQ(fault({{"name", "a"}, {"variables", {{"K", std::string(store::max_text + 1, 'x')}}}}).field,
            "/variables/K");
}

TEST(SettingsJson, FaultsNameTheirFields) {
  EXPECT_EQ(settings_from_json(Json::parse(R"({"pending": {"polls": 70000}})")).error().field,
            "/pending/polls");
  EXPECT_EQ(settings_from_json(Json::parse(R"({"ignored_macs": ["52:54:00", "x"]})")).error().field,
            "/ignored_macs/1");
  EXPECT_EQ(settings_from_json(Json::parse(R"({"anwser": "all"})")).error().field, "/anwser");
  EXPECT_TRUE(settings_from_json(Json::parse(R"({"revision": 3})")));
}

TEST(ReadJson, SaysWhere) {
  EXPECT_THAT(read_json("{\"a\": 1,\n  b}").error().what, HasSubstr("line 2, column 3"));
  EXPECT_THAT(read_json("").error().what, HasSubstr("line 1, column 1"));
  EXPECT_THAT(read_json("{} {}").error().what, HasSubstr("column 4"));
  EXPECT_THAT(read_json("\"\xff\"").error().what, HasSubstr("UTF-8"));
  EXPECT_THAT(read_json("1e999").error().what, HasSubstr("no JSON"));
  EXPECT_THAT(read_json(std::string(1'000'000, '[')).error().what, HasSubstr("deeper than 16"));
  EXPECT_TRUE(read_json("\"[[[[[[[[[[[[[[[[[[[[[\\\"[\""));
}

TEST(TimeText, BackAndForth) {
  for (const std::int64_t at : {std::int64_t{0}, std::int64_t{1'795'298'400}, std::int64_t{951'782'400},
                                std::int64_t{-1}, std::int64_t{253'402'300'799}})
    EXPECT_EQ(parse_time(print_time(at)), at) << print_time(at);
  EXPECT_EQ(print_time(1'795'298'400), "2026-11-21T22:00:00Z");
  EXPECT_EQ(parse_time("2026-11-21T23:00:00.25+01:00"), 1'795'298'400);
  EXPECT_EQ(parse_time("2026-11-21 22:00:00z"), 1'795'298'400);
  for (const char* bad :
       {"", "2026-11-21", "2026-11-21T22:00:00", "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z",
        "2026-11-21T22:00:00Zx", "2026-11-21T22:00:00.Z", "yesterday"})
    EXPECT_FALSE(parse_time(bad)) << bad;
}

TEST(WindowText, BackAndForth) {
  for (int from = 0; from < policy::minutes_of_week; from += 37) {
    for (const int length : {1, 60, 1440, 9999, 10080}) {
      const policy::WeekWindow window{static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(length)};
      ASSERT_EQ(parse_window(print_window(window)), window) << print_window(window);
    }
  }
  EXPECT_EQ(parse_window("mon 20:00 - 23:00"), (policy::WeekWindow{1200, 180}));
  EXPECT_EQ(parse_window("Sun 22:00-02:00"), (policy::WeekWindow{6 * 1440 + 1320, 240}));
  EXPECT_EQ(parse_window("Mon 00:00-24:00"), (policy::WeekWindow{0, 1440}));
  for (const char* bad :
       {"", "Mon", "Mon 25:00-26:00", "Mon 10:60-11:00", "Mon 24:30-Tue 01:00", "10:00-11:00"})
    EXPECT_FALSE(parse_window(bad)) << bad;
}

TEST(Names, AreFoundWithoutCaseAndDevicesByAddress) {
  const auto site = small_site();
  Names names(site);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(names.find(Kind::device, "PC-1"), 1) << "searched, then indexed";
  EXPECT_EQ(names.find(Kind::device, "52-54-00-00-00-01"), 1);
  EXPECT_EQ(names.find(Kind::device, "00000032-0000-0000-0000-000000000001"), 1);
  EXPECT_EQ(names.find_named(Kind::device, "52-54-00-00-00-01"), std::nullopt);
  EXPECT_EQ(names.name(Kind::collection, 1), "lab");
  EXPECT_EQ(names.name(Kind::collection, 9), "");
  names.promise(Kind::collection, "New", -3);
  EXPECT_EQ(names.find(Kind::collection, "new"), -3);
  EXPECT_EQ(names.name(Kind::collection, -3), "New");
  names.forget_others(Kind::collection);
  EXPECT_EQ(names.find(Kind::collection, "lab"), std::nullopt);
}

}  // namespace
}  // namespace api
