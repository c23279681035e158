// SPDX-License-Identifier: GPL-3.0-or-later
// Windows images for tests, by libwim's writing half: a tree of files per image, and what the
// XML says of it.
#pragma once

#include <gtest/gtest.h>
#include <wimlib.h>

#include <map>
#include <string>
#include <vector>

#include "scratch.h"

struct MadeImage {
  std::string name;
  std::map<std::string, std::string> files;       // path in the image: content
  std::map<std::string, std::string> properties;  // "WINDOWS/ARCH": "9"
};

struct MadeWim {
  std::vector<MadeImage> images;
  wimlib_compression_type compression = WIMLIB_COMPRESSION_TYPE_LZX;
  int boot_index = 0;
  int flags = WIMLIB_WRITE_FLAG_CHECK_INTEGRITY;
};

inline void wim_ok(int code) {
  ASSERT_EQ(code, 0) << wimlib_get_error_string(static_cast<wimlib_error_code>(code));
}

// Writes it to `name` in the scratch directory and gives the path.
inline std::string make_wim(const Scratch& scratch, const std::string& name, const MadeWim& made) {
  WIMStruct* wim = nullptr;
  wim_ok(wimlib_create_new_wim(made.compression, &wim));
  for (std::size_t i = 0; i < made.images.size(); ++i) {
    const MadeImage& image = made.images[i];
    const std::string tree = name + "-tree-" + std::to_string(i);
    std::filesystem::create_directories(scratch.path(tree));
    for (const auto& [path, content] : image.files) scratch.write(tree + "/" + path, content);
    wim_ok(wimlib_add_image(wim, scratch.path(tree).c_str(), image.name.c_str(), nullptr, 0));
    for (const auto& [property, value] : image.properties)
      wim_ok(wimlib_set_image_property(wim, static_cast<int>(i) + 1, property.c_str(), value.c_str()));
  }
  wimlib_wim_info info{};
  info.boot_index = static_cast<std::uint32_t>(made.boot_index);
  wim_ok(wimlib_set_wim_info(wim, &info, WIMLIB_CHANGE_BOOT_INDEX));
  const std::string path = scratch.path(name);
  wim_ok(wimlib_write(wim, path.c_str(), WIMLIB_ALL_IMAGES, made.flags, 1));
  wimlib_free(wim);
  for (std::size_t i = 0; i < made.images.size(); ++i)
    std::filesystem::remove_all(scratch.path(name + "-tree-" + std::to_string(i)));
  return path;
}

inline base::Fd open_file(const std::string& path) {
  return base::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

// The smallest program in Microsoft's format that tells its machine.
inline std::string pe_program(std::uint16_t machine, char filling = 'p') {
  std::string bytes(1024, filling);
  const auto put = [&](std::size_t at, std::uint64_t value, int octets) {
    for (int i = 0; i < octets; ++i)
      bytes[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> (8 * i));
  };
  bytes.replace(0, 2, "MZ");
  put(0x3c, 0x80, 4);
  put(0x80, 0x4550, 4);
  put(0x84, machine, 2);
  put(0x98, 0x20b, 2);         // PE32+
  put(0x98 + 108, 16, 4);      // data directories
  put(0x98 + 112 + 32, 0, 8);  // no signature
  return bytes;
}

inline constexpr std::uint16_t machine_x86 = 0x14c;
inline constexpr std::uint16_t machine_x64 = 0x8664;
inline constexpr std::uint16_t machine_arm64 = 0xaa64;

inline std::map<std::string, std::string> windows_properties(const std::string& arch) {
  return {{"DESCRIPTION", "Microsoft Windows PE"},
          {"WINDOWS/ARCH", arch},
          {"WINDOWS/PRODUCTNAME", "Microsoft® Windows® Operating System"},
          {"WINDOWS/VERSION/MAJOR", "10"},
          {"WINDOWS/VERSION/MINOR", "0"},
          {"WINDOWS/VERSION/BUILD", "26100"},
          {"WINDOWS/VERSION/SPBUILD", "1742"},
          {"WINDOWS/LANGUAGES/LANGUAGE", "en-US"},
          {"WINDOWS/LANGUAGES/LANGUAGE[2]", "de-DE"},
          {"WINDOWS/LANGUAGES/DEFAULT", "de-DE"},
          {"WINDOWS/SYSTEMROOT", "WINDOWS"}};
}

// What Windows PE brings, under names in the mixed spelling of real images.
inline std::map<std::string, std::string> pe_files(std::uint16_t machine) {
  std::map<std::string, std::string> files;
  const std::string boot = "Windows/Boot/";
  if (machine != machine_arm64) {
    for (const char* name : {"wdsnbp.com", "pxeboot.com", "PXEBOOT.N12", "abortpxe.com", "hdlscom1.com",
                             "hdlscom1.n12", "hdlscom2.com", "hdlscom2.n12"})
      files[boot + "PXE/" + name] = std::string("16-bit program ") + name;
    files[boot + "PXE/bootmgr.exe"] = pe_program(machine_x86, 'b');
  }
  files[boot + "PXE/wdsmgfw.efi"] = pe_program(machine, 'w');
  files[boot + "EFI/bootmgfw.efi"] = pe_program(machine, 'f');
  files[boot + "EFI/bootmgr.efi"] = pe_program(machine, 'm');
  files[boot + "EFI/boot.stl"] = "a list of what is trusted";
  files[boot + "EFI_EX/bootmgfw_EX.efi"] = pe_program(machine, 'F');
  files[boot + "EFI_EX/bootmgr_EX.efi"] = pe_program(machine, 'M');
  files[boot + "PXE_EX/wdsmgfw_EX.efi"] = pe_program(machine, 'W');
  files[boot + "Fonts/WGL4_BOOT.TTF"] = "letters";
  files[boot + "Fonts/segoe_slboot.ttf"] = "more letters";
  files[boot + "Fonts/readme.txt"] = "no letters";
  files[boot + "Fonts_EX/wgl4_boot_EX.ttf"] = "letters of 2023";
  files[boot + "DVD/PCAT/boot.sdi"] = "a disk, PCAT";
  files[boot + "DVD/EFI/boot.sdi"] = "a disk, EFI";
  files["Windows/System32/ntoskrnl.exe"] = "not for the network boot";
  return files;
}
