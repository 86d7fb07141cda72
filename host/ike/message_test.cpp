// SPDX-License-Identifier: Apache-2.0
#include "host/ike/message.hpp"

#include <gtest/gtest.h>

#include <random>

#include "host/ike/identity.hpp"
#include "host/ike/message_rules.hpp"
#include "host/ike/payloads.hpp"
#include "host/ike/sa_payload.hpp"

namespace sallyport::ike {
namespace {

Buffer hex(std::string_view text) { return from_hex(text).value(); }

// An IKE_SA_INIT request with every payload it may have.
Message init_request() {
  Message m;
  m.header.spi_i = 0x0102030405060708;
  m.header.exchange = ExchangeType::kIkeSaInit;
  m.header.from_initiator = true;
  const auto proposals =
      parse_proposals(Protocol::kIke, "aes256gcm16-prfsha384-ecp384, aes256-sha256-modp2048").value();
  m.add(PayloadType::kSa, SaPayload::offer(proposals, {}).serialise());
  m.add(PayloadType::kKe, KePayload{DhGroup::kEcp384, Buffer(96, 7)}.serialise());
  m.add(PayloadType::kNonce, Buffer(32, 9));
  NotifyPayload notify;
  notify.type = NotifyType::kNatDetectionSourceIp;
  notify.data = Buffer(20, 1);
  m.add(PayloadType::kNotify, notify.serialise());
  return m;
}

// Everything a datagram can make the codec do.
void swallow(Bytes datagram) {
  const auto message = Message::parse(datagram);
  if (!message) return;
  (void)check_rules(message->header.exchange, message->header.response, message->payloads);
  for (const auto& payload : message->payloads) {
    (void)SaPayload::parse(payload.body);
    (void)KePayload::parse(payload.body);
    (void)AuthPayload::parse(payload.body);
    (void)NotifyPayload::parse(payload.body);
    (void)DeletePayload::parse(payload.body);
    (void)Identity::parse_payload(payload.body);
    (void)parse_ts(payload.body);
  }
}

TEST(Header, StandsAsInTheRfc) {
  Message m = init_request();
  m.header.spi_r = 0x1112131415161718;
  m.header.response = true;
  m.header.message_id = 0x21222324;
  const Buffer bytes = m.serialise();
  EXPECT_EQ(to_hex(Bytes(bytes).first(24)),
            "0102030405060708"
            "1112131415161718"
            "21"
            "20"
            "22"
            "28"
            "21222324");
  EXPECT_EQ(Header::parse(bytes)->length, bytes.size());
}

TEST(Header, RefusesAnotherVersionAndAnotherLength) {
  Buffer bytes = init_request().serialise();
  bytes[17] = 0x10;
  EXPECT_EQ(Header::parse(bytes).error().code, Errc::kUnsupported);
  bytes[17] = 0x21;  // a minor version is ignored (RFC 7296 3.1)
  EXPECT_TRUE(Header::parse(bytes));
  bytes.push_back(0);
  EXPECT_FALSE(Header::parse(bytes));
}

TEST(Message, SurvivesTheWire) {
  const Message sent = init_request();
  const auto received = Message::parse(sent.serialise());
  ASSERT_TRUE(received);
  ASSERT_EQ(received->payloads.size(), sent.payloads.size());
  for (std::size_t i = 0; i < sent.payloads.size(); ++i) {
    EXPECT_EQ(received->payloads[i].type, sent.payloads[i].type);
    EXPECT_EQ(received->payloads[i].body, sent.payloads[i].body);
  }
  EXPECT_EQ(received->serialise(), sent.serialise());
}

TEST(Message, IsRefusedWhenCutAnywhere) {
  const Buffer whole = init_request().serialise();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(Message::parse(cut)) << size;
    if (size < kHeaderSize) continue;
    cut[26] = static_cast<std::uint8_t>(size >> 8);  // and also when the header agrees
    cut[27] = static_cast<std::uint8_t>(size);
    EXPECT_FALSE(Message::parse(cut)) << size;
  }
}

TEST(Message, SurvivesAnyBytes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const Buffer whole = init_request().serialise();
  for (int round = 0; round < 20000; ++round) {
    Buffer bytes = whole;
    const unsigned changes = 1 + random() % 6;
    for (unsigned i = 0; i < changes; ++i) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    swallow(bytes);
  }
}

TEST(SaPayload, StandsAsInTheRfc) {
  const auto esp = Proposal::parse(Protocol::kEsp, "aes128gcm16").value();
  const SaPayload sa = SaPayload::offer({esp}, hex("c0000100"));
  // Proposal: last, 32 octets, number 1, ESP, SPI of 4, 2 transforms. ENCR 20 with a key of 128 bits; ESN 0.
  EXPECT_EQ(to_hex(sa.serialise()),
            "00000020"
            "01030402"
            "c0000100"
            "0300000c"
            "01000014"
            "800e0080"
            "00000008"
            "05000000");
}

TEST(SaPayload, SurvivesTheWire) {
  const auto proposals =
      parse_proposals(Protocol::kIke, "aes128gcm16-prfsha256-ecp256, aes256-sha256-sha512-modp2048-x25519").value();
  const auto read = SaPayload::parse(SaPayload::offer(proposals, hex("0102030405060708")).serialise());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->plain(), proposals);
  EXPECT_EQ(read->proposals[1].number, 2);
  EXPECT_EQ(read->proposals[1].spi, hex("0102030405060708"));
}

TEST(SaPayload, IsRefusedWhenCutAnywhere) {
  const auto proposals = parse_proposals(Protocol::kEsp, "aes128gcm16-ecp256, aes256-sha256-esn").value();
  const Buffer whole = SaPayload::offer(proposals, hex("c0000100")).serialise();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(SaPayload::parse(Bytes(whole).first(size))) << size;
}

TEST(SaPayload, ATransformWithAnUnknownAttributeMeetsNoneOfOurs) {
  // As above, but with attribute 15 instead of the key length, before it and behind it.
  for (const char* transform :
       {"0300000c01000014800f0080", "0300001001000014800f0080800e0080", "0300001001000014800e0080800f0080"}) {
    Buffer body =
        hex("00000000"
            "01030402"
            "c0000100");
    for (const Buffer& part : {hex(transform), hex("00000008"
                                                   "05000000")})
      body.insert(body.end(), part.begin(), part.end());
    body[3] = static_cast<std::uint8_t>(body.size());
    const auto read = SaPayload::parse(body);
    ASSERT_TRUE(read) << transform;
    EXPECT_FALSE(choose(read->plain(), parse_proposals(Protocol::kEsp, "aes128gcm16").value())) << transform;
  }
}

TEST(KePayload, NamesItsGroup) {
  EXPECT_EQ(to_hex(KePayload{DhGroup::kEcp256, {1, 2}}.serialise()), "001300000102");
  EXPECT_EQ(KePayload::parse(hex("001300000102"))->group, DhGroup::kEcp256);
  EXPECT_FALSE(KePayload::parse(hex("001300")));
}

TEST(NotifyPayload, CarriesAnSpiAndData) {
  const auto notify =
      NotifyPayload::parse(hex("0304"
                               "4009"
                               "c0000100"
                               "aabb"));
  ASSERT_TRUE(notify);
  EXPECT_EQ(notify->protocol, Protocol::kEsp);
  EXPECT_EQ(notify->type, NotifyType::kRekeySa);
  EXPECT_EQ(to_hex(notify->spi), "c0000100");
  EXPECT_EQ(to_hex(notify->data), "aabb");
  EXPECT_EQ(to_hex(notify->serialise()), "03044009c0000100aabb");
  EXPECT_FALSE(NotifyPayload::parse(hex("03044009c00001")));
}

TEST(DeletePayload, ListsSpisOfEspAndNoneOfIke) {
  const DeletePayload del{Protocol::kEsp, {Spi{1}, Spi{2}}};
  EXPECT_EQ(to_hex(del.serialise()), "030400020000000100000002");
  EXPECT_EQ(DeletePayload::parse(del.serialise())->spis, del.spis);
  EXPECT_EQ(to_hex(DeletePayload{Protocol::kIke, {}}.serialise()), "01000000");
  EXPECT_FALSE(DeletePayload::parse(hex("0304000200000001")));
  EXPECT_FALSE(
      DeletePayload::parse(hex("01040001"
                               "00000001")));
  EXPECT_FALSE(DeletePayload::parse(hex("03080000")));
}

TEST(TsPayload, SurvivesTheWire) {
  TrafficSelectors list;
  for (const char* text : {"10.1.0.0/24", "10.1.0.7[tcp/443]", "2001:db8::/32[udp/1000-2000]"}) {
    list.push_back(TrafficSelector::parse(text).value());
  }
  const Buffer bytes = serialise_ts(list);
  EXPECT_EQ(*parse_ts(bytes), list);
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(parse_ts(Bytes(bytes).first(size))) << size;
  EXPECT_EQ(to_hex(serialise_ts({list[0]})),
            "01000000"
            "07000010"
            "0000ffff"
            "0a010000"
            "0a0100ff");
}

TEST(TsPayload, LeavesOutWhatACardCannotSelect) {
  // A selector of an unknown type, and one of OPAQUE ports.
  EXPECT_TRUE(parse_ts(hex("01000000"
                           "63000010"
                           "0000ffff"
                           "0a010000"
                           "0a0100ff"))
                  ->empty());
  EXPECT_TRUE(parse_ts(hex("01000000"
                           "07000010"
                           "ffff0000"
                           "0a010000"
                           "0a0100ff"))
                  ->empty());
  EXPECT_FALSE(
      parse_ts(hex("01000000"
                   "07000010"
                   "0000ffff"
                   "0a0100ff"
                   "0a010000")));
}

// ---- what a message may contain -----------------------------------------------------------------------------------

TEST(MessageRules, AllowWhatIsComplete) {
  EXPECT_FALSE(check_rules(ExchangeType::kIkeSaInit, false, init_request().payloads));
  EXPECT_FALSE(check_rules(ExchangeType::kInformational, false, {}));
}

TEST(MessageRules, NameWhatIsMissingOrTooMany) {
  for (const PayloadType type : {PayloadType::kSa, PayloadType::kKe, PayloadType::kNonce}) {
    Message less = init_request();
    std::erase_if(less.payloads, [&](const Payload& payload) { return payload.type == type; });
    const auto missing = check_rules(ExchangeType::kIkeSaInit, false, less.payloads);
    ASSERT_TRUE(missing);
    EXPECT_EQ(missing->type, NotifyType::kInvalidSyntax);
    EXPECT_EQ(missing->payload, static_cast<std::uint8_t>(type));
    Message more = init_request();
    more.payloads.push_back(*more.find(type));
    EXPECT_TRUE(check_rules(ExchangeType::kIkeSaInit, false, more.payloads));
  }
}

TEST(MessageRules, IgnoreWhatTheyDoNotMentionUnlessItIsCriticalAndUnknown) {
  Message m = init_request();
  m.payloads.push_back({PayloadType{99}, false, {}});
  m.payloads.push_back({PayloadType::kCertReq, true, {}});  // 3.2: the bit is ignored for a known type
  EXPECT_FALSE(check_rules(ExchangeType::kIkeSaInit, false, m.payloads));
  m.payloads.push_back({PayloadType{99}, true, {}});
  const auto violation = check_rules(ExchangeType::kIkeSaInit, false, m.payloads);
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->type, NotifyType::kUnsupportedCriticalPayload);
  EXPECT_EQ(violation->payload, 99);
}

TEST(MessageRules, LetAnErrorStandForTheRestOfAResponse) {
  const std::vector<Payload> error = {{PayloadType::kNotify, false, hex("0000000e")}};
  const std::vector<Payload> status = {{PayloadType::kNotify, false, hex("00004004")}};
  EXPECT_FALSE(check_rules(ExchangeType::kIkeSaInit, true, error));
  EXPECT_TRUE(check_rules(ExchangeType::kIkeSaInit, true, status));
  EXPECT_TRUE(check_rules(ExchangeType::kIkeSaInit, false, error));
}

}  // namespace
}  // namespace sallyport::ike
