// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bootimage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const ModuleTree& tree() {
  static const ModuleTree made(
      "kernel/drivers/net/virtio_net.ko: kernel/net/core/failover.ko kernel/drivers/virtio/virtio-ring.ko\n"
      "kernel/net/core/failover.ko:\n"
      "kernel/drivers/virtio/virtio-ring.ko: kernel/drivers/virtio/virtio.ko\n"
      "kernel/drivers/virtio/virtio.ko:\n"
      "kernel/lib/libcrc32c.ko:\n"
      "kernel/crypto/crc32c_generic.ko:\n"
      "kernel/drivers/net/e1000e.ko:\n",
      "# Aliases extracted from modules themselves.\n"
      "alias virtio:d00000001v* virtio_net\n"
      "alias pci:v00008086d000015B8sv*sd*bc*sc*i* e1000e\n"
      "alias pci:v00008086d000015B8sv*sd*bc02sc00i* e1000e\n"
      "alias pci:v00008086d00000D4Csv*sd*bc*sc*i* e1000e\n"
      "alias pci:v00008086d*sv*sd*bc*sc*i* e1000e\n"
      "alias pci:v*d*sv*sd*bc01sc06i01* e1000e\n"
      "alias pci:v00001AF4d00001000sv*sd*bc*sc*i* other\n"
      "alias crc32c crc32c_generic\n",
      "# Soft dependencies\n"
      "softdep libcrc32c pre: crc32c_generic\n",
      "kernel/net/packet/af_packet.ko\n");
  return made;
}

TEST(ModuleTree, KnowsWhereAModuleIs) {
  EXPECT_EQ(tree().where("virtio_net"), ModuleTree::Where::module);
  EXPECT_EQ(tree().where("af_packet"), ModuleTree::Where::builtin);
  EXPECT_EQ(tree().where("gone"), ModuleTree::Where::nowhere);
  EXPECT_EQ(tree().path_of("virtio_ring"), "kernel/drivers/virtio/virtio-ring.ko");
  EXPECT_EQ(tree().path_of("gone"), "");
}

TEST(ModuleTree, AModuleComesWithAllThatItNeeds) {
  EXPECT_THAT(tree().with_needs({"virtio_net"}),
              ElementsAre("failover", "virtio", "virtio_net", "virtio_ring"));
  EXPECT_THAT(tree().with_needs({"libcrc32c"}), ElementsAre("crc32c_generic", "libcrc32c")) << "softly, too";
  EXPECT_THAT(tree().with_needs({"af_packet", "gone"}), IsEmpty());
}

TEST(ModuleTree, TextsArePrunedToWhatIsThere) {
  const auto chosen = tree().with_needs({"e1000e", "libcrc32c"});
  EXPECT_EQ(tree().dep_text(chosen),
            "kernel/crypto/crc32c_generic.ko:\nkernel/drivers/net/e1000e.ko:\nkernel/lib/libcrc32c.ko:\n");
  EXPECT_EQ(tree().alias_text({"crc32c_generic"}), "alias crc32c crc32c_generic\n");
  const ModuleTree again(tree().dep_text(tree().with_needs({"virtio_net"})),
                         tree().alias_text({"virtio_net"}), "", "");
  EXPECT_EQ(again.with_needs({"virtio_net"}), tree().with_needs({"virtio_net"}));
}

TEST(ModuleTree, CountsPciDevicesThatAreNamed) {
  const auto ids = tree().pci_ids({"e1000e", "virtio_net"});
  EXPECT_THAT(ids, ElementsAre(PciId{0x8086, 0x0d4c}, PciId{0x8086, 0x15b8}));
  EXPECT_EQ(print(*ids.rbegin()), "8086:15b8");
}

TEST(ModuleTree, BrokenTextsAreHarmless) {
  const ModuleTree broken("no colon\n:\na.ko:", "alias\nalias pci:v0000\nalias pci:v0000808Gd000015B8 x\n",
                          "softdep\nsoftdep x pre:\n", "\n\n");
  EXPECT_THAT(broken.pci_ids({"x"}), IsEmpty());
  EXPECT_THAT(broken.with_needs({"a", "x"}), ElementsAre("a"));
}

TEST(ModuleName, IsThatOfTheFile) {
  EXPECT_EQ(module_name("kernel/drivers/net/8139cp.ko"), "8139cp");
  EXPECT_EQ(module_name("virtio-net.ko.xz"), "virtio_net");
  EXPECT_EQ(module_name("/tmp/x"), "x");
}

}  // namespace
}  // namespace bootimage
