// SPDX-License-Identifier: GPL-3.0-or-later
// The TFTP service alone, for tests with real clients: serves the plain files of one
// directory, says "ready PORT" when it listens and then an event a line.
//   tftp_serve DIRECTORY ADDRESS PORT [max-windowsize [allow-fragments]]
#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "net/loop.h"
#include "server/tftp_service.h"

namespace {

void tell(const server::TftpEvent& event) {
  static constexpr std::string_view kinds[] = {"started", "finished", "probe", "failed", "refused"};
  fmt::print("{} {} {} of {} octets, {} blocks resent, blksize {} windowsize {} {}\n",
             kinds[static_cast<std::size_t>(event.kind)], event.request.filename, event.acknowledged,
             event.size, event.resent_blocks, event.terms.blksize, event.terms.windowsize,
             print(event.reason));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const std::filesystem::path root = argv[1];
  server::TftpOptions options;
  options.listen = {base::Ip::parse(argv[2]).value()};
  options.port = static_cast<std::uint16_t>(std::atoi(argv[3]));
  if (argc > 4) options.limits.max_windowsize = static_cast<std::uint16_t>(std::atoi(argv[4]));
  options.limits.allow_fragments = argc > 5;

  auto loop = net::Loop::open();
  if (!loop) return fmt::print(stderr, "{}\n", loop.error().what), 1;
  const auto resolve = [&](const server::TftpRequestFacts& facts) -> server::TftpAnswer {
    const std::filesystem::path name = facts.filename;
    if (name.filename() != name || !std::filesystem::exists(root / name)) return server::TftpMissing{};
    return server::TftpFileOnDisk{root / name};
  };
  server::TftpClients clients;
  auto service = server::TftpService::open(**loop, options, clients, {resolve, tell});
  if (!service) return fmt::print(stderr, "{}\n", service.error().what), 1;
  fmt::print("ready {}\n", (*service)->port());
  std::fflush(stdout);
  (*loop)->run();
}
