// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace server {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

const std::string root = std::string(BOOTFERRY_TEST_DATA) + "/..";

TEST(Config, NoFileIsNeeded) { EXPECT_EQ(parse_config("", "x").value(), Config{}); }

// The library's recursion would use up the stack.
TEST(Config, ManyNestedTablesAreRefused) {
  std::string keys;
  for (int i = 0; i < 30'000; ++i) keys += "a.";
  EXPECT_EQ(parse_config(keys + "a = 1\n", "x").error().what,
            "x: longer than 16384 octets: not a configuration");
  EXPECT_FALSE(parse_config(keys.substr(0, 16'000) + "a = 1\n", "x"));
  EXPECT_FALSE(parse_config("[" + keys.substr(0, 16'000) + "a]\n", "x"));
  EXPECT_FALSE(read_config("/dev/zero"));
}

TEST(Config, EveryKeyIsRead) {
  const auto config = parse_config(R"(
[server]
interfaces = ["eth0", "eth1"]
state = "/s"
socket = "/c"
user = ""
log_level = "debug"
log_format = "journal"
[services]
proxydhcp = false
boot_service = false
tftp = true
http = false
[dhcp]
shared_port = true
[tftp]
port = 6969
threads = 3
single_port = true
allow_fragments = true
max_windowsize = 4
max_transfers = 10
max_transfers_per_client = 2
port_range = [50000, 50100]
[http]
port = 8080
threads = 1
max_connections = 100
max_connections_per_client = 10
images_port = 8081
tls_port = 8443
tls_certificate = "/t/site.pem"
tls_key = "/t/site.key"
[limits]
interfaces = { eth0 = 100 }
networks = { "10.1.0.0/16" = 12.5, "2001:db8::/32" = 25 }
[boot]
unknown_uefi = "shim"
bios_ipxe = "pxelinux"
prompt_seconds = 30
[windows]
tftp_block_size = 1456
tftp_window_size = 8
locale = "de-DE"
[boot_service]
wds_approved = "with-option"
[admission]
at_once = 100
networks = { "10.1.0.0/16" = 64, "2001:db8::/32" = 0 }
[api]
administrators = ["anna", "@wheel"]
helpdesk = ["@desk"]
viewers = []
tls_port = 9443
tokens = "/t/tokens"
[runs]
silent_minutes = 60
offers_again = 1
installs = 50
installs_minutes = 20
failures_in_row = 3
loop_boots = 4
loop_minutes = 10
loop_to_disk = true
[referrals]
probe_seconds = 5
)",
                                   "x");
  ASSERT_TRUE(config) << config.error().what;
  Config want;
  want.interfaces = {"eth0", "eth1"};
  want.state = "/s";
  want.socket = "/c";
  want.user = "";
  want.log_level = base::LogLevel::debug;
  want.log_format = base::LogFormat::journal;
  want.proxydhcp = want.boot_service = want.http = false;
  want.shared_port = want.allow_fragments = true;
  want.tftp_port = 6969;
  want.tftp_threads = 3;
  want.single_port = true;
  want.max_windowsize = 4;
  want.max_transfers = 10;
  want.max_transfers_per_client = 2;
  want.tftp_port_range = {50000, 50100};
  want.http_port = 8080;
  want.http_threads = 1;
  want.http_max_connections = 100;
  want.http_max_connections_per_client = 10;
  want.images_port = 8081;
  want.tls_port = 8443;
  want.tls_certificate = "/t/site.pem";
  want.tls_key = "/t/site.key";
  want.interface_limits = {{"eth0", 100'000'000}};
  want.network_limits = {{{{{10, 1, 0, 0}}, 16}, 12'500'000},
                         {{base::Ip::parse("2001:db8::").value(), 32}, 25'000'000}};
  want.unknown_uefi = policy::UnknownUefi::shim;
  want.bios_ipxe = policy::BiosIpxe::pxelinux;
  want.prompt_seconds = 30;
  want.windows = {1456, 8, "de-DE"};
  want.wds_approved = session::WdsApproved::with_option;
  want.at_once = 100;
  want.at_once_by_network = {{{{{10, 1, 0, 0}}, 16}, 64}, {base::IpNet::parse("2001:db8::/32").value(), 0}};
  want.api_people = {{"anna", "@wheel"}, {"@desk"}, {}};
  want.api_tls_port = 9443;
  want.api_tokens = "/t/tokens";
  want.silent_minutes = 60;
  want.offers_again = 1;
  want.installs = 50;
  want.installs_minutes = 20;
  want.failures_in_row = 3;
  want.loop_boots = 4;
  want.loop_minutes = 10;
  want.loop_to_disk = true;
  want.probe_seconds = 5;
  EXPECT_EQ(*config, want);
  EXPECT_EQ(config->runs(), (site::RunsTerms{{3600, 1}, {50, 1200, 3}, {4, std::chrono::minutes(10), true}}));
  EXPECT_EQ(Config().runs(), site::RunsTerms()) << "two places say the same";
  EXPECT_EQ(config->settings().http_port, 8080);
  EXPECT_EQ(config->settings().images_port, 8081);
  EXPECT_EQ(config->settings().prompt_seconds, 30);
  EXPECT_EQ(config->settings().windows, want.windows);
  EXPECT_FALSE(config->settings().http);
}

TEST(Config, SaysWhatIsWrongAndWhere) {
  struct Case {
    const char* name;
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"slip in a key", "[tftp]\n\nmax_windowsiz = 4\n",
       "b.toml:3: tftp.max_windowsiz: unknown key (did you mean \"tftp.max_windowsize\"?)"},
      {"a key nobody can guess", "[http]\nblksizes = 1\n",
       "b.toml:2: http.blksizes: unknown key ([http] knows port, threads, max_connections, "
       "max_connections_per_client, images_port, tls_port, tls_certificate, "
       "tls_key)"},
      {"a key of another section", "[http]\nsingle_port = true\n",
       "b.toml:2: http.single_port: unknown key (did you mean \"tftp.single_port\"?)"},
      {"slip in a section", "[tfpt]\nport = 1\n", "b.toml:1: tfpt: unknown section (did you mean [tftp]?)"},
      {"a key without its section", "interfaces = []\n",
       "b.toml:1: interfaces: unknown key (did you mean \"interfaces\" in section [server]?)"},
      {"a section used as a key", "http = true\n",
       "b.toml:1: http: is a section: write [http] and its keys below it"},
      {"text for a number", "[http]\nport = \"80\"\n",
       "b.toml:2: http.port: must be a whole number from 1 to 65535"},
      {"a fraction", "[http]\nport = 80.5\n", "b.toml:2: http.port: must be a whole number from 1 to 65535"},
      {"too large", "[http]\nport = 65536\n", "b.toml:2: http.port: must be a whole number from 1 to 65535"},
      {"number for a switch", "[services]\ntftp = 1\n", "b.toml:2: services.tftp: must be true or false"},
      {"unknown choice", "[boot]\nunknown_uefi = \"grub\"\n",
       "b.toml:2: boot.unknown_uefi: must be one of \"ipxe\", \"shim\""},
      {"relative path", "[server]\nstate = \"here\"\n", "b.toml:2: server.state: must be an absolute path"},
      {"one interface instead of a list", "[server]\ninterfaces = \"eth0\"\n",
       "b.toml:2: server.interfaces: must be a list of interface names: [\"eth0\", \"eth1\"]"},
      {"range upside down", "[tftp]\nport_range = [2000, 1999]\n",
       "b.toml:2: tftp.port_range: must be [lowest, highest], both from 1024 to 65535, or [0, 0] for any "
       "port"},
      {"privileged transfer ports", "[tftp]\nport_range = [69, 80]\n",
       "b.toml:2: tftp.port_range: must be [lowest, highest], both from 1024 to 65535, or [0, 0] for any "
       "port"},
      {"a prefix too long for its family", "[limits]\nnetworks = { \"10.1.0.0/64\" = 1 }\n",
       "b.toml:2: limits.networks: must give MB/s by network: { \"10.1.0.0/16\" = 100, "
       "\"2001:db8:7::/64\" = 12.5 }"},
      {"HTTPS without a certificate", "[http]\ntls_port = 443\n",
       "b.toml: http.tls_port: HTTPS needs http.tls_certificate and http.tls_key: name both files"},
      {"both on one port", "[http]\ntls_port = 80\ntls_certificate = \"/c\"\ntls_key = \"/k\"\n",
       "b.toml: http.tls_port: 80 is http.port: choose another port, or 443"},
      {"a group without a name", "[api]\nviewers = [\"@\"]\n",
       "b.toml:2: api.viewers: must be a list of users and groups: [\"anna\", \"@helpdesk\"]"},
      {"tokens are needed", "[http]\ntls_certificate = \"/c\"\ntls_key = \"/k\"\n[api]\ntls_port = 8443\n",
       "b.toml: api.tls_port: needs http.tls_certificate, http.tls_key and api.tokens: name all three files"},
      {"the boot files' port",
       "[http]\ntls_certificate = \"/c\"\ntls_key = \"/k\"\n[api]\ntls_port = 80\ntokens = \"/t\"\n",
       "b.toml: api.tls_port: 80 belongs to boot files: choose another port, or 8443"},
      {"nothing to serve", "[services]\nproxydhcp=false\nboot_service=false\ntftp=false\nhttp=false\n",
       "b.toml: services: all four are switched off: switch on what this server is for"},
      {"one port twice", "[tftp]\nport = 4011\n",
       "b.toml: tftp.port: 4011 belongs to another service: choose another port, or 69"},
  };
  for (const Case& c : cases) {
    const auto config = parse_config(c.text, "b.toml");
    ASSERT_FALSE(config) << c.name;
    EXPECT_EQ(config.error().what, c.want) << c.name;
  }
}

TEST(Config, SyntaxErrorsNameTheLineAndStayOnOne) {
  for (const char* text :
       {"[http]\nport = \n", "[http]\nport = 80\nport = 81\n", "[http\n", "a = \"\x01\"", "\xff\xfe"}) {
    const auto config = parse_config(text, "b.toml");
    ASSERT_FALSE(config) << text;
    EXPECT_TRUE(config.error().what.starts_with("b.toml:")) << config.error().what;
    EXPECT_NE(config.error().what.find("not valid TOML"), std::string::npos) << config.error().what;
    EXPECT_EQ(config.error().what.find('\n'), std::string::npos);
  }
}

TEST(Config, FilesThatCannotBeReadAreNamed) {
  EXPECT_EQ(read_config("/nowhere/b.toml").error().what,
            "read configuration /nowhere/b.toml: No such file or directory");
  EXPECT_FALSE(read_config("/proc"));
}

// The example file: as shipped it changes nothing; uncommented it holds every default.
TEST(Config, ExampleFileHoldsEveryKeyWithItsDefault) {
  std::string uncommented;
  std::istringstream lines(text_of(root + "/packaging/bootferry.toml"));
  for (std::string line; std::getline(lines, line);) {
    // "# " starts prose, "#key" a setting that is commented out.
    if (line.size() > 1 && line[0] == '#' && line[1] != ' ') line.erase(0, 1);
    uncommented += line + "\n";
  }
  const auto shipped = read_config(root + "/packaging/bootferry.toml");
  ASSERT_TRUE(shipped) << shipped.error().what;
  EXPECT_EQ(*shipped, Config{});
  const auto defaults = parse_config(uncommented, "uncommented");
  ASSERT_TRUE(defaults) << defaults.error().what;
  EXPECT_EQ(*defaults, Config{});
  for (const std::string_view key : config_keys()) {
    const std::string name(key.substr(key.find('.') + 1));
    EXPECT_NE(uncommented.find("\n" + name + " = "), std::string::npos) << key;
  }
}

TEST(Config, EveryKeyHasItsParagraph) {
  const std::string page = text_of(root + "/docs/configuration.md");
  for (const std::string_view key : config_keys()) {
    EXPECT_NE(page.find("`" + std::string(key) + "`"), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace server
