// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/test_disk.hpp"

// In place of the C library's.
extern "C" int fsync(int fd) { return sallyport::gateway::disk.sync(SYS_fsync, fd); }
extern "C" int fdatasync(int fd) { return sallyport::gateway::disk.sync(SYS_fdatasync, fd); }
