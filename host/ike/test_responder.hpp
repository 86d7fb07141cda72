// SPDX-License-Identifier: Apache-2.0
// A responder played by hand, with the engine's parts and without its engine: what it hears can be read, and what it
// says may be anything.
#pragma once

#include "host/ike/keys.hpp"
#include "host/ike/notify.hpp"
#include "host/ike/sa_payload.hpp"
#include "host/ike/sk_cipher.hpp"
#include "host/ike/test_wire.hpp"

namespace sallyport::ike::test {

// a initiates; b's part is played here.
class ByHand : public Wire {
 protected:
  //   HDR, SAi1, KEi, Ni   -->
  //                        <--  HDR, SAr1, KEr, Nr
  void answer_init() {
    a.take(a.engine->initiate("lab", "net", now));
    proposal_ = connection(a, b).ike_proposals.front();
    const Message request = Message::parse(heard()).value();
    const auto ke = KeyExchange::generate(proposal_.dh_group());
    ASSERT_TRUE(ke);
    const Secret shared =
        ke->shared_secret(KePayload::parse(request.find(PayloadType::kKe)->body).value().public_value).value();
    nonce_i_ = request.find(PayloadType::kNonce)->body;
    const Buffer nonce_r(32, 0x5a);
    Message init;
    init.header = {.spi_i = request.header.spi_i, .spi_r = 0x1122334455667788, .response = true};
    init.add(PayloadType::kSa, SaPayload{{{1, {}, proposal_}}}.serialise());
    init.add(PayloadType::kKe, KePayload{ke->group(), ke->public_value()}.serialise());
    init.add(PayloadType::kNonce, nonce_r);
    header_ = init.header;
    init_bytes_ = init.serialise();
    keys_ = derive_ike_keys(proposal_, shared, {nonce_i_, nonce_r, header_.spi_i, header_.spi_r});
    tell(init_bytes_);
  }

  // IDr and AUTH as somebody would prove himself who knows `psk` and bears `name`.
  std::vector<Payload> proof(const Secret& psk, std::string_view name) {
    const Buffer id = Identity::parse(name)->payload();
    const Secret proof = psk_auth(proposal_.prf(), psk, init_bytes_, nonce_i_, keys_.pr, id);
    const AuthPayload auth{kAuthSharedKey, {proof.reveal().begin(), proof.reveal().end()}};
    return {{PayloadType::kIdR, false, id}, {PayloadType::kAuth, false, auth.serialise()}};
  }
  std::vector<Payload> proof() { return proof(Secret(as_bytes("a secret that both know")), "b.example"); }

  //   HDR, SK {IDi, [IDr,] AUTH, SAi2, TSi, TSr}   -->
  //                                               <--  HDR, SK {IDr, AUTH, [N,] SAr2, TSi, TSr}
  // The offer is returned.
  std::vector<Payload> answer_auth(const Proposal& chosen, std::vector<Payload> notifications = {}) {
    auto offer = said();
    auto auth = proof();
    std::ranges::move(notifications, std::back_inserter(auth));
    auth.push_back({PayloadType::kSa, false, SaPayload{{{1, spi_bytes(Spi{0x77001}), chosen}}}.serialise()});
    for (const PayloadType type : {PayloadType::kTsI, PayloadType::kTsR}) auth.push_back(*find_payload(offer, type));
    answer(std::move(auth));
    return offer;
  }

  // What a sent last, and the answer to it.
  std::vector<Payload> said() {
    const Buffer bytes = heard();
    const auto m = Message::parse(bytes);
    EXPECT_TRUE(m);
    if (!m) return {};
    header_.exchange = m->header.exchange;
    header_.message_id = m->header.message_id;
    auto inside = SkCipher(proposal_, keys_.ei, keys_.ai, b.random).open(*m, bytes);
    EXPECT_TRUE(inside);
    return inside.value_or(std::vector<Payload>());
  }
  void answer(std::vector<Payload> payloads) { tell(header_, std::move(payloads)); }
  // A request of ours.
  void ask(ExchangeType exchange, std::vector<Payload> payloads) {
    Header ours = header_;
    ours.response = false;
    ours.exchange = exchange;
    ours.message_id = asked_++;
    tell(ours, std::move(payloads));
  }

  IkeKeys keys_;

 private:
  Buffer heard() {
    EXPECT_FALSE(a.outbox.empty());
    Buffer bytes = a.outbox.empty() ? Buffer() : a.outbox.back().bytes;
    a.outbox.clear();
    return bytes;
  }
  void tell(const Header& header, std::vector<Payload> payloads) {
    Message m;
    m.header = header;
    m.payloads = std::move(payloads);
    tell(SkCipher(proposal_, keys_.er, keys_.ar, b.random).seal(m));
  }
  void tell(const Buffer& datagram) {
    a.take(a.engine->on_datagram({a.address, kIkePort}, {b.address, kIkePort}, datagram, now));
  }

  Proposal proposal_;
  Header header_;  // of our next answer
  std::uint32_t asked_ = 0;
  Buffer init_bytes_;
  Buffer nonce_i_;
};

}  // namespace sallyport::ike::test
