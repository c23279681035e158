// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/check_referral.h"

#include <algorithm>
#include <vector>

#include "policy/recipe.h"
#include "policy/referred_program.h"

namespace policy {
namespace {

bool is_a_host(base::Ipv4 address) {
  return address.octets[0] != 0 && address.octets[0] != 127 && address.octets[0] < 224;
}

// Who loads a file for that architecture: at least one of them must go where it is sent.
bool somebody_can_load(Arch arch) {
  if (arch == Arch::bios) return can_be_referred(ClientKind::bios_rom) || can_be_referred(ClientKind::ipxe);
  return arch != Arch::other && (can_be_referred(ClientKind::uefi_pxe) || can_be_referred(ClientKind::ipxe));
}

base::Status check_file(const BootServer& server, const BootServer::File& file) {
  if (!somebody_can_load(file.arch)) {
    return base::fail("server \"{}\": no firmware of architecture {} is known to fetch from another server",
                      server.name, print(file.arch));
  }
  const ReferredProgram* const program = referred_program(file.path);
  if (program == nullptr || program->how == Referred::finds_its_server ||
      program->how == Referred::asks_again) {
    return {};
  }
  const bool grub = program->how == Referred::needs_next_server;
  return base::fail("server \"{}\": {} cannot be referred to: {}{}", server.name, file.path,
                    program->evidence,
                    grub ? ". Name an iPXE (x64/snponly.efi), or set next-server on the DHCP server instead"
                         : ". Name another program");
}

base::Status check_server(const BootServer& server, std::span<const base::Ipv4> own) {
  if (!is_a_host(server.address)) {
    return base::fail("server \"{}\": {} is not the address of a server", server.name,
                      server.address.print());
  }
  if (std::ranges::find(own, server.address) != own.end()) {
    return base::fail(
        "server \"{}\": {} is this server itself: what is deployed here boots without a referral",
        server.name, server.address.print());
  }
  if (server.files.empty()) {
    return base::fail("server \"{}\" names no file: say what machines of an architecture load from it",
                      server.name);
  }
  for (const BootServer::File& file : server.files) {
    if (auto good = check_file(server, file); !good) return good;
  }
  return {};
}

// A BIOS machine says bios whatever its processor, and runs images of both widths.
bool serves(const BootServer& server, Arch image) {
  return std::ranges::any_of(server.files, [image](const BootServer::File& file) {
    return file.arch == image || (file.arch == Arch::bios && (image == Arch::x64 || image == Arch::ia32));
  });
}

class Users {
 public:
  Users(const Referral& referral, const Snapshot& snapshot) : referral_(referral), snapshot_(snapshot) {}

  // What is deployed to whom the referral is set for, and no server has anything for.
  base::Status check() const {
    const auto& collections = snapshot_.collections().all();
    for (std::size_t i = 0; i < collections.size(); ++i) {
      if (collections[i].referral != referral_.id) continue;
      if (auto good = check("collection", collections[i].name, snapshot_.to_collection(i)); !good)
        return good;
    }
    // Not a walk over the devices, of which there may be a million: only those with deployments.
    for (const Deployment& deployment : snapshot_.model().deployments) {
      const auto* to = std::get_if<ToDevice>(&deployment.target);
      const Device* const device = to == nullptr ? nullptr : snapshot_.device(to->id);
      if (device == nullptr || device->extras().referral != referral_.id) continue;
      if (auto good = check("device", device->name, {&deployment}); !good) return good;
    }
    return {};
  }

 private:
  base::Status check(std::string_view what, std::string_view name,
                     const std::vector<const Deployment*>& deployments) const {
    for (const Deployment* deployment : deployments) {
      const Image* const image = image_of(*deployment);
      if (image == nullptr) continue;
      const bool served = std::ranges::any_of(referral_.shares, [&](const Referral::Share& share) {
        const BootServer* const server = snapshot_.server(share.server);
        return share.weight > 0 && server != nullptr && serves(*server, image->arch);
      });
      if (served) continue;
      return base::fail(
          "{} \"{}\" is referred, \"{}\" for {} is deployed to it, and no server of the referral has a file "
          "for that architecture",
          what, name, image->name, print(image->arch));
    }
    return {};
  }

  const Image* image_of(const Deployment& deployment) const {
    if (const auto* boot = std::get_if<ToBoot>(&deployment.what)) return snapshot_.image(boot->image);
    const TaskSequence* const sequence =
        snapshot_.task_sequence(std::get<ToRun>(deployment.what).task_sequence);
    return sequence == nullptr ? nullptr : snapshot_.image(sequence->image);
  }

  const Referral& referral_;
  const Snapshot& snapshot_;
};

base::Status check_shares(const Referral& referral, const Snapshot& snapshot,
                          std::span<const base::Ipv4> own) {
  std::vector<const BootServer*> servers;
  for (const Referral::Share& share : referral.shares) {
    const BootServer* const server = snapshot.server(share.server);
    if (share.weight == 0 || server == nullptr) continue;
    if (auto good = check_server(*server, own); !good) return good;
    const auto same = std::ranges::find(servers, server->address, &BootServer::address);
    if (same != servers.end()) {
      return base::fail("servers \"{}\" and \"{}\" are one, at {}: name it once, with the sum of the weights",
                        (*same)->name, server->name, server->address.print());
    }
    servers.push_back(server);
  }
  if (!servers.empty()) return {};
  return base::fail("it leads to no server: give a share a weight above 0");
}

}  // namespace

base::Status check_referral(const Referral& referral, const Snapshot& snapshot,
                            std::span<const base::Ipv4> own) {
  auto good = check_shares(referral, snapshot, own);
  if (good) good = Users(referral, snapshot).check();
  if (good) return {};
  return base::fail("referral \"{}\": {}", referral.name, good.error().what);
}

}  // namespace policy
