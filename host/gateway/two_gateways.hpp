// SPDX-License-Identifier: Apache-2.0
// Two gateways in this process, each over a software card in a network namespace of its own, a WAN between them, and
// hosts on their LANs. For tests and benches; needs root.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <deque>
#include <filesystem>

#include "base/descriptor.hpp"
#include "base/temporary_folder.hpp"
#include "driver/software/software_card.hpp"
#include "driver/testing/frames.hpp"
#include "host/gateway/config.hpp"
#include "host/gateway/gateway.hpp"
#include "host/gateway/test_neighbours.hpp"

namespace sallyport::gateway {

// One of them, and what it sent to its LAN. ARP and neighbour discovery there are answered by kHostMac, whoever is
// asked for.
struct OneGateway {
  static constexpr driver::MacAddress kHostMac = {2, 0, 0, 0, 1, 1};

  [[nodiscard]] std::uint64_t drops(layout::Drop reason) {
    return driver::CardControl::open(*card)->counters()->of(reason);
  }

  std::unique_ptr<driver::SoftwareCard> card;
  std::unique_ptr<Gateway> gateway;
  Descriptor name_space;
  std::vector<Buffer> lan;                   // that left for a host
  std::deque<Buffer> answers;                // to its own questions on the LAN
  std::vector<Buffer> wan;                   // ESP that left, a copy
  std::function<bool(Bytes)> lost_on_wan{};  // frames that do not arrive at the other
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
  Result<void> start(OneGateway& one, const std::string& configuration) {
    if (one.name_space.get() < 0) {
      if (::unshare(CLONE_NEWNET) != 0) return Error{Errc::kIo, "network namespaces are for root only"};
      one.name_space = Descriptor(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    } else if (::setns(one.name_space.get(), CLONE_NEWNET) != 0) {
      return Error{Errc::kIo, "the namespace cannot be entered"};
    }
    const auto home = folder_ / (&one == &a ? "a" : "b");
    auto config = parse_config(configuration, home / "gateway.toml");
    if (!config) return config.error();
    config->state_directory = home / "state";
    config->socket = home / "run" / "api.sock";
    auto started = Gateway::start(io, std::move(*config), *one.card);
    if (!started) return started.error();
    one.gateway = std::move(*started);
    return {};
  }

  // Runs the loop until `holds`, or for so long.
  template <class Holds>
  bool run_until(Holds holds, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!holds() && std::chrono::steady_clock::now() < end) {
      io.run_for(std::chrono::microseconds(500));
      io.restart();
      carry();
    }
    return holds();
  }
  // What is on the wires arrives.
  void carry() {
    while (!wire_.empty()) {
      const auto [to, frame] = std::move(wire_.front());
      wire_.pop_front();
      to->card->receive(layout::Port::kWan, frame);
    }
    for (OneGateway* one : {&a, &b}) {
      for (const Buffer& answer : std::exchange(one->answers, {})) one->card->receive(layout::Port::kLan, answer);
    }
  }

  boost::asio::io_context io;
  OneGateway a;
  OneGateway b;

 private:
  void transmit(OneGateway& from, layout::Port port, Bytes frame) {
    Buffer copy(frame.begin(), frame.end());
    if (port == layout::Port::kLan) {
      if (driver::testing::is_arp_request(frame)) {
        return from.answers.push_back(driver::testing::arp_answer(frame, OneGateway::kHostMac));
      }
      if (Buffer told = neighbour_advertisement(frame, OneGateway::kHostMac); !told.empty()) {
        return from.answers.push_back(std::move(told));
      }
      return from.lan.push_back(std::move(copy));
    }
    const auto packet = ip_packet(frame);
    if (packet && packet->protocol == driver::kProtocolEsp) from.wan.push_back(copy);
    if (from.lost_on_wan && from.lost_on_wan(frame)) return;
    wire_.emplace_back(&from == &a ? &b : &a, std::move(copy));
  }

  TemporaryFolder temporary_;
  const std::filesystem::path& folder_ = temporary_.path();
  std::deque<std::pair<OneGateway*, Buffer>> wire_;
};

}  // namespace sallyport::gateway
