// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/referred_program.h"

#include <algorithm>

#include "base/ascii.h"

namespace policy {
namespace {

constexpr std::string_view ipxe_asks = "iPXE speaks DHCP once it runs, whoever loaded it: seen live";
constexpr std::string_view grub_asks =
    "shim takes GRUB from where it came from, and GRUB reads the server's address in the DHCP server's ACK "
    "alone: seen live";

constexpr ReferredProgram table[] = {
    {"snponly", Referred::asks_again, ipxe_asks},
    {"undionly", Referred::asks_again, ipxe_asks},
    {"ipxe", Referred::asks_again, ipxe_asks},
    {"snp.", Referred::asks_again, ipxe_asks},
    {"shim", Referred::needs_next_server, grub_asks},
    {"grub", Referred::needs_next_server, grub_asks},
    {"bootnetx64", Referred::needs_next_server, grub_asks},
    {"pxelinux", Referred::finds_its_server, "takes siaddr of the cached PXE answer: seen live"},
    {"wdsnbp", Referred::finds_its_server, "the program that Microsoft's guide demands for referrals"},
    {"wdsmgfw", Referred::unsupported, "Microsoft's guide excludes UEFI machines from referrals"},
};

}  // namespace

const ReferredProgram* referred_program(std::string_view path) {
  path.remove_prefix(path.find_last_of("/\\") + 1);  // npos + 1 is 0
  const auto found = std::ranges::find_if(table, [path](const ReferredProgram& each) {
    return base::same_but_for_case(path.substr(0, each.begins.size()), each.begins);
  });
  return found == std::end(table) ? nullptr : found;
}

bool is_ipxe_program(std::string_view path) {
  const ReferredProgram* const known = referred_program(path);
  return known != nullptr && known->how == Referred::asks_again;
}

}  // namespace policy
