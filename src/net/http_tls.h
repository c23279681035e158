// SPDX-License-Identifier: GPL-3.0-or-later
// How a TLS connection's records reach its socket. libmicrohttpd gives GnuTLS 16 kB at a time
// and each record would leave as packets of its own; here those of a file wait for each other
// until packets are full, which halves the cost of a gigabyte.
#pragma once

#include <microhttpd.h>

#include <cstdint>

#include "base/fd.h"

namespace net {

struct TlsOutput {
  int socket = -1;
  bool more = false;  // what is sent now is not the last of its file
};

// For MHD_OPTION_NOTIFY_CONNECTION: gives each connection its TlsOutput.
void on_tls_connection(void*, MHD_Connection* connection, void** socket_context,
                       MHD_ConnectionNotificationCode what);

// A part of a file as a response; null without memory. Takes the descriptor.
MHD_Response* tls_file_response(MHD_Connection* connection, base::Fd file, std::uint64_t offset,
                                std::uint64_t length);

}  // namespace net
