// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/radius_authenticator.hpp"

#include <netinet/in.h>
#include <openssl/rand.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>

#include "base/descriptor.hpp"
#include "host/base/secret_file.hpp"
#include "host/users/radius/radius_message.hpp"
#include "host/users/user.hpp"

namespace sallyport::users {
namespace {

using radius::Code;
using radius::Message;
using radius::Type;
using std::chrono::steady_clock;

// RFC 2865.
constexpr std::uint32_t kServiceLogin = 1;     // 5.6
constexpr std::uint32_t kNasPortVirtual = 5;   // 5.41
constexpr std::size_t kLongestUserName = 253;  // an attribute's value

// Connected, so that only the server's datagrams come in, and a port where nobody listens is told at once.
Result<Descriptor> connect_to(const Endpoint& server) {
  sockaddr_storage address{};
  socklen_t length = sizeof(sockaddr_in);
  if (server.address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(server.port);
    std::memcpy(&v4->sin_addr, server.address.bytes().data(), server.address.bytes().size());
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
    length = sizeof(sockaddr_in6);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(server.port);
    std::memcpy(&v6->sin6_addr, server.address.bytes().data(), server.address.bytes().size());
  }
  Descriptor socket(::socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid() || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) {
    return errno_error("reach the RADIUS server " + server.to_string());
  }
  return socket;
}

Result<Message> request_of(const Claim& claim, const Secret& password, const RadiusServer& server,
                           const std::string& nas_identifier) {
  if (claim.user.empty() || claim.user.size() > kLongestUserName) {
    return Error{Errc::kAuthFailed, "a user name that RADIUS cannot carry"};
  }
  Message request{Code::kAccessRequest};
  if (RAND_bytes(request.authenticator.data(), static_cast<int>(request.authenticator.size())) != 1 ||
      RAND_bytes(&request.identifier, 1) != 1) {
    return Error{Errc::kIo, "no random numbers"};
  }
  auto hidden = radius::hidden_password(password, server.secret, request.authenticator);
  if (!hidden) return hidden.error();
  request.add(Type::kUserName, as_bytes(claim.user));
  request.add(Type::kUserPassword, *hidden);
  request.add(Type::kServiceType, kServiceLogin);
  request.add(Type::kNasIdentifier, as_bytes(nas_identifier));
  request.add(Type::kNasPortType, kNasPortVirtual);
  request.add(Type::kCallingStationId, as_bytes(claim.address.to_string()));
  request.add(claim.address.is_v4() ? Type::kFramedIpAddress : Type::kFramedIpv6Address, claim.address.bytes());
  return request;
}

// The next sound answer until `deadline`; what others send in its place is passed over.
std::optional<Message> answer_of(int socket, const Message& request, const Secret& secret,
                                 steady_clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    pollfd waiting{socket, POLLIN, 0};
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) == 0) return std::nullopt;
    std::array<std::uint8_t, 4096> datagram{};  // RFC 2865 3: the longest
    const ssize_t size = ::recv(socket, datagram.data(), datagram.size(), 0);
    if (size < 0 && errno != EINTR && errno != EAGAIN) return std::nullopt;  // as when nobody listens
    if (size <= 0) continue;
    auto answer =
        radius::opened_reply(Bytes(datagram).first(static_cast<std::size_t>(size)), request.authenticator, secret);
    if (answer && answer->identifier == request.identifier) return std::move(*answer);
  }
}

Result<Identity> decision_of(const Message& answer, const Claim& claim) {
  switch (answer.code) {
    case Code::kAccessAccept: {
      // RFC 2865 5.1: the name in an Access-Accept is the one to use.
      Identity who{answer.text(Type::kUserName).value_or(claim.user)};
      for (const auto& attribute : answer.attributes) {
        const std::string group(attribute.value.begin(), attribute.value.end());
        if (attribute.type == Type::kFilterId && check_name(group)) who.groups.push_back(group);
      }
      if (const auto timeout = answer.number(Type::kSessionTimeout)) who.lifetime = std::chrono::seconds(*timeout);
      return who;
    }
    case Code::kAccessReject:
      return Error{Errc::kAuthFailed, "the RADIUS server refuses"};
    case Code::kAccessChallenge:
      return Error{Errc::kAuthFailed, "the RADIUS server asks for more than a password"};
    default:
      return Error{Errc::kCorrupt, "the RADIUS server answers what is no answer"};
  }
}

RadiusServer read_server(TomlSection& section) {
  constexpr std::uint16_t kPort = 1812;  // RFC 2865 3
  RadiusServer server;
  server.endpoint.address = section.checked("address", IpAddress::parse(section.required_text("address")));
  server.endpoint.port = static_cast<std::uint16_t>(section.number("port", 1, 65535).value_or(kPort));
  server.secret = required_secret(section);
  section.finish();
  return server;
}

}  // namespace

MethodSettings RadiusAuthenticator::read(TomlSection& users, bool chosen) {
  RadiusSettings settings;
  settings.nas_identifier = users.text_or("nas_identifier", "sallyport");
  for (auto& server : users.sections("radius_servers", "RADIUS server")) {
    settings.servers.push_back(read_server(server));
  }
  if (chosen && settings.servers.empty()) {
    users.problem("methods", "has \"radius\" without a server; write [[users.radius_servers]]");
  }
  MethodSettings read;
  if (const auto port = users.number("radius_orders_port", 1, 65535)) {
    if (settings.servers.empty()) {
      users.problem("radius_orders_port", "is for orders of RADIUS servers; write [[users.radius_servers]]");
    }
    read.orders = {{}, settings.nas_identifier, static_cast<std::uint16_t>(*port)};
    for (const auto& server : settings.servers) read.orders->servers[server.endpoint.address] = server.secret;
  }
  read.make = [settings = std::move(settings)](const Surroundings&) {
    return std::make_unique<RadiusAuthenticator>(settings);
  };
  return read;
}

Result<Identity> RadiusAuthenticator::finish(const Claim& claim, const Challenge&, const Answer& answer) {
  std::string silent;
  for (const RadiusServer& server : settings_.servers) {
    silent += (silent.empty() ? "" : ", ") + server.endpoint.to_string();
    const auto socket = connect_to(server.endpoint);
    if (!socket) continue;
    // RFC 2865 2.5: the same request again, so that a server which has answered before answers the same.
    const auto request = request_of(claim, answer.secret("password"), server, settings_.nas_identifier);
    if (!request) return request.error();
    const Buffer datagram = radius::sealed_request(*request, server.secret);
    for (unsigned tries = 0; tries < settings_.tries; ++tries) {
      (void)::send(socket->get(), datagram.data(), datagram.size(), 0);
      const auto decided = answer_of(socket->get(), *request, server.secret, steady_clock::now() + settings_.patience);
      if (decided) return decision_of(*decided, claim);
    }
  }
  return Error{Errc::kTimeout, "no RADIUS server answers, or none knows the secret: " + silent};
}

}  // namespace sallyport::users
