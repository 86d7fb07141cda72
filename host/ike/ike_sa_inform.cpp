// SPDX-License-Identifier: Apache-2.0
// RFC 7296 1.4: the INFORMATIONAL exchange: deleting SAs, and asking whether the peer is there.
//
//   HDR, SK {[N,] [D,] ...}   -->
//                            <--  HDR, SK {[N,] [D,] ...}
#include <algorithm>

#include "host/ike/ike_sa.hpp"

namespace sallyport::ike {
namespace {

constexpr std::uint32_t kAfterAuth = 2;  // message ID: IKE_SA_INIT has 0, IKE_AUTH 1

}  // namespace

// The successor that was waiting for this child to go takes over the outbound traffic.
void IkeSa::switch_over(ChildHandle old, Turn& turn) {
  for (auto& child : children_) {
    if (child.replaces != old) continue;
    child.replaces.reset();
    child.held = false;
    turn.out.push_back(UseOutbound{child.handle});
    turn.out.push_back(ChildRekeyed{old, child.handle});
  }
}

// ---- initiator ----------------------------------------------------------------------------------------------------

// A child that is not ours any more is deleted by its SPI all the same: the peer may hold one that we could not use.
void IkeSa::request_delete(const DeleteChild& task, Turn& turn) {
  if (ChildSa* child = find_by_spi_in(task.spi_in)) {
    if (child->state == ChildState::kDraining) return;
    if (child->state != ChildState::kRekeyed) child->state = ChildState::kDeleting;
    let_go(*child);
  }
  const DeletePayload del{task.protocol, {task.spi_in}};
  send_request(ExchangeType::kInformational, {{PayloadType::kDelete, false, del.serialise()}}, task, turn);
}

void IkeSa::on_child_deleted(const DeleteChild& task, Turn& turn) {
  ChildSa* child = find_by_spi_in(task.spi_in);
  if (child == nullptr) return;
  const bool replaced = child->state == ChildState::kRekeyed;
  const ChildHandle handle = child->handle;
  switch_over(handle, turn);
  retire_child(*find_child(handle), replaced, turn);
}

// It ends before what it would have replaced, which goes on, and is renewed in its time.
void IkeSa::let_go(ChildSa& successor) {
  ChildSa* old = successor.replaces ? find_child(*successor.replaces) : nullptr;
  if (old == nullptr) return;
  if (old->state == ChildState::kRekeyed) {
    old->state = ChildState::kInstalled;
    if (!old->rekey_at) old->rekey_at = rekey_time(old->negotiated_by.lifetime, old->born, world_.random);
  }
  successor.replaces.reset();
  successor.held = false;
  successor.state = ChildState::kDeleting;
  ++world_.revision;
}

// A request that was under way when the daemon stopped was carried out, and its result is of no use without the
// secrets.
void IkeSa::on_lost_response(const LostExchange& lost, const Payloads& response, Turn& turn) {
  const bool refused = find_error(response).has_value();
  if (lost.child.spi_in == Spi{}) {
    if (!refused) fail({Errc::kDisconnected, "the IKE SA was rekeyed while the daemon was down"}, turn);
    return;
  }
  // Before anything else: until then the peer takes the old one for replaced, and refuses to have it renewed.
  if (!refused) next(lost.child, turn.now);
}

// ---- responder ----------------------------------------------------------------------------------------------------

// 2.21.2: "in the INFORMATIONAL exchange immediately following" IKE_AUTH these end the IKE SA "without a Delete
// payload": the initiator does not accept our response, and holds no IKE SA.
bool IkeSa::gives_up_after_auth(const Payloads& request) {
  if (initiator_ || expected_request_ != kAfterAuth + 1) return false;
  for (const auto reason :
       {NotifyType::kAuthenticationFailed, NotifyType::kUnsupportedCriticalPayload, NotifyType::kInvalidSyntax}) {
    const auto notify = find_notify(request, reason);
    if (!notify) continue;
    fail_after_reply_ = error_of(*notify);
    return true;
  }
  return false;
}

IkeSa::Payloads IkeSa::answer_inform(const Payloads& request, Turn& turn) {
  if (gives_up_after_auth(request)) return {};
  Payloads response;
  for (const auto& payload : request) {
    if (payload.type != PayloadType::kDelete) continue;
    const auto del = DeletePayload::parse(payload.body);
    if (!del) {
      close_after_reply_ = true;
      return {make_notify(NotifyType::kInvalidSyntax)};
    }
    if (del->protocol == Protocol::kIke) {
      close_after_reply_ = true;
      adopt_rival(turn);
      return {};  // 1.4.1: an empty response
    }
    peer_deletes(*del, response, turn);
  }
  return response;
}

// 1.4.1: the response names the SAs of the other direction, except where both sides deleted at the same time.
void IkeSa::peer_deletes(const DeletePayload& del, Payloads& response, Turn& turn) {
  DeletePayload ours{del.protocol, {}};
  for (const Spi spi : del.spis) {
    ChildSa* child = find_by_spi_out(del.protocol, spi);
    if (child == nullptr || child->state == ChildState::kDraining) continue;
    const auto* deleting = outstanding_ ? std::get_if<DeleteChild>(&outstanding_->exchange) : nullptr;
    if (deleting != nullptr && deleting->spi_in == child->spi_in) continue;
    ours.spis.push_back(child->spi_in);
    const ChildHandle handle = child->handle;
    const bool replaced = child->state == ChildState::kRekeyed ||
                          std::ranges::any_of(children_, [&](const ChildSa& one) { return one.replaces == handle; });
    let_go(*child);  // the peer thinks better of its rekeying, or of ours
    if (!replaced && child->wanted()) restart_later(child->name, turn);
    auto* renewal = outstanding_ ? std::get_if<ChildExchange>(&outstanding_->exchange) : nullptr;
    if (renewal != nullptr && renewal->replaces == handle) renewal->unwanted = child->unwanted;
    switch_over(handle, turn);
    retire_child(*find_child(handle), replaced, turn);
  }
  if (!ours.spis.empty()) response.push_back({PayloadType::kDelete, false, ours.serialise()});
}

}  // namespace sallyport::ike
