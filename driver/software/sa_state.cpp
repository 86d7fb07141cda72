// SPDX-License-Identifier: Apache-2.0
#include "driver/software/sa_state.hpp"

#include <algorithm>
#include <limits>

namespace sallyport::driver::software {
namespace {

using layout::Drop;

struct Limits {
  std::uint64_t soft_packets, hard_packets, soft_bytes, hard_bytes;  // 0: none
};

Limits limits_of(const layout::Row& sa_limits) {
  namespace f = layout::sa_limits;
  return {sa_limits.get(f::kSoftPackets), sa_limits.get(f::kHardPackets), sa_limits.get(f::kSoftBytes),
          sa_limits.get(f::kHardBytes)};
}

bool would_pass_hard_limit(const SaCounts& counts, const Limits& limits, std::uint64_t bytes) {
  const bool too_many = limits.hard_packets != 0 && counts.packets >= limits.hard_packets;
  const bool overflow = counts.bytes > std::numeric_limits<std::uint64_t>::max() - bytes;
  return too_many || (limits.hard_bytes != 0 && (overflow || counts.bytes + bytes > limits.hard_bytes));
}

// Counts a packet; whether it is the one that reaches a soft limit.
bool count(SaCounts& counts, const Limits& limits, std::uint64_t bytes) {
  const std::uint64_t bytes_before = counts.bytes;
  counts.packets += 1;
  counts.bytes += bytes;
  return (limits.soft_packets != 0 && counts.packets == limits.soft_packets) ||
         (limits.soft_bytes != 0 && bytes_before < limits.soft_bytes && counts.bytes >= limits.soft_bytes);
}

void expire(SaCounts& counts, SaEvents& events) {
  events.hard_limit = !counts.expired;
  counts.expired = true;
}

// RFC 4303 A2.2: the high half of a sequence number, from where the window stands. Nothing: the number would lie before
// zero.
std::optional<std::uint64_t> infer(std::uint64_t top, std::uint32_t window, std::uint32_t seq_low) {
  const auto top_low = static_cast<std::uint32_t>(top);
  const auto top_high = static_cast<std::uint32_t>(top >> 32);
  const std::uint32_t bottom = top_low - (window - 1);
  std::uint32_t high = 0;
  if (top_low >= window - 1) {  // case A: the window lies within one subspace
    high = seq_low >= bottom ? top_high : top_high + 1;
  } else {  // case B: it spans two
    if (seq_low >= bottom && top_high == 0) return std::nullopt;
    high = seq_low >= bottom ? top_high - 1 : top_high;
  }
  return std::uint64_t{high} << 32 | seq_low;
}

std::uint32_t window_of(const layout::Row& sa_in) {
  return layout::replay_window_packets(sa_in.get(layout::sa_in::kReplayWindow));
}

}  // namespace

std::variant<std::uint64_t, Drop> OutboundState::number(const layout::Row& sa_out, const layout::Row& sa_limits,
                                                        std::uint64_t bytes, SaEvents& events) {
  const std::uint64_t last = sa_out.get(layout::sa_out::kEsn) == 1 ? std::numeric_limits<std::uint64_t>::max()
                                                                   : std::numeric_limits<std::uint32_t>::max();
  // RFC 4303 3.3.3: the counter must not cycle.
  if (seq_ == last) {
    expire(counts_, events);
    return Drop::kSeqExhausted;
  }
  const Limits limits = limits_of(sa_limits);
  if (counts_.expired || would_pass_hard_limit(counts_, limits, bytes)) {
    expire(counts_, events);
    return Drop::kHardLimit;
  }
  events.soft_limit = count(counts_, limits, bytes);
  return ++seq_;
}

layout::Row OutboundState::row() const {
  namespace state = layout::sa_out_state;
  layout::Row row;
  row.set(state::kSeq, seq_);
  row.set(state::kPackets, counts_.packets);
  row.set(state::kBytes, counts_.bytes);
  row.set(state::kExpired, counts_.expired ? 1 : 0);
  return row;
}

std::variant<std::uint64_t, Drop> InboundState::admit(const layout::Row& sa_in, std::uint32_t seq_low) {
  if (counts_.expired) return Drop::kHardLimit;
  std::optional<std::uint64_t> seq = seq_low;
  if (sa_in.get(layout::sa_in::kEsn) == 1) seq = infer(top_, window_of(sa_in), seq_low);
  const std::optional<Drop> refused = seq ? replayed(*seq, window_of(sa_in)) : Drop::kReplayOld;
  if (refused) {
    ++replays_;
    return *refused;
  }
  return *seq;
}

std::optional<Drop> InboundState::accept(const layout::Row& sa_in, const layout::Row& sa_limits, std::uint64_t seq,
                                         bool icv_ok, std::uint64_t bytes, SaEvents& events) {
  if (!icv_ok) {
    ++icv_failures_;
    return Drop::kIcvMismatch;
  }
  const Limits limits = limits_of(sa_limits);
  if (would_pass_hard_limit(counts_, limits, bytes)) {
    expire(counts_, events);
    return Drop::kHardLimit;
  }
  top_ = std::max(top_, seq);
  accepted_.insert(seq);
  if (top_ > window_of(sa_in)) accepted_.erase(accepted_.begin(), accepted_.upper_bound(top_ - window_of(sa_in)));
  events.soft_limit = count(counts_, limits, bytes);
  return std::nullopt;
}

// RFC 4303 3.4.3.
std::optional<Drop> InboundState::replayed(std::uint64_t seq, std::uint64_t window) const {
  if (seq == 0 || (top_ >= window && seq <= top_ - window)) return Drop::kReplayOld;
  if (accepted_.contains(seq)) return Drop::kReplayDuplicate;
  return std::nullopt;
}

layout::Row InboundState::row() const {
  namespace state = layout::sa_in_state;
  layout::Row row;
  row.set(state::kTop, top_);
  row.set(state::kPackets, counts_.packets);
  row.set(state::kBytes, counts_.bytes);
  row.set(state::kIcvFailures, icv_failures_);
  row.set(state::kReplays, replays_);
  row.set(state::kExpired, counts_.expired ? 1 : 0);
  return row;
}

}  // namespace sallyport::driver::software
