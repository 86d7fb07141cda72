// SPDX-License-Identifier: Apache-2.0
// What a responder makes of an initiator that is played by hand, with the engine's parts and without its engine.
#include "host/ike/keys.hpp"
#include "host/ike/notify.hpp"
#include "host/ike/sa_payload.hpp"
#include "host/ike/sk_cipher.hpp"
#include "host/ike/test_wire.hpp"

namespace sallyport::ike::test {
namespace {

// b responds; a's part is played here.
class Initiator : public Wire {
 protected:
  //   HDR, SAi1, KEi, Ni   -->
  //                        <--  HDR, SAr1, KEr, Nr
  std::vector<Payload> init(const SaPayload& sa) {
    const auto ke = KeyExchange::generate(DhGroup::kEcp256);
    const Buffer nonce(32, 0xa5);
    Message request;
    request.header.spi_i = 0x1122334455667788;
    request.header.from_initiator = true;
    request.add(PayloadType::kSa, sa.serialise());
    request.add(PayloadType::kKe, KePayload{ke->group(), ke->public_value()}.serialise());
    request.add(PayloadType::kNonce, nonce);
    header_ = request.header;
    init_bytes_ = request.serialise();
    const Message response = Message::parse(tell(init_bytes_)).value();
    const Payload* theirs = response.find(PayloadType::kKe);
    if (theirs == nullptr) return response.payloads;  // refused
    header_.spi_r = response.header.spi_r;
    nonce_r_ = response.find(PayloadType::kNonce)->body;
    const Secret shared = ke->shared_secret(KePayload::parse(theirs->body)->public_value).value();
    keys_ = derive_ike_keys(proposal_, shared, {nonce, nonce_r_, header_.spi_i, header_.spi_r});
    return response.payloads;
  }
  std::vector<Payload> init() { return init(SaPayload{{{1, {}, proposal_}}}); }

  //   HDR, SK {IDi, AUTH, SAi2, TSi, TSr}   -->
  //                                        <--  HDR, SK {IDr, AUTH, SAr2, TSi, TSr}
  void auth() {
    const Buffer id = Identity::parse("a.example")->payload();
    const Secret proof =
        psk_auth(proposal_.prf(), Secret(as_bytes("a secret that both know")), init_bytes_, nonce_r_, keys_.pi, id);
    const AuthPayload auth{kAuthSharedKey, {proof.reveal().begin(), proof.reveal().end()}};
    const SaPayload sa =
        SaPayload::offer(parse_proposals(Protocol::kEsp, "aes128gcm16").value(), spi_bytes(Spi{0x999}));
    ask(ExchangeType::kIkeAuth, {{PayloadType::kIdI, false, id},
                                 {PayloadType::kAuth, false, auth.serialise()},
                                 {PayloadType::kSa, false, sa.serialise()},
                                 {PayloadType::kTsI, false, serialise_ts(selectors({"10.1.0.0/24"}))},
                                 {PayloadType::kTsR, false, serialise_ts(selectors({"10.2.0.0/24"}))}});
  }

  // A request of ours.
  void ask(ExchangeType exchange, std::vector<Payload> payloads) {
    Message m;
    m.header = header_;
    m.header.exchange = exchange;
    m.header.message_id = ++header_.message_id;
    m.payloads = std::move(payloads);
    tell(SkCipher(proposal_, keys_.ei, keys_.ai, a.random).seal(m));
  }

  const Proposal proposal_ = connection(a, b).ike_proposals.front();

 private:
  // What b says to it.
  Buffer tell(const Buffer& datagram) {
    b.take(b.engine->on_datagram({b.address, kIkePort}, {a.address, kIkePort}, datagram, now));
    EXPECT_EQ(b.outbox.size(), 1u);
    Buffer bytes = b.outbox.empty() ? Buffer() : b.outbox.back().bytes;
    b.outbox.clear();
    return bytes;
  }

  Header header_;
  Buffer init_bytes_;
  Buffer nonce_r_;
  IkeKeys keys_;
};

// RFC 7296 2.21.2: the initiator, for whom it is too late to refuse the response, says so without a Delete payload.
TEST_F(Initiator, WhoDoesNotBelieveOurProofIsGivenUp) {
  init();
  auth();
  ASSERT_EQ(b.count<ChildEstablished>(), 1u);
  ask(ExchangeType::kInformational, {make_notify(NotifyType::kAuthenticationFailed)});
  ASSERT_EQ(b.count<IkeFailed>(), 1u);
  EXPECT_EQ(b.all<IkeFailed>()[0].reason.code, Errc::kAuthFailed);
  EXPECT_TRUE(b.engine->idle());
  EXPECT_TRUE(b.children.empty() && b.spis.taken.empty());
}

TEST_F(Initiator, WhoComplainsLaterIsHeardAndNoMore) {
  init();
  auth();
  ask(ExchangeType::kInformational, {});
  ask(ExchangeType::kInformational, {make_notify(NotifyType::kAuthenticationFailed)});
  EXPECT_EQ(b.count<IkeFailed>(), 0u);
  EXPECT_EQ(b.children.size(), 1u);
}

}  // namespace
}  // namespace sallyport::ike::test
