// SPDX-License-Identifier: Apache-2.0
// The way between card and kernel: two TAP devices for what is the gateway's own, and a place to wait for packets that
// lack an SA or a neighbour.
//
// Nothing goes around the card: the kernel gets only frames that are for the gateway itself (upcalls arp and local),
// the TAP devices do not forward, and what the kernel sends to the WAN, or gets from there in the clear, is held
// against the policy first.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "driver/rings/rings.hpp"
#include "host/gateway/card_keeper.hpp"
#include "host/gateway/hold_queue.hpp"
#include "host/gateway/ip_frames.hpp"
#include "host/gateway/port_reader.hpp"
#include "host/gateway/whole_packets.hpp"

namespace sallyport::gateway {

struct ExceptionCounters {
  std::uint64_t to_kernel = 0;
  std::uint64_t from_kernel = 0;
  std::uint64_t held = 0;           // packets that waited for an SA or a neighbour
  std::uint64_t reinjected = 0;     // of those, sent on
  std::uint64_t lost = 0;           // of those, given up: no room, or too late
  std::uint64_t too_big = 0;        // answered by ICMP, or fragmented before they were protected or after
  std::uint64_t udp_over_ipv6 = 0;  // protected packets that went in UDP over IPv6, with a checksum of ours
  // Packets from or for the kernel that the policy, or AH, does not let pass; and too big ones that it does not let be
  // cut.
  std::uint64_t refused = 0;
  std::uint64_t joined = 0;  // ESP and AH packets that came in fragments, given to the card as a whole
};

class ExceptionPath {
 public:
  struct Callbacks {
    // A packet waits for an SA of this policy.
    std::function<void(std::uint16_t policy_id, std::uint16_t principal, const IpAddress& destination)> acquire;
    // A packet opens a TCP connection that an SA of this target is there for; then it is sent on.
    std::function<void(const std::string& target, const driver::PacketKey& key)> opening;
    std::function<void(driver::Message packet)> consult;         // a policy has it that its user is told, or asked
    std::function<void(const driver::Message& event)> on_event;  // soft_limit, hard_limit, spi_unknown, tag_rejected
    std::function<void(const Hop&)> resolve;                     // a packet waits for this neighbour
  };

  // Makes the TAP devices; the card's rings start with `start`.
  static Result<std::unique_ptr<ExceptionPath>> make(boost::asio::io_context& io, const Config& config);

  [[nodiscard]] Side lan_side() { return {lan_.reader.port().index(), lan_mtu_}; }
  [[nodiscard]] Side wan_side() { return {wan_.reader.port().index(), wan_mtu_}; }

  Result<void> start(driver::Card& card, CardKeeper& keeper, Callbacks callbacks);
  // Takes what the card has for us. Called by itself every millisecond or sooner.
  void poll();
  // An SA of this target is up, or the neighbour is known: what waited is processed as if received anew.
  void release_target(const std::string& target);
  void release_hops();
  void give_up_target(const std::string& target);
  // A packet from LAN that was held, as if received anew, and still whose it was.
  void pass_on(const Held& packet) { send(layout::Inject::kLanRx, packet.frame, packet.principal); }
  // This principal is nobody any more and may become somebody else: no packet of theirs is left here.
  void forget(std::uint16_t principal);
  // ESP in UDP (RFC 3948) that reached a socket of IKE's, because it came in fragments.
  void take_esp_in_udp(const Endpoint& from, const Endpoint& to, Bytes esp);

  [[nodiscard]] const ExceptionCounters& counters() const { return counters_; }

 private:
  struct Tap {
    Tap(boost::asio::io_context& io, driver::PacketPort made, const driver::MacAddress& address)
        : reader(io, std::move(made)), mac(address) {}
    PortReader reader;
    driver::MacAddress mac;
  };
  ExceptionPath(boost::asio::io_context& io, Tap lan, Tap wan, const Config& config);

  Tap& tap(layout::Port port) { return port == layout::Port::kLan ? lan_ : wan_; }
  void from_kernel(layout::Port port, Buffer frame);
  void arm_poll();

  void handle(driver::Message message);
  void to_kernel(driver::Message message);
  void hold_for_neighbour(driver::Message message);
  void too_big(const driver::Message& message);
  [[nodiscard]] bool is_decided_as(const driver::Message& whole, Bytes part) const;
  void finish(driver::Message message);
  void answer_too_big(const driver::Message& message, const driver::IpPacket& packet, std::uint16_t mtu);
  void take_whole(Bytes packet);  // from WAN, put together by the kernel
  void send(layout::Inject where, Bytes frame, std::optional<std::uint16_t> principal = std::nullopt);
  void give(Tap& to, Bytes frame);
  [[nodiscard]] bool may_reach_us(Bytes frame) const;
  std::vector<Held> take_waiting(const std::string& target);

  struct Waiting {  // for a neighbour: where the frame goes back in
    Hop hop;
    layout::Inject inject;
    friend std::strong_ordering operator<=>(const Waiting&, const Waiting&) = default;
  };

  boost::asio::io_context& io_;
  Tap lan_;
  Tap wan_;
  std::uint16_t lan_mtu_;
  std::uint16_t wan_mtu_;
  boost::asio::steady_timer poll_timer_;
  std::chrono::microseconds pause_{100};
  std::optional<driver::RxRing> rx_;
  std::optional<driver::TxRing> tx_;
  CardKeeper* keeper_ = nullptr;
  Callbacks callbacks_;
  std::unique_ptr<WholePackets> whole_packets_;
  HoldQueue<WaitsForSa> for_sa_;
  HoldQueue<Waiting> for_neighbour_;
  std::uint32_t identification_;  // of the last packet fragmented
  double icmp_tokens_;
  std::chrono::steady_clock::time_point icmp_refilled_;
  ExceptionCounters counters_;
};

}  // namespace sallyport::gateway
