// SPDX-License-Identifier: Apache-2.0
// The gateway's start, its end, and what it follows of the kernel.
#include "host/gateway/gateway.hpp"

#include <unistd.h>

#include <algorithm>

namespace sallyport::gateway {
namespace {

using std::chrono::steady_clock;

// All ours.
constexpr auto kHousekeeping = std::chrono::milliseconds(200);
constexpr auto kFollowAgain = std::chrono::seconds(1);
constexpr auto kKeepNeighbours = std::chrono::seconds(5);
constexpr auto kShutDownPatience = std::chrono::seconds(3);

std::vector<IpAddress> addresses_of(const SideConfig& side) {
  std::vector<IpAddress> out;
  for (const auto& a : side.addresses) out.push_back(a.address);
  return out;
}

// A prefix's length as the card counts it.
unsigned card_length(const IpAddress& prefix, unsigned length) {
  return prefix.is_v4() ? driver::kIpv4Prefix + length : length;
}

}  // namespace

Gateway::Gateway(boost::asio::io_context& io, Config config, driver::Card& card, WallClock clock,
                 driver::CardControl control, std::unique_ptr<ExceptionPath> exceptions, Netlink netlink,
                 std::unique_ptr<Memory> memory)
    : io_(io),
      config_(std::move(config)),
      card_(card),
      clock_(std::move(clock)),
      control_(std::move(control)),
      exceptions_(std::move(exceptions)),
      netlink_(std::move(netlink)),
      memory_(std::move(memory)),
      kernel_notices_(io),
      housekeeping_(io),
      key_log_(config_.keylog) {}

Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::start(boost::asio::io_context& io, Config config, driver::Card& card,
                                                WallClock clock, const Vouch& vouch) {
  auto control = driver::CardControl::open(card);
  if (!control) return control.error();
  auto memory = Memory::open(io, config.state_directory, config.run_directory(), clock);
  if (!memory) return memory.error();
  auto exceptions = ExceptionPath::make(io, config);
  if (!exceptions) return exceptions.error();
  auto netlink = Netlink::open();
  if (!netlink) return netlink.error();
  std::unique_ptr<Gateway> gateway(new Gateway(io, std::move(config), card, std::move(clock), std::move(*control),
                                               std::move(*exceptions), std::move(*netlink), std::move(*memory)));
  if (auto up = gateway->bring_up(vouch); !up) return up.error();
  return gateway;
}

Result<void> Gateway::bring_up(const Vouch& vouch) {
  const Side lan = exceptions_->lan_side();
  const Side wan = exceptions_->wan_side();
  if (auto r = configure_side(config_.lan, lan.interface); !r) return r;
  if (auto r = configure_side(config_.wan, wan.interface); !r) return r;

  if (auto r = take_card(vouch); !r) return r;
  auto answers = AnswerMemory::open(io_, config_.state_directory);
  if (!answers) return answers.error();
  dialogue_ = std::make_unique<Dialogue>(*keeper_, std::move(*answers),
                                         [this](const Held& packet) { exceptions_->pass_on(packet); });
  if (auto r = dialogue_->restore(); !r) return r;

  ike_ = std::make_unique<IkePort>(
      io_, *keeper_, [this](const ike::Action& a) { on_action(a); }, [this] { save_ike(); },
      [this](const Endpoint& from, const Endpoint& to, Bytes esp) { exceptions_->take_esp_in_udp(from, to, esp); });
  if (auto r = ike_->open(addresses_of(config_.wan)); !r) return r;

  // Before anything is committed: from the first commit on an adopted card sends us packets that wait for a neighbour.
  ExceptionPath::Callbacks callbacks;
  callbacks.acquire = [this](std::uint16_t policy_id, std::uint16_t principal, const IpAddress& destination) {
    acquire(policy_id, principal, destination);
  };
  callbacks.opening = [this](const std::string& target, const driver::PacketKey& key) {
    commits_->on_opening(target, key);
  };
  callbacks.consult = [this](driver::Message packet) { dialogue_->on_packet(std::move(packet), steady_clock::now()); };
  callbacks.on_event = [this](const driver::Message& event) { on_card_event(event); };
  callbacks.resolve = [this](const Hop& hop) { resolve(hop); };
  if (auto r = exceptions_->start(card_, *keeper_, std::move(callbacks)); !r) return r;

  if (auto r = take_kernel_view(); !r) return r;
  if (auto r = remember_neighbours(); !r) return r;
  keeper_->set_week_minute(week_minute());
  auto configurations = memory_->configurations({config_.policies, config_.levels, config_.expectations});
  if (!configurations) return configurations.error();
  commits_ = std::make_unique<Commits>(io_, *this, *memory_, std::move(*configurations));
  const auto& committed = commits_->configurations();
  const auto policies = committed.in_force();
  if (auto r = tell_engine(committed.policies(), policies); !r) return r;
  if (auto r = restore_ike(); !r) return r;
  const auto ready = settle_prepared();
  // What was not stored, or not confirmed, is over: its SAs carry nothing of what these policies protect.
  for (const InstalledSa& sa : sas_of_other_words(policies)) keeper_->stop_sending(sa.spi_in);
  if (auto r = put_in_force(policies); !r) return r;
  if (auto r = take_manual_sas(); !r) return r;
  for (const auto& target : ready) take_over(target);
  renew_of_other_words();
  end_orphans();  // among them SAs of their own of users who are not logged in any more
  if (auto r = control_.enable(true); !r) return r;

  boost::system::error_code failed;
  kernel_notices_.assign(::dup(netlink_.fd()), failed);
  if (failed) return Error{Errc::kIo, "follow the kernel: " + failed.message()};
  follow_kernel();
  keep_neighbours_alive();
  for (const Hop& hop : keeper_->forwarding().hops_of_peers()) resolve(hop);
  if (!config_.keylog.empty()) {
    log::warning("keylog.on", {{"file", config_.keylog}, {"meaning", "whoever reads this file reads the traffic"}});
  }
  for (const auto& p : policies) {
    if (!p.may_protect() || p.connection.empty() || !keeper_->holds(p)) continue;
    // An SA of the life before that IKE does not know will be renewed by nobody, so another takes its place.
    const auto go_on = [&](const std::string& target) {
      const InstalledSa* sa = keeper_->sending_for(target);
      const bool wanted = sa == nullptr ? start_action(p) == StartAction::kStart : sa->child == ike::ChildHandle{};
      if (wanted) start_child(target);
    };
    if (!p.sa_per_user()) go_on(p.target());
    for (const auto& [user, one] : keeper_->users()) {
      const std::string target = policy::target_of_user(p.target(), user);
      if (p.sa_per_user() && keeper_->wants(target)) go_on(target);
    }
  }
  log::info("gateway.started", {{"card", card_.description()},
                                {"configuration", committed.newest().number},
                                {"policies", policies.size()},
                                {"connections", config_.connections.size()},
                                {"adopted", adopted_},
                                {"generation", keeper_->generation()}});
  return {};
}

UsersConfig::Tags Gateway::tags() const { return config_.users ? config_.users->tags : UsersConfig::Tags::kOff; }

void Gateway::make_principals() {
  Principals::Callbacks callbacks;
  callbacks.on_gone = [this](const users::Session& s, bool left) { dialogue_->session_ended(s, left); };
  callbacks.on_free = [this](std::uint16_t principal) { exceptions_->forget(principal); };
  callbacks.on_changed = [this](const std::string& user) { follow_user(user); };
  principals_ = std::make_unique<Principals>(*keeper_, tags(), std::move(callbacks), memory_.get());
}

Result<void> Gateway::take_card(const Vouch& vouch) {
  auto status = control_.status();
  if (!status) return status.error();
  const Forwarding forwarding(exceptions_->lan_side(), exceptions_->wan_side());
  auto remembered = memory_->recall(*status);
  if (!remembered) return remembered.error();
  if (*remembered) {
    auto keeper = CardKeeper::adopt(card_, forwarding, memory_.get(), std::move(**remembered));
    if (!keeper) return keeper.error();
    keeper_ = std::move(*keeper);
    adopted_ = true;
    make_principals();
    const auto sessions = sessions_that_go_on(vouch);
    if (!sessions) return sessions.error();
    if (auto r = principals_->adopt(*sessions); !r) return r;
    log::info("card.adopted",
              {{"generation", status->generation}, {"sas", keeper_->sas().size()}, {"sessions", sessions->size()}});
    return configure_card();  // which may be configured otherwise now
  }
  if (auto r = control_.enable(false); !r) return r;
  auto cookie = memory_->begin_card();
  if (!cookie) return cookie.error();
  auto keeper = CardKeeper::start(card_, forwarding, memory_.get());
  if (!keeper) return keeper.error();
  keeper_ = std::move(*keeper);
  make_principals();
  if (auto r = configure_card(); !r) return r;
  return control_.set_cookie(*cookie);
}

Result<void> Gateway::configure_card() {
  if (auto r = control_.set_mac(layout::Port::kLan, config_.lan.mac); !r) return r;
  if (auto r = control_.set_mac(layout::Port::kWan, config_.wan.mac); !r) return r;
  if (auto r = control_.accept_plain_tags(tags() == UsersConfig::Tags::kPlain); !r) return r;
  if (auto r = control_.set_vlan(layout::Port::kLan, config_.card.lan_vlan); !r) return r;
  return control_.set_vlan(layout::Port::kWan, config_.card.wan_vlan);
}

// The IKE SAs of the life before. Where they cannot be restored, the card's SAs go on until new ones serve their
// targets.
Result<void> Gateway::restore_ike() {
  if (!adopted_) return {};
  std::set<ike::ChildHandle> known;
  auto stored = memory_->snapshot();
  if (!stored) {
    log::warning("ike.not_restored", {{"why", stored.error().detail}});
  } else if (*stored) {
    const auto away =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - (**stored).taken);
    auto actions = ike_->engine().restore((**stored).snapshot.reveal(), away, steady_clock::now());
    if (actions) {
      for (const auto& status : ike_->engine().status(steady_clock::now())) {
        for (const auto& child : status.children) {
          known.insert(child.child);
          words_[child.child] = child.negotiated_by;
        }
      }
      log::info("ike.restored", {{"children", known.size()}, {"away_s", away.count()}});
      ike_->perform(std::move(*actions));
      end_children_without_rows();
    } else {
      log::warning("ike.not_restored", {{"why", actions.error().detail}});
    }
  }
  for (const auto& sa : std::vector(keeper_->sas())) {
    if (!known.contains(sa.child)) keeper_->disown(sa.spi_in);
  }
  return {};
}

// The daemon died between an exchange and what it brought to the card: IKE would believe for an hour that they are up.
void Gateway::end_children_without_rows() {
  const auto now = steady_clock::now();
  for (const auto& status : ike_->engine().status(now)) {
    for (const auto& child : status.children) {
      if (child.state > ike::ChildState::kRekeying || keeper_->find(child.child) != nullptr) continue;
      log::warning("child.without_sa", {{"child", status.connection + "/" + child.name}});
      if (auto actions = ike_->engine().terminate(child.child, now)) ike_->perform(std::move(*actions));
    }
  }
}

void Gateway::save_ike() {
  const auto saved = memory_->save_snapshot(ike_->engine().snapshot(steady_clock::now()));
  if (!saved) log::error("ike.not_saved", {{"why", saved.error().detail}});
}

void Gateway::shut_down(std::function<void()> done) {
  log::info("gateway.stopping");
  ike_->perform(ike_->engine().terminate_all(steady_clock::now()));
  const auto deadline = steady_clock::now() + kShutDownPatience;
  auto timer = std::make_shared<boost::asio::steady_timer>(io_);
  auto step = std::make_shared<std::function<void()>>();
  *step = [this, timer, step, deadline, done = std::move(done)] {
    if (!ike_->engine().idle() && steady_clock::now() < deadline) {
      timer->expires_after(std::chrono::milliseconds(20));
      timer->async_wait([step](boost::system::error_code) { (*step)(); });
      return;
    }
    // Nobody would renew what is on the card: it stops, and its cookie goes so that nobody adopts it.
    if (const auto gone = control_.set_cookie({}); !gone)
      log::error("card.cookie_left", {{"why", gone.error().detail}});
    if (const auto off = control_.enable(false); !off) log::error("card.not_disabled", {{"why", off.error().detail}});
    log::info("gateway.stopped", {{"peers_answered", ike_->engine().idle()}});
    done();
    *step = nullptr;
  };
  (*step)();
}

// ---- the kernel ----------------------------------------------------------------------------------------------------

Result<void> Gateway::configure_side(const SideConfig& side, unsigned interface) {
  for (const auto& a : side.addresses) {
    if (auto r = netlink_.add_address({interface, a.address.number(), card_length(a.address, a.prefix_length)}); !r) {
      return r;
    }
  }
  for (const auto& route : side.routes) {
    const IpAddress& prefix = route.destination.first;
    const unsigned length = card_length(prefix, route.destination.prefix_length().value_or(0));
    const KernelRoute wanted{prefix.number(), length, 0, interface, route.via.number()};
    if (auto r = netlink_.add_route(wanted); !r) return r;
  }
  return {};
}

void Gateway::follow_kernel() {
  kernel_notices_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](boost::system::error_code e) {
    if (e) return;
    const auto changed = netlink_.drain();
    if (!changed) log::error("kernel.not_followed", {{"why", changed.error().detail}});
    if (!changed || *changed) catch_up_with_kernel();
    follow_kernel();
  });
}

// The kernel tells of a change once. So what cannot be read now, or put into the card, is tried again by and by.
void Gateway::catch_up_with_kernel() {
  auto done = take_kernel_view();
  if (done) done = keeper_->commit();
  if (!done && !behind_kernel_) log::error("kernel.not_followed", {{"why", done.error().detail}});
  behind_kernel_ = !done;
  caught_up_ = steady_clock::now();
  exceptions_->release_hops();
}

Result<void> Gateway::take_kernel_view() {
  auto view = netlink_.view({exceptions_->lan_side().interface, exceptions_->wan_side().interface});
  if (!view) return view.error();
  if (const auto r = keeper_->forwarding().update(std::move(*view)); !r) {
    log::warning("forwarding.full", {{"why", r.error().detail}});
  }
  return {};
}

// The kernel has forgotten them with the TAP devices of the life before; an adopted card has them still, and must not
// lose them while they are asked for.
Result<void> Gateway::remember_neighbours() {
  if (!adopted_) return {};
  for (const KernelNeighbour& neighbour : keeper_->neighbours()) {
    if (const auto r = netlink_.add_neighbour(neighbour); !r) {
      log::warning("neighbour.not_remembered", {{"why", r.error().detail}});
    }
  }
  return take_kernel_view();
}

void Gateway::resolve(const Hop& hop) {
  const auto asked = netlink_.resolve(keeper_->forwarding().interface_of(hop.port), hop.address);
  if (!asked) log::debug("neighbour.not_asked", {{"address", to_string(hop.address)}, {"why", asked.error().detail}});
}

// The kernel does not see the packets that the card forwards, so it would forget the neighbours that get them.
void Gateway::keep_neighbours_alive() {
  housekeeping_.expires_after(kHousekeeping);
  housekeeping_.async_wait([this](boost::system::error_code e) {
    if (e) return;
    const auto now = steady_clock::now();
    if (now - neighbours_kept_ >= kKeepNeighbours) {
      neighbours_kept_ = now;
      if (keeper_->is_removing()) (void)keeper_->commit();  // which tells what is not removed still
      for (const auto& [key, mac] : keeper_->forwarding().view().neighbours) {
        (void)netlink_.resolve(key.first, key.second);  // a neighbour that is gone is told by a notice
      }
      for (const Hop& hop : keeper_->forwarding().hops_of_peers()) resolve(hop);
    }
    if (behind_kernel_ && now - caught_up_ >= kFollowAgain) catch_up_with_kernel();
    expire_waiters();
    commits_->tick();
    principals_->retry();
    dialogue_->tick(now);
    follow_clock();
    keep_neighbours_alive();
  });
}

}  // namespace sallyport::gateway
