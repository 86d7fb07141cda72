// SPDX-License-Identifier: Apache-2.0
// Two engines in one process, a clock that tests move by hand, and a wire that can lose, repeat, reorder and be read.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "host/ike/engine.hpp"
#include "host/ike/message.hpp"

namespace sallyport::ike::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
inline TrafficSelectors selectors(std::initializer_list<std::string_view> texts) {
  TrafficSelectors list;
  for (const auto text : texts) list.push_back(TrafficSelector::parse(text).value());
  return list;
}

class CountingSpis : public SpiAllocator {
 public:
  explicit CountingSpis(std::uint32_t first) : next(first) {}
  Result<Spi> allocate() override {
    if (full) return Error{Errc::kFull, "no row"};
    const Spi spi{next++};
    taken.insert(spi);
    return spi;
  }
  void release(Spi spi) override {
    const bool was_taken = taken.erase(spi) == 1;
    EXPECT_TRUE(was_taken || !strict) << "released what was not taken: " << to_string(spi);
  }

  std::set<Spi> taken;
  bool full = false;
  bool strict = true;
  std::uint32_t next;
};

struct Flight {
  Endpoint from;
  Endpoint to;
  Buffer bytes;
};

// One gateway: its engine, and the card that its actions fill.
class Peer {
 public:
  struct Child {
    InstallSa words;
    bool outbound = false;
  };

  Peer(std::string_view address, std::uint32_t first_spi, unsigned seed) : address(ip(address)), spis(first_spi) {
    random = [generator = std::make_shared<std::mt19937>(seed)](std::span<std::uint8_t> out) {
      for (auto& byte : out) byte = static_cast<std::uint8_t>((*generator)());
    };
    restart();
  }

  void restart() { engine = std::make_unique<Engine>(settings, random, spis); }

  // Carries actions out as a caller would, and refuses those that a card could not.
  void take(const Actions& actions) {
    for (const auto& action : actions) {
      log.push_back(action);
      if (const auto* send = std::get_if<SendDatagram>(&action)) {
        outbox.push_back({send->local, send->remote, send->bytes});
      } else if (const auto* install = std::get_if<InstallSa>(&action)) {
        EXPECT_TRUE(children.emplace(install->child, Child{*install}).second);
      } else if (const auto* use = std::get_if<UseOutbound>(&action)) {
        ASSERT_TRUE(children.contains(use->child));
        children.at(use->child).outbound = true;
        current[children.at(use->child).words.name] = use->child;
      } else if (const auto* remove = std::get_if<RemoveSa>(&action)) {
        ASSERT_TRUE(children.contains(remove->child));
        EXPECT_EQ(children.at(remove->child).words.sa.spi_in, remove->spi_in);
        children.erase(remove->child);
      }
    }
  }
  void take(Result<Actions> actions) {
    ASSERT_TRUE(actions) << actions.error().message();
    take(*actions);
  }

  template <class T>
  [[nodiscard]] std::vector<T> all() const {
    std::vector<T> found;
    for (const auto& action : log) {
      if (const auto* one = std::get_if<T>(&action)) found.push_back(*one);
    }
    return found;
  }
  template <class T>
  [[nodiscard]] std::size_t count() const {
    return all<T>().size();
  }

  // The SA that outbound traffic of a child goes under.
  [[nodiscard]] const SaParameters& sending(const std::string& name = "net") const {
    return children.at(current.at(name)).words.sa;
  }
  [[nodiscard]] bool receives(Spi spi) const {
    return std::ranges::any_of(children, [&](const auto& entry) { return entry.second.words.sa.spi_in == spi; });
  }

  IpAddress address;
  Settings settings;
  RandomSource random;
  CountingSpis spis;
  std::unique_ptr<Engine> engine;
  std::map<ChildHandle, Child> children;
  std::map<std::string, ChildHandle> current;
  std::vector<Action> log;
  std::deque<Flight> outbox;
};

class Wire : public ::testing::Test {
 protected:
  explicit Wire(std::string_view left = "192.0.2.1", std::string_view right = "192.0.2.2")
      : a(left, 0x1000, 1), b(right, 0x2000, 2) {
    connect(a, connection(a, b));
    connect(b, connection(b, a));
  }

  // Other words on both sides.
  template <class Change>
  void reword(Change change) {
    for (Peer* peer : {&a, &b}) {
      Connection c = connection(*peer, other(*peer));
      change(c);
      connect(*peer, c);
    }
  }

  // The same secret on both sides; networks 10.1.0.0/24 behind a and 10.2.0.0/24 behind b.
  Connection connection(const Peer& us, const Peer& them) const {
    const bool left = &us == &a;
    Connection c;
    c.name = "lab";
    c.local = us.address;
    c.remote = them.address;
    c.local_id = Identity::parse(left ? "a.example" : "b.example").value();
    c.remote_id = Identity::parse(left ? "b.example" : "a.example").value();
    c.psk = Secret(as_bytes("a secret that both know"));
    c.ike_proposals = parse_proposals(Protocol::kIke, "aes128gcm16-prfsha256-ecp256").value();
    c.lifetime = {};
    ChildConfig child;
    child.name = "net";
    child.local_ts = selectors({left ? "10.1.0.0/24" : "10.2.0.0/24"});
    child.remote_ts = selectors({left ? "10.2.0.0/24" : "10.1.0.0/24"});
    child.proposals = parse_proposals(Protocol::kEsp, "aes128gcm16-ecp256").value();
    child.lifetime = {};
    c.children = {child};
    return c;
  }

  static void connect(Peer& peer, Connection connection) {
    const auto done = peer.engine->set_connection(std::move(connection));
    EXPECT_TRUE(done) << done.error().message();
  }

  // Delivers the oldest datagram that `from` has sent; its bytes are returned.
  Buffer deliver(Peer& from) {
    EXPECT_FALSE(from.outbox.empty());
    if (from.outbox.empty()) return {};
    const Flight flight = std::move(from.outbox.front());
    from.outbox.pop_front();
    other(from).take(other(from).engine->on_datagram(flight.to, flight.from, flight.bytes, now));
    return flight.bytes;
  }

  Peer& other(Peer& peer) { return &peer == &a ? b : a; }

  // Until nobody has anything to say.
  void settle() {
    for (int rounds = 0; rounds < 1000; ++rounds) {
      run_timers();
      if (!a.outbox.empty()) {
        deliver(a);
      } else if (!b.outbox.empty()) {
        deliver(b);
      } else {
        return;
      }
    }
    ADD_FAILURE() << "the engines never stop talking";
  }

  void run_timers() {
    for (Peer* peer : {&a, &b}) {
      const auto due = peer->engine->next_deadline();
      if (due && *due <= now) peer->take(peer->engine->on_time(now));
    }
  }

  // Time passes, deadline by deadline, over a wire that carries everything at once.
  void pass(milliseconds time) {
    const Time end = now + time;
    for (int steps = 0; steps < 100000; ++steps) {
      settle();
      Time next = end;
      for (const Peer* peer : {&a, &b}) next = std::min(next, peer->engine->next_deadline().value_or(end));
      if (now >= end) return;
      now = std::max(now, std::min(next, end));
    }
    ADD_FAILURE() << "time does not pass";
  }

  void establish() {
    a.take(a.engine->initiate("lab", "net", now));
    settle();
    ASSERT_EQ(a.count<ChildEstablished>(), 1u);
    ASSERT_EQ(b.count<ChildEstablished>(), 1u);
  }

  // What each side sends under, the other one accepts, in the same way and with the same keys.
  void expect_traffic(const std::string& name = "net") {
    for (Peer* from : {&a, &b}) {
      ASSERT_TRUE(from->current.contains(name) && from->children.contains(from->current.at(name)));
      const SaParameters& out = from->sending(name);
      const SaParameters* in = nullptr;
      for (const auto& [handle, child] : other(*from).children) {
        if (child.words.sa.spi_in == out.spi_out) in = &child.words.sa;
      }
      ASSERT_NE(in, nullptr) << "nobody receives what is sent";
      EXPECT_EQ(in->protocol, out.protocol);
      EXPECT_EQ(in->mode, out.mode);
      EXPECT_TRUE(in->in.encryption == out.out.encryption);
      EXPECT_TRUE(in->in.salt == out.out.salt);
      EXPECT_TRUE(in->in.integrity == out.out.integrity);
      EXPECT_FALSE(in->in.encryption == out.in.encryption && in->in.integrity == out.in.integrity)
          << "both directions under one key";
      EXPECT_EQ(out.local_ts, in->remote_ts);
      EXPECT_EQ(out.remote_ts, in->local_ts);
      EXPECT_EQ(key_size(out.encryption, out.key_bits), out.out.encryption.size());
      EXPECT_EQ(key_size(out.integrity), out.out.integrity.size());
    }
  }

  // One CHILD SA each, all SPIs given back but those in use.
  void expect_tidy(std::size_t children = 1) {
    for (const Peer* peer : {&a, &b}) {
      EXPECT_EQ(peer->children.size(), children);
      EXPECT_EQ(peer->spis.taken.size(), children);
    }
  }

  [[nodiscard]] IkeStatus only(const Peer& peer) const {
    const auto all = peer.engine->status(now);
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? IkeStatus{} : all.front();
  }

  Peer a;
  Peer b;
  Time now = Time{} + std::chrono::hours(1);
};

}  // namespace sallyport::ike::test
