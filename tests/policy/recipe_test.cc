// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace policy {
namespace {

using testing::HasSubstr;

TEST(Recipe, EveryKindHasOneWithEvidence) {
  for (const auto kind : {ClientKind::bios_rom, ClientKind::uefi_pxe, ClientKind::uefi_http, ClientKind::ipxe,
                          ClientKind::uboot, ClientKind::raspberry_pi, ClientKind::wds_program}) {
    const Recipe& recipe = recipe_for(kind);
    EXPECT_EQ(recipe.kind, kind);
    EXPECT_TRUE(recipe.file_in_header || recipe.file_in_option_67) << print(kind);
    EXPECT_EQ(recipe.answer_class, kind == ClientKind::uefi_http ? "HTTPClient" : "PXEClient");
    EXPECT_FALSE(recipe.referral_evidence.empty());
    EXPECT_EQ(can_be_referred(kind), kind != ClientKind::raspberry_pi && kind != ClientKind::uefi_http);
    if (kind == ClientKind::uefi_pxe) {
      EXPECT_EQ(recipe.referral, CanBeReferred::proven) << "documents are not enough for UEFI";
    }
    if (recipe.referral == CanBeReferred::proven) {
      EXPECT_THAT(std::string(recipe.referral_evidence), HasSubstr("seen live"));
    }
    EXPECT_THAT(std::string(recipe.evidence), HasSubstr(recipe.seen_live ? "seen live" : "not seen live"));
  }
  EXPECT_EQ(recipes().size(), 7U);
}

TEST(Recipe, NoDiscoveryTagsForEdk2WhileTheBootServiceRuns) {
  EXPECT_EQ(recipe_for(ClientKind::uefi_pxe).offer_vendor_info, VendorInfo::none);
  EXPECT_EQ(recipe_for(ClientKind::uefi_http).offer_vendor_info, VendorInfo::none);
}

}  // namespace
}  // namespace policy
