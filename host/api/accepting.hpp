// SPDX-License-Identifier: Apache-2.0
// Takes connections, one after the other. Of the servers alone.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

namespace sallyport::api {

template <class Protocol>
class Accepting {
 public:
  using Socket = typename Protocol::socket;
  using Serve = std::function<void(Socket)>;

  Accepting(boost::asio::io_context& loop, Serve serve)
      : acceptor_(loop), pause_(loop), serve_(std::make_shared<Serve>(std::move(serve))) {}

  [[nodiscard]] typename Protocol::acceptor& acceptor() { return acceptor_; }
  [[nodiscard]] const typename Protocol::acceptor& acceptor() const { return acceptor_; }

  void start() {
    acceptor_.async_accept([this, alive = std::weak_ptr(serve_)](boost::system::error_code error, Socket socket) {
      const auto serve = alive.lock();
      if (!serve || error == boost::asio::error::operation_aborted) return;
      if (error) return start_again();
      (*serve)(std::move(socket));
      start();
    });
  }

 private:
  // While no file can be opened the connection goes on waiting: to ask for it at once would be all that the loop does.
  void start_again() {
    constexpr auto kPause = std::chrono::milliseconds(100);
    pause_.expires_after(kPause);
    pause_.async_wait([this, alive = std::weak_ptr(serve_)](boost::system::error_code error) {
      if (!error && !alive.expired()) start();
    });
  }

  typename Protocol::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::shared_ptr<Serve> serve_;  // what comes back when we are gone finds it gone
};

}  // namespace sallyport::api
