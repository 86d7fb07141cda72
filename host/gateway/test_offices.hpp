// SPDX-License-Identifier: Apache-2.0
// For tests: two gateways in this process, each with a software card in a network namespace of its own, and the WAN
// between them.
//
//   10.1.0.10 - 10.1.0.1 A 192.0.2.1 === WAN === 192.0.2.2 B 10.2.0.1 - 10.2.0.10
//
// Behind the host addresses of the LANs (10.N.0.0/16) stands one host that answers every ARP request.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "base/temporary_folder.hpp"
#include "driver/software/software_card.hpp"
#include "driver/testing/frames.hpp"
#include "host/gateway/service.hpp"

namespace sallyport::gateway {

class Offices : public testing::Test {
 protected:
  using Esp = std::pair<std::uint32_t, std::uint32_t>;  // SPI and sequence number (RFC 4303 2)

  struct Office {
    unsigned number = 0;  // 1: A, 2: B
    Office* other = nullptr;
    int network = -1;
    std::filesystem::path folder;
    std::string policies;  // of the configuration file
    std::unique_ptr<driver::SoftwareCard> card;
    std::unique_ptr<Gateway> gateway;
    std::vector<Buffer> to_lan;  // forwarded packets
    std::vector<Esp> esp;        // that left by the WAN
    std::size_t clear = 0;       // UDP that left by the WAN

    [[nodiscard]] std::uint32_t host(unsigned last = 10) const { return 0x0a000000 | number << 16 | last; }
    [[nodiscard]] driver::MacAddress mac(std::uint8_t side) const {
      return {2, 0, 0, static_cast<std::uint8_t>(number), side, 0};
    }
  };

  void SetUp() override {
    std::ofstream(root_ / "psk") << "correct horse battery staple\n";
    std::filesystem::permissions(root_ / "psk", std::filesystem::perms::owner_read);
    for (Office* office : {&a, &b}) {
      office->number = office == &a ? 1 : 2;
      office->other = office == &a ? &b : &a;
      office->folder = root_ / std::to_string(office->number);
      ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "this test makes interfaces and must run as root";
      office->network = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
      office->card = std::make_unique<driver::SoftwareCard>(
          [this, office](layout::Port port, Bytes frame) { transmit(*office, port, frame); });
    }
  }
  void TearDown() override {
    for (Office* office : {&a, &b}) {
      office->gateway.reset();
      ::close(office->network);
    }
  }

  void start(Office& office) { start(office, *office.card); }
  void start(Office& office, driver::Card& card) {
    auto started = try_to_start(office, card);
    ASSERT_TRUE(started) << started.error().detail;
    office.gateway = std::move(*started);
  }
  Result<std::unique_ptr<Gateway>> try_to_start(Office& office, driver::Card& card) {
    const std::string n = std::to_string(office.number), m = std::to_string(office.other->number);
    Config config = parse_config(R"([card]
backend = "software"
lan_interface = "none"
wan_interface = "none-either"
[gateway]
log_level = "error"
[lan]
address = "10.)" + n + R"(.0.1/16"
tap = "hd-lan"
mac = "02:00:00:0)" + n + R"(:01:00"
[wan]
address = "192.0.2.)" + n + R"(/24"
gateway = "192.0.2.)" + m + R"("
tap = "hd-wan"
mac = "02:00:00:0)" + n + R"(:02:00"
[[connections]]
name = "other"
remote_address = "192.0.2.)" + m + R"("
secret_file = ")" + (root_ / "psk").string() +
                                     R"("
proposals = ["aes128gcm16-prfsha256-x25519"]
)" + office.policies,
                                 office.folder / "gw.toml")
                        .value();
    config.state_directory = office.folder / "state";
    config.socket = office.folder / "run" / "api.sock";
    if (::setns(office.network, CLONE_NEWNET) != 0) return errno_error("setns");
    return Gateway::start(io_, std::move(config), card);
  }
  // A daemon that was killed, while the loop goes on: what is due there still knows it, so that comes first.
  void kill(Office& office) {
    io_.poll();
    io_.restart();
    office.gateway.reset();
  }
  // And the next one: the card has gone on.
  void kill_and_start(Office& office) {
    kill(office);
    start(office);
  }

  static std::uint16_t u16(Bytes b, std::size_t at) { return static_cast<std::uint16_t>(b[at] << 8 | b[at + 1]); }
  static std::uint32_t u32(Bytes b, std::size_t at) { return std::uint32_t{u16(b, at)} << 16 | u16(b, at + 2); }

  void transmit(Office& office, layout::Port port, Bytes frame) {
    const auto ethertype = u16(frame, 12);
    if (port == layout::Port::kWan) {
      if (ethertype == driver::kEthertypeIpv4 && frame[23] == driver::kProtocolEsp) {
        office.esp.emplace_back(u32(frame, 34), u32(frame, 38));
      } else if (ethertype == driver::kEthertypeIpv4 && frame[23] == driver::kProtocolUdp && u16(frame, 36) == 2000) {
        ++office.clear;
      }
      boost::asio::post(io_, [&office, copy = Buffer(frame.begin(), frame.end())] {
        office.other->card->receive(layout::Port::kWan, copy);
      });
      return;
    }
    if (driver::testing::is_arp_request(frame)) {
      boost::asio::post(io_, [&office, answer = driver::testing::arp_answer(frame, office.mac(9))] {
        office.card->receive(layout::Port::kLan, answer);
      });
    } else if (ethertype == driver::kEthertypeIpv4) {
      office.to_lan.emplace_back(frame.begin(), frame.end());
    }
  }

  // Runs the loop until `holds`, patiently: the machine may be busy.
  template <class Holds>
  bool run_until(Holds holds, std::chrono::seconds patience = std::chrono::seconds(60)) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!holds() && std::chrono::steady_clock::now() < end) {
      io_.run_for(std::chrono::milliseconds(5));
      io_.restart();
    }
    return holds();
  }

  // A packet from a host of this office to one of the other.
  static void send(Office& from, unsigned to_last = 10) {
    const auto packet = driver::testing::udp_packet(from.host(), from.other->host(to_last), 20);
    from.card->receive(layout::Port::kLan,
                       driver::testing::ethernet_frame(from.mac(1), from.mac(9), driver::kEthertypeIpv4, packet));
  }
  // The same, and by what it left; {0, 0}: it did not.
  static Esp leaves_by(Office& from, unsigned to_last = 10) {
    from.esp.clear();
    send(from, to_last);
    return from.esp.empty() ? Esp{} : from.esp.front();
  }
  static bool leaves_in_the_clear(Office& from, unsigned to_last) {
    const auto before = from.clear;
    send(from, to_last);
    return from.clear == before + 1;
  }
  // Whether packets cross both ways.
  bool both_ways() {
    const auto crosses = [&](Office& from) {
      const auto before = from.other->to_lan.size();
      send(from);
      return run_until([&] { return from.other->to_lan.size() > before; }, std::chrono::seconds(10));
    };
    return crosses(a) && crosses(b);
  }

  boost::json::value ask(Office& office, const std::string& method, const std::vector<std::string>& path,
                         boost::json::value body = nullptr) {
    std::optional<boost::json::value> answer;
    GatewayService(*office.gateway, nullptr).call({method, path, std::move(body)}, [&](Result<boost::json::value> r) {
      answer = r ? std::move(*r) : boost::json::value(boost::json::object{{"error", r.error().detail}});
    });
    EXPECT_TRUE(run_until([&] { return answer.has_value(); }));
    return answer.value_or(nullptr);
  }

  TemporaryFolder temporary_;
  const std::filesystem::path& root_ = temporary_.path();
  boost::asio::io_context io_;
  Office a;
  Office b;
};

}  // namespace sallyport::gateway
