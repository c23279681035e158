// SPDX-License-Identifier: GPL-3.0-or-later
// One message, with open files beside it, over a connected SOCK_SEQPACKET socket: the kernel
// keeps the bounds of messages, so there is no framing to get wrong.
#pragma once

#include <sys/un.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace api {

// Most files beside one message. Each request needs at most one.
inline constexpr std::size_t max_message_files = 1;

struct Message {
  std::string text;  // empty: the other side has closed
  std::vector<base::Fd> files;
};

// The address of a control socket; its path has a bound.
base::Result<sockaddr_un> socket_address(const std::string& path);

// `file` -1: none. Never raises SIGPIPE.
base::Status send_message(int socket, std::string_view text, int file = -1);
// Does not wait for a slow reader: false when the message could not be sent at once.
bool try_send_message(int socket, std::string_view text);
// Waits. A message or a number of files beyond the bounds is an error, and nothing stays open.
base::Result<Message> receive_message(int socket);

}  // namespace api
