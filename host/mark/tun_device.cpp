// SPDX-License-Identifier: Apache-2.0
#include "host/mark/tun_device.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace sallyport::mark {
namespace {

ifreq request_for(const std::string& name) {
  ifreq request{};
  std::copy_n(name.begin(), std::min(name.size(), sizeof request.ifr_name - 1), std::begin(request.ifr_name));
  return request;
}

}  // namespace

Result<TunDevice> TunDevice::create(const std::string& name) {
  Descriptor fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) return errno_error("open /dev/net/tun");
  ifreq request = request_for(name);
  // Without TUNSETOFFLOAD the kernel makes checksums and cuts large packets before we read them.
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) {
    if (errno == EBUSY) return Error{Errc::kExists, "another process marks this user's packets already"};
    return errno_error("make the TUN device " + name);
  }
  return TunDevice(std::move(fd), name, if_nametoindex(name.c_str()));
}

Result<void> TunDevice::up(unsigned mtu) {
  const Descriptor control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = request_for(name_);
  request.ifr_mtu = static_cast<int>(mtu);
  if (::ioctl(control.get(), SIOCSIFMTU, &request) != 0) return errno_error(name_ + ": set the MTU");
  request.ifr_flags = IFF_UP | IFF_NOARP;
  if (::ioctl(control.get(), SIOCSIFFLAGS, &request) != 0) return errno_error(name_ + ": set up");
  return {};
}

Result<Bytes> TunDevice::receive(std::span<std::uint8_t> room) {
  for (;;) {
    const ssize_t size = ::read(fd_.get(), room.data(), room.size());
    if (size >= 0) return Bytes(room).first(static_cast<std::size_t>(size));
    if (errno == EAGAIN) return Bytes();
    if (errno != EINTR) return errno_error(name_ + ": read");
  }
}

}  // namespace sallyport::mark
