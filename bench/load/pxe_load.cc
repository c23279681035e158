// SPDX-License-Identifier: GPL-3.0-or-later
// `pxe`: N conversations in flight, a number in all or as many as fit into a time.
#include <fmt/core.h>

#include "loads.h"
#include "pxe_desk.h"

namespace bench {
namespace {

class PxeLoad final : public PxeOwner {
 public:
  explicit PxeLoad(Flags& flags)
      : in_flight_(static_cast<std::size_t>(flags.number("--in-flight", 1, 1, PxeDesk::max_slots))),
        steady_(from_seconds(flags.real("--seconds", 0))),
        total_(static_cast<std::uint64_t>(flags.number("--total", 1000, 1, 1'000'000'000))),
        limit_(from_seconds(flags.real("--limit-seconds", 60))),
        machines_(static_cast<std::uint32_t>(flags.number("--machines", 4096, 1, 1 << 24))),
        kind_(flags.text("--kind", "mixed")),
        desk_(poller_, *this, totals_, parse_address(flags.required("--server"), 67),
              parse_address(flags.required("--relay"), 67), in_flight_,
              flags.number("--timeout-ms", 1000, 1, 60000) * millisecond,
              static_cast<unsigned>(flags.number("--tries", 3, 0, 100))) {
    if (kind_ != "mixed" && kind_ != "x64" && kind_ != "bios") usage_error("--kind x64|bios|mixed");
    flags.finish();
  }

  int run() {
    const Nanos start = read_clock();
    for (std::size_t slot = 0; slot < in_flight_; ++slot) next(slot, start);
    desk_.flush();
    const Nanos end = start + (steady_ > 0 ? steady_ : limit_);
    for (Nanos now = start; now < end && running_ > 0;) now = poller_.turn(end);
    const Nanos stop = running_ == 0 ? last_ : read_clock();
    const double seconds = to_seconds(std::max<Nanos>(1, stop - start));
    const std::uint64_t done = totals_.done;
    // A steady run is cut with each slot busy; what is asked already may still be answered.
    draining_ = true;
    const Nanos patience = stop + (steady_ > 0 ? 2 * second : 0);
    for (Nanos now = stop; now < patience && running_ > 0;) now = poller_.turn(patience);
    Json json;
    json.add("conversations", done)
        .add("conv_per_s", static_cast<double>(done) / seconds)
        .add("lost", totals_.lost)
        .add("gave_up", totals_.gave_up)
        .add("without_file", totals_.without_file)
        .add("stray", totals_.stray)
        .add("unfinished", running_)
        .add("seconds", seconds)
        .add("offer_us", summary(offers_))
        .add("conversation_us", summary(times_));
    fmt::print("{}\n", json.text());
    return 0;
  }

 private:
  void pxe_done(std::size_t slot, bool right, Nanos offer_took, Nanos took, Nanos now) override {
    --running_;
    last_ = now;
    if (right) {
      offers_.push_back(static_cast<double>(offer_took) / 1e3);
      times_.push_back(static_cast<double>(took) / 1e3);
    }
    next(slot, now);
  }

  void next(std::size_t slot, Nanos now) {
    if (draining_ || (steady_ > 0 ? totals_.gave_up > 100000 : begun_ == total_)) return;
    const bool bios = kind_ == "bios" || (kind_ == "mixed" && begun_ % 2 == 1);
    const auto machine = static_cast<std::uint32_t>(begun_ % machines_);
    ++begun_;
    ++running_;
    desk_.begin(slot, bios ? Firmware::bios : Firmware::uefi_x64, machine, now);
  }

  std::size_t in_flight_;
  Nanos steady_;
  std::uint64_t total_;
  Nanos limit_;
  std::uint32_t machines_;
  std::string kind_;
  Poller poller_;
  PxeTotals totals_;
  PxeDesk desk_;
  std::uint64_t begun_ = 0, running_ = 0;
  Nanos last_ = 0;
  bool draining_ = false;
  std::vector<double> offers_, times_;
};

}  // namespace

int pxe_load(Flags& flags) { return PxeLoad(flags).run(); }

}  // namespace bench
