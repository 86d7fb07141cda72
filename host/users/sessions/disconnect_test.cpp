// SPDX-License-Identifier: Apache-2.0
// Orders as bytes, and of FreeRADIUS's radclient.
#include "host/users/sessions/disconnect.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "host/store/test_folder.hpp"
#include "host/users/sessions/test_owner.hpp"
#include "host/users/test_process.hpp"

namespace sallyport::users {
namespace {

using radius::Code;
using radius::Message;
using radius::Type;
using std::chrono::seconds;
using std::chrono::system_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const auto kNow = system_clock::from_time_t(1700000000);
const IpAddress kServer = IpAddress::parse("127.0.0.1").value();

Secret shared() { return Secret(as_bytes("a-secret-of-the-test")); }

class DisconnectTest : public store::TestFolder {
 protected:
  void SetUp() override {
    log_in("alice", "10.0.0.5", 1000);
    log_in("alice", "10.0.0.6", 1000);
    log_in("bob", "10.0.0.5", 1001);
    owner_.events.clear();
  }
  void log_in(const std::string& user, const std::string& address, std::uint32_t uid) {
    sessions_.begin({{}, user, {}, "radius", IpAddress::parse(address).value(), uid}, {}, Session::Time{},
                    [&](const auto& begun) { ids_.push_back(begun.value().session.id); });
  }
  static Message order(std::initializer_list<std::pair<Type, std::string>> words, seconds late = seconds(0)) {
    Message message{Code::kDisconnectRequest, 7};
    for (const auto& [type, value] : words) message.add(type, as_bytes(value));
    message.add(Type::kEventTimestamp, static_cast<std::uint32_t>(system_clock::to_time_t(kNow - late)));
    return message;
  }
  // The codes of what was answered.
  std::vector<Code> send(const Message& message, const Secret& by = shared(), const IpAddress& from = kServer) {
    std::vector<Code> codes;
    const Buffer datagram = radius::sealed_request(message, by);
    const auto authenticator = Message::parse(datagram).value().authenticator;
    disconnect_.receive(datagram, from, kNow, [this, authenticator](const Buffer& bytes) {
      answers_.push_back(radius::opened_reply(bytes, authenticator, shared()).value());
    });
    for (const Message& m : answers_) codes.push_back(m.code);
    return codes;
  }
  std::optional<std::uint32_t> cause_of(const Message& message) {
    answers_.clear();
    send(message);
    EXPECT_THAT(answers_, SizeIs(1));
    return answers_.empty() ? std::nullopt : answers_[0].number(Type::kErrorCause);
  }

  RecordingOwner owner_;
  Sessions sessions_{{}, owner_};
  std::vector<std::string> ids_;
  std::vector<IpAddress> addresses_ = {IpAddress::parse("10.0.0.1").value(), IpAddress::parse("2001:db8::1").value()};
  Disconnect disconnect_{{{{kServer, shared()}}, "gateway-a"}, addresses_, sessions_};
  std::vector<Message> answers_;
};

TEST_F(DisconnectTest, EndsTheSessionsThatFitAllThatIsSaid) {
  EXPECT_THAT(send(order({{Type::kUserName, "alice"}, {Type::kCallingStationId, "10.0.0.6"}})),
              ElementsAre(Code::kDisconnectAck));
  EXPECT_THAT(owner_.events, ElementsAre("end alice radius"));
  EXPECT_EQ(sessions_.find(ids_[1]), nullptr);
  send(order({{Type::kFramedIpAddress, std::string("\x0a\x00\x00\x05", 4)}, {Type::kNasIdentifier, "gateway-a"}}));
  EXPECT_THAT(sessions_.all(), IsEmpty());
}

TEST_F(DisconnectTest, EndsASessionAtAnyAddressOfItsComputer) {
  const IpAddress other = IpAddress::parse("2001:db8::5").value();
  Session carol{{}, "carol", {}, "radius", IpAddress::parse("10.0.0.5").value(), 1002, true};
  sessions_.begin(carol, {}, Session::Time{},
                  [&](const auto& begun) { sessions_.join(begun.value().token, other, Session::Time{}).value(); });
  owner_.events.clear();
  const Bytes raw = other.bytes();
  send(order({{Type::kFramedIpv6Address, std::string(raw.begin(), raw.end())}}));
  EXPECT_THAT(owner_.events, ElementsAre("end carol radius"));
}

TEST_F(DisconnectTest, EndsOneByItsNumber) {
  EXPECT_THAT(send(order({{Type::kAcctSessionId, ids_[2]}})), ElementsAre(Code::kDisconnectAck));
  EXPECT_THAT(owner_.events, ElementsAre("end bob radius"));
}

TEST_F(DisconnectTest, IsAcknowledgedWhenTheLastIsGone) {
  owner_.at_once = false;
  EXPECT_THAT(send(order({{Type::kUserName, "alice"}})), IsEmpty());
  EXPECT_THAT(send(order({{Type::kUserName, "alice"}})), IsEmpty()) << "asked again meanwhile";
  EXPECT_THAT(owner_.events, SizeIs(2));
  owner_.let_go();
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].code, Code::kDisconnectAck);
}

TEST_F(DisconnectTest, OfWhoIsLeavingAlreadyIsAcknowledgedWhenTheyAreGone) {
  owner_.at_once = false;
  sessions_.end(ids_[2], EndReason::kLogout, [] {});
  EXPECT_THAT(send(order({{Type::kUserName, "bob"}})), IsEmpty());
  owner_.let_go();
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].code, Code::kDisconnectAck);
}

TEST_F(DisconnectTest, IsAnsweredTheSameAgainAndDoneOnce) {
  send(order({{Type::kUserName, "bob"}}));
  log_in("bob", "10.0.0.5", 1001);
  owner_.events.clear();
  EXPECT_THAT(send(order({{Type::kUserName, "bob"}})), ElementsAre(Code::kDisconnectAck, Code::kDisconnectAck));
  EXPECT_THAT(owner_.events, IsEmpty()) << "who has logged in since is not meant";
}

TEST_F(DisconnectTest, IsDoneOnceAtWhicheverAddressAndFromWhicheverPortItComes) {
  boost::asio::io_context loop;
  const auto disconnect =
      std::make_shared<Disconnect>(DisconnectSettings{{{kServer, shared()}}, "gateway-a"}, addresses_, sessions_);
  std::vector<std::unique_ptr<DisconnectServer>> servers;
  for (const char* address : {"127.0.0.1", "127.0.0.2"}) {
    servers.push_back(DisconnectServer::listen(loop, boost::asio::ip::make_address(address), disconnect).value());
  }
  Message message{Code::kDisconnectRequest, 7};
  message.add(Type::kUserName, as_bytes("bob"));
  message.add(Type::kEventTimestamp, static_cast<std::uint32_t>(system_clock::to_time_t(system_clock::now())));
  const Buffer datagram = radius::sealed_request(message, shared());
  std::vector<Buffer> answers;
  for (const auto& server : servers) {
    boost::asio::ip::udp::socket client(loop, {boost::asio::ip::make_address("127.0.0.1"), 0});
    client.send_to(boost::asio::buffer(datagram), server->endpoint());
    answers.emplace_back(4096);
    bool answered = false;
    client.async_receive(boost::asio::buffer(answers.back()), [&](boost::system::error_code, std::size_t size) {
      answers.back().resize(size);
      answered = true;
    });
    loop.restart();
    while (!answered) loop.run_one();
    log_in("bob", "10.0.0.5", 1001);  // again
  }
  EXPECT_EQ(answers[0], answers[1]);
  EXPECT_THAT(owner_.events, ElementsAre("end bob radius", "begin bob", "end bob replaced", "begin bob"));
}

TEST_F(DisconnectTest, MayNameTheGatewayByAnyOfItsAddresses) {
  const auto raw = [](const char* address) {
    const auto bytes = IpAddress::parse(address).value();
    return std::string(bytes.bytes().begin(), bytes.bytes().end());
  };
  EXPECT_EQ(cause_of(order({{Type::kUserName, "bob"}, {Type::kNasIpAddress, raw("10.0.0.2")}})), 403U);
  EXPECT_EQ(cause_of(order({{Type::kUserName, "bob"}, {Type::kNasIpv6Address, raw("2001:db8::2")}})), 403U);
  EXPECT_EQ(cause_of(order({{Type::kUserName, "bob"}, {Type::kNasIpAddress, "four"}})), 403U);
  EXPECT_EQ(cause_of(order({{Type::kNasIpAddress, raw("10.0.0.1")}})), 402U) << "it says not whom";
  EXPECT_THAT(owner_.events, IsEmpty());
  EXPECT_EQ(cause_of(order({{Type::kUserName, "bob"},
                            {Type::kNasIpAddress, raw("10.0.0.1")},
                            {Type::kNasIpv6Address, raw("2001:db8::1")}})),
            std::nullopt);
  EXPECT_EQ(answers_[0].code, Code::kDisconnectAck);
}

TEST_F(DisconnectTest, SaysWhyItRefuses) {
  EXPECT_EQ(cause_of(order({{Type::kUserName, "carol"}})), 503U);
  EXPECT_EQ(cause_of(order({{Type::kUserName, "bob"}, {Type::kCallingStationId, "10.0.0.6"}})), 503U);
  EXPECT_EQ(cause_of(order({})), 402U) << "it would end everybody's";
  EXPECT_EQ(cause_of(order({{Type::kNasIdentifier, "gateway-a"}})), 402U);
  EXPECT_EQ(cause_of(order({{Type::kUserName, "bob"}, {Type::kNasIdentifier, "gateway-b"}})), 403U);
  EXPECT_EQ(cause_of(order({{Type::kUserName, "bob"}, {Type::kFilterId, "x"}})), 401U);
  Message timeless{Code::kDisconnectRequest, 7};
  timeless.add(Type::kUserName, as_bytes("bob"));
  EXPECT_EQ(cause_of(timeless), 402U);
  Message change = order({{Type::kUserName, "bob"}});
  change.code = Code::kCoaRequest;
  EXPECT_EQ(cause_of(change), 406U);
  EXPECT_EQ(answers_[0].code, Code::kCoaNak);
  EXPECT_THAT(owner_.events, IsEmpty());
}

TEST_F(DisconnectTest, PassesOverWhatIsStaleForgedOrOfAStranger) {
  EXPECT_THAT(send(order({{Type::kUserName, "bob"}}, seconds(301))), IsEmpty());
  EXPECT_THAT(send(order({{Type::kUserName, "bob"}}, seconds(-301))), IsEmpty());
  EXPECT_THAT(send(order({{Type::kUserName, "bob"}}), Secret(as_bytes("guessed"))), IsEmpty());
  EXPECT_THAT(send(order({{Type::kUserName, "bob"}}), shared(), IpAddress::parse("127.0.0.2").value()), IsEmpty());
  Message reply = order({{Type::kUserName, "bob"}});
  reply.code = Code::kDisconnectAck;
  EXPECT_THAT(send(reply), IsEmpty());
  EXPECT_THAT(owner_.events, IsEmpty());
  EXPECT_THAT(send(order({{Type::kUserName, "bob"}}, seconds(299))), ElementsAre(Code::kDisconnectAck));
}

TEST_F(DisconnectTest, GivesBackTheStatesOfProxiesInTheirOrder) {
  send(order({{Type::kProxyState, "one"}, {Type::kUserName, "bob"}, {Type::kProxyState, "two"}}));
  ASSERT_THAT(answers_, SizeIs(1));
  std::vector<std::string> states;
  for (const auto& a : answers_[0].attributes) {
    if (a.type == Type::kProxyState) states.emplace_back(a.value.begin(), a.value.end());
  }
  EXPECT_THAT(states, ElementsAre("one", "two"));
}

TEST_F(DisconnectTest, UnderstandsRadclientAndIsUnderstood) {
  boost::asio::io_context loop;
  auto server = DisconnectServer::listen(
      loop, boost::asio::ip::make_address("127.0.0.1"),
      std::make_shared<Disconnect>(DisconnectSettings{{{kServer, shared()}}, "gateway-a"}, addresses_, sessions_));
  ASSERT_TRUE(server) << server.error().message();
  std::thread thread([&] { loop.run(); });
  const auto radclient = [&](const std::string& attributes, const std::string& by) {
    const auto log = folder_ / "radclient.log";
    const int status =
        std::system(("printf '" + attributes +
                     "\\nEvent-Timestamp = '$(date +%s)'\\nMessage-Authenticator = 0x00\\n' | "
                     "radclient -x -r 1 -t 5 127.0.0.1:" +
                     std::to_string((*server)->endpoint().port()) + " disconnect " + by + " >" + log.string() + " 2>&1")
                        .c_str());
    return std::to_string(status == 0 ? 0 : 1) + " " + content_of(log);
  };
  EXPECT_THAT(radclient("User-Name = nobody", "a-secret-of-the-test"),
              testing::AllOf(HasSubstr("Disconnect-NAK"), HasSubstr("Error-Cause = Session-Context-Not-Found")));
  EXPECT_THAT(radclient("User-Name = alice\\nFramed-IP-Address = 10.0.0.5", "a-secret-of-the-test"),
              testing::AllOf(testing::StartsWith("0"), HasSubstr("Received Disconnect-ACK")));
  loop.stop();
  thread.join();
  EXPECT_THAT(owner_.events, ElementsAre("end alice radius"));
}

}  // namespace
}  // namespace sallyport::users
