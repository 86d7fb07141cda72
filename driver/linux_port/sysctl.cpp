// SPDX-License-Identifier: Apache-2.0
#include "driver/linux_port/sysctl.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "base/descriptor.hpp"

namespace sallyport::driver {

Result<void> set_sysctl(const std::string& path, const char* value) {
  const std::string file = "/proc/sys/net/" + path;
  const Descriptor fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return errno == ENOENT ? Result<void>() : errno_error("open " + file);
  if (::write(fd.get(), value, std::strlen(value)) < 0) return errno_error("write " + file);
  return {};
}

}  // namespace sallyport::driver
