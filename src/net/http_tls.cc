// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_tls.h"

#include <gnutls/gnutls.h>
#include <sys/socket.h>
#include <unistd.h>

#include <new>

namespace net {
namespace {

ssize_t send_records(gnutls_transport_ptr_t to, const giovec_t* parts, int count) {
  const auto& output = *static_cast<const TlsOutput*>(to);
  msghdr message{};
  message.msg_iov = const_cast<giovec_t*>(parts);
  message.msg_iovlen = static_cast<std::size_t>(count);
  return sendmsg(output.socket, &message, MSG_NOSIGNAL | (output.more ? MSG_MORE : 0));
}

TlsOutput* output_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info != nullptr ? static_cast<TlsOutput*>(info->socket_context) : nullptr;
}

struct FilePart {
  base::Fd file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  TlsOutput* output = nullptr;  // lives as long as the connection, which outlives its responses
};

ssize_t read_part(void* cls, std::uint64_t position, char* buffer, std::size_t room) {
  auto& part = *static_cast<FilePart*>(cls);
  const std::uint64_t left = part.length - position;
  const ssize_t got = pread(part.file.get(), buffer, left < room ? static_cast<std::size_t>(left) : room,
                            static_cast<off_t>(part.offset + position));
  if (got <= 0) return MHD_CONTENT_READER_END_WITH_ERROR;  // shorter than it was
  // What waits for more is sent by the kernel after 200 ms at the latest, should we err.
  if (part.output != nullptr) part.output->more = static_cast<std::uint64_t>(got) < left;
  return got;
}

void free_part(void* cls) { delete static_cast<FilePart*>(cls); }

}  // namespace

void on_tls_connection(void*, MHD_Connection* connection, void** socket_context,
                       MHD_ConnectionNotificationCode what) {
  if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
    delete static_cast<TlsOutput*>(*socket_context);
    *socket_context = nullptr;
    return;
  }
  const MHD_ConnectionInfo* fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (fd == nullptr) return;
  const int socket = fd->connect_fd;
  const MHD_ConnectionInfo* tls = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  if (tls == nullptr || tls->tls_session == nullptr) return;
  auto* output = new (std::nothrow) TlsOutput{socket};
  if (output == nullptr) return;  // then as the library does it
  *socket_context = output;
  auto* session = static_cast<gnutls_session_t>(tls->tls_session);
  gnutls_transport_set_ptr2(session, reinterpret_cast<gnutls_transport_ptr_t>(std::intptr_t{socket}), output);
  gnutls_transport_set_vec_push_function(session, send_records);
}

MHD_Response* tls_file_response(MHD_Connection* connection, base::Fd file, std::uint64_t offset,
                                std::uint64_t length) {
  auto* part = new (std::nothrow) FilePart{std::move(file), offset, length, output_of(connection)};
  if (part == nullptr) return nullptr;
  constexpr std::size_t block = 4 * 16384;  // four records; each connection that sends has one
  MHD_Response* response = MHD_create_response_from_callback(length, block, read_part, part, free_part);
  if (response == nullptr) delete part;
  return response;
}

}  // namespace net
