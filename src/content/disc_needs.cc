// SPDX-License-Identifier: GPL-3.0-or-later
// Sources: casper(7); live-boot(7); Anaconda's boot options; archiso, docs/README.bootparams;
// Alpine's wiki, «PXE boot»; linuxrc's parameters (en.opensuse.org/SDB:Linuxrc); the appendix on
// preseeding of Debian's installation guide; what Debian's discs hold.
#include "content/disc_needs.h"

#include <algorithm>
#include <initializer_list>

#include "base/ascii.h"

namespace content {
namespace {

const std::vector<DiscNeed>& table() {
  static const std::vector<DiscNeed> rows = {
      {"casper",
       "casper/",
       {"boot=casper"},
       {"url=", "iso-url=", "netboot=", "nfsroot="},
       "Ubuntu's live system stays on the disc: the machine finds no medium and stops.",
       "Let a web server have the ISO, and add to --cmdline: ip=dhcp url=http://SERVER/DISC.iso (the machine "
       "needs memory for all of it)."},
      {"live-boot",
       "live/filesystem.squashfs",
       {"boot=live"},
       {"fetch=", "httpfs=", "ftpfs=", "netboot=", "nfsroot="},
       "The live system stays on the disc: the machine finds no medium and stops.",
       "Let a web server have the disc's live/filesystem.squashfs, and add to --cmdline: "
       "fetch=http://SERVER/filesystem.squashfs"},
      {"anaconda",
       "images/install.img",
       {"inst.stage2=hd:", "inst.stage2=cdrom", "inst.repo=hd:", "inst.repo=cdrom"},
       {"inst.stage2=http", "inst.stage2=nfs", "inst.stage2=ftp", "inst.repo=http", "inst.repo=nfs",
        "inst.repo=ftp"},
       "The installer's second stage and its packages stay on the disc: it stops at a shell of dracut.",
       "Let a web server have the disc's files, and say with --cmdline: ip=dhcp "
       "inst.repo=http://SERVER/DISC/ "
       "in place of inst.stage2=hd:…"},
      {"dracut live",
       "LiveOS/squashfs.img",
       {"root=live:CDLABEL=", "root=live:LABEL=", "root=live:/dev/"},
       {"root=live:http", "root=live:nfs", "root=live:ftp"},
       "The live system stays on the disc: the machine stops at a shell of dracut.",
       "Let a web server have the disc's LiveOS/squashfs.img, and say with --cmdline: ip=dhcp "
       "root=live:http://SERVER/squashfs.img rd.live.image"},
      {"Debian's installer",
       ".disk/base_components",
       {},
       {},
       "The installer of a disc takes its packages from the disc, and asks for it.",
       "Take the installer for the network instead: `image add NAME --tree DIR` of the package "
       "debian-installer-12-netboot-amd64, or of a mirror's netboot.tar.gz."},
      {"preseed",
       "",
       {"file=/cdrom", "preseed/file=/cdrom"},
       {"url=", "preseed/url="},
       "The answers stay on the disc: the installer asks all its questions.",
       "Let a web server have the file, and say with --cmdline: auto url=http://SERVER/preseed.cfg in place "
       "of "
       "file=…"},
      {"archiso",
       "",
       {"archisosearchuuid=", "archisosearchfilename=", "archisolabel=", "archisodevice="},
       {"archiso_http_srv=", "archiso_nfs_srv=", "archiso_nbd_srv="},
       "The live system stays on the disc: the machine waits for it and stops at a shell.",
       "Let a web server have the disc's files, and say with --cmdline: archisobasedir=arch ip=dhcp "
       "archiso_http_srv=http://SERVER/"},
      {"Alpine",
       ".alpine-release",
       {"alpine_dev="},
       {"alpine_repo="},
       "Modules and packages stay on the disc: the machine stops at a shell.",
       "Let a web server have the disc's files, and add to --cmdline: ip=dhcp "
       "alpine_repo=http://SERVER/apks modloop=http://SERVER/boot/modloop-lts"},
      {"linuxrc",
       "boot/x86_64/loader/",
       {"install=cd", "install=hd:", "install=disk:"},
       {"install=http", "install=nfs", "install=ftp", "install=smb", "install=tftp"},
       "The installer of openSUSE and SLES stays on the disc: it asks where its packages are.",
       "Let a web server have the disc's files, and add to --cmdline: install=http://SERVER/DISC/"},
  };
  return rows;
}

// For what no row tells.
const DiscNeed& in_general() {
  static const DiscNeed need = {"the disc",
                                "",
                                {},
                                {},
                                "The command line names a place on the disc, which is not there.",
                                "Say with --cmdline where it is in the network."};
  return need;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = line.find_first_not_of(' ', at)) != line.npos;) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

bool any_begins(const std::vector<std::string_view>& words, const std::vector<std::string_view>& begins) {
  return std::ranges::any_of(words, [&](std::string_view word) {
    return std::ranges::any_of(begins, [&](std::string_view begin) { return word.starts_with(begin); });
  });
}

bool names_disc(std::string_view word) {
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"/cdrom", "cdrom:", "CDLABEL=", "hd:LABEL="},
      [&](std::string_view sign) { return word.find(sign) != word.npos; });
}

bool is_there(const format::Disc& disc, std::string_view marker) {
  if (!marker.ends_with('/')) return disc.find(marker) != nullptr;
  return std::ranges::any_of(disc.files, [&](const format::DiscFile& file) {
    return base::same_but_for_case(std::string_view(file.path).substr(0, marker.size()), marker);
  });
}

}  // namespace

std::span<const DiscNeed> disc_needs() { return table(); }

std::vector<std::string> marked_needs(const format::Disc& disc) {
  std::vector<std::string> names;
  for (const DiscNeed& need : table()) {
    if (!need.marker.empty() && is_there(disc, need.marker)) names.emplace_back(need.name);
  }
  return names;
}

std::vector<const DiscNeed*> unmet_needs(std::span<const std::string> marked, std::string_view command_line) {
  const auto words = words_of(command_line);
  std::vector<const DiscNeed*> unmet;
  for (const DiscNeed& need : table()) {
    const bool there =
        std::ranges::find(marked, need.name) != marked.end() || any_begins(words, need.told_by);
    if (there && !any_begins(words, need.met_by)) unmet.push_back(&need);
  }
  if (unmet.empty() && std::ranges::any_of(words, names_disc)) unmet.push_back(&in_general());
  return unmet;
}

}  // namespace content
