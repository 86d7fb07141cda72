// SPDX-License-Identifier: Apache-2.0
// For tests: two gateways of which one, A, changes its policies.
#pragma once

#include <gtest/gtest.h>

#include "host/gateway/commits.hpp"
#include "host/gateway/test_disk.hpp"
#include "host/gateway/test_requests.hpp"
#include "host/gateway/two_gateways.hpp"

namespace sallyport::gateway {

// A's office goes by aes128gcm16, which B takes as well as aes256gcm16. Voice is a second SA between the same gateways.
class CommitTest : public testing::Test {
 protected:
  using Esp = std::pair<std::uint32_t, std::uint32_t>;  // SPI and sequence number (RFC 4303 2)

  void SetUp() override {
    policies_of_a_ = policy_of("voice", "10.1.0.0/16", "10.2.1.0/24", "aes128gcm16", "start") +
                     policy_of("office", "10.1.0.0/16", "10.2.0.0/24", "aes128gcm16", "start");
    policies_of_b_ = policy_of("voice", "10.2.1.0/24", "10.1.0.0/16", "aes128gcm16", "trap") +
                     policy_of("office", "10.2.0.0/24", "10.1.0.0/16", "aes256gcm16, aes128gcm16", "trap");
    start(b);
    start(a);
    ASSERT_TRUE(run_until([&] { return sa("office") != nullptr && sa("voice") != nullptr; }));
    ASSERT_TRUE(run_until([&] { return both_ways(); }));
  }
  void TearDown() override { disk.set(Disk::State::kFine); }

  void start(OneGateway& one) { start(one, *one.card); }
  // What goes in the clear goes by the other one.
  void start(OneGateway& one, driver::Card& card) {
    const auto started =
        world_.start(one,
                     one.interfaces() + "gateway = \"192.0.2." + std::to_string(world_.other(one).number) + "\"\n" +
                         one.connection() + "proposals = [\"aes128gcm16-prfsha256-x25519\"]\n" +
                         (&one == &a ? policies_of_a_ : policies_of_b_),
                     card);
    ASSERT_TRUE(started) << started.error().detail;
  }
  void kill_and_start(OneGateway& one) {
    world_.kill(one);
    start(one);
  }
  template <class Holds>
  bool run_until(Holds holds, std::chrono::milliseconds patience = kPatience) {
    return world_.run_until(std::move(holds), patience);
  }

  // A packet from a host of this office to one of the other.
  void send(OneGateway& from, unsigned to_last = 10) {
    from.send(driver::testing::udp_packet(from.host(), world_.other(from).host(to_last), 20));
  }
  // The same, and by what it left; {0, 0}: it did not.
  Esp leaves_by(OneGateway& from, unsigned to_last = 10) {
    from.wan.clear();
    send(from, to_last);
    return from.wan.empty() ? Esp{} : esp_of(from.wan.front());
  }
  static Esp esp_of(const Buffer& frame) {
    ByteReader esp(ip_packet(frame).value().payload());
    const auto spi = esp.u32();
    return {spi, esp.u32()};
  }
  bool leaves_in_the_clear(OneGateway& from, unsigned to_last) {
    const auto before = from.clear;
    send(from, to_last);
    return from.clear == before + 1;
  }
  // Whether packets cross both ways.
  bool both_ways() {
    const auto crosses = [&](OneGateway& from) {
      const std::vector<Buffer>& arrived = world_.other(from).lan;
      const auto before = arrived.size();
      send(from);
      return run_until([&] { return arrived.size() > before; }, std::chrono::seconds(10));
    };
    return crosses(a) && crosses(b);
  }
  // A packet of the office's asks for an SA, and the other gateway's answer does not arrive until it may.
  void ask_for_office_in_vain() {
    ask(a, "POST", {"terminate"}, {{"connection", "peer"}, {"child", "office"}});
    ASSERT_TRUE(run_until([&] {
      return sa("office") == nullptr && a.gateway->keeper().sas().size() == 1 && b.gateway->keeper().sas().size() == 1;
    }));
    bool answered = false;
    b.lost_on_wan = [&answered](Bytes) { return answered = true; };
    send(a);
    ASSERT_TRUE(run_until([&] { return answered && b.gateway->keeper().sas().size() == 2; }));
    b.lost_on_wan = [](Bytes) { return true; };
  }
  boost::json::value ask(OneGateway& one, const std::string& method, const std::vector<std::string>& path,
                         boost::json::value body = nullptr) {
    return gateway::ask(world_.io, *one.gateway, method, path, std::move(body));
  }

  static std::string policy_of(const std::string& name, const std::string& source, const std::string& destination,
                               const std::string& proposals, const std::string& start) {
    return "[[policies]]\nname = \"" + name + "\"\nsource = \"" + source + "\"\ndestination = \"" + destination +
           "\"\naction = \"protect\"\nconnection = \"peer\"\nesp_proposals = \"" + proposals + "\"\nstart_action = \"" +
           start + "\"\n";
  }
  static boost::json::object office(const std::string& proposals) {
    return {{"source", "10.1.0.0/16"}, {"destination", "10.2.0.0/24"}, {"action", "protect"},
            {"connection", "peer"},    {"esp_proposals", proposals},   {"start_action", "start"}};
  }
  static boost::json::object voice(const std::string& proposals) {
    auto words = office(proposals);
    words["destination"] = "10.2.1.0/24";
    return words;
  }
  static boost::json::object office_after_idle(const std::string& seconds,
                                               const std::string& proposals = "aes256gcm16") {
    auto words = office(proposals);
    words["change"] = "after-idle";
    words["idle"] = seconds;
    return words;
  }
  static boost::json::object printer(unsigned last) {
    return {{"name", "printer" + std::to_string(last)},
            {"destination", "10.2.0." + std::to_string(last)},
            {"action", "bypass"},
            {"before", "voice"}};
  }
  const InstalledSa* sa(const std::string& policy) { return a.gateway->keeper().sending_for("peer/" + policy); }
  std::string algorithm() { return sa("office") == nullptr ? "none" : sa("office")->algorithm; }
  std::uint32_t spi(const std::string& policy) { return static_cast<std::uint32_t>(sa(policy)->spi_out); }

  boost::json::value commit(boost::json::object body = {}) { return ask(a, "POST", {"commit"}, std::move(body)); }
  static std::string error_of(const boost::json::value& answer) {
    const auto* found = answer.as_object().if_contains("error");
    return found == nullptr ? "no error: " + boost::json::serialize(answer) : std::string(found->as_string());
  }
  // "changed, connected: connected with ..."
  static std::string said_of(const boost::json::value& report, const std::string& policy) {
    const auto* all = report.as_object().if_contains("policies");
    if (all == nullptr) return boost::json::serialize(report);
    for (const auto& one : all->as_array()) {
      if (one.at("policy").as_string() != policy) continue;
      return std::string(one.at("change").as_string()) + (one.at("connected").as_bool() ? ", connected" : ", not") +
             (one.at("pending").as_bool() ? ", pending: " : ": ") + std::string(one.at("detail").as_string());
    }
    return "nothing";
  }
  // What is sent while an SA is being replaced that the peer has ended may be lost.
  bool once_again_both_ways() {
    bool crossed = false;
    return run_until([&] { return crossed = crossed || both_ways(); });
  }
  std::string names() {
    std::string out;
    for (const auto& p : a.gateway->keeper().policies()) out += p.name + " ";
    return out;
  }
  std::uint32_t newest() { return a.gateway->commits().configurations().newest().number; }

  TwoGateways world_;
  OneGateway& a = world_.a;
  OneGateway& b = world_.b;
  std::string policies_of_a_, policies_of_b_;  // in their configuration files
};

}  // namespace sallyport::gateway
