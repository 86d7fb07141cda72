// SPDX-License-Identifier: Apache-2.0
// The living state of SAs: sequence numbers, anti-replay windows and limits (hw/README.md, step 9 of either way).
#pragma once

#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "driver/software/tables.hpp"
#include "hw/layout/codes.hpp"

namespace sallyport::driver::software {

// What an accepted packet did to its SA.
struct SaEvents {
  bool soft_limit = false;  // this packet reached a soft limit
  bool hard_limit = false;  // this packet made the SA expire
};

struct SaCounts {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  bool expired = false;
};

class OutboundState {
 public:
  OutboundState() = default;
  explicit OutboundState(std::uint64_t last_seq) : seq_(last_seq) {}

  // The sequence number of the SA's next packet, or why there is none. `bytes` are those that count: of ESP the
  // ciphertext, of AH what it protects.
  std::variant<std::uint64_t, layout::Drop> number(const layout::Row& sa_out, const layout::Row& sa_limits,
                                                   std::uint64_t bytes, SaEvents& events);
  [[nodiscard]] layout::Row row() const;  // as sa_state shows it

 private:
  std::uint64_t seq_ = 0;
  SaCounts counts_;
};

class InboundState {
 public:
  // Before decryption: the whole sequence number, or why the packet is refused (counted).
  std::variant<std::uint64_t, layout::Drop> admit(const layout::Row& sa_in, std::uint32_t seq_low);
  // After decryption; nothing when the packet is accepted.
  std::optional<layout::Drop> accept(const layout::Row& sa_in, const layout::Row& sa_limits, std::uint64_t seq,
                                     bool icv_ok, std::uint64_t bytes, SaEvents& events);
  [[nodiscard]] layout::Row row() const;

 private:
  [[nodiscard]] std::optional<layout::Drop> replayed(std::uint64_t seq, std::uint64_t window) const;

  std::uint64_t top_ = 0;
  std::set<std::uint64_t> accepted_;  // of the numbers inside the window
  std::uint32_t icv_failures_ = 0;
  std::uint32_t replays_ = 0;
  SaCounts counts_;
};

}  // namespace sallyport::driver::software
