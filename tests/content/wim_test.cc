// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/wim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "format/wim_boot_files.h"
#include "wim_maker.h"

namespace content {
namespace {

using format::WimBootFile;
using format::WimFacts;
using policy::Arch;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const WimFacts& facts) {
  std::vector<std::string> all;
  for (const WimBootFile& file : facts.boot_files) all.push_back(file.name);
  return all;
}
std::vector<std::string> missing(const WimFacts& facts) {
  std::vector<std::string> all;
  for (const auto& lack : format::missing_pieces(facts)) all.emplace_back(lack.name);
  return all;
}
std::string digest(const std::string& content) { return base::print(base::sha256(content)); }

class Wim : public testing::Test {
 protected:
  std::string make(const MadeWim& made) { return make_wim(scratch_, "made.wim", made); }
  std::string one(std::uint16_t machine, const std::string& arch) {
    return make({.images = {{"Windows PE", pe_files(machine), windows_properties(arch)}}});
  }
  static ConfinedResult<WimInspection> inspect(const std::string& path, int image = 0) {
    const base::Fd fd = open_file(path);
    return inspect_wim(fd.get(), image);
  }
  static WimFacts facts(const std::string& path, int image = 0) {
    auto looked = inspect(path, image);
    EXPECT_TRUE(looked) << looked.error().what;
    return looked ? looked->facts : WimFacts{};
  }
  static std::string refusal(const std::string& path, int image = 0) {
    const auto looked = inspect(path, image);
    EXPECT_FALSE(looked);
    if (looked) return "";
    EXPECT_EQ(looked.error().end, ConfinedEnd::refused) << looked.error().what;
    return looked.error().what;
  }
  std::string into() {
    std::filesystem::create_directories(scratch_.path("out"));
    return scratch_.path("out");
  }

  Scratch scratch_;
};

TEST_F(Wim, FactsOfX64) {
  const std::string path = make(
      {.images = {{"Windows PE (x64)", pe_files(machine_x64), windows_properties("9")}}, .boot_index = 1});
  const auto looked = inspect(path);
  ASSERT_TRUE(looked) << looked.error().what;
  const WimFacts& facts = looked->facts;
  EXPECT_EQ(facts.size, std::filesystem::file_size(path));
  EXPECT_EQ(facts.compression, format::WimCompression::lzx);
  EXPECT_EQ(facts.chunk_size, 32768U);
  EXPECT_FALSE(facts.solid);
  EXPECT_TRUE(facts.integrity_table);
  EXPECT_EQ(facts.boot_index, 1);
  EXPECT_EQ(facts.image, 1);
  format::WimImage want{1, "Windows PE (x64)", "Microsoft Windows PE", Arch::x64};
  want.product = "Microsoft® Windows® Operating System";
  want.version = "10.0.26100.1742";
  want.languages = {"en-US", "de-DE"};
  want.default_language = "de-DE";
  want.system_directory = "WINDOWS";
  EXPECT_THAT(facts.images, ElementsAre(want));
  EXPECT_THAT(
      names(facts),
      ElementsAre("wdsnbp.com", "pxeboot.com", "pxeboot.n12", "abortpxe.com", "bootmgr.exe", "hdlscom1.com",
                  "hdlscom1.n12", "hdlscom2.com", "hdlscom2.n12", "wdsmgfw.efi", "bootmgfw.efi",
                  "bootmgr.efi", "wdsmgfw_EX.efi", "bootmgfw_EX.efi", "bootmgr_EX.efi", "boot.stl",
                  "fonts/segoe_slboot.ttf", "fonts/wgl4_boot.ttf", "fonts_ex/wgl4_boot_ex.ttf", "boot.sdi"));
  EXPECT_THAT(missing(facts), IsEmpty());
  EXPECT_THAT(format::served_by(facts), ElementsAre(Arch::bios, Arch::x64));
  for (const WimBootFile& file : facts.boot_files) {
    EXPECT_EQ(file.fault, "") << file.name;
    const bool program = file.name.ends_with(".efi") || file.name.ends_with(".exe");
    EXPECT_EQ(file.program.has_value(), program) << file.name;
    const Arch want_arch = file.name == "bootmgr.exe" ? Arch::ia32 : Arch::x64;
    EXPECT_TRUE(!program || file.program->arch == want_arch) << file.name;
  }
}

TEST_F(Wim, ThePositionOfTheDescriptorNeitherMattersNorMoves) {
  const base::Fd fd = open_file(one(machine_x64, "9"));
  ASSERT_EQ(::lseek(fd.get(), 77, SEEK_SET), 77);
  const auto first = inspect_wim(fd.get());
  const auto second = extract_wim_boot_files(fd.get(), 0, into());
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->facts, second->facts);
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_CUR), 77);
}

TEST_F(Wim, AnImageWithinAnotherFileIsReadWhereItStands) {
  const MadeImage pe{"PE", pe_files(machine_x64), windows_properties("9")};
  for (const bool solid : {false, true}) {
    MadeWim made{.images = {pe}};
    if (solid) made.compression = WIMLIB_COMPRESSION_TYPE_LZMS, made.flags = WIMLIB_WRITE_FLAG_SOLID;
    const std::string path = this->make(made);
    const std::string whole = read_text(path);
    const base::Fd disc = scratch_.open("disc", std::string(6789, 'd') + whole + whole.substr(0, 500));
    const FilePart part(disc.get(), 6789, whole.size());
    const auto looked = inspect_wim(part);
    ASSERT_TRUE(looked) << looked.error().what;
    EXPECT_EQ(looked->facts, facts(path));
    const auto taken = extract_wim_boot_files(part, 0, into());
    ASSERT_TRUE(taken) << taken.error().what;
    EXPECT_EQ(read_text(scratch_.path("out/boot.sdi")), "a disk, EFI");
    std::filesystem::remove_all(scratch_.path("out"));
    const auto cut = inspect_wim({disc.get(), 6789, whole.size() / 2});
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().what, "the file ends too early: it is incomplete");
    EXPECT_FALSE(inspect_wim({disc.get(), 6788, whole.size()}));
  }
}

TEST_F(Wim, FactsOfX86) {
  const WimFacts found = facts(one(machine_x86, "0"));
  EXPECT_EQ(found.booted().arch, Arch::ia32);
  EXPECT_THAT(format::served_by(found), ElementsAre(Arch::bios, Arch::ia32));
  EXPECT_THAT(missing(found), IsEmpty());
}

TEST_F(Wim, FactsOfArm64) {
  const WimFacts found = facts(one(machine_arm64, "12"));
  EXPECT_EQ(found.booted().arch, Arch::arm64);
  EXPECT_THAT(format::served_by(found), ElementsAre(Arch::arm64));
  EXPECT_THAT(missing(found), IsEmpty());  // a BIOS program is none that it lacks
}

TEST_F(Wim, WhatIsMissingIsNamedWithItsConsequence) {
  auto files = pe_files(machine_x64);
  for (const char* path : {"Windows/Boot/Fonts/WGL4_BOOT.TTF", "Windows/Boot/DVD/PCAT/boot.sdi",
                           "Windows/Boot/DVD/EFI/boot.sdi", "Windows/Boot/EFI/bootmgfw.efi",
                           "Windows/Boot/EFI_EX/bootmgfw_EX.efi", "Windows/Boot/PXE/bootmgr.exe"})
    ASSERT_EQ(files.erase(path), 1U) << path;
  const WimFacts found = facts(make({.images = {{"PE", files, windows_properties("9")}}}));
  EXPECT_THAT(missing(found), ElementsAre("bootmgr.exe", "bootmgfw.efi", "bootmgfw_EX.efi",
                                          "fonts/wgl4_boot.ttf", "boot.sdi"));
  EXPECT_THAT(format::served_by(found), IsEmpty());
  for (const auto& lack : format::missing_pieces(found)) {
    EXPECT_TRUE(lack.without.ends_with('.')) << lack.name;
    EXPECT_EQ(lack.name == "fonts/wgl4_boot.ttf", lack.without == "The boot menu will be blank.");
  }
}

TEST_F(Wim, BootSdiOfConfigurationManager) {
  auto files = pe_files(machine_x64);
  files.erase("Windows/Boot/DVD/PCAT/boot.sdi");
  files.erase("Windows/Boot/DVD/EFI/boot.sdi");
  files["sms/boot/BOOT.SDI"] = "a disk, site's";
  const std::string path = make({.images = {{"PE", files, windows_properties("9")}}});
  const auto taken = extract_wim_boot_files(open_file(path).get(), 0, into());
  ASSERT_TRUE(taken) << taken.error().what;
  EXPECT_EQ(read_text(scratch_.path("out/boot.sdi")), "a disk, site's");
}

TEST_F(Wim, OfTwoImagesTheHeaderSaysWhichBoots) {
  const MadeImage pe{"PE", pe_files(machine_x64), windows_properties("9")};
  MadeImage setup{"Setup", pe_files(machine_arm64), windows_properties("12")};
  const std::string first = make({.images = {pe, setup}, .boot_index = 1});
  EXPECT_EQ(facts(first).image, 1);
  EXPECT_EQ(facts(first).booted().name, "PE");
  EXPECT_THAT(format::served_by(facts(first)), ElementsAre(Arch::bios, Arch::x64));
  EXPECT_EQ(facts(first, 2).booted().name, "Setup");
  EXPECT_THAT(format::served_by(facts(first, 2)), ElementsAre(Arch::arm64));
  EXPECT_EQ(refusal(first, 3), "it has no image 3, only 2");
  const std::string none = make({.images = {pe, setup}});  // then it is the last one
  EXPECT_EQ(facts(none).boot_index, 0);
  EXPECT_EQ(facts(none).image, 2);
}

TEST_F(Wim, AnotherMachinesProgramIsAFault) {
  auto files = pe_files(machine_x64);
  files["Windows/Boot/EFI/bootmgfw.efi"] = pe_program(machine_arm64);
  files["Windows/Boot/EFI_EX/bootmgfw_EX.efi"] = "no program";
  const WimFacts found = facts(make({.images = {{"PE", files, windows_properties("9")}}}));
  std::map<std::string, std::string> faults;
  for (const WimBootFile& file : found.boot_files) {
    if (!file.fault.empty()) faults[file.name] = file.fault;
  }
  EXPECT_EQ(faults,
            (std::map<std::string, std::string>{{"bootmgfw.efi", "is built for arm64, the image for x64"},
                                                {"bootmgfw_EX.efi", "not a PE program"}}));
  EXPECT_THAT(format::served_by(found), ElementsAre(Arch::bios));
}

TEST_F(Wim, AnArchitectureThatNobodyBoots) {
  const WimFacts found = facts(make({.images = {{"PE", pe_files(machine_x64), windows_properties("6")}}}));
  EXPECT_EQ(found.booted().arch, Arch::other);  // Itanium
  EXPECT_THAT(format::served_by(found), IsEmpty());
}

TEST_F(Wim, AnImageWithoutWindows) {
  const WimFacts found = facts(make({.images = {{"data", {{"a/file", "text"}}, {}}}}));
  EXPECT_EQ(found.booted().arch, std::nullopt);
  EXPECT_THAT(found.boot_files, IsEmpty());
  EXPECT_THAT(format::served_by(found), IsEmpty());
}

TEST_F(Wim, EveryCompressionGivesTheSameFacts) {
  const MadeImage pe{"PE", pe_files(machine_x64), windows_properties("9")};
  const auto plain = facts(make({.images = {pe}, .compression = WIMLIB_COMPRESSION_TYPE_NONE}));
  const auto xpress = facts(make({.images = {pe}, .compression = WIMLIB_COMPRESSION_TYPE_XPRESS}));
  const auto esd = facts(
      make({.images = {pe}, .compression = WIMLIB_COMPRESSION_TYPE_LZMS, .flags = WIMLIB_WRITE_FLAG_SOLID}));
  EXPECT_EQ(plain.compression, format::WimCompression::none);
  EXPECT_EQ(xpress.compression, format::WimCompression::xpress);
  EXPECT_EQ(esd.compression, format::WimCompression::lzms);
  EXPECT_TRUE(esd.solid);
  EXPECT_FALSE(esd.integrity_table);
  EXPECT_EQ(plain.images, esd.images);
  EXPECT_EQ(plain.boot_files, esd.boot_files);
  EXPECT_EQ(plain.boot_files, xpress.boot_files);
}

TEST_F(Wim, ExtractsExactlyTheBootFiles) {
  for (const bool solid : {false, true}) {
    const auto files = pe_files(machine_x64);
    MadeWim made{.images = {{"PE", files, windows_properties("9")}}};
    if (solid) made.compression = WIMLIB_COMPRESSION_TYPE_LZMS, made.flags = WIMLIB_WRITE_FLAG_SOLID;
    const std::string path = make(made);
    const auto taken = extract_wim_boot_files(open_file(path).get(), 0, into());
    ASSERT_TRUE(taken) << taken.error().what;
    EXPECT_EQ(taken->facts, facts(path));
    ASSERT_EQ(taken->files.size(), 20U);
    std::vector<std::string> on_disk{"fonts", "fonts_ex"};
    for (const WimExtract& extract : taken->files) {
      const std::string content = read_text(scratch_.path("out/" + extract.file.name));
      EXPECT_EQ(content, files.at(extract.file.path.substr(1))) << extract.file.path;
      EXPECT_EQ(content.size(), extract.file.size);
      EXPECT_EQ(extract.sha256, digest(content));
      on_disk.push_back(extract.file.name);
    }
    std::sort(on_disk.begin(), on_disk.end());
    EXPECT_EQ(scratch_.list("out"), on_disk);
    EXPECT_EQ(read_text(scratch_.path("out/boot.sdi")), "a disk, EFI");
    std::filesystem::remove_all(scratch_.path("out"));
  }
}

TEST_F(Wim, AnEmptyBootFileAndTwoNamesForOneContent) {
  auto files = pe_files(machine_x64);
  files["Windows/Boot/PXE/pxeboot.com"] = "";
  files["Windows/Boot/PXE/PXEBOOT.N12"] = files["Windows/Boot/PXE/wdsnbp.com"];
  const std::string path = make({.images = {{"PE", files, windows_properties("9")}}});
  const auto taken = extract_wim_boot_files(open_file(path).get(), 0, into());
  ASSERT_TRUE(taken) << taken.error().what;
  EXPECT_EQ(read_text(scratch_.path("out/pxeboot.com")), "");
  EXPECT_EQ(read_text(scratch_.path("out/pxeboot.n12")), "16-bit program wdsnbp.com");
  EXPECT_EQ(taken->files[1].sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(Wim, WhatCannotBeWrittenLeavesNothing) {
  const std::string path = one(machine_x64, "9");
  const std::string out = into();
  scratch_.write("out/boot.sdi", "somebody else's");  // the last one to be written
  const auto taken = extract_wim_boot_files(open_file(path).get(), 0, out);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what, HasSubstr("boot.sdi: File exists"));
  EXPECT_THAT(scratch_.list("out"), ElementsAre("boot.sdi"));
  EXPECT_EQ(read_text(scratch_.path("out/boot.sdi")), "somebody else's");
  EXPECT_FALSE(extract_wim_boot_files(open_file(path).get(), 0, scratch_.path("nowhere")));
}

TEST_F(Wim, LinksAreNoBootFiles) {
  const std::string tree = scratch_.path("tree");
  for (const auto& [name, content] : pe_files(machine_x64)) scratch_.write("tree/" + name, content);
  std::filesystem::remove(tree + "/Windows/Boot/EFI/bootmgfw.efi");
  std::filesystem::create_symlink("/etc/passwd", tree + "/Windows/Boot/EFI/bootmgfw.efi");
  WIMStruct* wim = nullptr;
  wim_ok(wimlib_create_new_wim(WIMLIB_COMPRESSION_TYPE_LZX, &wim));
  wim_ok(wimlib_add_image(wim, tree.c_str(), "PE", nullptr, 0));
  wim_ok(wimlib_set_image_property(wim, 1, "WINDOWS/ARCH", "9"));
  const std::string path = scratch_.path("links.wim");
  wim_ok(wimlib_write(wim, path.c_str(), WIMLIB_ALL_IMAGES, 0, 1));
  wimlib_free(wim);
  EXPECT_THAT(missing(facts(path)), ElementsAre("bootmgfw.efi"));
}

TEST_F(Wim, ASplitImageIsRefusedWithWords) {
  auto files = pe_files(machine_x64);
  std::string noise(300'000, '\0');
  std::uint32_t seed = 1;
  for (char& c : noise) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  files["Windows/big1"] = noise;
  std::reverse(noise.begin(), noise.end());
  files["Windows/big2"] = noise;
  const std::string path = make({.images = {{"PE", files, windows_properties("9")}}});
  WIMStruct* wim = nullptr;
  wim_ok(wimlib_open_wim(path.c_str(), 0, &wim));
  wim_ok(wimlib_split(wim, scratch_.path("part.swm").c_str(), 300'000, 0));
  wimlib_free(wim);
  EXPECT_THAT(refusal(scratch_.path("part.swm")), HasSubstr("part 1 of "));
  EXPECT_THAT(refusal(scratch_.path("part2.swm")), HasSubstr("split: join its parts first"));
}

TEST_F(Wim, OtherFilesSayWhatTheyAreNot) {
  EXPECT_EQ(refusal(scratch_.write("text", std::string(4096, 'x'))), "not a Windows image");
  EXPECT_EQ(refusal(scratch_.write("empty", "")), "the file ends too early: it is incomplete");
  const std::string whole = read_text(one(machine_x64, "9"));
  EXPECT_EQ(refusal(scratch_.write("cut", whole.substr(0, whole.size() / 2))),
            "the file ends too early: it is incomplete");
  const auto folder = inspect_wim(base::Fd(::open(scratch_.path().c_str(), O_RDONLY)).get());
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().what, "not a regular file");
}

TEST_F(Wim, DamagedContentIsFoundWhenItIsTakenOut) {
  const std::string path = make({.images = {{"PE", pe_files(machine_x64), windows_properties("9")}},
                                 .compression = WIMLIB_COMPRESSION_TYPE_NONE});
  std::string whole = read_text(path);
  whole[whole.find("a disk, EFI")] = 'A';
  const std::string damaged = scratch_.write("damaged.wim", whole);
  EXPECT_TRUE(inspect(damaged));  // looks at programs only
  const auto taken = extract_wim_boot_files(open_file(damaged).get(), 0, into());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().what, "a file in it is damaged: its checksum is wrong");
  EXPECT_THAT(scratch_.list("out"), IsEmpty());
}

}  // namespace
}  // namespace content
