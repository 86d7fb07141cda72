// SPDX-License-Identifier: Apache-2.0
// RFC 7296 1.3.2: the CREATE_CHILD_SA exchange that rekeys the IKE SA.
//
//   HDR, SK {SA, Ni, KEi}   -->
//                          <--  HDR, SK {SA, Nr, KEr}
#include <algorithm>

#include "host/ike/ike_sa.hpp"

namespace sallyport::ike {
namespace {

Buffer ike_spi_bytes(std::uint64_t spi) {
  ByteWriter w;
  w.u64(spi);
  return w.take();
}

std::optional<std::uint64_t> ike_spi_of(Bytes raw) {
  if (raw.size() != 8) return std::nullopt;
  const std::uint64_t spi = ByteReader(raw).u64();
  if (spi == 0) return std::nullopt;
  return spi;
}

}  // namespace

// 2.18: new SPIs, new keys from the old SK_d, message IDs from zero; the rest stays as it is.
IkeSa& IkeSa::succeed(bool initiator, const Proposal& proposal, const Secret& shared, const KeyContext& context,
                      Turn& turn) {
  const auto current = world_.connections.find(connection_->name);
  auto owner =
      std::unique_ptr<IkeSa>(new IkeSa(world_, current == world_.connections.end() ? connection_ : current->second));
  IkeSa& sa = *owner;
  sa.initiator_ = initiator;
  sa.spi_i_ = context.spi_i;
  sa.spi_r_ = context.spi_r;
  sa.local_ = local_;
  sa.remote_ = remote_;
  sa.local_id_ = local_id_;
  sa.remote_id_ = remote_id_;
  sa.local_behind_nat_ = local_behind_nat_;
  sa.remote_behind_nat_ = remote_behind_nat_;
  sa.encap_ = encap_;
  sa.proposal_ = proposal;
  sa.keys_ = rekey_ike_keys(proposal_.prf(), keys_.d, proposal, shared, context);
  sa.make_ciphers();
  sa.state_ = IkeState::kEstablished;
  sa.set_lifetime(turn.now);
  return world_.add(std::move(owner));
}

// 2.8: "the new IKE SA inherits all of the original IKE SA's Child SAs", and what was still to be asked for, its own
// end included.
void IkeSa::hand_over_to(IkeSa& successor, Turn& turn) {
  std::ranges::move(children_, std::back_inserter(successor.children_));
  children_.clear();
  for (auto& waiting : queue_) {
    if (!std::holds_alternative<RekeyIke>(waiting.task)) successor.queue_.push_back(std::move(waiting));
  }
  queue_.clear();
  successor.state_ = IkeState::kEstablished;
  successor.set_lifetime(turn.now);
  state_ = IkeState::kRekeyed;
  rekey_at_.reset();
  expire_at_ = turn.now + world_.settings.half_open_timeout;  // should nobody delete it
  turn.out.push_back(IkeRekeyed{handle_, successor.handle_});
}

// The peer rekeyed, and deletes the old IKE SA without having seen that we were about to do the same: it was first.
void IkeSa::adopt_rival(Turn& turn) {
  auto* ours = outstanding_ ? std::get_if<RekeyExchange>(&outstanding_->exchange) : nullptr;
  if (ours == nullptr || !ours->rival) return;
  if (IkeSa* rival = world_.find(ours->rival->handle)) hand_over_to(*rival, turn);
}

// ---- initiator ----------------------------------------------------------------------------------------------------

void IkeSa::request_rekey(const RekeyIke& task, Turn& turn) {
  if (state_ != IkeState::kEstablished) return;
  const Proposals& proposals = words().ike_proposals;
  const bool told = task.group != DhGroup::kNone;
  auto ke = KeyExchange::generate(told ? task.group : proposals.front().dh_group());
  if (!ke) return;
  RekeyExchange exchange{std::move(*ke), proposals, random_bytes(world_.random, kNonceSize), world_.new_ike_spi(), {}};
  exchange.group_was_told = told;
  const KePayload ke_payload{exchange.ke.group(), exchange.ke.public_value()};
  Payloads payloads;
  payloads.push_back({PayloadType::kSa, false, SaPayload::offer(proposals, ike_spi_bytes(exchange.spi)).serialise()});
  payloads.push_back({PayloadType::kNonce, false, exchange.nonce});
  payloads.push_back({PayloadType::kKe, false, ke_payload.serialise()});
  send_request(ExchangeType::kCreateChildSa, std::move(payloads), std::move(exchange), turn);
}

void IkeSa::on_rekey_response(RekeyExchange exchange, const Payloads& response, Turn& turn) {
  if (const auto error = find_error(response)) return on_rekey_refused(exchange, *error, turn);
  const Payload* ke_payload = find_payload(response, PayloadType::kKe);
  const auto sa = SaPayload::parse(find_payload(response, PayloadType::kSa)->body);
  const auto nonce = parse_nonce(find_payload(response, PayloadType::kNonce)->body);
  const auto ke = ke_payload != nullptr ? KePayload::parse(ke_payload->body) : Error{Errc::kInvalid, "no KE payload"};
  const bool read = sa && nonce && ke && sa->proposals.size() == 1;
  const auto spi_r = read ? ike_spi_of(sa->proposals.front().spi) : std::nullopt;
  const auto shared = read && ke->group == exchange.ke.group() ? exchange.ke.shared_secret(ke->public_value)
                                                               : Error{Errc::kInvalid, "another group"};
  const bool agreed = spi_r && shared && permits(exchange.proposals, sa->proposals.front().proposal) &&
                      sa->proposals.front().proposal.dh_group() == ke->group;
  if (!agreed) {
    return fail({Errc::kInvalid, "the peer's answer to the rekeying of the IKE SA cannot be used"}, turn);
  }
  const Proposal chosen = choose({sa->proposals.front().proposal}, exchange.proposals)->proposal;
  const Buffer lowest = std::min(exchange.nonce, *nonce);
  IkeSa& successor = succeed(true, chosen, *shared, {exchange.nonce, *nonce, exchange.spi, *spi_r}, turn);

  // 2.8.1, as for CHILD SAs: the one with the lowest nonce is closed by its maker, the old one by the winner.
  IkeSa* rival = exchange.rival ? world_.find(exchange.rival->handle) : nullptr;
  if (rival != nullptr && lowest < exchange.rival->lowest_nonce) {
    hand_over_to(*rival, turn);
    successor.state_ = IkeState::kRekeyed;
    successor.enqueue(DeleteIke{}, turn);
    return;
  }
  hand_over_to(successor, turn);
  later(DeleteIke{}, turn.now);
}

void IkeSa::on_rekey_refused(RekeyExchange& exchange, const NotifyPayload& error, Turn& turn) {
  if (IkeSa* rival = exchange.rival ? world_.find(exchange.rival->handle) : nullptr) {
    return hand_over_to(*rival, turn);  // the peer was first
  }
  if (error.type == NotifyType::kInvalidKePayload && !exchange.group_was_told) {
    const DhGroup wanted{ByteReader(error.data).u16()};
    if (wanted != exchange.ke.group() && name_group(exchange.proposals, wanted)) {
      next(RekeyIke{wanted}, turn.now);
      return;
    }
  }
  if (error.type == NotifyType::kNoAdditionalSas) {
    refused_more_ = true;
    if (expire_at_) return;  // which makes a new one
  }
  later(RekeyIke{}, world_.retry_time(turn.now));  // until the hard lifetime ends it
}

// ---- responder ----------------------------------------------------------------------------------------------------

IkeSa::Payloads IkeSa::answer_rekey(const Payloads& request, Turn& turn) {
  // 2.25.2: not while the IKE SA is closed, or a CHILD SA of it is created, rekeyed or closed by us.
  if (state_ != IkeState::kEstablished || busy_with_children()) return {make_notify(NotifyType::kTemporaryFailure)};
  const auto sa = SaPayload::parse(find_payload(request, PayloadType::kSa)->body);
  const Buffer& nonce_i = find_payload(request, PayloadType::kNonce)->body;
  const Payload* ke_payload = find_payload(request, PayloadType::kKe);
  const auto peer_ke = ke_payload != nullptr ? KePayload::parse(ke_payload->body) : Error{Errc::kInvalid, "no KE"};
  if (!peer_ke) {
    close_after_reply_ = true;
    return {make_notify(NotifyType::kInvalidSyntax)};
  }
  const auto choice = choose(sa->plain(), words().ike_proposals, peer_ke->group);
  if (!choice) return {make_notify(NotifyType::kNoProposalChosen)};
  const Proposal& chosen = choice->proposal;
  if (chosen.dh_group() != peer_ke->group) {
    return {make_notify(NotifyType::kInvalidKePayload, group_bytes(chosen.dh_group()))};
  }
  const auto& offered = sa->proposals[choice->offered];
  const auto spi_i = ike_spi_of(offered.spi);
  const auto ke = KeyExchange::generate(chosen.dh_group());
  const auto shared = ke ? ke->shared_secret(peer_ke->public_value) : ke.error();
  if (!spi_i || !shared) {
    close_after_reply_ = true;
    return {make_notify(NotifyType::kInvalidSyntax)};
  }
  const Buffer nonce_r = random_bytes(world_.random, kNonceSize);
  const std::uint64_t spi_r = world_.new_ike_spi();
  IkeSa& successor = succeed(false, chosen, *shared, {nonce_i, nonce_r, *spi_i, spi_r}, turn);
  if (rekeying()) {
    // Both at once: who keeps the children is decided when our response is here.
    successor.state_ = IkeState::kRekeyed;
    successor.expire_at_ = turn.now + world_.settings.half_open_timeout;
    std::get<RekeyExchange>(outstanding_->exchange).rival = {successor.handle_, std::min(nonce_i, nonce_r)};
  } else {
    hand_over_to(successor, turn);
  }
  Payloads response;
  response.push_back(
      {PayloadType::kSa, false, SaPayload{{{offered.number, ike_spi_bytes(spi_r), chosen}}}.serialise()});
  response.push_back({PayloadType::kNonce, false, nonce_r});
  response.push_back({PayloadType::kKe, false, KePayload{ke->group(), ke->public_value()}.serialise()});
  return response;
}

}  // namespace sallyport::ike
