// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/login.hpp"

#include <algorithm>

#include "host/base/log.hpp"
#include "host/gateway/own_certificate.hpp"
#include "host/store/seal.hpp"

namespace sallyport::gateway {
namespace {

constexpr auto kTick = std::chrono::seconds(1);

users::LoginDesk::Authenticators authenticators(const UsersConfig& config, const users::Surroundings& gateway) {
  users::LoginDesk::Authenticators all;
  for (const auto& method : config.methods) all.push_back(method.make(gateway));
  return all;
}

Result<users::Directory> open_directory(const UsersConfig& config, const std::filesystem::path& state) {
  if (!config.postgresql.empty()) return users::Directory::open_postgresql(config.postgresql);
  return users::Directory::open_file(config.directory.empty() ? state / "users.db" : config.directory);
}

users::DeskSettings desk_settings(const UsersConfig& config, std::string key_digest) {
  users::DeskSettings settings;
  settings.gateway_key = std::move(key_digest);
  settings.addresses = config.listen_addresses;
  settings.sessions.lifetime = config.session_lifetime;
  settings.sessions.renewal = config.session_renewal;
  settings.sessions.most = config.most_sessions;
  settings.sessions.most_of_one_user = config.most_sessions_of_user;
  return settings;
}

}  // namespace

Login::Login(boost::asio::io_context& loop, users::Directory directory, const UsersConfig& config, Secret seal_key,
             std::string key_digest, users::SessionOwner& owner, users::Questions& questions)
    : directory_(std::move(directory)),
      key_digest_(std::move(key_digest)),
      seal_key_(std::move(seal_key)),
      desk_(loop, directory_, authenticators(config, {directory_, seal_key_}), owner,
            desk_settings(config, key_digest_)),
      service_(desk_, questions),
      administration_(loop, directory_, desk_, key_digest_, seal_key_, config.known_methods),
      clock_(loop) {}

void Login::note(const std::string& action, const std::string& subject, const std::string& detail) {
  administration_.record("sallyportd", action, subject, detail, [](const Result<void>& written) {
    if (!written) log::error("audit.not_written", {{"why", written.error().detail}});
  });
}

std::function<Result<void>(const users::Session&)> Login::vouch(const UsersConfig& config,
                                                                const std::filesystem::path& state) {
  struct Known {
    explicit Known(users::Directory opened) : directory(std::move(opened)) {}
    users::SharedDirectory directory;
    const Secret no_key{};  // nobody proves anything
    users::LoginDesk::Authenticators methods{};
  };
  auto directory = open_directory(config, state);
  if (!directory) return [why = directory.error()](const users::Session&) { return why; };
  const auto known = std::make_shared<Known>(std::move(*directory));
  known->methods = authenticators(config, {known->directory, known->no_key});
  return [known](const users::Session& session) -> Result<void> {
    const auto& methods = known->methods;
    const auto method =
        std::find_if(methods.begin(), methods.end(), [&](const auto& m) { return m->name() == session.method; });
    if (method == methods.end()) return Error{Errc::kNotFound, "there is no such way to log in any more"};
    auto user = users::LoginDesk::known(known->directory, **method, {session.user});
    return user ? Result<void>() : user.error();
  };
}

Result<std::unique_ptr<Login>> Login::open(boost::asio::io_context& loop, const UsersConfig& config,
                                           const std::filesystem::path& state, users::SessionOwner& owner,
                                           users::Questions& questions) {
  auto directory = open_directory(config, state);
  if (!directory) return directory.error();
  auto seal_key = store::load_or_make_key(state / "users.key", "users with one-time passwords then need new ones");
  if (!seal_key) return seal_key.error();

  api::TlsIdentity identity{config.certificate, config.key};
  if (config.certificate.empty()) {
    identity = {state / "login.pem", state / "login.key"};
    if (auto made = make_own_certificate(identity); !made) return made.error();
  }
  auto digest = api::key_digest(identity.certificate);
  if (!digest) return digest.error();

  std::unique_ptr<Login> login(
      new Login(loop, std::move(*directory), config, std::move(*seal_key), *digest, owner, questions));
  for (const users::DisconnectSettings& orders : config.orders) {
    login->disconnects_.push_back(
        std::make_shared<users::Disconnect>(orders, config.listen_addresses, login->sessions()));
  }
  for (const IpAddress& address : config.listen_addresses) {
    if (auto listens = login->listen(loop, config, address, identity); !listens) return listens.error();
  }
  login->tick();
  return login;
}

Result<void> Login::listen(boost::asio::io_context& loop, const UsersConfig& config, const IpAddress& address,
                           const api::TlsIdentity& identity) {
  boost::system::error_code failure;
  const auto at = boost::asio::ip::make_address(address.to_string(), failure);
  if (failure) return Error{Errc::kInvalid, "listen_address: " + failure.message()};
  api::TlsServerSettings settings;
  settings.endpoint = {at, config.listen_port};
  settings.identity = identity;
  settings.places = places_;
  auto server = api::TlsServer::listen(loop, settings, service_);
  if (!server) return server.error();
  log::info("login.open",
            {{"address", address.to_string()}, {"port", (*server)->port()}, {"key", (*server)->key_digest()}});
  servers_.push_back(std::move(*server));
  for (const auto& disconnect : disconnects_) {
    auto listens = users::DisconnectServer::listen(loop, at, disconnect);
    if (!listens) return listens.error();
    orders_.push_back(std::move(*listens));
  }
  return {};
}

void Login::tick() {
  clock_.expires_after(kTick);
  clock_.async_wait([this](boost::system::error_code e) {
    if (e) return;
    desk_.tick();
    tick();
  });
}

}  // namespace sallyport::gateway
