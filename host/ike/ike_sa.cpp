// SPDX-License-Identifier: Apache-2.0
#include "host/ike/ike_sa.hpp"

#include <algorithm>

#include "host/ike/message_rules.hpp"

namespace sallyport::ike {
namespace {

constexpr auto never = Time::max();

Time soonest(std::initializer_list<std::optional<Time>> times) {
  Time first = never;
  for (const auto& time : times) first = std::min(first, time.value_or(never));
  return first;
}

bool reached(const std::optional<Time>& time, Time now) { return time && *time <= now; }

}  // namespace

IkeSa::IkeSa(World& world, std::shared_ptr<const Connection> connection)
    : world_(world), connection_(std::move(connection)), handle_(world.new_ike_handle()) {
  local_id_ = connection_->local_id;
  remote_id_ = connection_->remote_id;
}

IkeSa::IkeSa(World& world, std::shared_ptr<const Connection> connection, const Endpoint& local, const Endpoint& remote)
    : IkeSa(world, std::move(connection)) {
  local_ = local;
  remote_ = remote;
  spi_i_ = world.new_ike_spi();
}

const Connection& IkeSa::words() const {
  const auto current = world_.connections.find(connection_->name);
  return current == world_.connections.end() ? *connection_ : *current->second;
}

void IkeSa::make_ciphers() {
  const RandomSource& random = world_.random;
  SkCipher from_initiator(proposal_, keys_.ei, keys_.ai, random);
  SkCipher from_responder(proposal_, keys_.er, keys_.ar, random);
  cipher_out_ = initiator_ ? std::move(from_initiator) : std::move(from_responder);
  cipher_in_ = initiator_ ? std::move(from_responder) : std::move(from_initiator);
}

void IkeSa::set_lifetime(Time now) {
  born_ = now;
  heard_at_ = now;
  sent_at_ = now;
  rekey_at_ = rekey_time(words().lifetime, now, world_.random);
  expire_at_ = expire_time(words().lifetime, now);
}

// ---- sending ------------------------------------------------------------------------------------------------------

Message IkeSa::message(ExchangeType type, bool response, std::uint32_t id) const {
  Message m;
  m.header.spi_i = spi_i_;
  m.header.spi_r = spi_r_;
  m.header.exchange = type;
  m.header.from_initiator = initiator_;
  m.header.response = response;
  m.header.message_id = id;
  return m;
}

void IkeSa::send(const Endpoint& local, const Endpoint& remote, const Buffer& bytes, Turn& turn) {
  sent_at_ = turn.now;
  turn.out.push_back(SendDatagram{local, remote, bytes});
}

void IkeSa::send_request(ExchangeType type, Payloads payloads, Exchange exchange, Turn& turn) {
  Message m = message(type, false, next_request_++);
  m.payloads = std::move(payloads);
  Buffer bytes = must_be_encrypted(type) ? cipher_out_.seal(m) : m.serialise();
  post_request({type, m.header.message_id, std::move(bytes), std::move(exchange)}, turn);
}

void IkeSa::post_request(Outstanding request, Turn& turn) {
  request.tries = 1;
  request.wait = world_.settings.retransmit_base;
  request.again_at = turn.now + request.wait;
  outstanding_ = std::move(request);
  ++world_.revision;
  send(local_, remote_, outstanding_->bytes, turn);
}

// RFC 7296 2.1: "the initiator is responsible for retransmission in the event of a timeout", bit by bit the same.
void IkeSa::retransmit(Turn& turn) {
  Outstanding& request = *outstanding_;
  if (request.tries >= world_.settings.retransmit_tries) {
    return fail({Errc::kTimeout, "no answer from " + remote_.to_string()}, turn);
  }
  ++request.tries;
  ++world_.counters.retransmitted;
  request.wait =
      std::chrono::duration_cast<std::chrono::milliseconds>(request.wait * world_.settings.retransmit_factor);
  request.again_at = turn.now + request.wait;
  send(local_, remote_, request.bytes, turn);
}

void IkeSa::later(Task task, Time not_before) { queue_.push_back({std::move(task), not_before}); }
void IkeSa::next(Task task, Time not_before) { queue_.push_front({std::move(task), not_before}); }

void IkeSa::enqueue(Task task, Turn& turn, Time not_before) {
  later(std::move(task), not_before);
  start_next(turn);
}  // namespace sallyport::ike

// RFC 7296 2.3: our window is one request.
void IkeSa::start_next(Turn& turn) {
  if (outstanding_ || state_ != IkeState::kEstablished) {
    const bool saying_goodbye = state_ == IkeState::kRekeyed || state_ == IkeState::kDeleting;
    if (outstanding_ || !saying_goodbye) return;
  }
  const auto ready =
      std::ranges::find_if(queue_, [&](const Queued& waiting) { return waiting.not_before <= turn.now; });
  if (ready == queue_.end()) return;
  const Task task = std::move(ready->task);
  queue_.erase(ready);
  if (const auto* create = std::get_if<CreateChild>(&task)) {
    request_child(*create, turn);
  } else if (const auto* rekey = std::get_if<RekeyIke>(&task)) {
    request_rekey(*rekey, turn);
  } else if (const auto* del = std::get_if<DeleteChild>(&task)) {
    request_delete(*del, turn);
  } else if (std::holds_alternative<DeleteIke>(task)) {
    if (state_ == IkeState::kEstablished) state_ = IkeState::kDeleting;
    const DeletePayload whole{Protocol::kIke, {}};
    send_request(ExchangeType::kInformational, {{PayloadType::kDelete, false, whole.serialise()}}, DeleteIke{}, turn);
  } else {
    send_request(ExchangeType::kInformational, {}, CheckLiveness{}, turn);
  }
  if (!outstanding_) start_next(turn);  // there was nothing to ask for after all
}

bool IkeSa::busy_with_children() const {
  return outstanding_ && (std::holds_alternative<ChildExchange>(outstanding_->exchange) ||
                          std::holds_alternative<DeleteChild>(outstanding_->exchange));
}

bool IkeSa::rekeying() const { return outstanding_ && std::holds_alternative<RekeyExchange>(outstanding_->exchange); }

// ---- receiving ----------------------------------------------------------------------------------------------------

void IkeSa::on_message(const Endpoint& local, const Endpoint& remote, const Message& m, Bytes datagram, Turn& turn) {
  if (m.header.exchange == ExchangeType::kIkeSaInit) {
    if (m.header.response && initiator_ && outstanding_ && state_ == IkeState::kConnecting) {
      return on_init_response(m, datagram, turn);
    }
    ++world_.counters.unexpected;
    return;
  }
  if (state_ == IkeState::kConnecting) {
    ++world_.counters.unexpected;
    return;
  }
  if (m.payloads.size() != 1 || m.payloads.front().type != PayloadType::kSk) {
    ++world_.counters.malformed;
    return;
  }
  const auto inside = cipher_in_.open(m, datagram);
  if (!inside && inside.error().code == Errc::kAuthFailed) {
    ++world_.counters.bad_icv;
    return;
  }
  if (m.header.response) {
    on_response(m.header, inside, turn);
  } else {
    on_request(local, remote, m.header, inside, datagram, turn);
  }
}

// RFC 7296 2.1: a repeated request is recognised by its message ID, changes nothing and gets the same response again.
void IkeSa::on_request(const Endpoint& local, const Endpoint& remote, const Header& header,
                       const Result<Payloads>& inside, Bytes datagram, Turn& turn) {
  Buffer digest = sha256(datagram);
  if (header.message_id + 1 == expected_request_ && digest == last_request_digest_) {
    ++world_.counters.replayed;
    return send(local, remote, last_response_, turn);
  }
  const bool authenticating = state_ == IkeState::kAuthenticating;
  const bool fits = authenticating ? !initiator_ && header.exchange == ExchangeType::kIkeAuth
                                   : header.exchange == ExchangeType::kCreateChildSa ||
                                         header.exchange == ExchangeType::kInformational;
  if (header.message_id != expected_request_ || !fits) {
    ++world_.counters.unexpected;
    return;
  }
  heard_at_ = turn.now;
  follow_peer(local, remote, turn);
  ++expected_request_;
  ++world_.revision;
  Payloads response;
  if (inside) {
    response = answer(header, *inside, turn);
  } else {  // 2.21.3: an error of syntax in a message that verified is the end of the IKE SA
    response = {make_notify(NotifyType::kInvalidSyntax)};
    close_after_reply_ = true;
  }
  Message reply = message(header.exchange, true, header.message_id);
  reply.payloads = std::move(response);
  last_request_digest_ = std::move(digest);
  last_response_ = cipher_out_.seal(reply);
  send(local, remote, last_response_, turn);
  if (fail_after_reply_) return fail(*fail_after_reply_, turn);
  if (close_after_reply_) return close(turn);
  start_next(turn);
}

IkeSa::Payloads IkeSa::answer(const Header& header, const Payloads& request, Turn& turn) {
  if (const auto violation = check_rules(header.exchange, false, request)) {
    ++world_.counters.malformed;
    close_after_reply_ = violation->type == NotifyType::kInvalidSyntax || state_ == IkeState::kAuthenticating;
    const bool name_it = violation->type == NotifyType::kUnsupportedCriticalPayload;
    return {make_notify(violation->type, name_it ? Bytes(&violation->payload, 1) : Bytes())};
  }
  switch (header.exchange) {
    case ExchangeType::kIkeAuth:
      return answer_auth(request, turn);
    case ExchangeType::kCreateChildSa:
      return answer_create(request, turn);
    default:
      return answer_inform(request, turn);
  }
}

void IkeSa::on_response(const Header& header, const Result<Payloads>& inside, Turn& turn) {
  if (!outstanding_ || header.message_id != outstanding_->message_id || header.exchange != outstanding_->type) {
    ++world_.counters.unexpected;
    return;
  }
  heard_at_ = turn.now;
  Exchange exchange = std::move(outstanding_->exchange);
  outstanding_.reset();
  ++world_.revision;
  const bool sound = inside && !check_rules(header.exchange, true, *inside);
  if (!sound || find_notify(*inside, NotifyType::kInvalidSyntax)) {
    give_up_exchange(exchange, {Errc::kInvalid, "INVALID_SYNTAX"}, turn);
    return fail({Errc::kInvalid, sound ? "the peer says INVALID_SYNTAX" : "the peer's response has a wrong syntax"},
                turn);
  }
  if (auto* auth = std::get_if<AuthExchange>(&exchange)) {
    on_auth_response(std::move(*auth), *inside, turn);
  } else if (auto* child = std::get_if<ChildExchange>(&exchange)) {
    on_child_response(std::move(*child), *inside, turn);
  } else if (auto* rekey = std::get_if<RekeyExchange>(&exchange)) {
    on_rekey_response(std::move(*rekey), *inside, turn);
  } else if (const auto* del = std::get_if<DeleteChild>(&exchange)) {
    on_child_deleted(*del, turn);
  } else if (const auto* lost = std::get_if<LostExchange>(&exchange)) {
    on_lost_response(*lost, *inside, turn);
  } else if (std::holds_alternative<DeleteIke>(exchange)) {
    return close(turn);
  }
  start_next(turn);
}

// RFC 7296 2.23: a peer behind a NAT is followed to where its authenticated requests come from; a peer that is not
// stays where it was.
void IkeSa::follow_peer(const Endpoint& local, const Endpoint& remote, Turn& turn) {
  if (local == local_ && remote == remote_) return;
  const bool settled = state_ != IkeState::kAuthenticating;
  if (settled && (!remote_behind_nat_ || local_behind_nat_)) return;
  local_ = local;
  remote_ = remote;
  if (!settled) return;
  turn.out.push_back(PeerMoved{handle_, remote});
  for (auto& child : children_) {
    if (child.held && child.state == ChildState::kInstalled) take_over(child, turn);
    if (child.state == ChildState::kInstalled) later(CreateChild{child.name, child.handle}, turn.now);
  }
}

// ---- time ---------------------------------------------------------------------------------------------------------

std::optional<Time> IkeSa::deadline() const {
  Time first = soonest({expire_at_, outstanding_ ? std::optional(outstanding_->again_at) : std::nullopt});
  for (const auto& child : children_) first = soonest({first, child.drained_at, child.expire_at, child.rekey_at});
  if (state_ == IkeState::kEstablished) {
    first = soonest({first, rekey_at_});
    if (local_behind_nat_) first = std::min(first, sent_at_ + world_.settings.keepalive);
  }
  if (!outstanding_ && state_ >= IkeState::kEstablished) {
    for (const auto& waiting : queue_) first = std::min(first, waiting.not_before);
    if (state_ == IkeState::kEstablished && words().dpd_delay.count() > 0) {
      first = std::min(first, heard_at_ + words().dpd_delay);
    }
  }
  if (first == never) return std::nullopt;
  return first;
}

void IkeSa::on_time(Turn& turn) {
  if (outstanding_ && outstanding_->again_at <= turn.now) retransmit(turn);
  if (state_ != IkeState::kClosed) expire(turn);
  if (state_ == IkeState::kClosed) return;
  if (state_ == IkeState::kEstablished) {
    const auto dpd = words().dpd_delay;
    const bool silent = dpd.count() > 0 && turn.now - heard_at_ >= dpd;
    if (silent && !outstanding_) later(CheckLiveness{}, turn.now);
    if (local_behind_nat_ && turn.now - sent_at_ >= world_.settings.keepalive) {
      sent_at_ = turn.now;
      turn.out.push_back(SendKeepalive{local_, remote_});
    }
  }
  start_next(turn);
}

void IkeSa::expire(Turn& turn) {
  if (reached(expire_at_, turn.now)) {
    expire_at_.reset();
    if (state_ != IkeState::kEstablished) {  // half open, or replaced and never deleted
      const bool ours = state_ < IkeState::kEstablished && initiator_;
      if (ours) return fail({Errc::kTimeout, "not established in time"}, turn);
      return close(turn);
    }
    begin_anew(turn);
  }
  if (state_ == IkeState::kEstablished && reached(rekey_at_, turn.now)) {
    rekey_at_.reset();
    later(RekeyIke{}, turn.now);
  }
  std::vector<ChildHandle> drained;
  for (auto& child : children_) {
    if (reached(child.drained_at, turn.now)) drained.push_back(child.handle);
    if (reached(child.rekey_at, turn.now)) {
      child.rekey_at.reset();
      ChildSa* waiting = child.held ? &child : held_for(child.handle);
      if (waiting != nullptr && waiting->state == ChildState::kInstalled) take_over(*waiting, turn);
      if (child.state == ChildState::kInstalled) later(CreateChild{child.name, child.handle}, turn.now);
    }
    if (reached(child.expire_at, turn.now)) {
      child.expire_at.reset();
      const auto remains = [&](const ChildSa& other) { return &other != &child && other.wanted(); };
      if (refused_more_ && live() && std::ranges::none_of(children_, remains)) {
        begin_anew(turn);
        continue;
      }
      later(DeleteChild{child.protocol(), child.spi_in}, turn.now);
      restart_later(child.name, turn);
    }
  }
  for (const ChildHandle handle : drained) remove_child(handle, turn);
}

// ---- the end ------------------------------------------------------------------------------------------------------

// Gives back what a request held that will have no response.
void IkeSa::give_up_exchange(Exchange& exchange, const Error& reason, Turn& turn) {
  if (const auto* auth = std::get_if<AuthExchange>(&exchange)) {
    world_.spis.release(auth->offer.spi_in);
    child_failed(auth->offer.name, reason, turn);
  } else if (const auto* child = std::get_if<ChildExchange>(&exchange)) {
    world_.spis.release(child->offer.spi_in);
    if (leaves_none(*child)) child_failed(child->offer.name, reason, turn);
  }
}

// Where a request comes to nothing: whether that leaves a child that is wanted without any SA.
bool IkeSa::leaves_none(const ChildExchange& exchange) {
  if (!exchange.replaces) return true;
  return find_child(*exchange.replaces) == nullptr && !exchange.rival && !exchange.unwanted;
}

// Unless we end the IKE SA: then it was wanted so, or all was seen to.
void IkeSa::restart_later(const std::string& child, Turn& turn) {
  if (live()) world_.restart_later(words(), child, turn.now);
}

void IkeSa::restart_all(Turn& turn) {
  for (const auto& child : children_) {
    if (child.wanted()) restart_later(child.name, turn);
  }
  for (const auto& waiting : queue_) {
    const auto* create = std::get_if<CreateChild>(&waiting.task);
    if (create != nullptr && !create->replaces) restart_later(create->name, turn);
  }
  const auto* under_way = outstanding_ ? std::get_if<ChildExchange>(&outstanding_->exchange) : nullptr;
  if (under_way != nullptr && leaves_none(*under_way)) restart_later(under_way->offer.name, turn);
}

// In a new IKE SA. RFC 7296 4: who is told NO_ADDITIONAL_SAS "MUST be capable of instead deleting the old SA and
// creating a new one". That is when the last child ends: the peer may just have no room, and what is up goes on until
// then.
void IkeSa::begin_anew(Turn& turn) {
  restart_all(turn);
  next(DeleteIke{}, turn.now);
}

void IkeSa::let_all_go(const Error& reason, Turn& turn) {
  restart_all(turn);
  if (outstanding_) {
    Outstanding request = std::move(*outstanding_);
    outstanding_.reset();
    give_up_exchange(request.exchange, reason, turn);
  }
  for (const auto& waiting : queue_) {
    const auto* create = std::get_if<CreateChild>(&waiting.task);
    if (create != nullptr && !create->replaces && live()) child_failed(create->name, reason, turn);
  }
  while (!children_.empty()) remove_child(children_.front().handle, turn);
  queue_.clear();
  state_ = IkeState::kClosed;
  ++world_.revision;
}

void IkeSa::fail(const Error& reason, Turn& turn) {
  const bool wanted = live();  // one that was being deleted is just gone
  let_all_go(reason, turn);
  if (wanted) {
    turn.out.push_back(IkeFailed{handle_, connection_->name, reason});
  } else {
    turn.out.push_back(IkeDeleted{handle_, connection_->name});
  }
}

// In good order. An IKE SA that was replaced, or that never came to be, goes without a word.
void IkeSa::close(Turn& turn) {
  const bool known = state_ == IkeState::kEstablished || state_ == IkeState::kDeleting;
  let_all_go({Errc::kDisconnected, "the IKE SA was deleted"}, turn);
  if (known) turn.out.push_back(IkeDeleted{handle_, connection_->name});
}

void IkeSa::abandon(Turn& turn) {
  later(DeleteIke{}, turn.now);
  close(turn);
}

// ---- what can be read ---------------------------------------------------------------------------------------------

bool IkeSa::live() const {
  const auto ends_us = [](const Queued& waiting) { return std::holds_alternative<DeleteIke>(waiting.task); };
  return state_ <= IkeState::kEstablished && std::ranges::none_of(queue_, ends_us);
}

bool IkeSa::wants(std::string_view child) const {
  const auto condemned = [&](const ChildSa& one) {
    return std::ranges::any_of(queue_, [&](const Queued& waiting) {
      const auto* del = std::get_if<DeleteChild>(&waiting.task);
      return del != nullptr && del->spi_in == one.spi_in;
    });
  };
  const auto up = [&](const ChildSa& one) {
    const bool lives = one.state == ChildState::kInstalled || one.state == ChildState::kRekeying;
    return one.name == child && lives && !condemned(one);
  };
  const auto asked = [&](const Queued& waiting) {  // anew: a child that is to be replaced is up, or nothing comes of it
    const auto* create = std::get_if<CreateChild>(&waiting.task);
    return create != nullptr && create->name == child && !create->replaces;
  };
  if (std::ranges::any_of(children_, up) || std::ranges::any_of(queue_, asked)) return true;
  if (!outstanding_) return false;
  if (const auto* auth = std::get_if<AuthExchange>(&outstanding_->exchange)) return auth->offer.name == child;
  const auto* create = std::get_if<ChildExchange>(&outstanding_->exchange);
  return create != nullptr && create->offer.name == child;
}

bool IkeSa::used_up() const {
  return refused_more_ && !outstanding_ && queue_.empty() && std::ranges::none_of(children_, &ChildSa::wanted);
}

void IkeSa::forget(std::string_view child) {
  const auto unwanted = [&](const Queued& waiting) {
    const auto* create = std::get_if<CreateChild>(&waiting.task);
    return create != nullptr && create->name == child && !create->replaces;
  };
  // The first goes with IKE_AUTH, which there is no IKE SA without.
  const bool first_is_promised = state_ == IkeState::kConnecting && !queue_.empty();
  const auto from = queue_.begin() + (first_is_promised ? 1 : 0);
  queue_.erase(std::remove_if(from, queue_.end(), unwanted), queue_.end());
}

ChildSa* IkeSa::find_child(ChildHandle handle) {
  const auto found = std::ranges::find(children_, handle, &ChildSa::handle);
  return found == children_.end() ? nullptr : &*found;
}

ChildSa* IkeSa::held_for(ChildHandle old) {
  const auto found =
      std::ranges::find_if(children_, [&](const ChildSa& one) { return one.held && one.replaces == old; });
  return found == children_.end() ? nullptr : &*found;
}

ChildSa* IkeSa::find_by_spi_in(Spi spi) {
  const auto found = std::ranges::find(children_, spi, &ChildSa::spi_in);
  return found == children_.end() ? nullptr : &*found;
}

// The peer may use one number for ESP and for AH (RFC 4301 4.1); ours are told apart by the number alone.
ChildSa* IkeSa::find_by_spi_out(Protocol protocol, Spi spi) {
  const auto found = std::ranges::find_if(
      children_, [&](const ChildSa& one) { return one.spi_out == spi && one.protocol() == protocol; });
  return found == children_.end() ? nullptr : &*found;
}

bool IkeSa::answers_init(const Endpoint& remote, std::uint64_t spi_i) const {
  return !initiator_ && spi_i_ == spi_i && state_ == IkeState::kAuthenticating && remote_ == remote;
}

}  // namespace sallyport::ike
