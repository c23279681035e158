// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/plan.h"

namespace policy {

std::string_view print(Reason reason) {
  switch (reason) {
    case Reason::no_deployment:
      return "no-deployment";
    case Reason::no_program_for_arch:
      return "no-program-for-arch";
    case Reason::image_not_for_arch:
      return "image-not-for-arch";
    case Reason::http_needed:
      return "http-needed";
    case Reason::ipxe_without_http:
      return "ipxe-without-http";
    case Reason::deployed_image_gone:
      return "deployed-image-gone";
    case Reason::shim_has_no_http:
      return "shim-has-no-http";
    case Reason::boot_loop:
      return "boot-loop";
    case Reason::held:
      return "held";
    case Reason::ignored_address:
      return "ignored-address";
    case Reason::answers_nobody:
      return "answers-nobody";
    case Reason::answers_known_only:
      return "answers-known-only";
    case Reason::delayed:
      return "delayed";
    case Reason::identity_conflict:
      return "identity-conflict";
    case Reason::rejected:
      return "rejected";
    case Reason::nothing_to_do:
      return "nothing-to-do";
    case Reason::program_gone:
      return "program-gone";
    case Reason::no_boot_server:
      return "no-boot-server";
    case Reason::installs_stopped:
      return "installs-stopped";
    case Reason::boots_too_often:
      return "boots-too-often";
    case Reason::approval_late:
      return "approval-late";
    case Reason::image_not_published:
      return "image-not-published";
    case Reason::image_not_here:
      return "image-not-here";
    case Reason::no_windows_program:
      return "no-windows-program";
  }
  return "unknown";
}

std::string_view explain(Reason reason) {
  switch (reason) {
    case Reason::no_deployment:
      return "nothing is deployed to this machine: `bootferry deploy IMAGE --to MAC` says what it boots";
    case Reason::no_program_for_arch:
      return "there is no boot program for this architecture: `bootferry program add --arch ARCH FILE` adds "
             "one";
    case Reason::image_not_for_arch:
      return "the deployed image is built for another architecture than this machine's firmware: deploy one "
             "that "
             "matches";
    case Reason::http_needed:
      return "this machine's boot chain reads over HTTP and the HTTP service is off: switch it on";
    case Reason::ipxe_without_http:
      return "this iPXE cannot read over HTTP and was given one that can a moment ago, to no effect: update "
             "the "
             "network card's iPXE, or boot through the firmware's own PXE";
    case Reason::deployed_image_gone:
      return "the deployment names an image that is no longer there: add the image again or deploy another";
    case Reason::shim_has_no_http:
      return "UEFI machines are set to get shim, and its signed GRUB cannot read over HTTP: let this machine "
             "boot "
             "by PXE instead of HTTP Boot, or set the UEFI chain to ipxe (without Secure Boot)";
    case Reason::boot_loop:
      return "the machine came back for the boot program that it had just been given, so the chain was "
             "ended: "
             "Secure Boot may refuse the program, or its firmware cannot run it";
    case Reason::held:
      return "as many machines are loading as may at once: it asks again, and its turn comes";
    case Reason::ignored_address:
      return "this machine's hardware address is on the ignore list: `bootferry settings` shows it";
    case Reason::answers_nobody:
      return "the answer policy of the site or of this network is \"none\": nobody is answered";
    case Reason::answers_known_only:
      return "only known machines are answered and no record knows this one: `bootferry device add` makes it "
             "known";
    case Reason::delayed:
      return "strangers are answered only after a while here: it asks again";
    case Reason::identity_conflict:
      return "the hardware address belongs to one device and the machine UUID to another: correct one of the "
             "records";
    case Reason::rejected:
      return "an administrator rejected this machine: `bootferry pending approve` takes that back";
    case Reason::nothing_to_do:
      return "nothing is deployed to this machine now, so it goes on to its disk";
    case Reason::program_gone:
      return "the boot program that is named for this machine is not there: `bootferry program list` shows "
             "those that are";
    case Reason::no_boot_server:
      return "this machine is referred to other servers, and none of them has a program for its architecture "
             "that its firmware would fetch from there";
    case Reason::installs_stopped:
      return "no required deployment begins for now, because too many began or failed lately: `bootferry "
             "status` says which, and an administrator lets them go on";
    case Reason::boots_too_often:
      return "this machine has booted from the network over and over, so it goes on to its disk: look at "
             "what it does there";
    case Reason::approval_late:
      return "nobody approved this machine while it waited: its request stays listed, `bootferry pending "
             "list` shows it; it asks anew when it is switched on again";
    case Reason::image_not_published:
      return "the deployed image is not published: `bootferry image publish NAME` lets machines have it";
    case Reason::image_not_here:
      return "files of the deployed image are missing or damaged on this server: `bootferry check` names "
             "them, and adding the image again brings them back";
    case Reason::no_windows_program:
      return "the Windows image brought no boot program for this machine's firmware: `bootferry image "
             "inspect FILE` says what it lacks";
  }
  return "unknown";
}

std::string_view print(Point point) {
  switch (point) {
    case Point::ignore_list:
      return "ignore-list";
    case Point::identity:
      return "identity";
    case Point::network:
      return "network";
    case Point::answer_policy:
      return "answer-policy";
    case Point::delay:
      return "delay";
    case Point::state:
      return "state";
    case Point::boot_count:
      return "boot-count";
    case Point::referral:
      return "referral";
    case Point::deployment:
      return "deployment";
    case Point::image_override:
      return "image-override";
    case Point::program_override:
      return "program-override";
    case Point::auto_add:
      return "auto-add";
    case Point::program:
      return "program";
  }
  return "unknown";
}

std::string_view print(Verdict verdict) {
  switch (verdict) {
    case Verdict::applied:
      return "applied";
    case Verdict::did_not_apply:
      return "did-not-apply";
    case Verdict::refused:
      return "refused";
  }
  return "unknown";
}

std::string_view print(Detail detail) {
  switch (detail) {
    case Detail::none:
      return "";
    case Detail::by_mac:
      return "by-mac";
    case Detail::by_uuid:
      return "by-uuid";
    case Detail::by_both:
      return "by-both";
    case Detail::unknown_machine:
      return "unknown-machine";
    case Detail::uuid_banned:
      return "uuid-banned";
    case Detail::mac_wanders:
      return "mac-wanders";
    case Detail::for_unknown_only:
      return "for-unknown-only";
    case Detail::condition:
      return "condition";
    case Detail::disabled:
      return "disabled";
    case Detail::not_yet:
      return "not-yet";
    case Detail::over:
      return "over";
    case Detail::outside_maintenance:
      return "outside-maintenance";
    case Detail::done:
      return "done";
    case Detail::run_held:
      return "run-held";
    case Detail::installs_stopped:
      return "installs-stopped";
    case Detail::image_gone:
      return "image-gone";
    case Detail::image_draft:
      return "image-draft";
    case Detail::image_withdrawn:
      return "image-withdrawn";
    case Detail::image_not_here:
      return "image-not-here";
    case Detail::image_not_for_arch:
      return "image-not-for-arch";
    case Detail::comes_later:
      return "comes-later";
    case Detail::chosen:
      return "chosen";
    case Detail::offered:
      return "offered";
    case Detail::not_answering:
      return "not-answering";
  }
  return "unknown";
}

void Trail::add(Considered entry) {
  const bool not_this_one = entry.point == Point::deployment && entry.verdict != Verdict::applied;
  if (size_ < (not_this_one ? capacity - kept_free : capacity)) {
    entries_[size_++] = entry;
  } else {
    ++left_out_;
  }
}

std::optional<Reason> Plan::reason() const {
  if (const auto* silent = std::get_if<Silent>(&outcome)) return silent->reason;
  if (const auto* abort = std::get_if<Abort>(&outcome)) return abort->reason;
  return std::nullopt;
}

}  // namespace policy
