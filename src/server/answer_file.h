// SPDX-License-Identifier: GPL-3.0-or-later
// An image's answer file, rendered for the boot that asks for it below its own URL:
// GET /boot/v1/TOKEN/answer/IMAGE/NAME, where IMAGE is the image's number (docs/answer-files.md).
#pragma once

#include <optional>
#include <string_view>

#include "net/http_server.h"
#include "policy/run.h"
#include "session/boot_papers.h"
#include "site/administration.h"

namespace server {

// `what`: "12/preseed.cfg". 404: the boot has no such file; 409: a placeholder has no value for
// this machine, and installing it by half an answer would be worse.
net::HttpReply render_answer(const session::BootPapers& papers, std::string_view what, const site::Site& site,
                             const base::Ip& local);

// The papers of a run whose boot began before the server did.
std::optional<session::BootPapers> papers_of(const policy::Run& run, std::string_view token,
                                             const policy::Snapshot& snapshot);

}  // namespace server
