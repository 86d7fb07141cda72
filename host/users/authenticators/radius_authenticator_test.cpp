// SPDX-License-Identifier: Apache-2.0
// Before a FreeRADIUS of the test's own.
#include "host/users/authenticators/radius_authenticator.hpp"

#include <gmock/gmock.h>
#include <openssl/evp.h>

#include "host/users/radius/free_radius.hpp"
#include "host/users/radius/radius_message.hpp"
#include "host/users/test_login.hpp"

namespace sallyport::users {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr std::string_view kLong = "a password that is longer than one block of sixteen bytes, and than two, and three";

RadiusServer local(std::uint16_t port, std::string_view shared) {
  return {{IpAddress::parse("127.0.0.1").value(), port}, secret(shared)};
}

class RadiusAuthenticatorTest : public store::TestFolder {
 protected:
  Result<Identity> log_in(std::vector<RadiusServer> servers, const std::string& user, std::string_view password,
                          milliseconds patience = seconds(10)) {
    RadiusAuthenticator radius({std::move(servers), "gateway-a", patience, 1});
    return radius.finish({user, IpAddress::parse("10.0.0.5").value()}, {}, answer({{"password", password}}));
  }
};

TEST_F(RadiusAuthenticatorTest, DoesWhatTheServerSays) {
  const FreeRadius server(folder_ / "radius");
  const RadiusServer ours = local(server.port(), FreeRadius::kSecret);
  const auto carol = log_in({ours}, "carol", kPassword);
  ASSERT_TRUE(carol) << carol.error().message() << content_of(folder_ / "radius/radius.log");
  EXPECT_EQ(carol->user, "carol");
  EXPECT_THAT(carol->groups, ElementsAre("staff", "night"));
  EXPECT_EQ(carol->lifetime, seconds(3600));
  EXPECT_EQ(log_in({ours}, "dave", kLong).value().user, "david") << "the server's name for the user";

  for (const std::string& wrong : {std::string(), std::string("a wrong one"), std::string(128, 'x')}) {
    EXPECT_EQ(log_in({ours}, "carol", wrong).error().code, Errc::kAuthFailed) << wrong;
  }
  EXPECT_EQ(log_in({ours}, "carol", std::string(129, 'x')).error().code, Errc::kAuthFailed);
  EXPECT_EQ(log_in({ours}, "nobody", kPassword).error().code, Errc::kAuthFailed);
  EXPECT_EQ(log_in({ours}, "", kPassword).error().code, Errc::kAuthFailed);

  EXPECT_EQ(log_in({local(server.port(), "another secret")}, "carol", kPassword, milliseconds(300)).error().code,
            Errc::kTimeout)
      << "it is silent to who does not know the secret";
  EXPECT_EQ(log_in({local(free_udp_port(), "x"), ours}, "carol", kPassword).value().user, "carol") << "the next one";
}

// Somebody between gateway and server, or in the server's place.
class ForgedServer {
 public:
  using Reply = std::function<Buffer(const radius::Message& request)>;
  explicit ForgedServer(Reply reply) : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    thread_ = std::thread([this, reply = std::move(reply)] {
      std::array<std::uint8_t, 4096> datagram{};
      sockaddr_in from{};
      socklen_t length = sizeof from;
      const ssize_t size =
          ::recvfrom(socket_.get(), datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
      if (size <= 0) return;
      const Buffer answer =
          reply(radius::Message::parse(Bytes(datagram).first(static_cast<std::size_t>(size))).value());
      (void)::sendto(socket_.get(), answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
    });
  }
  ~ForgedServer() {
    ::shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }
  const std::uint16_t port = free_udp_port();

 private:
  Descriptor socket_;
  std::thread thread_;
};

TEST_F(RadiusAuthenticatorTest, BelievesNoAcceptanceWithoutAMessageAuthenticatorOrOfAnotherRequest) {
  const Secret shared = secret("shared");
  const auto accept = [](const radius::Message& request) {
    return radius::Message{radius::Code::kAccessAccept, request.identifier};
  };
  const std::pair<const char*, ForgedServer::Reply> kForged[] = {
      {"no Message-Authenticator, and a Response Authenticator that is right (CVE-2024-3596)",
       [&](const radius::Message& request) {
         // What sealed_reply does, but for the attribute.
         Buffer bytes = accept(request).serialise();
         std::copy(request.authenticator.begin(), request.authenticator.end(), bytes.begin() + 4);
         Buffer over = bytes;
         over.insert(over.end(), shared.reveal().begin(), shared.reveal().end());
         EXPECT_EQ(EVP_Digest(over.data(), over.size(), bytes.data() + 4, nullptr, EVP_md5(), nullptr), 1);
         return bytes;
       }},
      {"another identifier",
       [&](const radius::Message& request) {
         radius::Message other = accept(request);
         ++other.identifier;
         return radius::sealed_reply(other, request.authenticator, shared);
       }},
      {"another request",
       [&](const radius::Message& request) { return radius::sealed_reply(accept(request), {}, shared); }},
      {"another secret",
       [&](const radius::Message& request) {
         return radius::sealed_reply(accept(request), request.authenticator, secret("guessed"));
       }},
      {"a refusal turned into an acceptance",
       [&](const radius::Message& request) {
         Buffer bytes =
             radius::sealed_reply({radius::Code::kAccessReject, request.identifier}, request.authenticator, shared);
         bytes[0] = static_cast<std::uint8_t>(radius::Code::kAccessAccept);
         return bytes;
       }},
      {"no message",
       [](const radius::Message&) {
         return Buffer{2, 1, 0};
       }},
  };
  for (const auto& [what, reply] : kForged) {
    const ForgedServer server(reply);
    EXPECT_EQ(log_in({local(server.port, "shared")}, "carol", kPassword, milliseconds(300)).error().code,
              Errc::kTimeout)
        << what;
  }
  const ForgedServer honest([&](const radius::Message& request) {
    return radius::sealed_reply(accept(request), request.authenticator, shared);
  });
  EXPECT_TRUE(log_in({local(honest.port, "shared")}, "carol", kPassword));
}

TEST_F(RadiusAuthenticatorTest, LetsNobodyInWhomTheServerAsksForMore) {
  const ForgedServer server([&](const radius::Message& request) {
    return radius::sealed_reply({radius::Code::kAccessChallenge, request.identifier}, request.authenticator,
                                secret("shared"));
  });
  EXPECT_EQ(log_in({local(server.port, "shared")}, "carol", kPassword).error().code, Errc::kAuthFailed);
}

}  // namespace
}  // namespace sallyport::users
