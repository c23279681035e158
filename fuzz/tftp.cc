// SPDX-License-Identifier: GPL-3.0-or-later
// Any datagram on port 69 or on a transfer's port. Properties: the decoder refuses or
// yields a value; each value it yields goes back to octets, and those decode to it again.
//
// A fuzz target is this one function. Under libFuzzer it runs millions of inputs; in
// every other build replay_main.cc feeds it the files of corpus/<name>/.
#include "wire/tftp.h"

#include <array>

#include "base/result.h"

namespace tftp = wire::tftp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = tftp::decode({data, size});
  if (!packet) {
    BOOTFERRY_CHECK(tftp::print(packet.error()) != "?");
    return 0;
  }
  BOOTFERRY_CHECK(!tftp::print(*packet).empty());

  std::array<std::uint8_t, 65536> buffer{};
  const auto written = tftp::encode(*packet, buffer);
  // An ERROR that lacked its NUL gets one, so only one octet more than came in.
  BOOTFERRY_CHECK(size + 1 > buffer.size() || (written && *written <= size + 1));
  if (!written) return 0;

  const auto again = tftp::decode(base::ByteView(buffer).first(*written));
  BOOTFERRY_CHECK(again && *again == *packet);

  // One octet less must be refused, never overrun.
  BOOTFERRY_CHECK(!tftp::encode(*packet, std::span(buffer).first(*written - 1)));

  // What a session does with the options of a request.
  if (const auto* request = std::get_if<tftp::Request>(&*packet)) {
    for (const tftp::OptionPair& option : request->options) {
      static_cast<void>(tftp::parse_number(option.value));
      BOOTFERRY_CHECK(request->options.find(option.name).has_value());
    }
  }
  return 0;
}
