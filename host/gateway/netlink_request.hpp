// SPDX-License-Identifier: Apache-2.0
// A request to the kernel by rtnetlink(7) and libmnl, and its answer.
#pragma once

#include <libmnl/libmnl.h>

#include <array>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "hw/layout/address.hpp"

namespace sallyport::gateway {

constexpr std::size_t kNetlinkBytes = 32768;  // of a buffer: libmnl's MNL_SOCKET_BUFFER_SIZE at its largest

// A request under construction: header, then a family header of type T.
template <class T>
struct NetlinkRequest {
  std::array<char, 512> buffer{};
  nlmsghdr* message;
  T* body;

  NetlinkRequest(std::uint16_t type, std::uint16_t flags) : message(mnl_nlmsg_put_header(buffer.data())) {
    message->nlmsg_type = type;
    message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    body = static_cast<T*>(mnl_nlmsg_put_extra_header(message, sizeof(T)));
  }
};

// Sends it and takes its answers up to the acknowledgement or the end of the dump. kBusy: what was to be listed changed
// meanwhile, and the list is not whole.
Result<void> ask(
    mnl_socket* socket, nlmsghdr* request, unsigned sequence, const std::string& what,
    std::function<void(const nlmsghdr*)> on_message = [](const nlmsghdr*) {});

// Of an address as the card knows it.
[[nodiscard]] std::uint8_t kernel_family(const layout::Address& address);
// Of a prefix's length, which the kernel counts within its family.
[[nodiscard]] std::uint8_t kernel_length(const layout::Address& prefix, unsigned length);
void put_address(nlmsghdr* message, std::uint16_t type, const layout::Address& address);

}  // namespace sallyport::gateway
