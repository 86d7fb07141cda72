// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/netlink_request.hpp"

#include <sys/socket.h>

#include <span>

#include "driver/tables/route_compiler.hpp"
#include "host/ipsec/address.hpp"

namespace sallyport::gateway {
namespace {

using OnMessage = std::function<void(const nlmsghdr*)>;

int call(const nlmsghdr* message, void* data) {
  (*static_cast<OnMessage*>(data))(message);
  return MNL_CB_OK;
}

// Whether a part of a list says that the list changed between two of its parts. libmnl would stop at this word and
// leave the rest of the list for the next request to stumble over, so it is taken out.
bool take_out_interruption(std::span<char> messages) {
  bool interrupted = false;
  int left = static_cast<int>(messages.size());
  for (auto* m = reinterpret_cast<nlmsghdr*>(messages.data()); mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
    interrupted = interrupted || (m->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    m->nlmsg_flags &= static_cast<std::uint16_t>(~NLM_F_DUMP_INTR);
  }
  return interrupted;
}

}  // namespace

Result<void> ask(mnl_socket* socket, nlmsghdr* request, unsigned sequence, const std::string& what,
                 OnMessage on_message) {
  request->nlmsg_seq = sequence;
  if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) return errno_error(what);
  std::array<char, kNetlinkBytes> buffer;
  bool interrupted = false;
  for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
    const auto n = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
    if (n < 0) return errno_error(what);
    if (take_out_interruption(std::span(buffer).first(static_cast<std::size_t>(n)))) interrupted = true;
    more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(n), sequence, mnl_socket_get_portid(socket), call,
                      &on_message);
    if (more < 0) return errno_error(what);
  }
  if (interrupted) return Error{Errc::kBusy, what + ": it changed while it was read"};
  return {};
}

std::uint8_t kernel_family(const layout::Address& address) { return address.is_v4() ? AF_INET : AF_INET6; }

std::uint8_t kernel_length(const layout::Address& prefix, unsigned length) {
  return static_cast<std::uint8_t>(prefix.is_v4() ? length - driver::kIpv4Prefix : length);
}

void put_address(nlmsghdr* message, std::uint16_t type, const layout::Address& address) {
  const IpAddress plain = IpAddress::from_number(address);
  mnl_attr_put(message, type, plain.bytes().size(), plain.bytes().data());
}

}  // namespace sallyport::gateway
