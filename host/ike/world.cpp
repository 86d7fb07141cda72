// SPDX-License-Identifier: Apache-2.0
#include "host/ike/world.hpp"

#include <algorithm>

#include "host/ike/ike_sa.hpp"

namespace sallyport::ike {
namespace {

constexpr std::chrono::seconds kRestartDelay{5};  // ours: before a child that is to stay up is initiated again
constexpr std::uint64_t kLeastRetryMs = 2000;     // ours, too
constexpr std::uint64_t kRetrySpreadMs = 6000;

}  // namespace

World::World(Settings settings_, RandomSource random_, SpiAllocator& spis_)
    : settings(settings_), random(std::move(random_)), spis(spis_), cookies(settings.cookie_lifetime, random) {}

World::~World() = default;

std::uint64_t World::new_ike_spi() {
  for (;;) {
    const std::uint64_t spi = random_u64(random);
    if (spi != 0 && !sas.contains(spi)) return spi;
  }
}

IkeSa* World::find(IkeHandle handle) {
  for (const auto& [spi, sa] : sas) {
    if (sa->handle() == handle) return sa.get();
  }
  return nullptr;
}

IkeSa* World::find_live(std::string_view connection) {
  IkeSa* best = nullptr;
  for (const auto& [spi, sa] : sas) {
    if (!sa->live() || sa->connection().name != connection) continue;
    // A responder's guess whom it talks to counts for nothing before the peer has proved it.
    if (sa->state() != IkeState::kEstablished && !sa->initiator()) continue;
    if (best == nullptr || sa->state() > best->state()) best = sa.get();
  }
  return best;
}

std::size_t World::half_open() const {
  return static_cast<std::size_t>(std::ranges::count_if(sas, [](const auto& entry) {
    return !entry.second->initiator() && entry.second->state() < IkeState::kEstablished;
  }));
}

IkeSa& World::add(std::unique_ptr<IkeSa> sa) { return *sas.emplace(sa->our_spi(), std::move(sa)).first->second; }

Time World::retry_time(Time now) const {
  return now + std::chrono::milliseconds(kLeastRetryMs + random_u64(random) % kRetrySpreadMs);
}

void World::restart_later(const Connection& connection, const std::string& child, Time now) {
  const auto current = connections.find(connection.name);
  if (current == connections.end()) return;
  const ChildConfig* config = current->second->find_child(child);
  if (config != nullptr && config->restart) restarts[{connection.name, child}] = now + kRestartDelay;
}

std::optional<Time> rekey_time(const Lifetime& lifetime, Time born, const RandomSource& random) {
  if (lifetime.rekey.count() <= 0) return std::nullopt;
  const auto jitter = static_cast<std::uint64_t>(std::max<std::int64_t>(lifetime.jitter.count(), 0));
  return born + lifetime.rekey - std::chrono::seconds(random_u64(random) % (jitter + 1));
}

std::optional<Time> expire_time(const Lifetime& lifetime, Time born) {
  if (lifetime.expire.count() <= 0) return std::nullopt;
  return born + lifetime.expire;
}

}  // namespace sallyport::ike
