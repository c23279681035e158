// SPDX-License-Identifier: GPL-3.0-or-later
// What is deployed to whom: images or task sequences, to collections, devices or strangers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "policy/device.h"
#include "policy/rule.h"

namespace policy {

struct ToCollection {
  std::int64_t id = 0;
  bool operator==(const ToCollection&) const = default;
};
struct ToDevice {
  std::int64_t id = 0;
  bool operator==(const ToDevice&) const = default;
};
// Machines that no record knows, as far as Deployment::condition lets them.
struct ToUnknown {
  bool operator==(const ToUnknown&) const = default;
};
// Known and unknown machines alike. Nobody among them asked for it: they are always prompted.
struct ToAll {
  bool operator==(const ToAll&) const = default;
};
using DeployedTo = std::variant<ToCollection, ToDevice, ToUnknown, ToAll>;

enum class Purpose : std::uint8_t {
  available,  // somebody at the machine chooses it
  required,   // boots without a question, until it is done
};
std::string_view print(Purpose purpose);
std::optional<Purpose> parse_purpose(std::string_view text);

struct TaskSequence {
  std::int64_t id = 0;
  std::string name;
  std::int64_t image = 0;
  Variables variables;
  bool operator==(const TaskSequence&) const = default;
};

struct ToRun {
  std::int64_t task_sequence = 0;
  bool operator==(const ToRun&) const = default;
};
struct ToBoot {
  std::int64_t image = 0;
  bool operator==(const ToBoot&) const = default;
};
using Deployed = std::variant<ToBoot, ToRun>;

struct Deployment {
  std::int64_t id = 0;
  std::string name;  // unique; people and logs name it by this
  Deployed what;
  DeployedTo target;
  std::optional<Rule> condition;  // of ToUnknown and ToAll: which of them
  Purpose purpose = Purpose::available;
  bool enabled = true;
  std::int32_t order = 0;                   // the lower comes first, before the newer
  std::int64_t created = 0;                 // Unix seconds
  std::optional<std::int64_t> from, until;  // Unix seconds: offered from then on, and before then
  bool again = false;                       // required, at every boot, done or not: machines without a disk
  bool asks = false;                        // a required one, too, asks at the machine first
  bool once = false;                        // done as soon as a machine has started it, whatever comes of it
  std::string program;                      // name of the boot program instead of the default; empty: none
  bool operator==(const Deployment&) const = default;
};

}  // namespace policy
