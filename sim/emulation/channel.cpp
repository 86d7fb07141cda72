// SPDX-License-Identifier: Apache-2.0
#include "sim/emulation/channel.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "emulation.pb.h"

namespace sallyport::emulation {
namespace {

constexpr std::size_t kCallHeaderBytes = 14;
constexpr int kPatienceSeconds = 10;  // ours: the shim answers within a millisecond, on a busy machine within a second
constexpr std::uint64_t kLargestMessage = 64ULL * 1024 * 1024;  // our own limit; XRT cuts copies at packet_size

Error gone(const char* what) { return Error{Errc::kDisconnected, what}; }

}  // namespace

Channel::Channel(Channel&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Channel& Channel::operator=(Channel&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Channel::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<Channel> Channel::dial(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{Errc::kInvalid, path + ": longer than a UNIX socket's path may be"};
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  Channel channel(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!channel.open()) return errno_error("socket");
  if (::connect(channel.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error{Errc::kNotFound, path + ": nobody listens"};
  }
  // A host process that hangs (stopped in a debugger, say) must not stop the card's packets for ever.
  const timeval patience{kPatienceSeconds, 0};
  ::setsockopt(channel.fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(channel.fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return channel;
}

Result<void> Channel::read_all(void* to, std::size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t n = ::recv(fd_, at, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return gone("XRT closed the connection");
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return {};
}

Result<void> Channel::write_all(const void* from, std::size_t size) {
  const auto* at = static_cast<const char*>(from);
  while (size > 0) {
    const ssize_t n = ::send(fd_, at, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return gone("XRT closed the connection");
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return {};
}

Result<Message> Channel::receive() {
  std::array<char, kCallHeaderBytes> head{};
  if (auto r = read_all(head.data(), head.size()); !r) return r.error();
  Header header;
  if (!header.ParseFromArray(head.data(), head.size()) || header.size() > kLargestMessage) {
    return gone("a header that is none");
  }
  Message message;
  message.call = header.call();
  message.body.resize(header.size());
  if (auto r = read_all(message.body.data(), message.body.size()); !r) return r.error();
  return message;
}

Result<void> Channel::send(std::optional<std::uint32_t> call, const std::string& body) {
  Header header;
  header.set_size(body.size());
  if (call) header.set_call(*call);
  return write_all((header.SerializeAsString() + body).data(), header.ByteSizeLong() + body.size());
}

}  // namespace sallyport::emulation
