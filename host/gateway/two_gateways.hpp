// SPDX-License-Identifier: Apache-2.0
// Two gateways in this process, each over a software card in a network namespace of its own, and the WAN between them.
// For tests and benches; needs root.
//
//   10.1.0.10 - 10.1.0.1 A 192.0.2.1 === WAN === 192.0.2.2 B 10.2.0.1 - 10.2.0.10
//
// Behind all other addresses of a LAN (10.N.0.0/16) stands one host, which answers whoever asks for its MAC address.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include "base/descriptor.hpp"
#include "base/temporary_folder.hpp"
#include "driver/software/software_card.hpp"
#include "driver/testing/frames.hpp"
#include "host/gateway/test_daemon.hpp"
#include "host/gateway/test_neighbours.hpp"

namespace sallyport::gateway {

// One of them, and what left its card.
struct OneGateway {
  static constexpr driver::MacAddress kHostMac = {2, 0, 0, 0, 1, 1};

  explicit OneGateway(unsigned which) : number(which) {}

  // What its configuration begins with; the last table may go on.
  [[nodiscard]] std::string interfaces() const {
    const std::string us = std::to_string(number);
    return gateway::interfaces("\"10." + us + ".0.1/16\"", "\"192.0.2." + us + "/24\"", number);
  }
  // To the other one.
  [[nodiscard]] std::string connection() const {
    return "[[connections]]\nname = \"peer\"\nlocal_address = \"192.0.2." + std::to_string(number) +
           "\"\nremote_address = \"192.0.2." + std::to_string(3 - number) +
           "\"\nsecret = \"a secret that both know\"\n";
  }

  // A host of its LAN, 10.N.0.`last`, and what such a host sends by it.
  [[nodiscard]] std::uint32_t host(unsigned last = 10) const { return 0x0a000000 | number << 16 | last; }
  void send(Bytes packet) { card->receive(layout::Port::kLan, driver::testing::ip_frame(kLanMac, kHostMac, packet)); }

  [[nodiscard]] std::uint64_t drops(layout::Drop reason) {
    return driver::CardControl::open(*card)->counters()->of(reason);
  }

  unsigned number;  // 1: A, 2: B
  std::unique_ptr<driver::SoftwareCard> card;
  std::unique_ptr<Gateway> gateway;
  Descriptor name_space;
  std::vector<Buffer> lan;                 // that left for a host
  std::vector<Buffer> wan;                 // ESP that left, a copy
  std::size_t clear = 0;                   // packets of testing::udp_packet() that left for the WAN
  std::function<bool(Bytes)> lost_on_wan;  // frames that do not arrive at the other
};

class TwoGateways {
 public:
  TwoGateways() {
    for (OneGateway* one : {&a, &b}) {
      one->card = std::make_unique<driver::SoftwareCard>(
          [this, one](layout::Port port, Bytes frame) { transmit(*one, port, frame); });
    }
  }
  ~TwoGateways() {
    a.gateway.reset();
    b.gateway.reset();
  }
  TwoGateways(const TwoGateways&) = delete;
  TwoGateways& operator=(const TwoGateways&) = delete;

  // In a namespace of its own, or, a second time, in that of the first.
  Result<void> start(OneGateway& one, const std::string& configuration) { return start(one, configuration, *one.card); }
  // By `card`, which is the gateway's own or stands before it.
  Result<void> start(OneGateway& one, const std::string& configuration, driver::Card& card) {
    if (one.name_space.get() < 0) {
      if (::unshare(CLONE_NEWNET) != 0) return Error{Errc::kIo, "network namespaces are for root only"};
      one.name_space = Descriptor(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    } else if (::setns(one.name_space.get(), CLONE_NEWNET) != 0) {
      return Error{Errc::kIo, "the namespace cannot be entered"};
    }
    auto started = gateway::start(
        io, configuration, folder_.path() / std::to_string(one.number), card, [this] { return clock(); }, vouch);
    if (!started) return started.error();
    one.gateway = std::move(*started);
    return {};
  }
  void kill(OneGateway& one) { gateway::kill(io, one.gateway); }

  OneGateway& other(const OneGateway& one) { return &one == &a ? b : a; }

  template <class Holds>
  bool run_until(Holds holds, std::chrono::milliseconds patience = kPatience) {
    return gateway::run_until(io, std::move(holds), patience);
  }

  WallClock clock = std::chrono::system_clock::now;
  Vouch vouch;  // for users of the life before
  boost::asio::io_context io;
  OneGateway a{1};
  OneGateway b{2};

 private:
  void transmit(OneGateway& from, layout::Port port, Bytes frame) {
    if (port == layout::Port::kLan) {
      if (Buffer answer = neighbours_answer(frame, OneGateway::kHostMac); !answer.empty()) {
        arrive(from, layout::Port::kLan, std::move(answer));
      } else if (!stays_on_link(frame)) {
        from.lan.emplace_back(frame.begin(), frame.end());
      }
      return;
    }
    const auto packet = ip_packet(frame);
    if (packet && packet->protocol == driver::kProtocolEsp) from.wan.emplace_back(frame.begin(), frame.end());
    if (packet && driver::testing::is_udp_packet(*packet)) ++from.clear;
    if (from.lost_on_wan && from.lost_on_wan(frame)) return;
    arrive(other(from), layout::Port::kWan, Buffer(frame.begin(), frame.end()));
  }
  // Soon: a card that sends is not called again meanwhile.
  void arrive(OneGateway& at, layout::Port port, Buffer frame) {
    boost::asio::post(io, [&at, port, frame = std::move(frame)] { at.card->receive(port, frame); });
  }

  TemporaryFolder folder_;
};

}  // namespace sallyport::gateway
