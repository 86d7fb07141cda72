// SPDX-License-Identifier: Apache-2.0
// RFC 7296 1.3.1 and 1.3.3: the CREATE_CHILD_SA exchange, for a new CHILD SA and for a rekeyed one.
//
//   HDR, SK {[N(REKEY_SA),] [N(USE_TRANSPORT_MODE),] SA, Ni, [KEi,] TSi, TSr}   -->
//                                <--  HDR, SK {[N(USE_TRANSPORT_MODE),] SA, Nr, [KEr,] TSi, TSr}
#include <algorithm>

#include "host/ike/child_answer.hpp"

namespace sallyport::ike {
namespace {

Proposals without_groups(const Proposals& proposals) {
  Proposals list;
  for (const auto& proposal : proposals) list.push_back(proposal.without(TransformType::kKeyExchange));
  return list;
}

NotifyPayload child_not_found(const NotifyPayload& rekey) {
  NotifyPayload notify = refusal(NotifyType::kChildSaNotFound);
  notify.protocol = rekey.protocol;
  notify.spi = rekey.spi;
  return notify;
}

std::vector<Payload> refused(const NotifyPayload& why) { return {{PayloadType::kNotify, false, why.serialise()}}; }

// 3.13: the number of selectors is one octet. To leave some out is to narrow further.
constexpr std::size_t kMostSelectors = 255;
TrafficSelectors at_most(std::size_t count, TrafficSelectors selectors) {
  if (selectors.size() > count)
    selectors.erase(selectors.begin() + static_cast<std::ptrdiff_t>(count), selectors.end());
  return selectors;
}

// 2.9: a responder narrows "to a subset that includes the initiator's first choices" where it can, and by a child whose
// selectors are the offered ones nothing is narrowed at all. The best comes first; children are an SPD, so among equals
// their order decides.
enum class Fit : std::uint8_t { kEqual, kCovers, kCoversTheFirst, kOverlaps, kNone };
Fit fit_of(const ChildTerms& terms, const TrafficSelectors& ours, const TrafficSelectors& theirs) {
  if (narrow(ours, terms.local_ts).empty() || narrow(theirs, terms.remote_ts).empty()) return Fit::kNone;
  if (covers(terms.local_ts, ours) && covers(terms.remote_ts, theirs)) {
    return covers(ours, terms.local_ts) && covers(theirs, terms.remote_ts) ? Fit::kEqual : Fit::kCovers;
  }
  const bool first = covers(terms.local_ts, {ours.front()}) && covers(terms.remote_ts, {theirs.front()});
  return first ? Fit::kCoversTheFirst : Fit::kOverlaps;
}

std::optional<Spi> spi_of(Bytes raw) {
  if (raw.size() != 4) return std::nullopt;
  return Spi{ByteReader(raw).u32()};
}

}  // namespace

// ---- what both exchanges that create a CHILD SA share -------------------------------------------------------------

// A NAT changes the addresses that AH covers (RFC 3715 2.1 a), and those that a transport-mode packet's TCP and UDP
// checksums cover; RFC 7296 2.23.1 has the receiver mend them, which no card of ours does. A tunnel of ESP passes.
Result<ChildTerms> IkeSa::terms_of(const ChildConfig& config) const {
  const auto cannot = [&](const std::string& why) {
    return Error{Errc::kUnsupported, "child '" + config.name + "' " + why};
  };
  if (encap_ && config.proposals.front().protocol == Protocol::kAh) return cannot("is AH, which passes no NAT");
  if (encap_ && config.mode == Mode::kTransport) return cannot("is in transport mode, which is not used across a NAT");
  if (config.mode == Mode::kTunnel) return ChildTerms{Mode::kTunnel, config.local_ts, config.remote_ts};
  const auto own = [](const IpAddress& a) { return TrafficSelectors{TrafficSelector::of({a, a})}; };
  ChildTerms terms{Mode::kTransport, narrow(config.local_ts, own(local_.address)),
                   narrow(config.remote_ts, own(remote_.address))};
  if (terms.local_ts.empty() || terms.remote_ts.empty()) {
    return cannot("is in transport mode, and its traffic selectors leave out " + local_.address.to_string() + " or " +
                  remote_.address.to_string());
  }
  return terms;
}

// In IKE_AUTH there is no KE payload, so the groups of the proposals are left out (1.2).
Result<ChildOffer> IkeSa::make_offer(const std::string& name, bool with_groups) {
  const ChildConfig* config = words().find_child(name);
  if (config == nullptr) return Error{Errc::kNotFound, "connection '" + words().name + "' has no child '" + name + "'"};
  auto terms = terms_of(*config);
  if (!terms) return terms.error();
  const auto spi = world_.spis.allocate();
  if (!spi) return spi.error();
  ChildOffer offer{name, *spi, config->proposals, std::move(*terms), *config};
  if (!with_groups) offer.proposals = without_groups(offer.proposals);
  return offer;
}

void IkeSa::add_offer(Payloads& payloads, const ChildOffer& offer) {
  if (offer.terms.mode == Mode::kTransport) payloads.push_back(make_notify(NotifyType::kUseTransportMode));
  payloads.push_back({PayloadType::kSa, false, SaPayload::offer(offer.proposals, spi_bytes(offer.spi_in)).serialise()});
  payloads.push_back({PayloadType::kTsI, false, serialise_ts(offer.terms.local_ts)});
  payloads.push_back({PayloadType::kTsR, false, serialise_ts(offer.terms.remote_ts)});
}

// The responder's answer must be a choice among what we offered (2.7), and selectors within ours (2.9). 1.3.1: "If the
// responder declines the request, the Child SA will be established in tunnel mode. If this is unacceptable to the
// initiator, the initiator MUST delete the SA."
Result<Proposal> IkeSa::check_child_answer(const ChildOffer& offer, const Payloads& response, ChildSa& child) {
  const Payload* tsi = find_payload(response, PayloadType::kTsI);
  const Payload* tsr = find_payload(response, PayloadType::kTsR);
  const auto sa = SaPayload::parse(find_payload(response, PayloadType::kSa)->body);
  const auto local_ts = tsi != nullptr ? parse_ts(tsi->body) : Error{Errc::kInvalid, "no TSi payload"};
  const auto remote_ts = tsr != nullptr ? parse_ts(tsr->body) : Error{Errc::kInvalid, "no TSr payload"};
  if (!sa) return sa.error();
  if (!local_ts) return local_ts.error();
  if (!remote_ts) return remote_ts.error();
  const auto& answer = sa->proposals.front();
  const auto spi_out = spi_of(answer.spi);
  if (sa->proposals.size() != 1 || !spi_out || !permits(offer.proposals, answer.proposal)) {
    return Error{Errc::kUnsupported, "the peer chose '" + answer.proposal.to_string() + "', which we did not offer"};
  }
  if (local_ts->empty() || remote_ts->empty() || !covers(offer.terms.local_ts, *local_ts) ||
      !covers(offer.terms.remote_ts, *remote_ts)) {
    return Error{Errc::kUnsupported, "the peer chose traffic selectors that we did not offer"};
  }
  child.mode = find_notify(response, NotifyType::kUseTransportMode) ? Mode::kTransport : Mode::kTunnel;
  if (child.mode == Mode::kTransport && offer.terms.mode == Mode::kTunnel) {
    return Error{Errc::kUnsupported, "the peer chose transport mode, which we did not offer"};
  }
  if (child.mode != offer.terms.mode && !offer.words.or_tunnel) {
    return Error{Errc::kUnsupported,
                 "the peer declines transport mode, and a tunnel is not what child '" + offer.name + "' wants"};
  }
  child.name = offer.name;
  child.spi_in = offer.spi_in;
  child.spi_out = *spi_out;
  child.local_ts = *local_ts;
  child.remote_ts = *remote_ts;
  child.proposal = choose({answer.proposal}, offer.proposals)->proposal;
  return child.proposal;
}

struct IkeSa::Candidate {
  Fit fit;
  const ChildConfig* config;
  Result<ChildTerms> terms;
};
std::vector<IkeSa::Candidate> IkeSa::candidates_for(const TrafficSelectors& ours, const TrafficSelectors& theirs,
                                                    const ChildSa* replaces) const {
  std::vector<Candidate> candidates;
  for (const auto& config : words().children) {
    if (replaces != nullptr && words().find_child(replaces->name) != &config) continue;
    auto terms = terms_of(config);
    const Fit fit = fit_of(terms ? *terms : ChildTerms{config.mode, config.local_ts, config.remote_ts}, ours, theirs);
    if (fit != Fit::kNone) candidates.push_back({fit, &config, std::move(terms)});
  }
  std::ranges::stable_sort(candidates, {}, &Candidate::fit);
  return candidates;
}

std::variant<IkeSa::ChildAnswer, NotifyPayload> IkeSa::choose_child(const Payloads& request, bool with_groups,
                                                                    Turn& turn, const ChildSa* replaces) {
  const Payload* tsi = find_payload(request, PayloadType::kTsI);
  const Payload* tsr = find_payload(request, PayloadType::kTsR);
  const auto sa = SaPayload::parse(find_payload(request, PayloadType::kSa)->body);
  if (!sa || tsi == nullptr || tsr == nullptr) return refusal(NotifyType::kInvalidSyntax);
  const auto theirs = parse_ts(tsi->body);
  const auto ours = parse_ts(tsr->body);
  if (!theirs || !ours) return refusal(NotifyType::kInvalidSyntax);
  DhGroup ke_group = DhGroup::kNone;
  KePayload peer_ke;
  if (const Payload* payload = find_payload(request, PayloadType::kKe); payload != nullptr && with_groups) {
    auto ke = KePayload::parse(payload->body);
    if (!ke) return refusal(NotifyType::kInvalidSyntax);
    peer_ke = std::move(*ke);
    ke_group = peer_ke.group;
  }

  const bool transport_asked = find_notify(request, NotifyType::kUseTransportMode).has_value();
  Proposals offered = sa->plain();
  if (!with_groups) offered = without_groups(offered);
  NotifyType why = NotifyType::kTsUnacceptable;
  Error refused{Errc::kUnsupported, "no child has traffic selectors in common with " + to_string(*ours) + " here and " +
                                        to_string(*theirs) + " there"};
  const auto cannot = [&](const Error& reason) {  // the best fit is what the peer means, so its reason is the one told
    if (why == NotifyType::kNoProposalChosen) return;
    why = NotifyType::kNoProposalChosen;
    refused = reason;
  };
  for (auto& [fit, config, terms] : candidates_for(*ours, *theirs, replaces)) {
    if (terms && terms->mode == Mode::kTransport && !transport_asked) {
      if (config->or_tunnel) {
        terms->mode = Mode::kTunnel;
      } else {
        terms = Error{Errc::kUnsupported,
                      "child '" + config->name + "' is in transport mode, and the peer asks for a tunnel"};
      }
    }
    if (!terms) {
      cannot(terms.error());
      continue;
    }
    const auto choice = choose(offered, with_groups ? config->proposals : without_groups(config->proposals), ke_group);
    if (!choice) {
      cannot(choice.error());
      continue;
    }
    ChildAnswer answer;
    answer.words = *config;
    answer.child.mode = terms->mode;
    answer.child.local_ts = at_most(kMostSelectors, narrow(*ours, terms->local_ts));
    answer.child.remote_ts = at_most(kMostSelectors, narrow(*theirs, terms->remote_ts));
    const auto& chosen = sa->proposals[choice->offered];
    const auto spi_out = spi_of(chosen.spi);
    if (!spi_out) return refusal(NotifyType::kInvalidSyntax);
    if (const DhGroup group = choice->proposal.dh_group(); group != DhGroup::kNone) {
      if (group != ke_group) return refusal(NotifyType::kInvalidKePayload, group_bytes(group));
      const auto ke = KeyExchange::generate(group);
      if (!ke) return refusal(NotifyType::kNoProposalChosen);
      auto shared = ke->shared_secret(peer_ke.public_value);
      if (!shared) return refusal(NotifyType::kInvalidSyntax);
      answer.shared = std::move(*shared);
      answer.public_value = ke->public_value();
    }
    const auto spi_in = world_.spis.allocate();
    if (!spi_in) return refusal(NotifyType::kNoAdditionalSas);
    answer.number = chosen.number;
    answer.child.name = replaces != nullptr ? replaces->name : config->name;
    answer.child.proposal = choice->proposal;
    answer.child.spi_in = *spi_in;
    answer.child.spi_out = *spi_out;
    return answer;
  }
  turn.out.push_back(PeerRefused{remote_, connection_->name, std::move(refused)});
  return refusal(why);
}

void add_answer(std::vector<Payload>& response, const ChildSa& child, std::uint8_t number) {
  if (child.mode == Mode::kTransport) response.push_back(make_notify(NotifyType::kUseTransportMode));
  const SaPayload sa{{{number, spi_bytes(child.spi_in), child.proposal}}};
  response.push_back({PayloadType::kSa, false, sa.serialise()});
  response.push_back({PayloadType::kTsI, false, serialise_ts(child.remote_ts)});
  response.push_back({PayloadType::kTsR, false, serialise_ts(child.local_ts)});
}

void IkeSa::begin_life(ChildSa& child, const ChildConfig& words, Time now) {
  child.handle = world_.new_child_handle();
  child.negotiated_by = words;
  child.born = now;
  child.rekey_at = rekey_time(words.lifetime, now, world_.random);
  child.expire_at = expire_time(words.lifetime, now);
  if (encap_) child.encap = UdpEncap{local_.port, remote_.port};
}

void IkeSa::install(const ChildSa& child, ChildKeys keys, bool we_initiated, std::optional<ChildHandle> replaces,
                    Turn& turn) {
  SaParameters sa;
  sa.protocol = child.protocol();
  sa.mode = child.mode;
  sa.spi_in = child.spi_in;
  sa.spi_out = child.spi_out;
  sa.encryption = child.proposal.encryption();
  sa.integrity = child.proposal.integrity();
  sa.key_bits = child.proposal.key_bits();
  sa.esn = child.proposal.esn();
  sa.replay_window = child.negotiated_by.replay_window;
  sa.out = std::move(we_initiated ? keys.initiator_to_responder : keys.responder_to_initiator);
  sa.in = std::move(we_initiated ? keys.responder_to_initiator : keys.initiator_to_responder);
  sa.local = local_.address;
  sa.remote = remote_.address;
  sa.encap = child.encap;
  sa.local_ts = child.local_ts;
  sa.remote_ts = child.remote_ts;
  turn.out.push_back(
      InstallSa{handle_, child.handle, connection_->name, child.name, std::move(sa), replaces, child.negotiated_by});
}

void IkeSa::child_up(const ChildSa& child, Turn& turn) {
  turn.out.push_back(UseOutbound{child.handle});
  turn.out.push_back(ChildEstablished{handle_, child.handle, connection_->name, child.name});
}

void IkeSa::child_failed(const std::string& name, const Error& reason, Turn& turn) {
  restart_later(name, turn);
  turn.out.push_back(ChildFailed{handle_, connection_->name, name, reason});
}

void IkeSa::remove_child(ChildHandle handle, Turn& turn) {
  const auto found = std::ranges::find(children_, handle, &ChildSa::handle);
  if (found == children_.end()) return;
  const ChildSa child = std::move(*found);
  children_.erase(found);
  ++world_.revision;
  if (child.installed) turn.out.push_back(RemoveSa{child.handle, child.spi_in, child.spi_out});
  world_.spis.release(child.spi_in);
}

// Deleted on both sides. One that was replaced stays a moment for the packets that are still on the wire.
void IkeSa::retire_child(ChildSa& child, bool replaced, Turn& turn) {
  if (!replaced || !child.installed) return remove_child(child.handle, turn);
  child.state = ChildState::kDraining;
  child.rekey_at.reset();
  child.expire_at.reset();
  child.drained_at = turn.now + world_.settings.drain;
}

// ---- initiator ----------------------------------------------------------------------------------------------------

void IkeSa::request_child(const CreateChild& task, Turn& turn) {
  ChildSa* old = task.replaces ? find_child(*task.replaces) : nullptr;
  // What is prepared in its place already need not be asked for, and waits no longer.
  ChildSa* held = old != nullptr && !task.hold ? held_for(old->handle) : nullptr;
  if (held != nullptr && held->state == ChildState::kInstalled) return take_over(*held, turn);
  if (task.replaces && (old == nullptr || old->state != ChildState::kInstalled)) return;  // gone, or done already
  auto offer = make_offer(task.name, true);
  if (!offer) {
    turn.out.push_back(ChildFailed{handle_, connection_->name, task.name, offer.error()});
    return;
  }
  ChildExchange exchange{
      std::move(*offer), random_bytes(world_.random, kNonceSize), std::nullopt, task.replaces, task.hold, {}};
  exchange.group_was_told = task.group != DhGroup::kNone;
  const DhGroup group = exchange.group_was_told ? task.group : exchange.offer.proposals.front().dh_group();
  Payloads payloads;
  if (old != nullptr) {
    // 1.3.3: "the SPI that the initiator of the exchange expects in inbound packets."
    NotifyPayload rekey = refusal(NotifyType::kRekeySa);
    rekey.protocol = old->protocol();
    rekey.spi = spi_bytes(old->spi_in);
    payloads.push_back({PayloadType::kNotify, false, rekey.serialise()});
    old->state = ChildState::kRekeying;
  }
  payloads.push_back({PayloadType::kNonce, false, exchange.nonce});
  if (group != DhGroup::kNone) {
    auto ke = KeyExchange::generate(group);
    if (ke) {
      payloads.push_back({PayloadType::kKe, false, KePayload{group, ke->public_value()}.serialise()});
      exchange.ke = std::move(*ke);
    }
  }
  add_offer(payloads, exchange.offer);
  send_request(ExchangeType::kCreateChildSa, std::move(payloads), std::move(exchange), turn);
}

void IkeSa::on_child_response(ChildExchange exchange, const Payloads& response, Turn& turn) {
  if (const auto error = find_error(response)) return on_child_refused(exchange, *error, turn);
  ChildSa child;
  auto chosen = check_child_answer(exchange.offer, response, child);
  const auto nonce = parse_nonce(find_payload(response, PayloadType::kNonce)->body);
  std::optional<Secret> shared;
  if (chosen && chosen->dh_group() != DhGroup::kNone) {
    const Payload* payload = find_payload(response, PayloadType::kKe);
    const auto ke = payload != nullptr ? KePayload::parse(payload->body) : Error{Errc::kInvalid, "no KE payload"};
    if (!ke || !exchange.ke || ke->group != chosen->dh_group() || exchange.ke->group() != ke->group) {
      chosen = Error{Errc::kInvalid, "the peer's key exchange is not of the group it chose"};
    } else {
      auto secret = exchange.ke->shared_secret(ke->public_value);
      if (secret) {
        shared = std::move(*secret);
      } else {
        chosen = secret.error();
      }
    }
  }
  if (!chosen || !nonce) {  // the peer holds a CHILD SA now that we cannot use
    const Error reason = chosen ? nonce.error() : chosen.error();
    later(exchange.offer.undo(), turn.now);
    if (ChildSa* old = exchange.replaces ? find_child(*exchange.replaces) : nullptr)
      old->state = ChildState::kInstalled;
    world_.spis.release(exchange.offer.spi_in);
    return child_failed(exchange.offer.name, reason, turn);
  }
  ChildKeys keys =
      derive_child_keys(proposal_.prf(), keys_.d, *chosen, shared ? &*shared : nullptr, exchange.nonce, *nonce);
  begin_life(child, exchange.offer.words, turn.now);
  refused_more_ = false;
  if (exchange.replaces)
    return finish_rekey(exchange, std::move(child), std::move(keys), std::min(exchange.nonce, *nonce), turn);
  install(child, std::move(keys), true, std::nullopt, turn);
  children_.push_back(child);
  child_up(child, turn);
}

// 2.8.1: where both sides rekeyed at the same time, "the SA created with the lowest of the four nonces used in the two
// exchanges SHOULD be closed by the endpoint that created it", and the old one by the endpoint whose SA survives.
void IkeSa::finish_rekey(ChildExchange& exchange, ChildSa child, ChildKeys keys, Buffer lowest_nonce, Turn& turn) {
  const ChildSa* rival = exchange.rival ? find_child(exchange.rival->handle) : nullptr;
  const bool loses = rival != nullptr && lowest_nonce < exchange.rival->lowest_nonce;
  const ChildSa* ended = find_child(*exchange.replaces);
  if (loses || exchange.unwanted || (ended != nullptr && ended->unwanted)) {
    child.installed = false;
    child.state = ChildState::kDeleting;
    child.rekey_at.reset();
    child.expire_at.reset();
    later(DeleteChild{child.protocol(), child.spi_in}, turn.now);
    children_.push_back(std::move(child));
    return;
  }
  install(child, std::move(keys), true, exchange.replaces, turn);
  if (ChildSa* old = find_child(*exchange.replaces); exchange.hold && rival == nullptr && old != nullptr) {
    old->state = ChildState::kRekeyed;
    child.replaces = exchange.replaces;
    child.held = true;
    turn.out.push_back(ChildPrepared{*exchange.replaces, child.handle});
    children_.push_back(std::move(child));
    return;
  }
  turn.out.push_back(UseOutbound{child.handle});
  turn.out.push_back(ChildRekeyed{*exchange.replaces, child.handle});
  children_.push_back(std::move(child));
  for (auto& other : children_) {  // the rival, if there is one, is its maker's to delete
    if (other.replaces == exchange.replaces) other.replaces.reset();
  }
  if (ChildSa* old = find_child(*exchange.replaces)) {
    old->state = ChildState::kRekeyed;
    later(DeleteChild{old->protocol(), old->spi_in}, turn.now);
  }
}

// The second step of a rekeying that was held: what finish_rekey() does otherwise.
void IkeSa::take_over(ChildSa& held, Turn& turn) {
  const ChildHandle old = *held.replaces;
  switch_over(old, turn);
  ++world_.revision;
  if (const ChildSa* child = find_child(old)) enqueue(DeleteChild{child->protocol(), child->spi_in}, turn);
}

void IkeSa::on_child_refused(ChildExchange& exchange, const NotifyPayload& error, Turn& turn) {
  world_.spis.release(exchange.offer.spi_in);
  if (error.type == NotifyType::kNoAdditionalSas) refused_more_ = true;
  ChildSa* old = exchange.replaces ? find_child(*exchange.replaces) : nullptr;
  if (old != nullptr && old->state == ChildState::kRekeying) old->state = ChildState::kInstalled;
  if (exchange.replaces && (old == nullptr || exchange.rival)) {  // the peer was first
    if (leaves_none(exchange)) child_failed(exchange.offer.name, error_of(error), turn);
    return;
  }
  CreateChild again{exchange.offer.name, exchange.replaces, DhGroup::kNone, exchange.hold};
  if (error.type == NotifyType::kTemporaryFailure) {  // 2.25: "wait ... then retry"
    later(again, world_.retry_time(turn.now));
    return;
  }
  if (error.type == NotifyType::kInvalidKePayload && exchange.ke && !exchange.group_was_told) {
    again.group = DhGroup{ByteReader(error.data).u16()};  // 1.3: the same again, with the group it wants
    if (again.group != exchange.ke->group() && name_group(exchange.offer.proposals, again.group)) {
      next(again, turn.now);
      return;
    }
  }
  if (error.type == NotifyType::kChildSaNotFound && old != nullptr) {
    // 2.25: "silently delete the Child SA and send a request to create a new Child SA from scratch (if the Child
    // SA does not yet exist)."
    const bool wanted = old->wanted();
    remove_child(old->handle, turn);
    if (wanted && !wants(exchange.offer.name)) later(CreateChild{exchange.offer.name, std::nullopt}, turn.now);
    return;
  }
  Error reason = error_of(error);
  // The first child came with IKE_AUTH, where no group was spoken of (1.2).
  if (error.type == NotifyType::kNoProposalChosen && !exchange.ke) {
    reason.detail += ", or it demands a key exchange for each SA (PFS): a proposal then names a group, such as " +
                     exchange.offer.proposals.front().to_string() + "-ecp256";
  }
  child_failed(exchange.offer.name, reason, turn);
}

// ---- responder ----------------------------------------------------------------------------------------------------

IkeSa::Payloads IkeSa::answer_create(const Payloads& request, Turn& turn) {
  const auto sa = SaPayload::parse(find_payload(request, PayloadType::kSa)->body);
  if (!sa || !parse_nonce(find_payload(request, PayloadType::kNonce)->body)) {
    close_after_reply_ = true;
    return {make_notify(NotifyType::kInvalidSyntax)};
  }
  if (sa->proposals.front().proposal.protocol == Protocol::kIke) return answer_rekey(request, turn);
  // 2.25.2: nothing new within an IKE SA that is being replaced or deleted.
  if (state_ != IkeState::kEstablished || rekeying()) return {make_notify(NotifyType::kTemporaryFailure)};
  return answer_child(request, turn);
}

IkeSa::Payloads IkeSa::answer_child(const Payloads& request, Turn& turn) {
  ChildSa* old = nullptr;
  if (const auto rekey = find_notify(request, NotifyType::kRekeySa)) {
    const auto spi = spi_of(rekey->spi);
    old = spi ? find_by_spi_out(rekey->protocol, *spi) : nullptr;
    if (old == nullptr || old->state == ChildState::kDraining) return refused(child_not_found(*rekey));
    // 2.25.1: we are closing it.
    if (old->state == ChildState::kRekeyed || old->state == ChildState::kDeleting || old->unwanted) {
      return {make_notify(NotifyType::kTemporaryFailure)};
    }
  }
  auto answered = choose_child(request, true, turn, old);
  if (const auto* why = std::get_if<NotifyPayload>(&answered)) return refused(*why);
  auto& [words, child, number, shared, public_value] = std::get<ChildAnswer>(answered);

  const Buffer& nonce_i = find_payload(request, PayloadType::kNonce)->body;
  const Buffer nonce_r = random_bytes(world_.random, kNonceSize);
  ChildKeys keys =
      derive_child_keys(proposal_.prf(), keys_.d, child.proposal, shared ? &*shared : nullptr, nonce_i, nonce_r);
  begin_life(child, words, turn.now);
  Payloads response;
  response.push_back({PayloadType::kNonce, false, nonce_r});
  if (shared) {
    response.push_back({PayloadType::kKe, false, KePayload{child.proposal.dh_group(), public_value}.serialise()});
  }
  add_answer(response, child, number);

  if (old != nullptr) {
    child.replaces = old->handle;
    install(child, std::move(keys), false, old->handle, turn);
    auto* ours = outstanding_ ? std::get_if<ChildExchange>(&outstanding_->exchange) : nullptr;
    if (ours != nullptr && ours->replaces == old->handle) {
      ours->rival = {child.handle, std::min(nonce_i, nonce_r)};
    } else {
      old->state = ChildState::kRekeyed;
      old->rekey_at.reset();
    }
    children_.push_back(child);
  } else {
    install(child, std::move(keys), false, std::nullopt, turn);
    children_.push_back(child);
    child_up(child, turn);
  }
  return response;
}

}  // namespace sallyport::ike
