// SPDX-License-Identifier: Apache-2.0
// RFC 7296 1.2: the IKE_AUTH exchange with a pre-shared key, which also creates the first CHILD SA.
//
//   HDR, SK {IDi, [IDr,] AUTH, SAi2, TSi, TSr}   -->
//                                               <--  HDR, SK {IDr, AUTH, SAr2, TSi, TSr}
#include <algorithm>

#include "host/ike/child_answer.hpp"
#include "host/ike/ike_sa.hpp"

namespace sallyport::ike {
namespace {

// The connection that the peer's identities name, among those that its address and the chosen proposal allow.
std::shared_ptr<const Connection> find_connection(const World& world, const Endpoint& local, const Endpoint& remote,
                                                  const Identity& peer, const std::optional<Identity>& us,
                                                  const Proposal& proposal) {
  for (const auto& [name, connection] : world.connections) {
    const bool address = (connection->local.is_any() || connection->local == local.address) &&
                         (connection->remote.is_any() || connection->remote == remote.address);
    const bool identity = connection->remote_id == peer && (!us || connection->local_id == *us);
    if (address && identity && permits(connection->ike_proposals, proposal)) return connection;
  }
  return nullptr;
}

}  // namespace

// 2.15: each side signs its own IKE_SA_INIT message, the other's nonce and its own identity.
Buffer IkeSa::auth_of(bool initiators, Bytes id_payload) const {
  const Buffer& signed_message = initiators ? init_request_ : init_response_;
  const Buffer& nonce = initiators ? nonce_r_ : nonce_i_;
  const Secret& sk_p = initiators ? keys_.pi : keys_.pr;
  const Secret auth = psk_auth(proposal_.prf(), connection_->psk, signed_message, nonce, sk_p, id_payload);
  return {auth.reveal().begin(), auth.reveal().end()};
}

// ---- initiator ----------------------------------------------------------------------------------------------------

void IkeSa::request_auth(Turn& turn) {
  const std::string name = std::get<CreateChild>(queue_.front().task).name;
  queue_.pop_front();
  auto offer = make_offer(name, false);
  if (!offer) {
    child_failed(name, offer.error(), turn);
    return fail(offer.error(), turn);
  }
  const Buffer id = local_id_.payload();
  Payloads payloads;
  payloads.push_back({PayloadType::kIdI, false, id});
  payloads.push_back({PayloadType::kIdR, false, remote_id_.payload()});
  payloads.push_back({PayloadType::kAuth, false, AuthPayload{kAuthSharedKey, auth_of(true, id)}.serialise()});
  // 2.4: "this is the only IKE SA currently active between the authenticated identities."
  const auto same_peer = [&](const auto& entry) {
    const IkeSa& other = *entry.second;
    return &other != this && other.state_ >= IkeState::kEstablished && other.state_ < IkeState::kClosed &&
           other.local_id_ == local_id_ && other.remote_id_ == remote_id_;
  };
  if (std::ranges::none_of(world_.sas, same_peer)) payloads.push_back(make_notify(NotifyType::kInitialContact));
  add_offer(payloads, *offer);
  send_request(ExchangeType::kIkeAuth, std::move(payloads), AuthExchange{std::move(*offer)}, turn);
}

void IkeSa::on_auth_response(AuthExchange exchange, const Payloads& response, Turn& turn) {
  const Payload* id_payload = find_payload(response, PayloadType::kIdR);
  const Payload* auth_payload = find_payload(response, PayloadType::kAuth);
  const auto error = find_error(response);
  Exchange unfinished = exchange;
  if (id_payload == nullptr || auth_payload == nullptr) {  // the peer does not want us
    const Error reason = error ? error_of(*error) : Error{Errc::kInvalid, "the peer did not authenticate itself"};
    give_up_exchange(unfinished, reason, turn);
    return fail(reason, turn);
  }
  const auto id = Identity::parse_payload(id_payload->body);
  const auto auth = AuthPayload::parse(auth_payload->body);
  const bool proved = id && auth && *id == remote_id_ && auth->method == kAuthSharedKey &&
                      equal_constant_time(auth->data, auth_of(false, id_payload->body));
  if (!proved) {
    // 2.21.2: the responder believes the IKE SA is up, so it is told in an exchange of its own; we do not wait.
    Message farewell = message(ExchangeType::kInformational, false, next_request_++);
    farewell.payloads = {make_notify(NotifyType::kAuthenticationFailed),
                         {PayloadType::kDelete, false, DeletePayload{Protocol::kIke, {}}.serialise()}};
    send(local_, remote_, cipher_out_.seal(farewell), turn);
    const Error reason{Errc::kAuthFailed, "the peer did not prove to be '" + remote_id_.to_string() + "'"};
    give_up_exchange(unfinished, reason, turn);
    return fail(reason, turn);
  }
  established(turn);
  // 1.2: "if creating the Child SA during the IKE_AUTH exchange fails for some reason, the IKE SA is still created."
  if (error || find_payload(response, PayloadType::kSa) == nullptr) {
    give_up_exchange(unfinished, error ? error_of(*error) : Error{Errc::kInvalid, "no CHILD SA in the response"}, turn);
    return;
  }
  ChildSa child;
  const auto chosen = check_child_answer(exchange.offer, response, child);
  if (!chosen) {
    later(exchange.offer.undo(), turn.now);
    give_up_exchange(unfinished, chosen.error(), turn);
    return;
  }
  ChildKeys keys = derive_child_keys(proposal_.prf(), keys_.d, *chosen, nullptr, nonce_i_, nonce_r_);
  begin_life(child, exchange.offer.words, turn.now);
  install(child, std::move(keys), true, std::nullopt, turn);
  children_.push_back(child);
  child_up(child, turn);
}

void IkeSa::established(Turn& turn) {
  state_ = IkeState::kEstablished;
  set_lifetime(turn.now);
  turn.out.push_back(IkeEstablished{handle_, connection_->name, local_, remote_});
}

// ---- responder ----------------------------------------------------------------------------------------------------

IkeSa::Payloads IkeSa::answer_auth(const Payloads& request, Turn& turn) {
  const auto refuse = [&] {
    close_after_reply_ = true;
    return Payloads{make_notify(NotifyType::kAuthenticationFailed)};
  };
  const Payload* id_payload = find_payload(request, PayloadType::kIdI);
  const Payload* auth_payload = find_payload(request, PayloadType::kAuth);
  if (auth_payload == nullptr) return refuse();  // 2.16: a wish for EAP
  const auto peer = Identity::parse_payload(id_payload->body);
  const auto auth = AuthPayload::parse(auth_payload->body);
  std::optional<Identity> us;
  if (const Payload* wanted = find_payload(request, PayloadType::kIdR)) {
    auto id = Identity::parse_payload(wanted->body);
    if (!id) return refuse();
    us = std::move(*id);
  }
  if (!peer || !auth || auth->method != kAuthSharedKey) return refuse();
  auto named = find_connection(world_, local_, remote_, *peer, us, proposal_);
  if (!named) return refuse();
  connection_ = std::move(named);
  local_id_ = connection_->local_id;
  remote_id_ = connection_->remote_id;
  encap_ = encap_ || (connection_->force_encaps && local_.port == kNatPort);
  if (!equal_constant_time(auth->data, auth_of(true, id_payload->body))) return refuse();

  if (find_notify(request, NotifyType::kInitialContact)) forget_older_sas(turn);
  established(turn);
  const Buffer id = local_id_.payload();
  Payloads response;
  response.push_back({PayloadType::kIdR, false, id});
  response.push_back({PayloadType::kAuth, false, AuthPayload{kAuthSharedKey, auth_of(false, id)}.serialise()});
  auto answered = choose_child(request, false, turn, nullptr);
  if (const auto* refusal = std::get_if<NotifyPayload>(&answered)) {
    response.push_back({PayloadType::kNotify, false, refusal->serialise()});
    return response;
  }
  auto& [words, child, number, shared, public_value] = std::get<ChildAnswer>(answered);
  ChildKeys keys = derive_child_keys(proposal_.prf(), keys_.d, child.proposal, nullptr, nonce_i_, nonce_r_);
  begin_life(child, words, turn.now);
  install(child, std::move(keys), false, std::nullopt, turn);
  children_.push_back(child);
  child_up(child, turn);
  add_answer(response, child, number);
  return response;
}

// 2.4: the peer has only this IKE SA with us; what we still hold of older ones is of no use.
void IkeSa::forget_older_sas(Turn& turn) {
  for (const auto& [spi, other] : world_.sas) {
    const bool older = other.get() != this && other->state_ >= IkeState::kEstablished &&
                       other->state_ < IkeState::kClosed && other->local_id_ == local_id_ &&
                       other->remote_id_ == remote_id_;
    if (older) other->close(turn);
  }
}

}  // namespace sallyport::ike
