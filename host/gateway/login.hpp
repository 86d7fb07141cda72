// SPDX-License-Identifier: Apache-2.0
// What a section [users] brings up: the directory, the desk at which users log in, its port for their computers, and
// RADIUS servers' orders.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "host/api/tls_server.hpp"
#include "host/gateway/config.hpp"
#include "host/gateway/user_service.hpp"
#include "host/users/sessions/disconnect.hpp"
#include "host/users/sessions/login_service.hpp"

namespace sallyport::gateway {

class Login {
 public:
  // `loop`, `owner` and `questions` outlive it.
  static Result<std::unique_ptr<Login>> open(boost::asio::io_context& loop, const UsersConfig& config,
                                             const std::filesystem::path& state, users::SessionOwner& owner,
                                             users::Questions& questions);

  // Vouches for sessions of a life before as a renewal would: their users are known still, and not disabled. Nobody is
  // when the directory cannot be asked. It has the directory to itself, so it goes before open() comes.
  static std::function<Result<void>(const users::Session&)> vouch(const UsersConfig& config,
                                                                  const std::filesystem::path& state);

  [[nodiscard]] api::Service& desk() { return service_; }  // of users' computers
  [[nodiscard]] UserService& administration() { return administration_; }
  [[nodiscard]] users::SharedDirectory& directory() { return directory_; }
  void on_tag_rejected(const IpAddress& from) { desk_.on_tag_rejected(from); }
  // For the audit log: the gateway did this by itself.
  void note(const std::string& action, const std::string& subject, const std::string& detail);
  [[nodiscard]] users::Sessions& sessions() { return desk_.sessions(); }
  // An event for a user; false: nobody listens.
  bool tell(const std::string& user, std::string_view event, const boost::json::value& data) {
    return desk_.tell_user(user, event, data);
  }
  [[nodiscard]] const std::string& key_digest() const { return key_digest_; }
  [[nodiscard]] std::uint16_t port() const { return servers_.front()->port(); }

 private:
  Login(boost::asio::io_context& loop, users::Directory directory, const UsersConfig& config, Secret seal_key,
        std::string key_digest, users::SessionOwner& owner, users::Questions& questions);
  Result<void> listen(boost::asio::io_context& loop, const UsersConfig& config, const IpAddress& address,
                      const api::TlsIdentity& identity);
  void tick();

  users::SharedDirectory directory_;
  std::string key_digest_;
  Secret seal_key_;
  users::LoginDesk desk_;
  users::LoginService service_;
  UserService administration_;
  std::vector<std::shared_ptr<users::Disconnect>> disconnects_;  // what is ordered at any address
  const api::Places places_{512, 64};  // of computers' connections, within the unit's LimitNOFILE
  // One at each address.
  std::vector<std::unique_ptr<api::TlsServer>> servers_;
  std::vector<std::unique_ptr<users::DisconnectServer>> orders_;
  boost::asio::steady_timer clock_;
};

}  // namespace sallyport::gateway
