// SPDX-License-Identifier: Apache-2.0
// Settings of the kernel's network below /proc/sys/net.
#pragma once

#include <string>

#include "base/result.hpp"

namespace sallyport::driver {

// `path` is "ipv4/conf/eth0/forwarding", say. A setting that this kernel does not have counts as written.
Result<void> set_sysctl(const std::string& path, const char* value);

}  // namespace sallyport::driver
