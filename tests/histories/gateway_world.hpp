// SPDX-License-Identifier: Apache-2.0
// A whole gateway on a software card, in a network namespace of this process's own; the wires and who is at their ends
// are here. It can be killed, and its card can lose everything.
#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "driver/software/software_card.hpp"
#include "driver/testing/flaky_card.hpp"
#include "driver/user_tag/user_tag.hpp"
#include "host/gateway/service.hpp"
#include "tests/histories/model.hpp"
#include "tests/histories/peer.hpp"

namespace sallyport::histories {

constexpr std::size_t kSlots = 16384;  // of packets that may be on their way at a time

class GatewayWorld {
 public:
  // `folder`: an empty one, for what the gateway keeps. Policies are none. `log`: it says what it does.
  GatewayWorld(std::filesystem::path folder, bool log);
  ~GatewayWorld();
  GatewayWorld(const GatewayWorld&) = delete;
  GatewayWorld& operator=(const GatewayWorld&) = delete;

  void start();       // the daemon: it takes the card over, or brings it up from what it keeps
  void kill();        // without a goodbye; before start() only packets may be sent, by send()
  void reset_card();  // with the daemon dead; the configuration gets new keys

  using Answer = std::shared_ptr<std::optional<Result<boost::json::value>>>;  // nothing yet
  Answer begin_to_ask(const std::string& method, const std::vector<std::string>& path, const boost::json::value& body);
  Result<boost::json::value> wait_for(const Answer& answer);
  Result<boost::json::value> ask(const std::string& method, const std::vector<std::string>& path,
                                 const boost::json::value& body = nullptr) {
    return wait_for(begin_to_ask(method, path, body));
  }
  void let_pass(std::chrono::milliseconds time);
  // An error when it takes 30 s, the longest that anything here may take.
  void run_until(const std::string& what, const std::function<bool()>& holds);
  // Until no change is under way, and no SA.
  void settle();
  void let_peer_hear(bool hears) { peer_hears_ = hears; }  // else it hears later

  // ---- what is to be seen
  [[nodiscard]] std::uint32_t newest_configuration() const;
  [[nodiscard]] std::optional<std::string> algorithm(const std::string& target) const;  // of the SA that sends, if any
  [[nodiscard]] std::set<std::string> being_renewed() const;                            // targets
  [[nodiscard]] std::set<std::string> pending() const;                                  // policies, by name

  Result<void> log_in(SessionId id, const Session& session, const std::vector<std::string>& groups);
  void log_out(SessionId id);
  // Sends it; the number of the question that this session's user is asked now, which may be none.
  std::optional<std::uint64_t> ask_for(SessionId id, const Probe& probe);
  Result<void> answer(SessionId id, std::uint64_t question, const std::string& choice);

  void set_clock(std::size_t moment);  // of kMoments; it stands until it is set again

  // Puts the candidate in force until it is confirmed, with no time to do so, and returns when it has been rolled back.
  Result<gateway::CommitReport> commit_unconfirmed();

  // What becomes of it now; "waits": the card has given it to the host, to wait for its neighbour or its SA.
  Fate send(const Probe& probe);
  // As send(), and when it waits, what becomes of it in so long.
  Fate send_and_settle(const Probe& probe, std::chrono::milliseconds patience);
  // Whether the daemon that was killed last had given the card the neighbour that gets this packet.
  [[nodiscard]] bool had_neighbour_of(const Probe& probe) const;
  // Called right after each flip of the card's tables, and must only send().
  void on_flip(std::function<void()> then) { on_flip_ = std::move(then); }
  // Called when a packet leaves that had to wait.
  void on_late(std::function<void(const Probe&, const Fate&)> then) { on_late_ = std::move(then); }

 private:
  std::size_t inject(const Probe& probe);  // its slot in fates_
  [[nodiscard]] driver::UserTag tag_of(const Probe& probe) const;
  void transmit(layout::Port port, Bytes frame);
  void left(std::size_t slot, const Fate& fate);
  [[nodiscard]] Fate fate_under(std::uint32_t spi) const;
  void answer_neighbours();
  void answer_ike();
  void step();

  std::filesystem::path folder_;
  bool log_;
  std::chrono::system_clock::time_point clock_;
  unsigned cards_ = 0;                                                                         // that there have been
  std::unique_ptr<boost::asio::io_context> io_ = std::make_unique<boost::asio::io_context>();  // of one daemon's life
  std::unique_ptr<driver::SoftwareCard> card_;
  std::unique_ptr<driver::testing::FlakyCard> watched_;  // the card as the gateway has it
  std::unique_ptr<gateway::Gateway> gateway_;
  std::optional<gateway::Forwarding> left_;            // by the daemon that was killed
  std::map<std::uint32_t, std::string> left_targets_;  // likewise: of SAs, by the SPI of what they send
  Peer peer_;
  bool peer_hears_ = true;
  std::vector<Buffer> to_peer_;  // frames with IKE messages
  std::function<void()> on_flip_ = [] {};
  std::function<void(const Probe&, const Fate&)> on_late_ = [](const Probe&, const Fate&) {};
  std::vector<std::pair<layout::Port, Buffer>> asked_;  // ARP
  std::map<SessionId, users::Session> sessions_;
  std::map<SessionId, users::Tag> tags_;  // that there have been
  // The newest probes.
  std::array<Probe, kSlots> probes_;
  std::array<Fate, kSlots> fates_;
  std::array<std::chrono::steady_clock::time_point, kSlots> waits_until_{};  // of what may still leave
  std::size_t next_slot_ = 0;
  std::optional<std::size_t> sending_;  // now
  bool upcall_ = false;                 // the last packet went to the host
};

}  // namespace sallyport::histories
