// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/drivers.h"

#include <string>

namespace bootimage {
namespace {

constexpr auto network = DriverKind::network, storage = DriverKind::storage, support = DriverKind::support;

constexpr Driver table[] = {
    // Of machines, by maker.
    {"e1000", network, "Intel PRO/1000; VMware, VirtualBox and QEMU play it"},
    {"e1000e", network, "Intel gigabit on boards since 2006; VMware plays it"},
    {"igb", network, "Intel I210, I350: servers"},
    {"igc", network, "Intel I225, I226: boards with 2.5 gigabit"},
    {"ixgbe", network, "Intel 82599, X540, X550: 10 gigabit"},
    {"i40e", network, "Intel X710, XL710, X722"},
    {"ice", network, "Intel E810"},
    {"ixgbevf", network, "a virtual function of ixgbe's cards"},
    {"iavf", network, "a virtual function of i40e's and ice's cards"},
    {"r8169", network, "Realtek RTL8111, RTL8125: most desktops and laptops"},
    {"realtek", network, "the PHYs of r8169's cards, loaded by their number"},
    {"8139cp", network, "Realtek RTL8139C+; QEMU plays it"},
    {"8139too", network, "Realtek RTL8139"},
    {"tg3", network, "Broadcom BCM57xx: servers and laptops of many makers"},
    {"bnx2", network, "Broadcom NetXtreme II, gigabit; needs firmware"},
    {"bnx2x", network, "Broadcom NetXtreme II, 10 gigabit; needs firmware"},
    {"bnxt_en", network, "Broadcom NetXtreme-C and -E: 10 to 200 gigabit"},
    {"mlx4_en", network, "Mellanox ConnectX-2 and -3"},
    {"mlx5_core", network, "Mellanox ConnectX-4 and later"},
    {"be2net", network, "Emulex OneConnect: blade servers"},
    {"cxgb4", network, "Chelsio T4 to T6"},
    {"atlantic", network, "Aquantia AQC107, AQC113: boards and adapters"},
    {"alx", network, "Qualcomm Atheros AR816x, Killer E2200"},
    {"atl1c", network, "Atheros AR813x, AR815x: laptops"},
    {"sky2", network, "Marvell Yukon 2"},
    {"forcedeth", network, "NVIDIA nForce boards"},
    {"pcnet32", network, "AMD PCnet; old virtual machines"},
    // Of virtual machines and clouds.
    {"virtio_net", network, "KVM: QEMU, Proxmox, OpenStack"},
    {"vmxnet3", network, "VMware"},
    {"hv_netvsc", network, "Hyper-V, Azure"},
    {"ena", network, "Amazon EC2"},
    {"gve", network, "Google Compute Engine"},
    {"xen_netfront", network, "Xen"},
    // Of laptops without a socket.
    {"r8152", network, "Realtek USB adapters and docks"},
    {"ax88179_178a", network, "ASIX USB 3 adapters"},
    {"asix", network, "ASIX USB 2 adapters"},
    {"cdc_ether", network, "USB adapters of the standard's older kind"},
    {"cdc_ncm", network, "USB adapters of the standard's newer kind; docks"},
    {"smsc95xx", network, "SMSC USB adapters and docks"},
    {"aqc111", network, "Aquantia USB adapters, 2.5 and 5 gigabit"},

    {"nvme", storage, "NVMe"},
    {"vmd", storage, "NVMe behind Intel's Volume Management Device"},
    {"ahci", storage, "SATA"},
    {"ata_piix", storage, "old SATA and IDE; QEMU's «pc» plays it"},
    {"ata_generic", storage, "IDE without a driver of its own"},
    {"sd_mod", storage, "disks behind SCSI, SATA, SAS, USB"},
    {"mmc_block", storage, "eMMC and SD cards"},
    {"sdhci_pci", storage, "eMMC in tablets and small computers, by PCI"},
    {"sdhci_acpi", storage, "the same, by ACPI"},
    {"megaraid_sas", storage, "Broadcom MegaRAID, Dell PERC"},
    {"mpt3sas", storage, "Broadcom SAS HBAs, Dell HBA"},
    {"mptspi", storage, "LSI SCSI; VMware plays it"},
    {"mptsas", storage, "LSI SAS; VMware plays it"},
    {"smartpqi", storage, "HPE Smart Array since generation 10, Adaptec"},
    {"hpsa", storage, "HPE Smart Array until generation 9"},
    {"aacraid", storage, "Adaptec RAID"},
    {"isci", storage, "Intel C600 boards' SAS"},
    {"usb_storage", storage, "USB disks"},
    {"uas", storage, "faster USB disks"},
    {"virtio_blk", storage, "KVM"},
    {"virtio_scsi", storage, "KVM; Google Compute Engine"},
    {"vmw_pvscsi", storage, "VMware"},
    {"hv_storvsc", storage, "Hyper-V, Azure"},
    {"xen_blkfront", storage, "Xen"},

    {"virtio_pci", support, "the bus of KVM's devices"},
    {"virtio_mmio", support, "the same without PCI"},
    {"hv_vmbus", support, "the bus of Hyper-V's devices"},
    {"xhci_pci", support, "USB 3"},
    {"ehci_pci", support, "USB 2"},
    {"ohci_pci", support, "USB 1"},
    {"uhci_hcd", support, "USB 1 of Intel"},
    {"usbhid", support, "USB keyboards, for the shell"},
    {"hid_generic", support, "the same"},
    {"crc32c_generic", support, "bnx2x and others ask for it while they start"},
    {"crct10dif_generic", support, "disks with protection information ask for it"},
    {"efivarfs", support, "whether Secure Boot is on"},
};

}  // namespace

std::string_view print(DriverKind kind) {
  switch (kind) {
    case DriverKind::network:
      return "network";
    case DriverKind::storage:
      return "storage";
    case DriverKind::support:
      return "support";
  }
  return "";
}

std::span<const Driver> drivers() { return table; }

std::optional<DriverKind> kind_of_module(std::string_view octets) {
  // Names in a symbol table end with a zero, and follow one.
  const auto asks_for = [&](std::string_view function) {
    std::string whole(1, '\0');
    whole.append(function).append(1, '\0');
    return octets.find(whole) != std::string_view::npos;
  };
  for (const char* function : {"register_netdev", "register_netdevice", "usbnet_probe"}) {
    if (asks_for(function)) return network;
  }
  for (const char* function :
       {"scsi_host_alloc", "scsi_add_host_with_dma", "ata_host_activate", "ata_host_alloc",
        "ata_pci_sff_init_one", "__blk_mq_alloc_disk", "blk_mq_alloc_tag_set", "blk_mq_init_queue",
        "nvme_init_ctrl", "mmc_add_host", "sdhci_add_host"}) {
    if (asks_for(function)) return storage;
  }
  return std::nullopt;
}

}  // namespace bootimage
