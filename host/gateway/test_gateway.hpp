// SPDX-License-Identifier: Apache-2.0
// For tests: a whole gateway in this process, over a software card whose ports are the test, in a network namespace of
// its own.
#pragma once

#include <gmock/gmock.h>
#include <sched.h>

#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include "driver/software/software_card.hpp"
#include "driver/testing/frames.hpp"
#include "host/gateway/test_daemon.hpp"
#include "host/gateway/test_neighbours.hpp"
#include "host/gateway/test_requests.hpp"
#include "host/store/test_folder.hpp"

namespace sallyport::gateway {

namespace json = boost::json;
using driver::Address;

constexpr driver::MacAddress kHostMac = {2, 0, 0, 0, 1, 1};
constexpr driver::MacAddress kPeerMac = wan_mac(2);
constexpr std::uint32_t kHost = 0x0a01000a;              // 10.1.0.10
constexpr std::uint32_t kRemote = 0x0a02000a;            // 10.2.0.10
constexpr std::uint32_t kPeer = 0xc0000202;              // 192.0.2.2
constexpr Address kOurs = Address::from_v4(0xc0000201);  // 192.0.2.1

// A manual SA to 192.0.2.2 for everything between 10.1/16 and 10.2/16.
inline const std::string kConfiguration = interfaces(R"("10.1.0.1/24")", R"("192.0.2.1/24")") + R"([[sas]]
name = "m"
local_address = "192.0.2.1"
remote_address = "192.0.2.2"
spi_in = 0x1001
spi_out = 0x2001
key_in = "000102030405060708090a0b0c0d0e0f10111213"
key_out = "202122232425262728292a2b2c2d2e2f30313233"
replay_window = 1024
[[policies]]
name = "net"
source = "10.1.0.0/16"
destination = "10.2.0.0/16"
action = "protect"
sa = "m"
)";

// What a daemon has to flip for when it adopts a card: an address of its own that it had not before.
inline std::string with_another_address(std::string configuration) {
  const std::string address = R"("10.1.0.1/24")";
  return configuration.replace(configuration.find(address), address.size(), R"(["10.1.0.1/24", "10.1.9.1/24"])");
}

inline std::uint16_t u16(Bytes b, std::size_t at) { return static_cast<std::uint16_t>(b[at] << 8 | b[at + 1]); }
inline std::uint32_t u32(Bytes b, std::size_t at) { return std::uint32_t{u16(b, at)} << 16 | u16(b, at + 2); }

class GatewayTest : public store::TestFolder {
 protected:
  void SetUp() override { ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "this test makes interfaces and must run as root"; }
  void TearDown() override { gateway_.reset(); }

  void start() { start(card_); }
  void start(driver::Card& card, const std::string& configuration = kConfiguration) {
    auto started = gateway::start(io_, configuration, folder_, card, [this] { return wall_clock_; });
    ASSERT_TRUE(started) << started.error().detail;
    gateway_ = std::move(*started);
  }
  void kill() { gateway::kill(io_, gateway_); }

  // What a host of the LAN sends.
  void send(Bytes packet) { card_.receive(layout::Port::kLan, driver::testing::ip_frame(kLanMac, kHostMac, packet)); }
  void send(std::uint32_t from, std::uint32_t to, std::size_t payload = 100, bool df = false) {
    send(driver::testing::udp_packet(from, to, payload, df));
  }
  // What comes by the peer.
  void arrives(Bytes packet) {
    card_.receive(layout::Port::kWan, driver::testing::ip_frame(wan_mac(1), kPeerMac, packet));
  }
  // The wires: neighbours answer, but not while they are asked; packets that were forwarded or protected are kept.
  void transmit(layout::Port port, Bytes frame) {
    const auto& mac = port == layout::Port::kLan ? kHostMac : kPeerMac;
    if (Buffer answer = neighbours_answer(frame, mac); !answer.empty()) {
      ++neighbours_asked_;
      if (neighbours_answer_)
        boost::asio::post(io_, [this, port, answer = std::move(answer)] { card_.receive(port, answer); });
    } else if (!stays_on_link(frame)) {
      (port == layout::Port::kLan ? lan_ : wan_).emplace_back(frame.begin(), frame.end());
    }
  }

  template <class Holds>
  bool run_until(Holds holds, std::chrono::milliseconds patience = kPatience) {
    return gateway::run_until(io_, std::move(holds), patience);
  }
  bool peer_is_known(const Address& peer = Address::from_v4(kPeer)) {
    return run_until([&] { return gateway_->keeper().forwarding().is_known({layout::Port::kWan, peer}); });
  }
  std::uint64_t drops(layout::Drop reason) { return driver::CardControl::open(card_)->counters()->of(reason); }
  json::value ask(const std::string& method, const std::vector<std::string>& path, json::value body = nullptr) {
    return gateway::ask(io_, *gateway_, method, path, std::move(body));
  }

  // A Monday, 12:00 UTC.
  std::chrono::system_clock::time_point wall_clock_ =
      std::chrono::sys_days(std::chrono::year(2026) / 1 / 5) + std::chrono::hours(12);
  boost::asio::io_context io_;
  driver::SoftwareCard card_{[this](layout::Port port, Bytes frame) { transmit(port, frame); }};
  std::unique_ptr<Gateway> gateway_;
  unsigned neighbours_asked_ = 0;  // how many times
  bool neighbours_answer_ = true;
  std::vector<Buffer> lan_;
  std::vector<Buffer> wan_;
};

}  // namespace sallyport::gateway
