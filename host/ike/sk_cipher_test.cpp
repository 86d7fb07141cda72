// SPDX-License-Identifier: Apache-2.0
#include "host/ike/sk_cipher.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sallyport::ike {
namespace {

Message inform(std::size_t body) {
  Message m;
  m.header.spi_i = 1;
  m.header.spi_r = 2;
  m.header.exchange = ExchangeType::kInformational;
  m.add(PayloadType::kNotify, Buffer(body, 0x5a));
  m.add(PayloadType::kVendorId, {1, 2, 3});
  return m;
}

class EveryCipher : public ::testing::TestWithParam<const char*> {
 protected:
  SkCipher make() const {
    const auto proposal = Proposal::parse(Protocol::kIke, GetParam()).value();
    const std::size_t salt = is_aead(proposal.encryption()) ? 4 : 0;
    return {proposal, Secret(Buffer(proposal.key_bits() / 8 + salt, 0x11)),
            Secret(Buffer(key_size(proposal.integrity()), 0x22)), system_random()};
  }
};

TEST_P(EveryCipher, OpensWhatItSealed) {
  SkCipher sender = make();
  const SkCipher receiver = make();
  for (std::size_t body = 4; body < 40; ++body) {  // every padding of CBC
    const Message sent = inform(body);
    const Buffer bytes = sender.seal(sent);
    const auto message = Message::parse(bytes);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->first_inside, PayloadType::kNotify);
    const auto inside = receiver.open(*message, bytes);
    ASSERT_TRUE(inside) << inside.error().message();
    ASSERT_EQ(inside->size(), 2u);
    EXPECT_EQ((*inside)[0].body, sent.payloads[0].body);
    EXPECT_EQ((*inside)[1].body, sent.payloads[1].body);
  }
}

TEST_P(EveryCipher, SealsAnEmptyMessage) {
  SkCipher sender = make();
  Message empty = inform(0);
  empty.payloads.clear();
  const Buffer bytes = sender.seal(empty);
  const auto inside = make().open(Message::parse(bytes).value(), bytes);
  ASSERT_TRUE(inside);
  EXPECT_TRUE(inside->empty());
}

TEST_P(EveryCipher, RefusesEveryChangedBit) {
  SkCipher sender = make();
  const SkCipher receiver = make();
  const Buffer bytes = sender.seal(inform(8));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    Buffer forged = bytes;
    forged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    const auto message = Message::parse(forged);
    if (!message || message->payloads.size() != 1 || message->payloads[0].type != PayloadType::kSk) continue;
    const auto inside = receiver.open(*message, forged);
    ASSERT_FALSE(inside) << "bit " << bit;
    // Bit 7 of the first payload's flags is the critical bit: covered like all others.
    EXPECT_EQ(inside.error().code, Errc::kAuthFailed) << "bit " << bit;
  }
}

TEST_P(EveryCipher, RefusesAMessageThatIsCut) {
  SkCipher sender = make();
  const Buffer bytes = sender.seal(inform(8));
  for (std::size_t size = kHeaderSize + kPayloadHeaderSize; size < bytes.size(); ++size) {
    Buffer cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    cut[26] = static_cast<std::uint8_t>(size >> 8);
    cut[27] = static_cast<std::uint8_t>(size);
    cut[30] = static_cast<std::uint8_t>((size - kHeaderSize) >> 8);
    cut[31] = static_cast<std::uint8_t>(size - kHeaderSize);
    const auto message = Message::parse(cut);
    ASSERT_TRUE(message);
    EXPECT_EQ(make().open(*message, cut).error().code, Errc::kAuthFailed) << size;
  }
}

TEST_P(EveryCipher, NeverUsesAnIvTwice) {
  SkCipher sender = make();
  std::set<std::string> ivs;
  const std::size_t at = kHeaderSize + kPayloadHeaderSize;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(ivs.insert(to_hex(Bytes(sender.seal(inform(4))).subspan(at, 8))).second);
  SkCipher again = make();  // the same keys after a restart
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(ivs.insert(to_hex(Bytes(again.seal(inform(4))).subspan(at, 8))).second);
}

INSTANTIATE_TEST_SUITE_P(All, EveryCipher,
                         ::testing::Values("aes128gcm16-prfsha256-ecp256", "aes256gcm16-prfsha256-ecp256",
                                           "aes128-sha1-modp2048", "aes256-sha256-modp2048", "aes256-sha384-modp2048",
                                           "aes192-sha512-modp2048"));

TEST(SkCipher, RefusesAnythingBesideTheSkPayload) {
  const auto proposal = Proposal::parse(Protocol::kIke, "aes128gcm16-prfsha256-ecp256").value();
  const SkCipher receiver(proposal, Secret(Buffer(20)), {}, system_random());
  const Message clear = inform(8);
  EXPECT_EQ(receiver.open(clear, clear.serialise()).error().code, Errc::kInvalid);
}

}  // namespace
}  // namespace sallyport::ike
