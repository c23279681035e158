// SPDX-License-Identifier: GPL-3.0-or-later
// Whole packets, decoded and printed, against the files of tests/golden (see its README.md).
// With BOOTFERRY_GOLDEN_UPDATE=1 in the environment the files get the text of today: look
// at the difference before you keep it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "wire/dhcp4.h"
#include "wire/tftp.h"

namespace {

namespace fs = std::filesystem;

struct Case {
  std::string head;  // comments and hex lines as they stand in the file, "--" included
  base::Bytes octets;
  std::string want;
};

// "00 ff" or "00 ff *3": octets, and how often the line counts.
void append_hex(const std::string& line, base::Bytes& out) {
  std::istringstream words(line);
  base::Bytes row;
  std::size_t times = 1;
  for (std::string word; words >> word;) {
    if (word.starts_with('*')) {
      times = std::stoul(word.substr(1));
    } else {
      row.push_back(static_cast<std::uint8_t>(std::stoul(word, nullptr, 16)));
    }
  }
  for (std::size_t i = 0; i < times; ++i) out.insert(out.end(), row.begin(), row.end());
}

// The packets of one file; its opening comment is a case without octets.
std::vector<Case> read_cases(const fs::path& path) {
  std::vector<Case> cases(1);
  std::ifstream file(path);
  bool in_text = false;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) {
      cases.emplace_back();
      in_text = false;
    } else if (in_text) {
      cases.back().want += line + '\n';
    } else {
      cases.back().head += line + '\n';
      if (line == "--") {
        in_text = true;
      } else if (!line.starts_with('#')) {
        append_hex(line, cases.back().octets);
      }
    }
  }
  return cases;
}

void write_cases(const fs::path& path, const std::vector<Case>& cases) {
  std::ofstream file(path);
  for (std::size_t i = 0; i < cases.size(); ++i)
    file << (i == 0 ? "" : "\n") << cases[i].head << cases[i].want;
}

std::string with_newline(std::string text) {
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

// What decodes must also survive the way back, byte order, splitting and all.
std::string print_dhcp4(const base::Bytes& octets) {
  const auto message = wire::dhcp4::decode(octets);
  if (!message) return "refused: " + std::string(wire::dhcp4::print(message.error()));
  std::array<std::uint8_t, wire::dhcp4::max_datagram> buffer{};
  const auto written = wire::dhcp4::encode(*message, buffer);
  EXPECT_TRUE(written.has_value());
  const auto again = wire::dhcp4::decode(base::ByteView(buffer).first(written.value_or(0)));
  EXPECT_TRUE(again.has_value() && *again == *message);
  return wire::dhcp4::print(*message);
}

std::string print_tftp(const base::Bytes& octets) {
  const auto packet = wire::tftp::decode(octets);
  if (!packet) return "refused: " + std::string(wire::tftp::print(packet.error()));
  base::Bytes buffer(octets.size() + 1);
  const auto written = wire::tftp::encode(*packet, buffer);
  EXPECT_TRUE(written.has_value());
  buffer.resize(written.value_or(0));
  EXPECT_EQ(buffer, octets);
  return wire::tftp::print(*packet);
}

void check_folder(const std::string& name, std::string (*print)(const base::Bytes&)) {
  const fs::path folder = fs::path(BOOTFERRY_TEST_DATA) / "golden" / name;
  const bool update = std::getenv("BOOTFERRY_GOLDEN_UPDATE") != nullptr;
  std::size_t packets = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().filename().string());
    std::vector<Case> cases = read_cases(entry.path());
    for (Case& c : cases) {
      if (c.octets.empty()) continue;
      SCOPED_TRACE(c.head.substr(0, c.head.find('\n')));
      ++packets;
      const std::string got = with_newline(print(c.octets));
      if (update) {
        c.want = got;
      } else {
        EXPECT_EQ(c.want, got);
      }
    }
    if (update) write_cases(entry.path(), cases);
  }
  EXPECT_GT(packets, 0U) << "no golden packets in " << folder;
}

TEST(Golden, Dhcp4) { check_folder("dhcp4", print_dhcp4); }
TEST(Golden, Tftp) { check_folder("tftp", print_tftp); }

// Stations of a real boot whose octets our encoder must hit exactly: same order of options,
// same padding.
TEST(Golden, SeenRepliesEncodeToTheSameOctets) {
  std::size_t checked = 0;
  for (const char* name :
       {"seen-ipxe-rom.txt", "seen-edk2-pxe.txt", "seen-edk2-http.txt", "scapy-configmgr.txt"}) {
    SCOPED_TRACE(name);
    for (const Case& c : read_cases(fs::path(BOOTFERRY_TEST_DATA) / "golden" / "dhcp4" / name)) {
      if (c.octets.empty() || c.octets[0] != 2) continue;  // requests are padded in other ways
      const auto message = wire::dhcp4::decode(c.octets);
      ASSERT_TRUE(message.has_value());
      base::Bytes buffer(wire::dhcp4::max_datagram);
      buffer.resize(wire::dhcp4::encode(*message, buffer).value_or(0));
      EXPECT_EQ(buffer, c.octets) << c.head;
      ++checked;
    }
  }
  EXPECT_GE(checked, 10U);
}

}  // namespace
