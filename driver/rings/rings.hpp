// SPDX-License-Identifier: Apache-2.0
// The two rings between card and host: exception packets and events up, frames down.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "driver/card.hpp"
#include "hw/layout/address.hpp"
#include "hw/layout/codes.hpp"

namespace sallyport::driver {

// What the card gives to the host: a packet it will not decide on, or an event (then `frame` is empty).
struct Message {
  layout::Upcall reason = layout::Upcall::kLocal;
  layout::Port port = layout::Port::kLan;
  Buffer frame;
  std::uint32_t generation = 0;  // it was admitted under
  std::uint32_t spi = 0;         // of the SA it concerns, or 0
  std::uint16_t sa_index = 0;
  bool outbound = false;  // that SA is outbound
  bool decapsulated = false;
  std::uint16_t policy_id = 0;
  std::uint16_t principal = 0;
  layout::Address source;  // events: outer source address
};

// Both rings stop when they end; the card then drops what it has for the host, and counts it.
class RxRing {
 public:
  // `slots` is a power of two up to 4096.
  static Result<RxRing> start(Card& card, unsigned slots);
  RxRing(RxRing&& other) noexcept;
  RxRing& operator=(RxRing&&) = delete;
  ~RxRing();

  // The next message, or nothing. Never waits. kCorrupt when the card wrote what no card writes.
  Result<std::optional<Message>> poll();

 private:
  RxRing(Card& card, std::unique_ptr<HostMemory> memory, unsigned slots)
      : card_(&card), memory_(std::move(memory)), slots_(slots) {}
  Result<void> give_back();

  Card* card_;
  std::unique_ptr<HostMemory> memory_;
  unsigned slots_;
  std::uint32_t next_ = 0;   // slot to look at
  std::uint32_t given_ = 0;  // slots given back to the card
};

class TxRing {
 public:
  static Result<TxRing> start(Card& card, unsigned slots);
  TxRing(TxRing&& other) noexcept;
  TxRing& operator=(TxRing&&) = delete;
  ~TxRing();

  // 14 to layout::kMaxFrame bytes from the destination MAC address on. `principal`: who sent a frame that is given back
  // to the card as lan_rx; without one the card finds it out. kBusy when the ring is full.
  Result<void> send(layout::Inject where, Bytes frame, std::optional<std::uint16_t> principal = std::nullopt);

 private:
  TxRing(Card& card, std::unique_ptr<HostMemory> memory, unsigned slots)
      : card_(&card), memory_(std::move(memory)), slots_(slots) {}

  Card* card_;
  std::unique_ptr<HostMemory> memory_;
  unsigned slots_;
  std::uint32_t next_ = 0;      // slot to fill
  std::uint32_t consumed_ = 0;  // as last read from the card
};

}  // namespace sallyport::driver
