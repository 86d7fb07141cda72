// SPDX-License-Identifier: Apache-2.0
#include "host/users/sessions/disconnect.hpp"

#include <algorithm>

#include "host/base/log.hpp"

namespace sallyport::users {
namespace {

using radius::Code;
using radius::Message;
using radius::Type;

constexpr auto kFresh = std::chrono::seconds(300);  // RFC 5176 6.3, its default
constexpr std::size_t kMostOrders = 1024;           // within that time

// RFC 5176 3.6, Error-Cause.
constexpr std::uint32_t kUnsupportedAttribute = 401;
constexpr std::uint32_t kMissingAttribute = 402;
constexpr std::uint32_t kNasIdentificationMismatch = 403;
constexpr std::uint32_t kUnsupportedExtension = 406;
constexpr std::uint32_t kSessionContextNotFound = 503;

bool is_known(Type type) {
  switch (type) {
    case Type::kUserName:
    case Type::kAcctSessionId:
    case Type::kFramedIpAddress:
    case Type::kFramedIpv6Address:
    case Type::kCallingStationId:
    case Type::kNasIdentifier:
    case Type::kNasIpAddress:
    case Type::kNasIpv6Address:
    case Type::kEventTimestamp:
    case Type::kMessageAuthenticator:
    case Type::kProxyState:
      return true;
    default:
      return false;
  }
}

bool names_somebody(const Message& request) {
  return std::any_of(request.attributes.begin(), request.attributes.end(), [](const radius::Attribute& a) {
    return a.type == Type::kUserName || a.type == Type::kAcctSessionId || a.type == Type::kFramedIpAddress ||
           a.type == Type::kFramedIpv6Address || a.type == Type::kCallingStationId;
  });
}

bool at(const Session& session, Bytes address) {
  const auto where = IpAddress::from_bytes(address);
  return where && session.at(*where);
}

bool fits(const radius::Attribute& attribute, const Session& session) {
  const std::string text(attribute.value.begin(), attribute.value.end());
  switch (attribute.type) {
    case Type::kUserName:
      return text == session.user;
    case Type::kAcctSessionId:
      return text == session.id;
    case Type::kFramedIpAddress:
    case Type::kFramedIpv6Address:
      return at(session, attribute.value);
    case Type::kCallingStationId:
      return text == session.address.to_string();
    default:
      return true;
  }
}

IpAddress plain(const boost::asio::ip::address& address) {
  namespace ip = boost::asio::ip;
  if (address.is_v4()) return IpAddress::from_v4(address.to_v4().to_uint());
  if (address.to_v6().is_v4_mapped()) {
    return IpAddress::from_v4(ip::make_address_v4(ip::v4_mapped, address.to_v6()).to_uint());
  }
  return IpAddress::from_bytes(address.to_v6().to_bytes()).value();
}

}  // namespace

void Disconnect::receive(Bytes datagram, const IpAddress& from, WallClock now, const Reply& reply) {
  const auto server = settings_.servers.find(from);
  if (server == settings_.servers.end()) return;
  const auto request = radius::opened_request(datagram, server->second);
  if (!request || (request->code != Code::kDisconnectRequest && request->code != Code::kCoaRequest)) {
    log::warning("radius.order_ignored",
                 {{"from", from.to_string()}, {"why", request ? "it is none" : request.error().detail}});
    return;
  }
  std::erase_if(orders_, [&](const auto& order) { return order.second.until <= now; });
  const OrderKey key{from, request->authenticator};
  if (const auto before = orders_.find(key); before != orders_.end()) {
    if (!before->second.answer.empty()) reply(before->second.answer);
    return;
  }
  // RFC 5176 6.3: what is not fresh is passed over in silence.
  const auto stamp = request->number(Type::kEventTimestamp);
  const auto age = now - std::chrono::system_clock::from_time_t(stamp.value_or(0));
  if ((stamp && (age > kFresh || age < -kFresh)) || orders_.size() >= kMostOrders) return;
  orders_.emplace(key, Order{now + 2 * kFresh});

  const auto refuse = [&](std::uint32_t cause) {
    answer(key, *request, request->code == Code::kCoaRequest ? Code::kCoaNak : Code::kDisconnectNak, cause, reply);
  };
  if (request->code == Code::kCoaRequest) return refuse(kUnsupportedExtension);
  if (!std::all_of(request->attributes.begin(), request->attributes.end(),
                   [](const auto& a) { return is_known(a.type); })) {
    return refuse(kUnsupportedAttribute);
  }
  if (!stamp || !names_somebody(*request)) return refuse(kMissingAttribute);
  if (!means_us(*request)) return refuse(kNasIdentificationMismatch);
  const bool found = sessions_.end_those(
      [request = *request](const Session& session) {
        return std::all_of(request.attributes.begin(), request.attributes.end(),
                           [&](const auto& attribute) { return fits(attribute, session); });
      },
      EndReason::kRadius,
      [self = std::weak_ptr(self_), key, request = *request, reply] {
        if (const auto alive = self.lock()) (*alive)->answer(key, request, Code::kDisconnectAck, {}, reply);
      });
  if (!found) refuse(kSessionContextNotFound);
}

// RFC 5176 3: the attributes that identify a NAS.
bool Disconnect::means_us(const Message& request) const {
  return std::all_of(request.attributes.begin(), request.attributes.end(), [this](const radius::Attribute& a) {
    if (a.type == Type::kNasIdentifier) return std::ranges::equal(a.value, as_bytes(settings_.nas_identifier));
    if (a.type != Type::kNasIpAddress && a.type != Type::kNasIpv6Address) return true;
    const auto address = IpAddress::from_bytes(a.value);
    return address && std::find(addresses_.begin(), addresses_.end(), *address) != addresses_.end();
  });
}

void Disconnect::answer(const OrderKey& key, const Message& request, Code code, std::optional<std::uint32_t> cause,
                        const Reply& reply) {
  Message message{code, request.identifier};
  if (cause) message.add(Type::kErrorCause, *cause);
  // RFC 5176 3.1: copied unmodified, in their order.
  for (const auto& attribute : request.attributes) {
    if (attribute.type == Type::kProxyState) message.attributes.push_back(attribute);
  }
  Buffer bytes = radius::sealed_reply(std::move(message), request.authenticator, settings_.servers.at(key.first));
  if (const auto order = orders_.find(key); order != orders_.end()) order->second.answer = bytes;
  reply(std::move(bytes));
}

Result<std::unique_ptr<DisconnectServer>> DisconnectServer::listen(boost::asio::io_context& loop,
                                                                   const boost::asio::ip::address& address,
                                                                   std::shared_ptr<Disconnect> disconnect) {
  const boost::asio::ip::udp::endpoint endpoint(address, disconnect->port());
  boost::asio::ip::udp::socket socket(loop);
  boost::system::error_code error;
  socket.open(endpoint.protocol(), error);
  if (!error) socket.bind(endpoint, error);
  if (error) {
    return Error{Errc::kIo, "listen on " + endpoint.address().to_string() + " UDP port " +
                                std::to_string(endpoint.port()) + ": " + error.message()};
  }
  auto state = std::make_shared<State>(State{std::move(socket), std::move(disconnect)});
  receive(state);
  return std::unique_ptr<DisconnectServer>(new DisconnectServer(std::move(state)));
}

void DisconnectServer::receive(const std::shared_ptr<State>& state) {
  state->socket.async_receive_from(
      boost::asio::buffer(state->datagram), state->from, [state](boost::system::error_code error, std::size_t size) {
        if (error == boost::asio::error::operation_aborted || !state->socket.is_open()) return;
        if (!error) {
          state->disconnect->receive(Bytes(state->datagram).first(size), plain(state->from.address()),
                                     std::chrono::system_clock::now(),
                                     [weak = std::weak_ptr(state), to = state->from](const Buffer& answer) {
                                       const auto alive = weak.lock();
                                       boost::system::error_code lost;  // then it asks again
                                       if (alive) alive->socket.send_to(boost::asio::buffer(answer), to, 0, lost);
                                     });
        }
        receive(state);
      });
}

}  // namespace sallyport::users
