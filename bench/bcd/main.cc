// SPDX-License-Identifier: GPL-3.0-or-later
// How long it takes to write 1,000 stores, one per client: built by name, run by hand.
#include <fmt/core.h>

#include <chrono>

#include "format/bcd.h"

int main() {
  constexpr int stores = 1000;
  std::size_t octets = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < stores; ++i) {
    format::BcdStore store;
    for (int image = 0; image < 4; ++image) {
      store.images.push_back({fmt::format("Image {}", image),
                              fmt::format(R"(\SMSImages\ABC{:05}\boot.ABC{:05}.wim)", i, image),
                              R"(\SMSBoot\boot.sdi)"});
    }
    const auto bytes = format::write_bcd(store);
    if (!bytes) {
      fmt::print(stderr, "{}\n", bytes.error().what);
      return 1;
    }
    octets += bytes->size();
  }
  const auto took = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start);
  fmt::print("{} stores of 4 images, {} octets each: {:.0f} ms\n", stores, octets / stores, took.count());
}
