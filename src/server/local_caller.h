// SPDX-License-Identifier: GPL-3.0-or-later
// The management API of a stopped server, in the process that asks.
#pragma once

#include <memory>
#include <string>

#include "api/client.h"
#include "management/api.h"
#include "server/config.h"
#include "site/administration.h"

namespace server {

class LocalCaller final : public api::Caller {
 public:
  // Takes the state directory for as long as it lives; makes what is missing there.
  static base::Result<std::unique_ptr<LocalCaller>> open(const Config& config);
  LocalCaller(std::unique_ptr<site::Administration> administration, std::string run_files);

  using api::Caller::ask;
  base::Result<api::Answer> ask(api::Request request, const api::Sink& sink) override;

 private:
  std::unique_ptr<site::Administration> administration_;
  management::Api api_;  // ends first: its jobs use the administration
};

}  // namespace server
