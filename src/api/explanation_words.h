// SPDX-License-Identifier: GPL-3.0-or-later
// One rule that was considered, as a sentence. For explanation.cc only.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "api/names.h"
#include "policy/next_step.h"

namespace api {

class Words {
 public:
  Words(const policy::Facts& facts, const policy::Answer& answer, const Names& names)
      : facts_(facts), plan_(answer.plan), answer_(answer), names_(names) {}

  // "pc-7", or "this machine".
  [[nodiscard]] std::string who() const;
  [[nodiscard]] std::string text(const policy::Considered& entry) const;
  // What the entry is about: its kind, where it is a record's.
  static std::optional<store::Kind> subject_kind(policy::Point point);
  // "required for collection «lab»", "available to all machines".
  [[nodiscard]] std::string terms(const policy::Deployment& deployment) const;

 private:
  [[nodiscard]] std::string identity(const policy::Considered& entry) const;
  [[nodiscard]] std::string gate(const policy::Considered& entry) const;
  [[nodiscard]] std::string deployment(const policy::Considered& entry) const;
  [[nodiscard]] std::string image_override(const policy::Considered& entry) const;
  [[nodiscard]] std::string program() const;
  [[nodiscard]] std::string quoted(store::Kind kind, std::int64_t id) const;
  [[nodiscard]] std::string address() const;

  const policy::Facts& facts_;
  const policy::Plan& plan_;
  const policy::Answer& answer_;
  const Names& names_;
};

}  // namespace api
