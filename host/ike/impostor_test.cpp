// SPDX-License-Identifier: Apache-2.0
// A responder that does everything right but for what it proves: only who knows the secret, under the name that the
// initiator asked for, is believed (RFC 7296 2.15).
#include "host/ike/keys.hpp"
#include "host/ike/notify.hpp"
#include "host/ike/sa_payload.hpp"
#include "host/ike/sk_cipher.hpp"
#include "host/ike/test_wire.hpp"

namespace sallyport::ike::test {
namespace {

// a initiates; b's part is played here, with the engine's parts and without its engine.
class Impostor : public Wire {
 protected:
  void respond(const Secret& psk, std::string_view name) {
    a.take(a.engine->initiate("lab", "net", now));
    const Proposal proposal = connection(a, b).ike_proposals.front();
    const Message request = Message::parse(heard()).value();
    const auto ke = KeyExchange::generate(proposal.dh_group());
    ASSERT_TRUE(ke);
    const Secret shared =
        ke->shared_secret(KePayload::parse(request.find(PayloadType::kKe)->body).value().public_value).value();
    const Buffer nonce_i = request.find(PayloadType::kNonce)->body;
    const Buffer nonce_r(32, 0x5a);

    Message init;
    init.header = {.spi_i = request.header.spi_i, .spi_r = 0x1122334455667788, .response = true};
    init.add(PayloadType::kSa, SaPayload{{{1, {}, proposal}}}.serialise());
    init.add(PayloadType::kKe, KePayload{ke->group(), ke->public_value()}.serialise());
    init.add(PayloadType::kNonce, nonce_r);
    const Buffer init_bytes = init.serialise();
    tell(init_bytes);
    ASSERT_EQ(Header::parse(heard())->exchange, ExchangeType::kIkeAuth);

    const IkeKeys keys = derive_ike_keys(proposal, shared, {nonce_i, nonce_r, init.header.spi_i, init.header.spi_r});
    const Buffer id = Identity::parse(name)->payload();
    const Secret proof = psk_auth(proposal.prf(), psk, init_bytes, nonce_i, keys.pr, id);
    Message auth;
    auth.header = init.header;
    auth.header.exchange = ExchangeType::kIkeAuth;
    auth.header.message_id = 1;
    auth.add(PayloadType::kIdR, id);
    auth.add(PayloadType::kAuth,
             AuthPayload{kAuthSharedKey, {proof.reveal().begin(), proof.reveal().end()}}.serialise());
    auth.payloads.push_back(make_notify(NotifyType::kNoProposalChosen));  // the IKE SA is made without a child (1.2)
    tell(SkCipher(proposal, keys.er, keys.ar, b.random).seal(auth));
  }

  // What a sent last.
  Buffer heard() {
    EXPECT_FALSE(a.outbox.empty());
    Buffer bytes = a.outbox.empty() ? Buffer() : a.outbox.back().bytes;
    a.outbox.clear();
    return bytes;
  }
  void tell(const Buffer& datagram) {
    a.take(a.engine->on_datagram({a.address, kIkePort}, {b.address, kIkePort}, datagram, now));
  }
};

TEST_F(Impostor, IsNoneWhoKnowsTheSecretAndHasTheName) {
  respond(Secret(as_bytes("a secret that both know")), "b.example");
  EXPECT_EQ(a.count<IkeEstablished>(), 1u);
}

TEST_F(Impostor, WithAnotherSecretIsNotBelieved) {
  respond(Secret(as_bytes("a secret that one knows")), "b.example");
  EXPECT_EQ(a.count<IkeEstablished>(), 0u);
  ASSERT_EQ(a.count<IkeFailed>(), 1u);
  EXPECT_EQ(a.all<IkeFailed>()[0].reason.code, Errc::kAuthFailed);
}

TEST_F(Impostor, UnderAnotherNameIsNotBelieved) {
  respond(Secret(as_bytes("a secret that both know")), "c.example");
  EXPECT_EQ(a.count<IkeEstablished>(), 0u);
  ASSERT_EQ(a.count<IkeFailed>(), 1u);
  EXPECT_EQ(a.all<IkeFailed>()[0].reason.code, Errc::kAuthFailed);
}

}  // namespace
}  // namespace sallyport::ike::test
