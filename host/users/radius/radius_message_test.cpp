// SPDX-License-Identifier: Apache-2.0
#include "host/users/radius/radius_message.hpp"

#include <gtest/gtest.h>

namespace sallyport::users::radius {
namespace {

Secret text(std::string_view value) { return Secret(as_bytes(value)); }

// RFC 2865 7.1: the user "nemo" with password "arctangent", secret "xyzzy5461".
constexpr std::string_view kNemo =
    "01000038 0f403f9473978057bd83d5cb98f4227a 01066e656d6f 02120dbe708d93d413ce3196e43f782a0aee 0406c0a80110 "
    "050600000003";

Buffer hex(std::string_view digits) {
  std::string packed;
  for (const char c : digits) {
    if (c != ' ') packed += c;
  }
  return from_hex(packed).value();
}

TEST(RadiusMessage, ReadsAndWritesTheRequestOfTheRfc) {
  const Buffer datagram = hex(kNemo);
  const Message message = Message::parse(datagram).value();
  EXPECT_EQ(message.code, Code::kAccessRequest);
  EXPECT_EQ(message.text(Type::kUserName), "nemo");
  EXPECT_EQ(message.serialise(), datagram);
  EXPECT_EQ(hidden_password(text("arctangent"), text("xyzzy5461"), message.authenticator).value(),
            *message.find(Type::kUserPassword));
}

TEST(RadiusMessage, HidesALongPasswordBlockByBlock) {
  const Authenticator zero{};
  const Buffer two = hidden_password(Secret(Buffer(17, 'x')), text("s"), zero).value();
  EXPECT_EQ(two.size(), 32U);
  EXPECT_EQ(hidden_password(Secret(Buffer(16, 'x')), text("s"), zero).value(), Buffer(two.begin(), two.begin() + 16));
  EXPECT_EQ(hidden_password({}, text("s"), zero).value().size(), 16U);
  EXPECT_FALSE(hidden_password(Secret(std::size_t{129}), text("s"), zero));
}

TEST(RadiusMessage, IsRefusedCutAnywhere) {
  const Buffer datagram = hex(kNemo);
  for (std::size_t n = 0; n < datagram.size(); ++n) EXPECT_FALSE(Message::parse(Bytes(datagram).first(n))) << n;
  for (std::size_t n = 20; n < datagram.size(); ++n) {
    Buffer shorter(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(n));
    shorter[3] = static_cast<std::uint8_t>(n);
    const auto parsed = Message::parse(shorter);
    const bool between_attributes = n == 20 || n == 26 || n == 44 || n == 50;
    EXPECT_EQ(parsed.has_value(), between_attributes) << n;
  }
}

TEST(RadiusMessage, TakesWhatIsBehindItsLengthForPadding) {
  Buffer datagram = hex(kNemo);
  const Buffer alone = datagram;
  datagram.insert(datagram.end(), {80, 2, 3});
  EXPECT_EQ(Message::parse(datagram).value().serialise(), alone);
}

TEST(RadiusMessage, IsOpenedByWhoKnowsTheSecretAndUnchangedOnly) {
  const Authenticator asked{1, 2, 3};
  Message message{Code::kDisconnectRequest, 7};
  message.add(Type::kUserName, as_bytes("alice"));
  const Buffer request = sealed_request(message, text("secret"));
  const Buffer reply = sealed_reply({Code::kDisconnectAck, 7}, asked, text("secret"));
  EXPECT_EQ(opened_request(request, text("secret")).value().text(Type::kUserName), "alice");
  EXPECT_EQ(opened_reply(reply, asked, text("secret")).value().code, Code::kDisconnectAck);
  EXPECT_EQ(opened_request(request, text("other")).error().code, Errc::kAuthFailed);
  EXPECT_EQ(opened_reply(reply, asked, text("other")).error().code, Errc::kAuthFailed);
  EXPECT_EQ(opened_reply(reply, {1, 2, 4}, text("secret")).error().code, Errc::kAuthFailed);
  for (std::size_t bit = 0; bit < 8 * request.size(); ++bit) {
    Buffer changed = request;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(opened_request(changed, text("secret"))) << bit;
  }
}

}  // namespace
}  // namespace sallyport::users::radius
