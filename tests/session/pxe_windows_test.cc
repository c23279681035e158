// SPDX-License-Identifier: GPL-3.0-or-later
// What Windows' boot programs are told beside their file: options 252 and 243.
#include "pxe_service_fixture.h"

namespace session {
namespace {

using namespace testing;  // NOLINT: requests and network of the fixture

policy::Snapshot windows_site(policy::ImageKind kind, bool http = true) {
  policy::SiteModel model = site().model();
  model.settings.http = http;
  policy::Image& image = model.images.front();
  image.kind = kind;
  image.kernel = "images/pe/1/boot.wim";
  if (kind == policy::ImageKind::wim) {
    model.windows = {{image.id, "images/pe/1/pxeboot.com", "images/pe/1/pxeboot.n12",
                      "images/pe/1/bootmgr.exe", "images/pe/1/bootmgfw.efi", "images/pe/1/boot.sdi",
                      "images/pe/1/fonts"}};
  }
  policy::Device device;
  device.id = 1;
  device.name = "pc";
  device.macs = {client_mac};
  return policy::Snapshot::make(std::move(model), {device}).value();
}

class PxeWindows : public PxeService {
 protected:
  Message told(const policy::Snapshot& snapshot) {
    return decoded(ask(boot_request(edk2(MessageType::request)), on_4011(), snapshot));
  }
};

TEST_F(PxeWindows, TheBootConfigurationAndTheVariablesOfTheMachine) {
  const Message answer = told(windows_site(policy::ImageKind::wim));
  const std::string dashed = client_mac.print_dashed();
  EXPECT_EQ(data(answer, opt::wds_bcd_path), with_nul("\\bcd\\" + dashed + ".bcd"));
  const auto value = data(answer, opt::sccm_variables);
  const std::string path = "\\bcd\\" + dashed + ".boot.var";
  std::vector<std::uint8_t> octets{1, static_cast<std::uint8_t>(path.size())};
  octets.insert(octets.end(), path.begin(), path.end());
  EXPECT_EQ(value, octets);
}

TEST_F(PxeWindows, TheVariablesNameOurHttpServiceHenceAreNotThereWithoutIt) {
  const Message answer = told(windows_site(policy::ImageKind::wim, false));
  EXPECT_FALSE(data(answer, opt::wds_bcd_path).empty());
  EXPECT_TRUE(data(answer, opt::sccm_variables).empty());
}

TEST_F(PxeWindows, OthersAreToldNothingOfIt) {
  const Message answer = told(windows_site(policy::ImageKind::linux_kernel));
  EXPECT_TRUE(data(answer, opt::wds_bcd_path).empty());
  EXPECT_TRUE(data(answer, opt::sccm_variables).empty());
}

}  // namespace
}  // namespace session
