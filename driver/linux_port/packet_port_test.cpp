// SPDX-License-Identifier: Apache-2.0
// Real interfaces in a network namespace of this process's own.
#include "driver/linux_port/packet_port.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>

#include <cstdlib>

namespace sallyport::driver {
namespace {

class PacketPortTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "needs root: run the tests as root"; }

  static void shell(const std::string& command) { ASSERT_EQ(std::system(command.c_str()), 0) << command; }

  // The next frame with our ethertype within a second: Linux sends frames of its own.
  static Buffer next_of_ours(PacketPort& port) {
    pollfd waiting{port.fd(), POLLIN, 0};
    while (::poll(&waiting, 1, 1000) > 0) {
      auto frame = port.receive();
      if (!frame) break;
      if (frame->has_value() && (*frame)->size() >= 14 && (**frame)[12] == 0x88 && (**frame)[13] == 0xb5)
        return **frame;
    }
    return {};
  }

  // A cable that carries frames from `one` to `other` and back: Linux drops without a word what is sent to a link that
  // has just come up.
  static void await_link(PacketPort& one, PacketPort& other) {
    ASSERT_TRUE(passes(one, other)) << one.name() << " to " << other.name();
    ASSERT_TRUE(passes(other, one)) << other.name() << " to " << one.name();
  }

  static bool passes(PacketPort& from, PacketPort& to) {
    Buffer probe = frame_of(0, 60);
    probe[13] = 0xb6;  // the other local experimental ethertype
    for (int sent = 0; sent < 100; ++sent) {
      (void)from.send(probe);
      for (pollfd waiting{to.fd(), POLLIN, 0}; ::poll(&waiting, 1, 100) > 0;) {
        auto frame = to.receive();
        if (frame && *frame && **frame == probe) return true;
      }
    }
    return false;
  }

  static Buffer frame_of(std::uint8_t mark, std::size_t size) {
    Buffer frame(size, mark);
    std::fill_n(frame.begin(), 6, std::uint8_t{0xff});
    frame[12] = 0x88;  // a local experimental ethertype
    frame[13] = 0xb5;
    return frame;
  }
};

TEST_F(PacketPortTest, CarriesFramesBothWaysOverAnInterfaceAndNotItsOwnEcho) {
  shell("ip link add left type veth peer name right && ip link set left up && ip link set right up");
  auto left = PacketPort::attach("left");
  auto right = PacketPort::attach("right");
  ASSERT_TRUE(left && right);
  await_link(*left, *right);
  const Buffer there = frame_of(1, 60);
  const Buffer back = frame_of(2, 1514);
  ASSERT_TRUE(left->send(there));
  EXPECT_EQ(next_of_ours(*right), there);
  ASSERT_TRUE(right->send(back));
  EXPECT_EQ(next_of_ours(*left), back);  // and not `there`, which left itself sent
}

TEST_F(PacketPortTest, LeavesVlanTagsInFrames) {
  shell("ip link add trunk type veth peer name cable && ip link set trunk up && ip link set cable up");
  auto trunk = PacketPort::attach("trunk");
  auto cable = PacketPort::attach("cable");
  ASSERT_TRUE(trunk && cable);
  await_link(*trunk, *cable);
  Buffer tagged = frame_of(3, 1518);  // a full frame and its tag
  const Buffer tag = {0x81, 0x00, 0xa1, 0x23, 0x88, 0xb5};
  std::copy(tag.begin(), tag.end(), tagged.begin() + 12);
  ASSERT_TRUE(trunk->send(tagged));
  Buffer seen;
  for (pollfd waiting{cable->fd(), POLLIN, 0}; seen != tagged && ::poll(&waiting, 1, 1000) > 0;) {
    auto frame = cable->receive();
    ASSERT_TRUE(frame);
    if (*frame) seen = **frame;
  }
  EXPECT_EQ(seen, tagged);
}

// The address is one of this machine, as a gateway's is: not on the wire, but Linux would answer for it there too.
TEST_F(PacketPortTest, KeepsTheKernelFromAnsweringArpWhereItIsAttached) {
  shell("ip link set lo up && ip addr add 10.9.0.1/32 dev lo");
  shell("ip link add asking type veth peer name wire && ip link set asking up && ip link set wire up");
  auto asking = PacketPort::attach("asking");
  ASSERT_TRUE(asking) << asking.error().message();
  Buffer who_has(60, 0);
  const Buffer request = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0,  0, 0, 0, 9, 8, 6, 0, 1, 8, 0,  6, 4, 0,
                          1,    2,    0,    0,    0,    0,    9, 10, 9, 0, 2, 0, 0, 0, 0, 0, 0, 10, 9, 0, 1};
  std::copy(request.begin(), request.end(), who_has.begin());
  const auto answered = [&] {
    for (int asked = 0; asked < 3; ++asked) {  // a link that has just come up loses what comes too early
      EXPECT_TRUE(asking->send(who_has));
      for (pollfd waiting{asking->fd(), POLLIN, 0}; ::poll(&waiting, 1, 1000) > 0;) {
        auto frame = asking->receive();
        if (frame && *frame && (*frame)->size() >= 22 && (**frame)[12] == 8 && (**frame)[13] == 6) return true;
      }
    }
    return false;
  };
  EXPECT_TRUE(answered()) << "an unattached interface is Linux's";
  ASSERT_TRUE(PacketPort::attach("wire"));
  EXPECT_FALSE(answered());
}

TEST_F(PacketPortTest, MakesATapThatLinuxSees) {
  const MacAddress mac = {2, 0, 0, 0, 0, 7};
  auto tap = PacketPort::create_tap("sp-test", mac, 1400);
  ASSERT_TRUE(tap) << tap.error().message();
  shell("ip link show sp-test | grep -q 'mtu 1400' && ip link show sp-test | grep -q 'link/ether 02:00:00:00:00:07'");
  auto inside = PacketPort::attach("sp-test");
  ASSERT_TRUE(inside);
  await_link(*tap, *inside);
  const Buffer up = frame_of(3, 100);
  ASSERT_TRUE(tap->send(up));
  EXPECT_EQ(next_of_ours(*inside), up);
  const Buffer down = frame_of(4, 200);
  ASSERT_TRUE(inside->send(down));
  EXPECT_EQ(next_of_ours(*tap), down);
  auto twice = PacketPort::create_tap("sp-test", mac, 1400);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, Errc::kExists);
}

TEST_F(PacketPortTest, NamesTheInterfaceThatIsMissing) {
  auto port = PacketPort::attach("nowhere0");
  ASSERT_FALSE(port);
  EXPECT_EQ(port.error().code, Errc::kNotFound);
  EXPECT_NE(port.error().detail.find("nowhere0"), std::string::npos);
  EXPECT_EQ(PacketPort::attach("a-name-longer-than-fifteen").error().code, Errc::kInvalid);
}

}  // namespace
}  // namespace sallyport::driver
