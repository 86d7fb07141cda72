// SPDX-License-Identifier: Apache-2.0
// A responder that does everything right but for what it proves: only who knows the secret, under the name that the
// initiator asked for, is believed (RFC 7296 2.15).
#include "host/ike/test_responder.hpp"

namespace sallyport::ike::test {
namespace {

class Impostor : public ByHand {
 protected:
  void respond(const Secret& psk, std::string_view name) {
    answer_init();
    (void)said();
    auto auth = proof(psk, name);
    auth.push_back(make_notify(NotifyType::kNoProposalChosen));  // the IKE SA is made without a child (1.2)
    answer(std::move(auth));
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
