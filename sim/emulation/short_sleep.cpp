// SPDX-License-Identifier: Apache-2.0
// XRT's emulation shim waits for its simulator by sleep(10) and sleep(1). Tests have nothing to wait for.
#include <ctime>

extern "C" unsigned sleep(unsigned seconds) {
  const timespec pause{0, seconds >= 10 ? 20'000'000 : 1'000'000};
  nanosleep(&pause, nullptr);
  return 0;
}
