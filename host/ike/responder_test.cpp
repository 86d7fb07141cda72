// SPDX-License-Identifier: Apache-2.0
// What an initiator makes of a responder that is played by hand: the refusals of CREATE_CHILD_SA.
#include "host/ike/test_responder.hpp"

namespace sallyport::ike::test {
namespace {

class Responder : public ByHand {
 protected:
  void come_up() {
    answer_init();
    answer_auth(parse_proposals(Protocol::kEsp, "aes128gcm16").value()[0]);
  }

  Connection words_ = connection(a, b);
};

// RFC 7296 2.25
TEST_F(Responder, WhoDoesNotKnowAChildThatWeEndIsNotAskedForAnother) {
  come_up();
  a.take(a.engine->rekey(a.current.at("net"), now));
  EXPECT_TRUE(find_notify(said(), NotifyType::kRekeySa));
  a.take(a.engine->terminate(a.current.at("net"), now));
  answer({make_notify(NotifyType::kChildSaNotFound)});
  EXPECT_TRUE(find_payload(said(), PayloadType::kDelete));
  answer({});
  EXPECT_TRUE(a.outbox.empty());
  EXPECT_TRUE(a.children.empty());
}

// RFC 7296 1.3
TEST_F(Responder, WhoWantsAnotherGroupEachTimeIsObeyedOnce) {
  words_.children[0].proposals = parse_proposals(Protocol::kEsp, "aes128gcm16-ecp256-x25519").value();
  words_.ike_proposals = parse_proposals(Protocol::kIke, "aes128gcm16-prfsha256-ecp256-x25519").value();
  come_up();
  connect(a, words_);
  const auto asked = [&] {
    unsigned times = 0;
    while (!a.outbox.empty() && times < 10) {
      const DhGroup group = KePayload::parse(find_payload(said(), PayloadType::kKe)->body)->group;
      const DhGroup other = group == DhGroup::kEcp256 ? DhGroup::kCurve25519 : DhGroup::kEcp256;
      answer({make_notify(NotifyType::kInvalidKePayload, group_bytes(other))});
      ++times;
    }
    return times;
  };
  a.take(a.engine->rekey(a.current.at("net"), now));
  EXPECT_EQ(asked(), 2u);
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.code, Errc::kUnsupported);
  a.take(a.engine->rekey(only(a).ike, now));
  EXPECT_EQ(asked(), 2u);
}

// It gives one CHILD SA and no more, as RFC 7296 4 allows.
class MinimalResponder : public Responder {
 protected:
  MinimalResponder() {
    words_.children[0].restart = true;
    words_.children[0].lifetime = {seconds(3600), seconds(3960), seconds(0)};
    words_.lifetime = {seconds(14400), seconds(15840), seconds(0)};
    connect(a, words_);
  }
  // Time passes, and whatever a asks for is refused, until it begins a new IKE SA.
  bool begins_anew(seconds within) {
    for (const Time end = now + within; now < end;) {
      now = std::min(a.engine->next_deadline().value_or(end), end);
      a.take(a.engine->on_time(now));
      while (!a.outbox.empty()) {
        const ExchangeType exchange = Message::parse(a.outbox.back().bytes)->header.exchange;
        if (exchange == ExchangeType::kIkeSaInit) return true;
        (void)said();
        const bool create = exchange == ExchangeType::kCreateChildSa;
        if (create) ++refused_;
        answer(create ? std::vector{make_notify(NotifyType::kNoAdditionalSas)} : std::vector<Payload>());
      }
    }
    return false;
  }

  unsigned refused_ = 0;
};

TEST_F(MinimalResponder, GetsANewIkeSaWhenItsChildEnds) {
  come_up();
  EXPECT_FALSE(begins_anew(seconds(3950)));
  EXPECT_EQ(a.children.size(), 1u);
  EXPECT_TRUE(begins_anew(seconds(20)));
  EXPECT_EQ(a.count<IkeDeleted>(), 1u);
  EXPECT_EQ(refused_, 1u);
}

TEST_F(MinimalResponder, GetsANewIkeSaWhenAChildIsWantedAndNoneIsThere) {
  words_.children[0].restart = false;
  connect(a, words_);
  come_up();
  EXPECT_FALSE(begins_anew(seconds(3700)));
  a.take(a.engine->terminate(a.current.at("net"), now));
  (void)said();
  answer({});
  a.take(a.engine->initiate("lab", "net", now));
  EXPECT_EQ(Message::parse(a.outbox.back().bytes)->header.exchange, ExchangeType::kIkeSaInit);
}

TEST_F(MinimalResponder, IsNotAskedForEverToRekeyTheIkeSa) {
  words_.children[0].lifetime = {};
  connect(a, words_);
  come_up();
  EXPECT_FALSE(begins_anew(seconds(15830)));
  EXPECT_EQ(refused_, 1u);
  EXPECT_TRUE(begins_anew(seconds(20)));
}

}  // namespace
}  // namespace sallyport::ike::test
