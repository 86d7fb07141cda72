// SPDX-License-Identifier: Apache-2.0
// What somebody on the wire who knows no key can do to an engine: nothing but make it count.
#include "host/ike/message_rules.hpp"
#include "host/ike/payloads.hpp"
#include "host/ike/test_wire.hpp"

namespace sallyport::ike::test {
namespace {

class Forged : public Wire {
 protected:
  // Everything about b's SAs that a forged message could have changed.
  [[nodiscard]] std::string state_of(const Peer& peer) const {
    std::string text = std::to_string(peer.engine->revision()) + "/" + std::to_string(peer.log.size());
    for (const auto& sa : peer.engine->status(now)) {
      text += " " + std::string(to_string(sa.state)) + std::to_string(sa.children.size()) + sa.remote.to_string();
    }
    return text;
  }
};

TEST_F(Forged, MessagesWithAWrongIcvAreCountedAndDropped) {
  establish();
  a.take(a.engine->rekey(a.current.at("net"), now));
  const Flight request = a.outbox.front();
  a.outbox.clear();
  const std::string before = state_of(b);
  for (std::size_t at = kHeaderSize + kPayloadHeaderSize; at < request.bytes.size(); ++at) {
    Buffer bytes = request.bytes;
    bytes[at] ^= 0x40;
    b.take(b.engine->on_datagram(request.to, request.from, bytes, now));
  }
  EXPECT_EQ(b.engine->counters().bad_icv, request.bytes.size() - kHeaderSize - kPayloadHeaderSize);
  EXPECT_EQ(state_of(b), before);
}

TEST_F(Forged, PlaintextNeverTouchesAnEstablishedSa) {
  establish();
  const std::string before_a = state_of(a);
  const std::string before_b = state_of(b);
  const IkeStatus sa = only(a);
  for (const auto exchange :
       {ExchangeType::kIkeSaInit, ExchangeType::kIkeAuth, ExchangeType::kCreateChildSa, ExchangeType::kInformational}) {
    for (const bool response : {false, true}) {
      for (std::uint32_t id = 0; id < 4; ++id) {
        Message m;
        m.header.spi_i = sa.spi_i;
        m.header.spi_r = sa.spi_r;
        m.header.exchange = exchange;
        m.header.response = response;
        m.header.message_id = id;
        m.add(PayloadType::kDelete, DeletePayload{Protocol::kIke, {}}.serialise());
        m.add(PayloadType::kNotify, from_hex("00000018").value());  // AUTHENTICATION_FAILED
        m.header.from_initiator = true;
        b.take(b.engine->on_datagram({b.address, 500}, {a.address, 500}, m.serialise(), now));
        m.header.from_initiator = false;
        a.take(a.engine->on_datagram({a.address, 500}, {b.address, 500}, m.serialise(), now));
      }
    }
  }
  EXPECT_EQ(state_of(a), before_a);
  EXPECT_EQ(state_of(b), before_b);
  EXPECT_GT(b.engine->counters().malformed, 0u);
}

TEST_F(Forged, OldMessagesOfTheSameSaAreNotTakenAgain) {
  a.take(a.engine->initiate("lab", "net", now));
  std::vector<Flight> seen;
  const auto record = [&](Peer& peer) {
    seen.push_back(peer.outbox.front());
    deliver(peer);
  };
  while (!a.outbox.empty() || !b.outbox.empty()) record(a.outbox.empty() ? b : a);
  for (int i = 0; i < 3; ++i) {
    a.take(a.engine->rekey(a.current.at("net"), now));
    while (!a.outbox.empty() || !b.outbox.empty()) record(a.outbox.empty() ? b : a);
  }
  const auto children_a = a.children.size();
  const auto children_b = b.children.size();
  for (const auto& flight : seen) {
    for (Peer* peer : {&a, &b}) {
      if (peer->address == flight.to.address)
        peer->take(peer->engine->on_datagram(flight.to, flight.from, flight.bytes, now));
    }
  }
  EXPECT_EQ(a.children.size(), children_a);
  EXPECT_EQ(b.children.size(), children_b);
  EXPECT_EQ(a.count<IkeEstablished>(), 1u);
  EXPECT_EQ(b.count<IkeEstablished>(), 1u);
}

TEST_F(Forged, AMessageReflectedToItsSenderIsNotTaken) {
  establish();
  a.take(a.engine->rekey(a.current.at("net"), now));
  const Flight request = a.outbox.front();
  const std::string before = state_of(a);
  a.take(a.engine->on_datagram(request.from, request.to, request.bytes, now));
  EXPECT_EQ(state_of(a), before);
  settle();
  expect_traffic();
}

TEST_F(Forged, AnyBytesAtAnyMomentDoNoHarm) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 chance(seed);
  const auto disturb = [&](Peer& to, const Flight& real) {
    for (int i = 0; i < 40; ++i) {
      Buffer bytes = real.bytes;
      const unsigned changes = 1 + chance() % 4;
      // SPIs stay, so that the bytes reach an SA; of the rest anything may change. In the clear, that would be a
      // man in the middle, so the unprotected exchange is left alone.
      for (unsigned c = 0; c < changes; ++c) {
        bytes[16 + chance() % (bytes.size() - 16)] = static_cast<std::uint8_t>(chance());
      }
      if (chance() % 8 == 0) bytes.resize(16 + chance() % (bytes.size() - 16));
      if (bytes != real.bytes) to.take(to.engine->on_datagram(real.to, real.from, bytes, now));
    }
  };
  establish();
  for (int round = 0; round < 60; ++round) {
    Peer& peer = chance() % 2 == 0 ? a : b;
    const auto all = peer.engine->status(now);
    if (chance() % 4 == 0) {
      peer.take(peer.engine->rekey(all.back().ike, now));
    } else {
      peer.take(peer.engine->rekey(peer.current.at("net"), now));
    }
    while (!a.outbox.empty() || !b.outbox.empty()) {
      Peer& from = a.outbox.empty() ? b : a;
      disturb(other(from), from.outbox.front());
      deliver(from);
    }
    pass(seconds(5));
    expect_traffic();
    if (HasFailure()) break;
  }
  expect_tidy();
  EXPECT_EQ(a.count<IkeFailed>() + b.count<IkeFailed>(), 0u);
}

TEST_F(Forged, ASpoofedAnswerToIkeSaInitOfAnotherIsIgnored) {
  a.take(a.engine->initiate("lab", "net", now));
  Message refusal;
  refusal.header.spi_i = Header::parse(a.outbox.front().bytes)->spi_i + 1;  // an attacker who does not see the request
  refusal.header.response = true;
  refusal.add(PayloadType::kNotify, from_hex("0000000e").value());
  a.take(a.engine->on_datagram({a.address, 500}, {b.address, 500}, refusal.serialise(), now));
  EXPECT_EQ(a.engine->counters().unknown_spi, 1u);
  settle();
  expect_traffic();
}

}  // namespace
}  // namespace sallyport::ike::test
