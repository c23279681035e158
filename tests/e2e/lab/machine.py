# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual PC with real firmware: power on, read its serial console, look at its screen."""

import json
import pathlib
import re
import shutil
import socket
import time

from .process import LabError, wait_until

OVMF = pathlib.Path("/usr/share/OVMF")
UUID = "00112233-4455-6677-8899-aabbccddeeff"
MAC = "52:54:00:12:34:56"

# firmware: (code, variable store)
FIRMWARE = {
    "bios": None,
    "uefi": ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
    "uefi-ipv6": ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
    "uefi-http": ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
    "uefi-secure": ("OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.ms.fd"),
}
# What is switched off in the others. With PXE off, HTTP Boot is the first thing it tries.
OFF = {"uefi-ipv6": ["IPv4PXESupport"], "uefi-http": ["IPv4PXESupport", "IPv6PXESupport"]}
# Firmware that has tried everything says so; waiting on would only cost time.
GAVE_UP = re.compile(r"No bootable device|Shell> ")
TERMINAL_CONTROL = re.compile(r"\x1b(?:\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9]|[=>c])|\x00|\x0e|\x0f")


class Machine:
    def __init__(self, segment, firmware="bios", nic="virtio-net-pci", mac=MAC, uuid=UUID,
                 memory=512, name="machine", disk_files=None):
        """disk_files: a directory that the disk holds as its only file system (FAT, read-only);
        without it the disk is empty."""
        lab = segment.lab
        self.firmware, self.mac, self.uuid = firmware, mac, uuid
        self.serial_log = lab.directory / f"{name}.serial"
        self._monitor_path = lab.scratch / f"{name}.qmp"
        self._monitor = None
        if disk_files:
            drive = f"file=fat:{disk_files},readonly=on"
        else:
            disk = lab.scratch / f"{name}.disk"
            with open(disk, "wb") as image:
                image.truncate(64 << 20)  # empty: nothing on it may boot
            drive = f"file={disk}"

        # TCG always: a KVM nested in another hypervisor runs no firmware, and
        # one kind of machine everywhere makes runs comparable.
        command = ["qemu-system-x86_64", "-accel", "tcg", "-m", memory, "-nodefaults",
                   "-no-user-config", "-display", "none", "-vga", "std",
                   "-uuid", uuid, "-serial", f"file:{self.serial_log}",
                   "-qmp", f"unix:{self._monitor_path},server=on,wait=off",
                   "-netdev", f"tap,id=net0,ifname={segment.tap()},script=no,downscript=no",
                   "-drive", f"if=none,id=disk0,format=raw,{drive}"]
        card = f"{nic},netdev=net0,mac={mac},bootindex=1"
        if firmware == "bios":
            # graphics=off makes SeaBIOS and the ROM write to the serial port, too.
            command += ["-machine", "pc,graphics=off", "-device", "ide-hd,drive=disk0,bootindex=2"]
        else:
            command += self._uefi(lab, name)
            command += ["-device", "virtio-blk-pci,drive=disk0,bootindex=2"]
            if nic.startswith("virtio"):
                card += ",romfile="  # EDK2's own driver and PXE client, not the iPXE ROM's
        command += ["-device", card]

        self.started_at = time.time()
        self.process = segment.spawn(*command, name=f"{name}-qemu")

    def _uefi(self, lab, name):
        code, variables = FIRMWARE[self.firmware]
        store = lab.scratch / f"{name}.vars"
        shutil.copy(OVMF / variables, store)
        secure = self.firmware == "uefi-secure"
        arguments = ["-machine", f"q35,smm={'on' if secure else 'off'}",
                     "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF / code}",
                     "-drive", f"if=pflash,format=raw,unit=1,file={store}"]
        if secure:  # the variable store may be written from SMM only, or the keys mean nothing
            arguments += ["-global", "driver=cfi.pflash01,property=secure,value=on",
                          "-global", "ICH9-LPC.disable_s3=1"]
        for switch in OFF.get(self.firmware, ["IPv6PXESupport"]):
            arguments += ["-fw_cfg", f"name=opt/org.tianocore/{switch},string=n"]
        return arguments

    # -- what it says -------------------------------------------------------

    def console(self):
        """The serial console's text so far, without terminal control sequences."""
        try:
            return TERMINAL_CONTROL.sub("", self.serial_log.read_bytes().decode(errors="replace"))
        except FileNotFoundError:
            return ""

    def wait_for(self, pattern, timeout):
        """Waits for a pattern on the serial console; returns the match."""
        def seen():
            ended = not self.process.running  # asked first: the last words count
            text = self.console()
            if match := re.search(pattern, text):
                return match
            if ended or GAVE_UP.search(text):
                raise LabError(f"the machine {'ended' if ended else 'gave up'} after "
                               f"{self.seconds():.0f} s without {pattern!r}")
            return None
        try:
            return wait_until(seen, timeout, f"{pattern!r} on the serial console", step=0.2)
        except LabError as error:
            raise LabError(f"{error}\n--- serial console ends ---\n{self.console()[-1500:]}") from None

    def seconds(self):
        """Since power-on."""
        return time.time() - self.started_at

    # -- hands --------------------------------------------------------------

    def monitor(self, execute, **arguments):
        if self._monitor is None:
            wait_until(self._monitor_path.exists, 5, "the machine's monitor")
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(str(self._monitor_path))
            sock.settimeout(20)
            self._monitor = sock.makefile("rw")
            self._monitor.readline()  # greeting
            self.monitor("qmp_capabilities")
        self._monitor.write(json.dumps({"execute": execute, "arguments": arguments}) + "\n")
        self._monitor.flush()
        while True:
            answer = json.loads(self._monitor.readline())
            if "return" in answer or "error" in answer:
                return answer

    def screenshot(self, path):
        return self.monitor("screendump", filename=str(path), format="png")

    def send_key(self, *codes):
        """One key or chord, by QEMU's names: send_key("ctrl", "b")."""
        return self.monitor("send-key", keys=[{"type": "qcode", "data": c} for c in codes])

    def power_off(self):
        self.process.stop()
