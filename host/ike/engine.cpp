// SPDX-License-Identifier: Apache-2.0
#include "host/ike/engine.hpp"

#include <algorithm>

#include "host/ike/ike_sa.hpp"
#include "host/ike/snapshot.hpp"

namespace sallyport::ike {

struct Engine::Impl {
  Impl(Settings settings, RandomSource random, SpiAllocator& spis) : world(settings, std::move(random), spis) {}

  // What a turn came to. IKE SAs that are closed are forgotten here, when nobody works on them any more.
  Actions finish(Turn& turn) {
    std::erase_if(world.sas, [](const auto& entry) { return entry.second->state() == IkeState::kClosed; });
    return std::move(turn.out);
  }

  void terminate(IkeSa& sa, Turn& turn) {
    if (sa.state() < IkeState::kEstablished) {
      sa.abandon(turn);
    } else {
      sa.enqueue(DeleteIke{}, turn);
    }
  }

  Result<void> initiate(const std::shared_ptr<const Connection>& connection, const std::string& child, Turn& turn) {
    if (connection->find_child(child) == nullptr) {
      return Error{Errc::kNotFound, "connection '" + connection->name + "' has no child '" + child + "'"};
    }
    const bool can_begin = !connection->local.is_any() && !connection->remote.is_any();
    if (IkeSa* sa = world.find_live(connection->name)) {
      if (sa->wants(child)) return Error{Errc::kExists, "child '" + child + "' is up or under way"};
      if (!sa->used_up() || !can_begin) {
        sa->enqueue(CreateChild{child, std::nullopt}, turn);
        return {};
      }
      sa->enqueue(DeleteIke{}, turn);
    }
    if (!can_begin) {
      return Error{Errc::kInvalid, "connection '" + connection->name + "' has no addresses to initiate with"};
    }
    const Endpoint local{connection->local, kIkePort};
    const Endpoint remote{connection->remote, kIkePort};
    world.add(std::make_unique<IkeSa>(world, connection, local, remote)).start(child, turn);
    return {};
  }

  void restart_due(Turn& turn) {
    for (auto due = world.restarts.begin(); due != world.restarts.end();) {
      if (due->second > turn.now) {
        ++due;
        continue;
      }
      const auto [connection, child] = due->first;
      due = world.restarts.erase(due);
      const auto found = world.connections.find(connection);
      if (found != world.connections.end()) (void)initiate(found->second, child, turn);  // kExists: the peer was first
    }
  }

  IkeSa* owner_of(ChildHandle child) {
    for (const auto& [spi, sa] : world.sas) {
      if (sa->find_child(child) != nullptr) return sa.get();
    }
    return nullptr;
  }

  World world;
};

Engine::Engine(Settings settings, RandomSource random, SpiAllocator& spis)
    : impl_(std::make_unique<Impl>(settings, std::move(random), spis)) {}
Engine::~Engine() = default;

Result<void> Engine::set_connection(Connection connection) {
  if (auto fine = validate(connection); !fine) return fine.error();
  auto shared = std::make_shared<const Connection>(std::move(connection));
  impl_->world.connections[shared->name] = shared;
  return {};
}

Result<Actions> Engine::remove_connection(std::string_view name, Time now) {
  World& world = impl_->world;
  const auto found = world.connections.find(name);
  if (found == world.connections.end()) return Error{Errc::kNotFound, "no connection '" + std::string(name) + "'"};
  world.connections.erase(found);
  Turn turn{now, {}};
  for (const auto& [spi, sa] : world.sas) {
    if (sa->connection().name == name) impl_->terminate(*sa, turn);
  }
  return impl_->finish(turn);
}

Actions Engine::on_datagram(const Endpoint& local, const Endpoint& remote, Bytes bytes, Time now) {
  World& world = impl_->world;
  Turn turn{now, {}};
  ++world.counters.received;
  const auto message = Message::parse(bytes);
  if (!message) {
    ++world.counters.malformed;
    return {};
  }
  const Header& header = message->header;
  const std::uint64_t ours = header.from_initiator ? header.spi_r : header.spi_i;
  const std::uint64_t theirs = header.from_initiator ? header.spi_i : header.spi_r;
  if (header.exchange == ExchangeType::kIkeSaInit && !header.response && header.from_initiator) {
    IkeSa::respond(world, local, remote, *message, bytes, turn);
    return impl_->finish(turn);
  }
  const auto found = world.sas.find(ours);
  // Before the responder has spoken its SPI is not known.
  const bool known = found != world.sas.end() && found->second->initiator() != header.from_initiator &&
                     (found->second->peer_spi() == theirs || found->second->peer_spi() == 0);
  if (!known) {
    ++world.counters.unknown_spi;
    return {};
  }
  found->second->on_message(local, remote, *message, bytes, turn);
  return impl_->finish(turn);
}

Result<Actions> Engine::initiate(std::string_view connection, std::string_view child, Time now) {
  const auto found = impl_->world.connections.find(connection);
  if (found == impl_->world.connections.end()) {
    return Error{Errc::kNotFound, "no connection '" + std::string(connection) + "'"};
  }
  Turn turn{now, {}};
  if (auto begun = impl_->initiate(found->second, std::string(child), turn); !begun) return begun.error();
  return impl_->finish(turn);
}

Result<Actions> Engine::terminate(IkeHandle ike, Time now) {
  IkeSa* sa = impl_->world.find(ike);
  if (sa == nullptr) return Error{Errc::kNotFound, "no such IKE SA"};
  Turn turn{now, {}};
  impl_->terminate(*sa, turn);
  return impl_->finish(turn);
}

Result<Actions> Engine::terminate(ChildHandle child, Time now) {
  IkeSa* sa = impl_->owner_of(child);
  if (sa == nullptr) return Error{Errc::kNotFound, "no such CHILD SA"};
  Turn turn{now, {}};
  ChildSa& ended = *sa->find_child(child);
  ended.unwanted = true;
  ++impl_->world.revision;
  sa->let_go(ended);
  sa->enqueue(DeleteChild{ended.protocol(), ended.spi_in}, turn);
  return impl_->finish(turn);
}

void Engine::forget(std::string_view connection, std::string_view child) {
  World& world = impl_->world;
  world.restarts.erase({std::string(connection), std::string(child)});
  for (const auto& [spi, sa] : world.sas) {
    if (sa->connection().name == connection) sa->forget(child);
  }
}

Result<Actions> Engine::rekey(IkeHandle ike, Time now) {
  IkeSa* sa = impl_->world.find(ike);
  if (sa == nullptr) return Error{Errc::kNotFound, "no such IKE SA"};
  Turn turn{now, {}};
  sa->enqueue(RekeyIke{}, turn);
  return impl_->finish(turn);
}

Result<Actions> Engine::rekey(ChildHandle child, Time now) {
  IkeSa* sa = impl_->owner_of(child);
  if (sa == nullptr) return Error{Errc::kNotFound, "no such CHILD SA"};
  Turn turn{now, {}};
  sa->enqueue(CreateChild{sa->find_child(child)->name, child}, turn);
  return impl_->finish(turn);
}

Result<Actions> Engine::prepare(ChildHandle child, Time now) {
  IkeSa* sa = impl_->owner_of(child);
  if (sa == nullptr) return Error{Errc::kNotFound, "no such CHILD SA"};
  const ChildSa& old = *sa->find_child(child);
  if (sa->held_for(child) != nullptr) return Error{Errc::kExists, "a replacement of '" + old.name + "' waits already"};
  if (old.state != ChildState::kInstalled) {
    return Error{Errc::kBusy, "'" + old.name + "' is being renewed or deleted; try again in a moment"};
  }
  Turn turn{now, {}};
  sa->enqueue(CreateChild{old.name, child, DhGroup::kNone, true}, turn);
  return impl_->finish(turn);
}

Result<Actions> Engine::take_over(ChildHandle prepared, Time now) {
  IkeSa* sa = impl_->owner_of(prepared);
  ChildSa* child = sa == nullptr ? nullptr : sa->find_child(prepared);
  if (child == nullptr || !child->held) return Error{Errc::kNotFound, "no such CHILD SA waits"};
  Turn turn{now, {}};
  sa->take_over(*child, turn);
  return impl_->finish(turn);
}

Actions Engine::terminate_all(Time now) {
  Turn turn{now, {}};
  impl_->world.restarts.clear();
  for (const auto& [spi, sa] : impl_->world.sas) impl_->terminate(*sa, turn);
  return impl_->finish(turn);
}

Actions Engine::on_time(Time now) {
  Turn turn{now, {}};
  std::vector<IkeSa*> due;  // SAs are born while others work, and none dies before finish()
  for (const auto& [spi, sa] : impl_->world.sas) {
    const auto deadline = sa->deadline();
    if (deadline && *deadline <= now) due.push_back(sa.get());
  }
  for (IkeSa* sa : due) sa->on_time(turn);
  impl_->restart_due(turn);
  return impl_->finish(turn);
}

std::optional<Time> Engine::next_deadline() const {
  std::optional<Time> next;
  const auto sooner = [&](std::optional<Time> time) {
    if (time && (!next || *time < *next)) next = time;
  };
  for (const auto& [spi, sa] : impl_->world.sas) sooner(sa->deadline());
  for (const auto& [what, when] : impl_->world.restarts) sooner(when);
  return next;
}

bool Engine::idle() const { return impl_->world.sas.empty(); }

std::vector<IkeStatus> Engine::status(Time now) const {
  std::vector<IkeStatus> all;
  for (const auto& [spi, sa] : impl_->world.sas) all.push_back(sa->status(now));
  std::ranges::sort(all, {}, &IkeStatus::ike);
  return all;
}

const Counters& Engine::counters() const { return impl_->world.counters; }
std::uint64_t Engine::revision() const { return impl_->world.revision; }

Secret Engine::snapshot(Time now) const { return write_snapshot(impl_->world, now); }

Result<Actions> Engine::restore(Bytes snapshot, std::chrono::seconds away, Time now) {
  Turn turn{now, {}};
  if (auto read = read_snapshot(impl_->world, snapshot, away, turn); !read) return read.error();
  return impl_->finish(turn);
}

}  // namespace sallyport::ike
