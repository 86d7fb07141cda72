// SPDX-License-Identifier: Apache-2.0
// A session at the gateway, from the login to its end: begun, renewed in time, ended when the user, the card or the
// gateway says so. The token lives in its memory and nowhere else.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <functional>
#include <set>

#include "host/api/service.hpp"
#include "host/api/tls_client.hpp"
#include "host/login/inbox.hpp"
#include "host/login/marking.hpp"
#include "host/login/prover.hpp"

namespace sallyport::login {

class Keeper : public api::Service {
 public:
  // Of the gateway, for the user.
  using OnMessage = std::function<void(const std::string& text)>;
  // Why it is over: the reason of an end as the gateway names it, or "gateway_lost", or "not_marked": the packets
  // cannot be marked any more.
  using OnEnd = std::function<void(const std::string& reason)>;

  // `loop` and `prover` outlive it, and `loop` does not run without it.
  Keeper(boost::asio::io_context& loop, std::unique_ptr<api::TlsClient> gateway, Prover& prover);

  // Logs in; waits for the gateway. kAuthFailed: it refuses.
  Result<void> log_in(const std::string& method, const std::string& user, std::uint32_t uid, bool marking);
  // Has the user's packets marked as the gateway said, those to `protect` or to all that lies behind it, and answers
  // come back to every address that they leave from.
  Result<void> mark(const std::vector<std::string>& protect);
  // From then on, until `on_end`, which is called once.
  void keep(OnMessage on_message, OnEnd on_end);
  // Tells the gateway, and ends when it has acknowledged, or does not answer.
  void log_out(const std::string& reason);

  // As the gateway described it, without the token.
  [[nodiscard]] const boost::json::object& session() const { return session_; }

  // For the other commands: GET /v1/status, POST /v1/logout, and the gateway's own POST and DELETE /v1/answers/ID and
  // GET /v1/answers.
  void call(const api::Request& request, api::Respond respond) override;

 private:
  using Clock = std::chrono::steady_clock;

  Result<boost::json::value> ask(const std::string& method, const std::string& target,
                                 const boost::json::value& body = nullptr);
  void renew();
  Result<std::chrono::seconds> renewed();
  void watch();
  void watch_marking();
  void stop_marking();
  Result<void> take_tag(const boost::json::value& session);
  void join();
  Result<void> join_from(const std::string& address);
  // Reads events, on a connection of their own, until the end.
  boost::asio::awaitable<void> follow_events();
  void on_event(const std::string& name, const std::string& data);
  void list_questions();
  void answer(const api::Request& request, const api::Respond& respond);
  void end(const std::string& reason);
  [[nodiscard]] boost::json::object status();

  boost::asio::io_context& loop_;
  std::unique_ptr<api::TlsClient> gateway_;
  Prover& prover_;
  boost::json::object session_;
  Secret token_;
  mark::Order tag_;                    // from log_in() to mark()
  std::vector<std::string> gateways_;  // the gateway's addresses, of either IP version
  std::set<std::string> apart_;        // of our addresses those of which the user knows that it does not take them
  std::unique_ptr<Marking> marking_;
  boost::asio::posix::stream_descriptor end_of_marking_;
  Clock::time_point begun_{};
  Clock::time_point lost_at_{};  // unless it is renewed before
  boost::asio::steady_timer renewal_;
  boost::asio::steady_timer watching_;
  Inbox inbox_;
  OnMessage on_message_;
  OnEnd on_end_;
  std::unique_ptr<api::TlsStream> events_;
};

}  // namespace sallyport::login
