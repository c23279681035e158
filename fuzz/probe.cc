// SPDX-License-Identifier: GPL-3.0-or-later
// What other boot servers, or somebody in their place, answer to our probes. Properties: only an
// answer of that number counts; what is said of a failure is short and printable.
#include "session/probe_packets.h"

#include <algorithm>

#include "base/result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView bytes(data, size);
  BOOTFERRY_CHECK(!(session::answers_probe(bytes, 1) && session::answers_probe(bytes, 2)));
  const auto answer = session::tftp_answer(bytes);
  if (!answer) return 0;
  if (const auto* refused = std::get_if<session::FileRefused>(&*answer)) {
    BOOTFERRY_CHECK(!refused->why.empty() && refused->why.size() < 200);
    BOOTFERRY_CHECK(std::ranges::all_of(refused->why, [](char c) { return c >= ' ' && c <= '~'; }));
  }
  return 0;
}
