// SPDX-License-Identifier: Apache-2.0
#include "host/ike/snapshot.hpp"

#include <algorithm>

#include "host/ike/ike_sa.hpp"

namespace sallyport::ike {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kMagic = 0x53504b35;  // "SPK5": changes with the layout below

// What a request that is under way becomes after a restart.
enum class Kind : std::uint8_t { kNone, kCreateChild, kRekeyIke, kDeleteChild, kDeleteIke, kLiveness };

void put_bytes(ByteWriter& w, Bytes bytes) { w.u32(static_cast<std::uint32_t>(bytes.size())).bytes(bytes); }
void put_text(ByteWriter& w, const std::string& text) { put_bytes(w, as_bytes(text)); }
Bytes get_bytes(ByteReader& r) { return r.take(r.u32()); }
Buffer get_buffer(ByteReader& r) {
  const Bytes bytes = get_bytes(r);
  return {bytes.begin(), bytes.end()};
}
std::string get_text(ByteReader& r) {
  const Bytes bytes = get_bytes(r);
  return {bytes.begin(), bytes.end()};
}

void put_address(ByteWriter& w, const IpAddress& address) { put_bytes(w, address.bytes()); }
IpAddress get_address(ByteReader& r) { return IpAddress::from_bytes(get_bytes(r)).value_or(IpAddress()); }

void put_endpoint(ByteWriter& w, const Endpoint& endpoint) {
  put_address(w, endpoint.address);
  w.u16(endpoint.port);
}
Endpoint get_endpoint(ByteReader& r) {
  const IpAddress address = get_address(r);
  return {address, r.u16()};
}

// Times are kept relative to the snapshot, so that they mean the same under another boot's clock.
void put_time(ByteWriter& w, Time time, Time now) {
  w.u64(static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(time - now).count()));
}
Time get_time(ByteReader& r, Time now, milliseconds away) {
  constexpr std::int64_t kCentury = 3'155'760'000'000;  // what is longer is not one of ours, and must not overflow
  const auto relative = std::clamp<std::int64_t>(static_cast<std::int64_t>(r.u64()), -kCentury, kCentury);
  return now + milliseconds(relative) - away;
}
void put_maybe(ByteWriter& w, const std::optional<Time>& time, Time now) {
  w.u8(time ? 1 : 0);
  if (time) put_time(w, *time, now);
}
std::optional<Time> get_maybe(ByteReader& r, Time now, milliseconds away) {
  if (r.u8() == 0) return std::nullopt;
  return get_time(r, now, away);
}

void put_proposal(ByteWriter& w, const Proposal& proposal) {
  w.u8(static_cast<std::uint8_t>(proposal.protocol)).u8(static_cast<std::uint8_t>(proposal.transforms.size()));
  for (const auto& t : proposal.transforms) w.u8(static_cast<std::uint8_t>(t.type)).u16(t.id).u16(t.key_bits);
}
Proposal get_proposal(ByteReader& r) {
  Proposal proposal{Protocol{r.u8()}, {}};
  const unsigned count = r.u8();
  for (unsigned i = 0; i < count && r.ok(); ++i) {
    const TransformType type{r.u8()};
    const std::uint16_t id = r.u16();
    proposal.transforms.push_back({type, id, r.u16()});
  }
  return proposal;
}

Mode get_mode(ByteReader& r) {
  return r.u8() == static_cast<std::uint8_t>(Mode::kTransport) ? Mode::kTransport : Mode::kTunnel;
}

void put_lifetime(ByteWriter& w, const Lifetime& lifetime) {
  for (const auto& time : {lifetime.rekey, lifetime.expire, lifetime.jitter}) {
    w.u64(static_cast<std::uint64_t>(time.count()));
  }
}
Lifetime get_lifetime(ByteReader& r) {
  Lifetime lifetime;
  for (auto* time : {&lifetime.rekey, &lifetime.expire, &lifetime.jitter}) {
    *time = std::chrono::seconds(static_cast<std::int64_t>(r.u64()));
  }
  return lifetime;
}

void put_words(ByteWriter& w, const ChildConfig& words) {
  put_text(w, words.name);
  put_bytes(w, serialise_ts(words.local_ts));
  put_bytes(w, serialise_ts(words.remote_ts));
  w.u32(static_cast<std::uint32_t>(words.proposals.size()));
  for (const auto& proposal : words.proposals) put_proposal(w, proposal);
  w.u8(static_cast<std::uint8_t>(words.mode)).u8(words.or_tunnel ? 1 : 0);
  put_lifetime(w, words.lifetime);
  w.u32(words.replay_window).u8(words.per_user ? 1 : 0).u8(words.restart ? 1 : 0);
}
ChildConfig get_words(ByteReader& r) {
  ChildConfig words;
  words.name = get_text(r);
  words.local_ts = parse_ts(get_bytes(r)).value_or({});
  words.remote_ts = parse_ts(get_bytes(r)).value_or({});
  words.proposals.clear();
  const std::uint32_t proposals = r.u32();
  for (std::uint32_t i = 0; i < proposals && r.ok(); ++i) words.proposals.push_back(get_proposal(r));
  words.mode = get_mode(r);
  words.or_tunnel = r.u8() != 0;
  words.lifetime = get_lifetime(r);
  words.replay_window = r.u32();
  words.per_user = r.u8() != 0;
  words.restart = r.u8() != 0;
  return words;
}

void put_child(ByteWriter& w, const ChildSa& child, Time now) {
  w.u64(static_cast<std::uint64_t>(child.handle));
  put_text(w, child.name);
  w.u8(static_cast<std::uint8_t>(child.state)).u8(child.installed ? 1 : 0).u8(child.unwanted ? 1 : 0);
  w.u8(child.held ? 1 : 0);
  w.u32(static_cast<std::uint32_t>(child.spi_in)).u32(static_cast<std::uint32_t>(child.spi_out));
  put_proposal(w, child.proposal);
  w.u8(static_cast<std::uint8_t>(child.mode));
  put_bytes(w, serialise_ts(child.local_ts));
  put_bytes(w, serialise_ts(child.remote_ts));
  w.u8(child.encap ? 1 : 0)
      .u16(child.encap ? child.encap->local_port : 0)
      .u16(child.encap ? child.encap->remote_port : 0);
  put_words(w, child.negotiated_by);
  w.u64(child.replaces ? static_cast<std::uint64_t>(*child.replaces) : 0);
  put_time(w, child.born, now);
  put_maybe(w, child.rekey_at, now);
  put_maybe(w, child.expire_at, now);
}
ChildSa get_child(ByteReader& r, Time now, milliseconds away) {
  ChildSa child;
  child.handle = ChildHandle{r.u64()};
  child.name = get_text(r);
  child.state = ChildState{std::min(r.u8(), static_cast<std::uint8_t>(ChildState::kDraining))};
  child.installed = r.u8() != 0;
  child.unwanted = r.u8() != 0;
  const bool held = r.u8() != 0;
  child.spi_in = Spi{r.u32()};
  child.spi_out = Spi{r.u32()};
  child.proposal = get_proposal(r);
  child.mode = get_mode(r);
  child.local_ts = parse_ts(get_bytes(r)).value_or({});
  child.remote_ts = parse_ts(get_bytes(r)).value_or({});
  const bool encap = r.u8() != 0;
  const std::uint16_t local_port = r.u16();
  const std::uint16_t remote_port = r.u16();
  if (encap) child.encap = UdpEncap{local_port, remote_port};
  child.negotiated_by = get_words(r);
  if (const std::uint64_t replaces = r.u64(); replaces != 0) child.replaces = ChildHandle{replaces};
  child.held = held && child.replaces;
  child.born = get_time(r, now, away);
  child.rekey_at = get_maybe(r, now, away);
  child.expire_at = get_maybe(r, now, away);
  if (child.state == ChildState::kDraining) child.drained_at = now;
  return child;
}

void put_outstanding(ByteWriter& w, const std::optional<Outstanding>& request) {
  Kind kind = Kind::kNone;
  DeleteChild concerned;
  if (request) {
    if (const auto* child = std::get_if<ChildExchange>(&request->exchange)) {
      kind = Kind::kCreateChild;
      concerned = child->offer.undo();
    } else if (const auto* lost = std::get_if<LostExchange>(&request->exchange)) {
      kind = lost->child.spi_in == Spi{} ? Kind::kRekeyIke : Kind::kCreateChild;
      concerned = lost->child;
    } else if (const auto* del = std::get_if<DeleteChild>(&request->exchange)) {
      kind = Kind::kDeleteChild;
      concerned = *del;
    } else if (std::holds_alternative<RekeyExchange>(request->exchange)) {
      kind = Kind::kRekeyIke;
    } else if (std::holds_alternative<DeleteIke>(request->exchange)) {
      kind = Kind::kDeleteIke;
    } else {
      kind = Kind::kLiveness;
    }
  }
  w.u8(static_cast<std::uint8_t>(kind));
  if (kind == Kind::kNone) return;
  w.u8(static_cast<std::uint8_t>(concerned.protocol)).u32(static_cast<std::uint32_t>(concerned.spi_in));
  w.u8(static_cast<std::uint8_t>(request->type)).u32(request->message_id);
  put_bytes(w, request->bytes);
}
std::optional<Outstanding> get_outstanding(ByteReader& r) {
  const Kind kind{r.u8()};
  if (kind == Kind::kNone) return std::nullopt;
  const Protocol protocol{r.u8()};
  const DeleteChild concerned{protocol, Spi{r.u32()}};
  const ExchangeType type{r.u8()};
  const std::uint32_t message_id = r.u32();
  Buffer bytes = get_buffer(r);
  Exchange exchange = CheckLiveness{};
  if (kind == Kind::kCreateChild) exchange = LostExchange{concerned};
  if (kind == Kind::kRekeyIke) exchange = LostExchange{};
  if (kind == Kind::kDeleteChild) exchange = concerned;
  if (kind == Kind::kDeleteIke) exchange = DeleteIke{};
  return Outstanding{type, message_id, std::move(bytes), std::move(exchange)};
}

bool lasting(const IkeSa& sa) { return sa.state() >= IkeState::kEstablished && sa.state() < IkeState::kClosed; }

}  // namespace

void IkeSa::write(ByteWriter& w, std::vector<KeyPlace>& keys, Time now) const {
  w.u64(static_cast<std::uint64_t>(handle_));
  put_text(w, connection_->name);
  w.u8(static_cast<std::uint8_t>(state_)).u8(initiator_ ? 1 : 0).u64(spi_i_).u64(spi_r_);
  put_endpoint(w, local_);
  put_endpoint(w, remote_);
  put_bytes(w, local_id_.payload());
  put_bytes(w, remote_id_.payload());
  w.u8(local_behind_nat_ ? 1 : 0).u8(remote_behind_nat_ ? 1 : 0).u8(encap_ ? 1 : 0);
  put_proposal(w, proposal_);
  for (const Secret* key : {&keys_.d, &keys_.ai, &keys_.ar, &keys_.ei, &keys_.er, &keys_.pi, &keys_.pr}) {
    w.u32(static_cast<std::uint32_t>(key->size()));
    keys.push_back({w.size(), key->reveal()});
    w.zeros(key->size());
  }
  w.u32(next_request_).u32(expected_request_);
  put_bytes(w, last_request_digest_);
  put_bytes(w, last_response_);
  put_outstanding(w, outstanding_);
  put_time(w, born_, now);
  put_maybe(w, rekey_at_, now);
  put_maybe(w, expire_at_, now);
  w.u32(static_cast<std::uint32_t>(children_.size()));
  for (const auto& child : children_) put_child(w, child, now);
}

Result<std::unique_ptr<IkeSa>> IkeSa::read(World& world, ByteReader& r, milliseconds away, Time now) {
  const IkeHandle handle{r.u64()};
  const std::string name = get_text(r);
  const auto connection = world.connections.find(name);
  const bool configured = connection != world.connections.end();
  auto nobody = std::make_shared<Connection>();
  nobody->name = name;
  auto owner = std::unique_ptr<IkeSa>(new IkeSa(world, configured ? connection->second : nobody));
  IkeSa& sa = *owner;
  sa.handle_ = handle;
  sa.state_ = IkeState{r.u8()};
  sa.initiator_ = r.u8() != 0;
  sa.spi_i_ = r.u64();
  sa.spi_r_ = r.u64();
  sa.local_ = get_endpoint(r);
  sa.remote_ = get_endpoint(r);
  sa.local_id_ = Identity::parse_payload(get_bytes(r)).value_or(sa.local_id_);
  sa.remote_id_ = Identity::parse_payload(get_bytes(r)).value_or(sa.remote_id_);
  sa.local_behind_nat_ = r.u8() != 0;
  sa.remote_behind_nat_ = r.u8() != 0;
  sa.encap_ = r.u8() != 0;
  sa.proposal_ = get_proposal(r);
  for (Secret* key :
       {&sa.keys_.d, &sa.keys_.ai, &sa.keys_.ar, &sa.keys_.ei, &sa.keys_.er, &sa.keys_.pi, &sa.keys_.pr}) {
    *key = Secret(get_bytes(r));
  }
  sa.next_request_ = r.u32();
  sa.expected_request_ = r.u32();
  sa.last_request_digest_ = get_buffer(r);
  sa.last_response_ = get_buffer(r);
  sa.outstanding_ = get_outstanding(r);
  sa.born_ = get_time(r, now, away);
  sa.rekey_at_ = get_maybe(r, now, away);
  sa.expire_at_ = get_maybe(r, now, away);
  sa.heard_at_ = now;
  sa.sent_at_ = now;
  const std::uint32_t children = r.u32();
  for (std::uint32_t i = 0; i < children && r.ok(); ++i) sa.children_.push_back(get_child(r, now, away));
  const Encryption cipher = sa.proposal_.encryption();
  const std::size_t cipher_key = key_size(cipher, sa.proposal_.key_bits()) + salt_size(cipher);
  const bool known =
      std::ranges::none_of(sa.proposal_.transforms, [](const Transform& t) { return keyword_of(t) == "unknown"; });
  const bool sound = r.ok() && lasting(sa) && sa.our_spi() != 0 && known && sa.proposal_.prf() != Prf::kNone &&
                     cipher_key != 0 && (is_aead(cipher) || !sa.keys_.ai.empty()) && sa.keys_.ei.size() == cipher_key &&
                     sa.keys_.er.size() == cipher_key && sa.keys_.ai.size() == key_size(sa.proposal_.integrity()) &&
                     sa.keys_.ar.size() == sa.keys_.ai.size();
  if (!sound) return Error{Errc::kCorrupt, "snapshot of IKE SAs"};
  sa.make_ciphers();
  return owner;
}

// What the queue held is not in the snapshot: it follows from the states.
void IkeSa::resume(Turn& turn) {
  if (outstanding_) {
    outstanding_->wait = world_.settings.retransmit_base;
    outstanding_->again_at = turn.now;
  }
  if (state_ != IkeState::kEstablished) {
    later(DeleteIke{}, turn.now);
    return;
  }
  for (auto& child : children_) {
    const bool waits_for_peer =
        std::ranges::any_of(children_, [&](const ChildSa& other) { return other.replaces == child.handle; });
    const bool ours_to_delete = child.unwanted || child.state == ChildState::kDeleting ||
                                (child.state == ChildState::kRekeyed && !waits_for_peer);
    if (child.state == ChildState::kRekeying) {
      child.state = ChildState::kInstalled;
      if (!ours_to_delete) later(CreateChild{child.name, child.handle}, world_.retry_time(turn.now));
    }
    if (ours_to_delete) later(DeleteChild{child.protocol(), child.spi_in}, turn.now);
  }
  later(CheckLiveness{}, turn.now);
  start_next(turn);
}

Secret write_snapshot(const World& world, Time now) {
  ByteWriter w;
  w.u32(kMagic).u64(world.revision).u64(world.last_handle);
  w.u32(static_cast<std::uint32_t>(
      std::ranges::count_if(world.sas, [](const auto& entry) { return lasting(*entry.second); })));
  std::vector<KeyPlace> keys;
  for (const auto& [spi, sa] : world.sas) {
    if (lasting(*sa)) sa->write(w, keys, now);
  }
  Buffer plain = w.take();
  for (const auto& [at, key] : keys) std::ranges::copy(key, plain.begin() + static_cast<std::ptrdiff_t>(at));
  return Secret::consume(plain);
}

Result<void> read_snapshot(World& world, Bytes snapshot, milliseconds away, Turn& turn) {
  if (!world.sas.empty()) return Error{Errc::kExists, "the engine has IKE SAs already"};
  ByteReader r(snapshot);
  if (r.u32() != kMagic) return Error{Errc::kCorrupt, "not a snapshot of IKE SAs"};
  const std::uint64_t revision = r.u64();
  const std::uint64_t last_handle = r.u64();
  const std::uint32_t count = r.u32();
  std::vector<std::unique_ptr<IkeSa>> all;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto sa = IkeSa::read(world, r, away, turn.now);
    if (!sa) return sa.error();
    all.push_back(std::move(*sa));
  }
  if (!r.ok() || r.left() != 0) return Error{Errc::kCorrupt, "snapshot of IKE SAs"};
  world.revision = revision + 1;
  world.last_handle = last_handle;
  for (auto& sa : all) {
    const bool configured = world.connections.contains(sa->connection().name);
    IkeSa& placed = world.add(std::move(sa));
    if (configured) {
      placed.resume(turn);
    } else {
      placed.abandon(turn);
    }
  }
  return {};
}

}  // namespace sallyport::ike
