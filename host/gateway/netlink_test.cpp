// SPDX-License-Identifier: Apache-2.0
// Against this machine's kernel, in a network namespace of its own.
#include "host/gateway/netlink.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "driver/linux_port/packet_port.hpp"

namespace sallyport::gateway {
namespace {

Address v4(unsigned number) { return Address::from_v4(0x0a000001 + number); }

// The kernel lists many addresses in several parts, and says of a list that changed between two of them that it is of
// no use (NLM_F_DUMP_INTR).
TEST(Netlink, AViewIsWholeThoughTheKernelChangesWhileItIsRead) {
  constexpr unsigned kThere = 1000;
  constexpr unsigned kViews = 500;
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "this test makes an interface and must run as root";
  const auto tap = driver::PacketPort::create_tap("hd-many", {2, 0, 0, 0, 3, 0}, 1500);
  ASSERT_TRUE(tap) << tap.error().detail;
  const unsigned interface = tap->index();
  Netlink reader = Netlink::open().value();
  Netlink writer = Netlink::open().value();
  for (unsigned i = 0; i < kThere; ++i) ASSERT_TRUE(writer.add_address({interface, v4(i), layout::kAddressBits}));
  std::atomic<unsigned> begun = 0;  // views
  std::atomic<unsigned> added = 0;  // addresses, one in each
  std::thread changes([&] {
    while (added < kViews) {
      while (begun == added) std::this_thread::yield();
      (void)writer.add_address({interface, v4(kThere + added), layout::kAddressBits});
      ++added;
    }
  });
  while (begun < kViews) {
    ++begun;
    const auto view = reader.view({interface});
    while (added < begun) std::this_thread::yield();
    EXPECT_TRUE(view) << view.error().detail;
    if (!view) continue;
    const auto found = std::count_if(view->addresses.begin(), view->addresses.end(),
                                     [](const KernelAddress& a) { return a.address.is_v4(); });
    EXPECT_GE(found, kThere + begun - 1);
    EXPECT_LE(found, kThere + begun);
  }
  changes.join();
}

}  // namespace
}  // namespace sallyport::gateway
