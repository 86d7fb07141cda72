// SPDX-License-Identifier: Apache-2.0
// RFC 7296 1.2: the IKE_SA_INIT exchange.
//
//   HDR, SAi1, KEi, Ni   -->
//                        <--  HDR, SAr1, KEr, Nr
#include <algorithm>

#include "host/ike/ike_sa.hpp"
#include "host/ike/message_rules.hpp"

namespace sallyport::ike {
namespace {

constexpr unsigned kMostRestarts = 4;  // ours: cookies and refused groups that an initiator goes along with

// RFC 7296 2.23: SHA-1 digest of the SPIs (in the order they appear in the header), IP address and port.
Buffer nat_hash(std::uint64_t spi_i, std::uint64_t spi_r, const Endpoint& endpoint) {
  ByteWriter w;
  w.u64(spi_i).u64(spi_r).bytes(endpoint.address.bytes()).u16(endpoint.port);
  return sha1(w.view());
}

// Who wants encapsulation without a NAT says of itself what no hash can match.
void add_nat_detection(std::vector<Payload>& payloads, std::uint64_t spi_i, std::uint64_t spi_r, const Endpoint& local,
                       const Endpoint& remote, bool force_encaps, const RandomSource& random) {
  const Buffer source = force_encaps ? random_bytes(random, 20) : nat_hash(spi_i, spi_r, local);
  payloads.push_back(make_notify(NotifyType::kNatDetectionSourceIp, source));
  payloads.push_back(make_notify(NotifyType::kNatDetectionDestinationIp, nat_hash(spi_i, spi_r, remote)));
}

bool may_be(const IpAddress& configured, const IpAddress& seen) { return configured.is_any() || configured == seen; }

DhGroup first_group(const Proposals& proposals) { return proposals.front().dh_group(); }

// A connection that these addresses may belong to and that shares a proposal with the offer. Which one it really is,
// IKE_AUTH says.
struct Match {
  std::shared_ptr<const Connection> connection;
  std::optional<Choice> choice;

  [[nodiscard]] Error refused(const Proposals& offered) const {
    if (!connection) return {Errc::kUnsupported, "no connection is configured for this peer"};
    return nothing_in_common(offered, connection->ike_proposals);
  }
};
Match match_connection(const World& world, const Endpoint& local, const Endpoint& remote, const Proposals& offered,
                       DhGroup group) {
  Match best;
  for (const auto& [name, connection] : world.connections) {
    if (!may_be(connection->local, local.address) || !may_be(connection->remote, remote.address)) continue;
    auto choice = find_common(offered, connection->ike_proposals, group);
    const bool better = !best.connection || (choice && !best.choice) ||
                        (choice && best.connection->remote.is_any() && !connection->remote.is_any());
    if (!better) continue;
    best = {connection, std::move(choice)};
  }
  return best;
}

struct InitRequest {
  SaPayload sa;
  KePayload ke;
  Buffer nonce;
};
std::optional<InitRequest> read_init(const std::vector<Payload>& payloads) {
  auto sa = SaPayload::parse(find_payload(payloads, PayloadType::kSa)->body);
  auto ke = KePayload::parse(find_payload(payloads, PayloadType::kKe)->body);
  auto nonce = parse_nonce(find_payload(payloads, PayloadType::kNonce)->body);
  if (!sa || !ke || !nonce) return std::nullopt;
  return InitRequest{std::move(*sa), std::move(*ke), std::move(*nonce)};
}

}  // namespace

// ---- initiator ----------------------------------------------------------------------------------------------------

void IkeSa::start(const std::string& child, Turn& turn) {
  later(CreateChild{child, std::nullopt}, turn.now);
  born_ = turn.now;
  auto ke = KeyExchange::generate(first_group(connection_->ike_proposals));
  if (!ke) return fail(ke.error(), turn);
  nonce_i_ = random_bytes(world_.random, kNonceSize);
  request_init({std::move(*ke), {}, 0}, turn);
}

void IkeSa::request_init(InitExchange exchange, Turn& turn) {
  Payloads payloads;
  // 2.6: "the COOKIE notification MUST be the first payload", and all other payloads stay unchanged.
  if (!exchange.cookie.empty()) payloads.push_back(make_notify(NotifyType::kCookie, exchange.cookie));
  const KePayload ke{exchange.ke.group(), exchange.ke.public_value()};
  payloads.push_back({PayloadType::kSa, false, SaPayload::offer(connection_->ike_proposals, {}).serialise()});
  payloads.push_back({PayloadType::kKe, false, ke.serialise()});
  payloads.push_back({PayloadType::kNonce, false, nonce_i_});
  add_nat_detection(payloads, spi_i_, 0, local_, remote_, connection_->force_encaps, world_.random);
  next_request_ = 0;  // 2.6: and so does the message ID
  send_request(ExchangeType::kIkeSaInit, std::move(payloads), std::move(exchange), turn);
  init_request_ = outstanding_->bytes;
}

void IkeSa::on_init_response(const Message& response, Bytes datagram, Turn& turn) {
  if (response.header.message_id != 0 || check_rules(ExchangeType::kIkeSaInit, true, response.payloads)) {
    ++world_.counters.malformed;
    return;
  }
  auto* under_way = std::get_if<InitExchange>(&outstanding_->exchange);
  for (const NotifyType reason : {NotifyType::kCookie, NotifyType::kInvalidKePayload}) {
    const auto notify = find_notify(response.payloads, reason);
    if (!notify) continue;
    InitExchange exchange = std::move(*under_way);
    outstanding_.reset();
    return restart_init(std::move(exchange), *notify, turn);
  }
  if (const auto error = find_error(response.payloads)) return fail(error_of(*error), turn);

  const auto read = read_init(response.payloads);
  if (!read || response.header.spi_r == 0 || read->sa.proposals.size() != 1) {
    ++world_.counters.malformed;
    return;
  }
  const Proposal& chosen = read->sa.proposals.front().proposal;
  if (!permits(connection_->ike_proposals, chosen)) {
    return fail({Errc::kUnsupported, "the peer chose '" + chosen.to_string() + "', which we did not offer"}, turn);
  }
  const auto choice = choose({chosen}, connection_->ike_proposals);
  if (read->ke.group != under_way->ke.group() || choice->proposal.dh_group() != read->ke.group) {
    return fail({Errc::kUnsupported, "the peer chose another group than that of its KE payload"}, turn);
  }
  const auto shared = under_way->ke.shared_secret(read->ke.public_value);
  if (!shared) return fail(shared.error(), turn);

  outstanding_.reset();
  spi_r_ = response.header.spi_r;
  proposal_ = choice->proposal;
  nonce_r_ = read->nonce;
  init_response_.assign(datagram.begin(), datagram.end());
  keys_ = derive_ike_keys(proposal_, *shared, {nonce_i_, nonce_r_, spi_i_, spi_r_});
  make_ciphers();
  detect_nat(response.payloads, local_, remote_);
  if (encap_) {  // 2.23: "the initiator MUST change both ports to 4500"
    local_.port = kNatPort;
    remote_.port = kNatPort;
  }
  state_ = IkeState::kAuthenticating;
  request_auth(turn);
}

// 2.6 and 1.3: the responder wants a cookie, or another group: the same request again, with it.
void IkeSa::restart_init(InitExchange exchange, const NotifyPayload& reason, Turn& turn) {
  if (++exchange.restarts > kMostRestarts) {
    return fail({Errc::kInvalid, "the peer goes on to say " + to_string(reason.type)}, turn);
  }
  if (reason.type == NotifyType::kCookie) {
    exchange.cookie = reason.data;
    return request_init(std::move(exchange), turn);
  }
  ByteReader r(reason.data);
  const DhGroup wanted{r.u16()};
  if (!name_group(connection_->ike_proposals, wanted) || wanted == exchange.ke.group()) {
    return fail({Errc::kUnsupported, "the peer wants a group that we do not offer"}, turn);
  }
  auto ke = KeyExchange::generate(wanted);
  if (!ke) return fail(ke.error(), turn);
  exchange.ke = std::move(*ke);
  request_init(std::move(exchange), turn);
}

// ---- responder ----------------------------------------------------------------------------------------------------

void IkeSa::respond(World& world, const Endpoint& local, const Endpoint& remote, const Message& request, Bytes datagram,
                    Turn& turn) {
  const std::uint64_t spi_i = request.header.spi_i;
  for (const auto& [spi, sa] : world.sas) {
    if (!sa->answers_init(remote, spi_i)) continue;
    if (!equal(sa->init_request_, datagram)) break;  // another request under the same SPI: not ours to mix up
    ++world.counters.replayed;
    return sa->send(local, remote, sa->init_response_, turn);
  }
  if (request.header.message_id != 0 || spi_i == 0 || request.header.spi_r != 0) {
    ++world.counters.malformed;
    return;
  }
  // 2.6: what is refused here costs nothing and leaves nothing behind.
  const auto refuse = [&](const NotifyPayload& why) {
    Message m;
    m.header.spi_i = spi_i;
    m.header.response = true;
    m.payloads.push_back({PayloadType::kNotify, false, why.serialise()});
    turn.out.push_back(SendDatagram{local, remote, m.serialise()});
  };
  if (const auto violation = check_rules(ExchangeType::kIkeSaInit, false, request.payloads)) {
    ++world.counters.malformed;
    const bool name_it = violation->type == NotifyType::kUnsupportedCriticalPayload;
    return refuse(refusal(violation->type, name_it ? Bytes(&violation->payload, 1) : Bytes()));
  }
  const auto read = read_init(request.payloads);
  if (!read) {
    ++world.counters.malformed;
    return refuse(refusal(NotifyType::kInvalidSyntax));
  }
  const std::size_t half_open = world.half_open();
  if (half_open >= world.settings.half_open_limit) {
    ++world.counters.half_open_refused;
    return;
  }
  if (half_open >= world.settings.cookie_threshold) {
    const auto cookie = find_notify(request.payloads, NotifyType::kCookie);
    if (!cookie || !world.cookies.verify(cookie->data, read->nonce, remote.address, spi_i, turn.now)) {
      ++world.counters.cookies_sent;
      return refuse(refusal(NotifyType::kCookie, world.cookies.make(read->nonce, remote.address, spi_i, turn.now)));
    }
  }
  const Proposals offered = read->sa.plain();
  const Match match = match_connection(world, local, remote, offered, read->ke.group);
  if (!match.choice) {
    turn.out.push_back(PeerRefused{remote, match.connection ? match.connection->name : "", match.refused(offered)});
    return refuse(refusal(NotifyType::kNoProposalChosen));
  }
  const Proposal& chosen = match.choice->proposal;
  if (chosen.dh_group() != read->ke.group) {
    return refuse(refusal(NotifyType::kInvalidKePayload, group_bytes(chosen.dh_group())));
  }
  const auto ke = KeyExchange::generate(chosen.dh_group());
  if (!ke) return refuse(refusal(NotifyType::kNoProposalChosen));
  const auto shared = ke->shared_secret(read->ke.public_value);
  if (!shared) {
    ++world.counters.malformed;
    return refuse(refusal(NotifyType::kInvalidSyntax));
  }

  auto owner = std::unique_ptr<IkeSa>(new IkeSa(world, match.connection));
  IkeSa& sa = *owner;
  sa.initiator_ = false;
  sa.local_ = local;
  sa.remote_ = remote;
  sa.spi_i_ = spi_i;
  sa.spi_r_ = world.new_ike_spi();
  sa.proposal_ = chosen;
  sa.nonce_i_ = read->nonce;
  sa.nonce_r_ = random_bytes(world.random, kNonceSize);
  sa.keys_ = derive_ike_keys(chosen, *shared, {sa.nonce_i_, sa.nonce_r_, sa.spi_i_, sa.spi_r_});
  sa.make_ciphers();
  sa.detect_nat(request.payloads, local, remote);

  Message response = sa.message(ExchangeType::kIkeSaInit, true, 0);
  const auto number = read->sa.proposals[match.choice->offered].number;
  const KePayload our_ke{ke->group(), ke->public_value()};
  response.add(PayloadType::kSa, SaPayload{{{number, {}, chosen}}}.serialise());
  response.add(PayloadType::kKe, our_ke.serialise());
  response.add(PayloadType::kNonce, sa.nonce_r_);
  add_nat_detection(response.payloads, sa.spi_i_, sa.spi_r_, local, remote, match.connection->force_encaps,
                    world.random);
  sa.init_request_.assign(datagram.begin(), datagram.end());
  sa.init_response_ = response.serialise();
  sa.expected_request_ = 1;
  sa.state_ = IkeState::kAuthenticating;
  sa.born_ = turn.now;
  sa.expire_at_ = turn.now + world.settings.half_open_timeout;
  sa.send(local, remote, sa.init_response_, turn);
  world.add(std::move(owner));
}

// 2.23: a hash that does not match says that an address or a port was changed on the way; the source may have several
// addresses, of which one must match.
void IkeSa::detect_nat(const Payloads& payloads, const Endpoint& local, const Endpoint& remote) {
  // In the request the responder's SPI was still zero.
  const std::uint64_t spi_r = initiator_ ? spi_r_ : 0;
  const Buffer ours = nat_hash(spi_i_, spi_r, local);
  const Buffer theirs = nat_hash(spi_i_, spi_r, remote);
  bool told = false;
  bool source_matches = false;
  for (const auto& payload : payloads) {
    if (payload.type != PayloadType::kNotify) continue;
    const auto notify = NotifyPayload::parse(payload.body);
    if (!notify) continue;
    if (notify->type == NotifyType::kNatDetectionSourceIp) {
      told = true;
      source_matches = source_matches || notify->data == theirs;
    } else if (notify->type == NotifyType::kNatDetectionDestinationIp) {
      local_behind_nat_ = notify->data != ours;
    }
  }
  remote_behind_nat_ = told && !source_matches;
  encap_ = told && (local_behind_nat_ || remote_behind_nat_ || connection_->force_encaps);
}

}  // namespace sallyport::ike
