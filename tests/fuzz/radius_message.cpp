// SPDX-License-Identifier: Apache-2.0
// Datagrams at the port of RADIUS orders, from a stranger and from a server that knows the secret: what is understood
// comes again when written and read, and an order is answered once, and ends no session that it does not fit.
#include "host/users/radius/radius_message.hpp"

#include "host/users/sessions/disconnect.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

using namespace users;
using radius::Code;
using radius::Message;
using radius::Type;

const auto kNow = std::chrono::system_clock::from_time_t(1700000000);
const IpAddress kServer = IpAddress::parse("192.0.2.1").value();

class Owner : public SessionOwner {
 public:
  Result<std::optional<Tag>> on_begin(const Session&) override { return std::optional<Tag>(); }
  Result<void> on_joined(const Session&) override { return {}; }
  void on_left(const Session&) override {}
  void on_end(const Session& session, EndReason, std::function<void()> done) override {
    ended.push_back(session.user);
    done();
  }
  std::vector<std::string> ended;
};

}  // namespace

std::vector<Buffer> seeds() {
  Message order{Code::kDisconnectRequest, 7};
  order.add(Type::kUserName, as_bytes("alice"));
  order.add(Type::kEventTimestamp, 1700000000U);
  order.add(Type::kProxyState, as_bytes("proxy"));
  Message accept{Code::kAccessAccept, 9};
  accept.add(Type::kFilterId, as_bytes("staff"));
  accept.add(Type::kSessionTimeout, 3600U);
  const Secret secret(as_bytes("secret"));
  return {order.serialise(), radius::sealed_request(order, secret), radius::sealed_reply(accept, {}, secret)};
}

void run(Bytes input) {
  const Secret secret(as_bytes("secret"));
  (void)radius::opened_reply(input, {}, secret);
  auto message = Message::parse(input);
  if (message) {
    const auto again = Message::parse(message->serialise());
    must(again.has_value() && again->attributes == message->attributes, "what is understood comes again");
  }

  Owner owner;
  Sessions sessions({}, owner);
  for (const char* user : {"alice", "bob"}) {
    const IpAddress address = IpAddress::parse(user[0] == 'a' ? "10.0.0.5" : "10.0.0.6").value();
    sessions.begin({{}, user, {}, "radius", address, 0}, {}, {}, [](const auto&) {});
  }
  Disconnect disconnect({{{kServer, secret}}, "gateway"}, {kServer}, sessions);
  unsigned answers = 0;
  const auto count = [&](const Buffer&) { ++answers; };
  disconnect.receive(input, kServer, kNow, count);
  if (message && message->serialise().size() <= 4000) {
    answers = 0;
    disconnect.receive(radius::sealed_request(*message, secret), kServer, kNow, count);
  }
  must(answers <= 1, "an order is answered once");
  const auto named = message ? message->text(Type::kUserName) : std::nullopt;
  for (const auto& user : owner.ended) must(!named || *named == user, "who is not named is not meant");
}

}  // namespace sallyport::fuzz
