// SPDX-License-Identifier: Apache-2.0
#include "host/bench/logins.hpp"

#include <boost/json.hpp>
#include <deque>
#include <random>

#include "base/temporary_folder.hpp"
#include "host/bench/percentiles.hpp"
#include "host/gateway/two_gateways.hpp"
#include "host/users/csv.hpp"
#include "host/users/password.hpp"
#include "host/users/sessions/login_desk.hpp"

namespace sallyport::bench {
namespace {

namespace json = boost::json;
using gateway::OneGateway;
using Clock = Times::Clock;

constexpr std::uint32_t kFirstComputer = 0x0a010100;  // 10.1.1.0
constexpr std::uint32_t kServer = 0x0a02000a;         // 10.2.0.10
constexpr auto kPatience = std::chrono::seconds(20);

std::string configuration(const OneGateway& one, const std::string& policy) {
  return one.interfaces() + one.connection() +
         "[[policies]]\nname = \"net\"\naction = \"protect\"\nconnection = \"peer\"\nlevel = \"high\"\n" + policy +
         "\n[users]\n";
}

// Believes everybody: whoever says so is there. The gateway does all the rest.
class Believer final : public users::Authenticator {
 public:
  [[nodiscard]] std::string_view name() const override { return "believed"; }
  [[nodiscard]] Result<users::Challenge> begin(const users::Claim&) override { return users::Challenge{}; }
  [[nodiscard]] Result<users::Identity> finish(const users::Claim& claim, const users::Challenge&,
                                               const users::Answer&) override {
    return users::Identity{claim.user};
  }
};

std::string user_name(std::uint64_t number) { return "user" + std::to_string(number); }

Result<users::Directory> directory_of(const std::filesystem::path& file, std::uint64_t users) {
  auto directory = users::Directory::open_file(file);
  if (!directory) return directory;
  std::string csv = "name,groups\n";
  for (std::uint64_t i = 0; i < users; ++i) csv += user_name(i) + ",staff\n";
  if (auto imported = users::import_csv(*directory, "bench", csv); !imported) return imported.error();
  return directory;
}

class Run {
 public:
  Run(users::Directory directory, const LoginsOptions& options) : options_(options), directory_(std::move(directory)) {}

  Result<void> start() {
    if (auto r = world_.start(world_.a, configuration(world_.a,
                                                      "group = \"staff\"\nsource = \"10.1.0.0/16\"\ndestination = "
                                                      "\"10.2.0.0/16\"\nstart_action = \"start\""));
        !r) {
      return r;
    }
    if (auto r =
            world_.start(world_.b, configuration(world_.b, "source = \"10.2.0.0/16\"\ndestination = \"10.1.0.0/16\""));
        !r) {
      return r;
    }
    users::LoginDesk::Authenticators methods;
    methods.push_back(std::make_unique<Believer>());
    desk_.emplace(world_.io, directory_, std::move(methods), world_.a.gateway->principals(), users::DeskSettings{});
    return {};
  }

  // Logs somebody in at a computer of their own, and the first of those who are too many out.
  Result<void> next() {
    const std::string user = user_name(std::uniform_int_distribution<std::uint64_t>(0, options_.users - 1)(random_));
    for (const auto& other : on_line_) {
      if (other.user == user) return {};  // another throw
    }
    const std::uint32_t computer = kFirstComputer + computers_++ % 0x8000;
    const IpAddress address = IpAddress::from_number(layout::Address::from_v4(computer));
    const bool counts = on_line_.size() == options_.on_line;

    std::optional<Result<users::Session>> session;
    const auto began = Clock::now();
    desk_->start("believed", user, address, 1000, false, [&](Result<users::LoginDesk::Started> started) {
      if (!started) {
        session = started.error();
        return;
      }
      desk_->answer(started->login, address, {}, [&](Result<users::Sessions::Begun> begun) {
        session = begun ? Result<users::Session>(begun->session) : begun.error();
      });
    });
    if (!world_.run_until([&] { return session.has_value(); }, kPatience)) return late("a login's answer");
    const auto live = Clock::now();
    if (!*session) return session->error();
    if (auto r = first_packet(computer); !r) return r;
    const auto confirmed = Clock::now();
    if (counts) {
      live_.add(live - began);
      confirmed_.add(confirmed - began);
    }
    on_line_.push_back(std::move(**session));
    return on_line_.size() > options_.on_line ? end_first() : Result<void>();
  }
  [[nodiscard]] bool done() const { return measured_ >= options_.logins; }

  [[nodiscard]] json::object json() const {
    return {{"users", options_.users},
            {"on_line", options_.on_line},
            {"login_to_policy_live", live_.json()},
            {"login_to_first_packet_at_the_peer", confirmed_.json()},
            {"order_to_principal_gone", gone_.json()}};
  }

 private:
  static Error late(const std::string& what) {
    return {Errc::kTimeout, what + " did not come within " + std::to_string(kPatience.count()) + " s"};
  }

  // Sent at once; it waits in the gateway for the SA that is negotiated since the login.
  Result<void> first_packet(std::uint32_t computer) {
    world_.b.lan.clear();
    world_.a.send(driver::testing::udp_packet(computer, kServer));
    if (!world_.run_until([&] { return !world_.b.lan.empty(); }, kPatience)) return late("a user's first packet");
    world_.a.wan.clear();
    world_.b.wan.clear();
    return {};
  }

  Result<void> end_first() {
    const std::string id = on_line_.front().id;
    on_line_.pop_front();
    bool gone = false;
    const auto ordered = Clock::now();
    desk_->sessions().end(id, users::EndReason::kAdministrator, [&] { gone = true; });
    if (!world_.run_until([&] { return gone; }, kPatience)) return late("the end of a session");
    gone_.add(Clock::now() - ordered);
    ++measured_;
    return {};
  }

  const LoginsOptions options_;
  users::SharedDirectory directory_;
  gateway::TwoGateways world_;
  std::optional<users::LoginDesk> desk_;
  std::mt19937_64 random_{1};
  std::uint32_t computers_ = 0;
  unsigned measured_ = 0;
  std::deque<users::Session> on_line_;
  Times live_;
  Times confirmed_;
  Times gone_;
};

}  // namespace

Result<json::object> measure_logins(const LoginsOptions& options) {
  if (options.users <= options.on_line) {
    return Error{Errc::kInvalid, "more users are to be on line than there are"};
  }
  const TemporaryFolder folder;
  const auto began = Clock::now();
  auto directory = directory_of(folder.path() / "users.db", options.users);
  const std::chrono::duration<double> imported = Clock::now() - began;
  if (!directory) return directory.error();
  Run run(std::move(*directory), options);
  Result<void> fine = run.start();
  while (fine && !run.done()) fine = run.next();
  if (!fine) return fine.error();
  json::object measured = run.json();
  measured["import_s"] = imported.count();
  return measured;
}

}  // namespace sallyport::bench
