# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder such as makers of Windows drivers give out."""

INF = r"""[Version]
Signature = "$Windows NT$"
Class = {name}
ClassGUID = {guid}
CatalogFile = {catalog}
[Manufacturer]
%Maker% = Things, {decoration}
[Things.{decoration}]
%Thing% = Install, PCI\VEN_8086&DEV_15B8&SUBSYS_00008086, PCI\VEN_8086&DEV_15B7
[Strings]
Maker = "A maker"
Thing = "A thing"
""".replace("\n", "\r\n")
NET = "{4d36e972-e325-11ce-bfc1-08002be10318}"


def make_driver(folder, name="Net", guid=NET, catalog="e1d.cat", decoration="NTamd64.10.0", encoding="utf-16"):
    (folder / "x64").mkdir(parents=True)
    text = INF.format(name=name, guid=guid, catalog=catalog, decoration=decoration)
    (folder / "x64/e1d.inf").write_bytes(text.encode(encoding))
    (folder / "x64/e1d.sys").write_bytes(b"driver" * 10000)
    (folder / "x64/e1d.cat").write_bytes(b"signed")
    (folder / "readme.txt").write_bytes(b"")
    return folder
