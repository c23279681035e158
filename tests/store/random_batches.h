// SPDX-License-Identifier: GPL-3.0-or-later
// Batches from a seed: records with all their fields, names that collide, references that
// mostly hold.
#pragma once

#include <fmt/format.h>

#include <random>

#include "site_model.h"

namespace store_test {

class RandomBatches {
 public:
  // `sensible`: no bad references nor revisions, so that most batches are taken.
  explicit RandomBatches(std::uint64_t seed, bool sensible = false) : random_(seed), sensible_(sensible) {}

  store::Batch next(const SiteModel& model) {
    model_ = &model;
    store::Batch batch;
    batch.who = chance(2) ? "admin" : "helpdesk anna";
    if (chance(4)) batch.verb = "imported";
    const std::size_t steps = 1 + below(sensible_ ? 3 : 5);
    for (std::size_t i = 0; i < steps; ++i) batch.steps.push_back(step());
    store::tidy(batch);
    return batch;
  }

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  bool chance(std::size_t in) { return below(in) == 0; }

 private:
  template <class Value>
  Value one_of(std::initializer_list<Value> values) {
    return *(values.begin() + static_cast<std::ptrdiff_t>(below(values.size())));
  }

  store::Step step() {
    const auto kind = static_cast<Kind>(below(10));
    if (kind == Kind::settings) return store::SetSettings{settings(), revision(model_->settings_revision())};
    const auto& table = model_->table(kind);
    if (!sensible_ && chance(40)) return store::Remove{kind, 999'999, {}};
    // Small tables fill, large ones empty.
    const bool is_new = table.empty() || below(30) >= table.size() * 2;
    if (is_new) return store::Put{record(kind, 0), {}};
    const auto at = std::next(table.begin(), static_cast<std::ptrdiff_t>(below(table.size())));
    if (chance(3)) return store::Remove{kind, at->first, revision(at->second.revision)};
    return store::Put{record(kind, at->first), revision(at->second.revision)};
  }

  std::optional<std::int64_t> revision(std::int64_t right) {
    if (!chance(3)) return std::nullopt;
    return sensible_ || !chance(5) ? right : right + 1;
  }

  // A record that is there; sometimes one that is not; 0 where there is none.
  std::int64_t any(Kind kind) {
    const auto& table = model_->table(kind);
    if (!sensible_ && chance(40)) return 999'999;
    if (table.empty()) return 0;
    return std::next(table.begin(), static_cast<std::ptrdiff_t>(below(table.size())))->first;
  }
  std::int64_t maybe(Kind kind) { return chance(3) ? any(kind) : 0; }
  std::vector<std::int64_t> some(Kind kind) {
    std::vector<std::int64_t> out;
    for (std::size_t i = below(4); i > 0; --i) {
      if (const auto id = any(kind)) out.push_back(id);
    }
    return out;
  }
  std::string maybe_program() {
    const std::int64_t id = maybe(Kind::program);
    const auto& table = model_->table(Kind::program);
    const auto found = table.find(id);
    if (id != 0 && found == table.end()) return "not there";
    return found == table.end() ? "" : std::string(store::name_of(found->second.record));
  }

  std::string name() {
    return fmt::format("{}{}", chance(3) ? "Name " : "name ", below(sensible_ ? 100'000 : 60));
  }
  std::string text() {
    return one_of<std::string>({"", "quiet", "it's \"q\" \\ \n ü", "a=${b} || ; --", "x y"});
  }
  policy::Arch arch() { return static_cast<policy::Arch>(below(policy::arch_count)); }
  policy::Variables variables() {
    policy::Variables out;
    for (std::size_t i = below(3); i > 0; --i) out.emplace_back(fmt::format("v{}", below(9)), text());
    return out;
  }
  std::optional<policy::Rule> rule() {
    if (chance(2)) return std::nullopt;
    return policy::Rule::parse(
               one_of<std::string>({"subnet 10.1.0.0/16 and not (arch arm64 or name \"lab-*\")",
                                    "vendor PXEClient*", "mac 52:54:00:*", "firmware uefi"}))
        .value();
  }
  template <class Value>
  std::optional<Value> perhaps(Value value) {
    return chance(2) ? std::optional(value) : std::nullopt;
  }
  std::uint16_t small() { return static_cast<std::uint16_t>(below(65536)); }

  Record record(Kind kind, std::int64_t id) {
    switch (kind) {
      case Kind::device:
        return device(id);
      case Kind::collection:
        return policy::Collection{id, name(), rule(), some(kind), some(kind), maybe(Kind::referral)};
      case Kind::image:
        return image(id);
      case Kind::task_sequence:
        return policy::TaskSequence{id, name(), any(Kind::image), variables()};
      case Kind::program:
        return program(id);
      case Kind::deployment:
        return deployment(id);
      case Kind::network:
        return network(id);
      case Kind::server:
        return server(id);
      case Kind::referral:
        return referral(id);
      case Kind::settings:
        break;
    }
    return policy::Referral{};
  }

  policy::Device device(std::int64_t id) {
    const std::size_t pool = sensible_ ? 60'000 : 40;
    policy::Device device;
    device.id = id;
    device.name = name();
    for (std::size_t i = below(3); i > 0; --i) {
      const auto number = below(pool);
      device.macs.push_back(
          {{0x52, 0x54, 0, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}});
    }
    if (device.macs.empty() || chance(3)) {
      const auto number = below(pool);
      device.uuid =
          base::Uuid{{static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number), 7}};
    }
    device.state = static_cast<policy::DeviceState>(below(3));
    if (device.state == policy::DeviceState::pending) {
      device.request = static_cast<std::uint32_t>(below(sensible_ ? 4'000'000'000 : 20));
    }
    device.collections = some(Kind::collection);
    policy::DeviceExtras more;
    if (chance(2)) {
      more.variables = variables();
      more.program = maybe_program();
      more.image = maybe(Kind::image);
      more.referral = maybe(Kind::referral);
      for (const auto deployment : some(Kind::deployment)) {
        more.runs.push_back({deployment, one_of({policy::RunEnd::done, policy::RunEnd::held})});
      }
    }
    device.more = std::make_shared<const policy::DeviceExtras>(std::move(more));
    return device;
  }

  store::ImageRecord image(std::int64_t id) {
    policy::Image image;
    image.id = id;
    image.name = name();
    image.kind = one_of({policy::ImageKind::linux_kernel, policy::ImageKind::tree, policy::ImageKind::wim,
                         policy::ImageKind::uki});
    image.kernel = text();
    for (std::size_t i = below(3); i > 0; --i) image.initrds.push_back(fmt::format("initrd{}", below(3)));
    std::erase(image.kernel, '\n');
    image.command_line = text();
    image.arch = arch();
    image.state =
        one_of({policy::ImageState::draft, policy::ImageState::published, policy::ImageState::withdrawn});
    const std::size_t version = below(50);  // apart: arguments have no order that compilers agree on
    return {image, fmt::format("images/{}/{}", below(50), version),
            static_cast<std::int64_t>(below(1U << 31))};
  }

  policy::Program program(std::int64_t id) {
    policy::Program program{id, name(), arch(), {}, chance(2), fmt::format("programs/{}", below(9))};
    for (std::size_t i = below(4); i > 0; --i)
      program.roles.push_back(static_cast<policy::Role>(below(policy::role_count)));
    return program;
  }

  policy::Deployment deployment(std::int64_t id) {
    policy::Deployment out;
    out.id = id;
    out.name = name();
    out.what = chance(3) ? policy::Deployed(policy::ToRun{any(Kind::task_sequence)})
                         : policy::Deployed(policy::ToBoot{any(Kind::image)});
    switch (below(4)) {
      case 0:
        out.target = policy::ToCollection{any(Kind::collection)};
        break;
      case 1:
        out.target = policy::ToDevice{any(Kind::device)};
        break;
      case 2:
        out.target = policy::ToUnknown{};
        break;
      default:
        out.target = policy::ToAll{};
    }
    out.condition = rule();
    out.purpose = one_of({policy::Purpose::available, policy::Purpose::required});
    out.enabled = chance(2);
    out.order = static_cast<std::int32_t>(below(100)) - 50;
    out.created = static_cast<std::int64_t>(below(1U << 31));
    out.from = perhaps(static_cast<std::int64_t>(below(1000)));
    out.until = perhaps(static_cast<std::int64_t>(1000 + below(1000)));
    out.again = chance(2);
    out.asks = chance(2);
    out.once = !out.again && chance(2);
    out.program = maybe_program();
    return out;
  }

  policy::Network network(std::int64_t id) {
    policy::Network out;
    out.id = id;
    out.name = name();
    out.subnet = *base::IpNet::parse(chance(4) ? fmt::format("2001:db8:{:x}::/64", below(200))
                                               : fmt::format("10.{}.0.0/16", below(200)));
    out.answer = perhaps(static_cast<policy::AnswerTo>(below(3)));
    out.add_unknown = perhaps(chance(2));
    out.prompt_known = perhaps(static_cast<policy::Prompting>(below(3)));
    out.prompt_unknown = perhaps(static_cast<policy::Prompting>(below(3)));
    out.delay_seconds = perhaps(small());
    for (std::uint16_t i = 0; i < below(3); ++i) {
      out.maintenance.push_back(
          {static_cast<std::uint16_t>(i * 2000 + below(1000)), static_cast<std::uint16_t>(1 + below(900))});
    }
    out.referral = maybe(Kind::referral);
    return out;
  }

  policy::BootServer server(std::int64_t id) {
    policy::BootServer out{id, name(), base::Ipv4{{10, 0, 0, static_cast<std::uint8_t>(below(256))}}, {}};
    for (std::size_t i = below(3); i > 0; --i)
      out.files.push_back({arch(), fmt::format("boot{}.efi", below(9))});
    return out;
  }

  policy::Referral referral(std::int64_t id) {
    policy::Referral out{id, name(), {}};
    for (const auto server : some(Kind::server)) out.shares.push_back({server, small()});
    return out;
  }

  store::SiteSettings settings() {
    store::SiteSettings out;
    out.policy.answer = static_cast<policy::AnswerTo>(below(3));
    out.policy.add_unknown = chance(2);
    out.policy.prompt_known = static_cast<policy::Prompting>(below(3));
    out.policy.prompt_unknown = static_cast<policy::Prompting>(below(3));
    out.policy.delay_seconds = small();
    out.policy.menus = chance(2);
    out.policy.detect_processor = chance(2);
    out.policy.pending = {small(), small(), text()};
    for (std::size_t i = below(4); i > 0; --i) {
      const auto prefix = *policy::MacPrefix::parse(fmt::format("52:54:{:02x}", below(256)));
      (chance(2) ? out.ignored_macs : out.wandering_macs).push_back(prefix);
    }
    for (std::size_t i = below(3); i > 0; --i) {
      out.banned_uuids.push_back(
          {{static_cast<std::uint8_t>(below(256)), static_cast<std::uint8_t>(below(256))}});
    }
    return out;
  }

  std::mt19937_64 random_;
  bool sensible_;
  const SiteModel* model_ = nullptr;
};

}  // namespace store_test
