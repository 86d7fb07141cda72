// SPDX-License-Identifier: Apache-2.0
#include "driver/rings/rings.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "hw/layout/descriptors.hpp"
#include "hw/layout/row.hpp"

namespace sallyport::driver {
namespace {

namespace reg = layout::reg;
using layout::Register;

constexpr unsigned kMostSlots = 4096;

struct RingRegisters {
  Register address;
  Register slots;
};

Result<std::unique_ptr<HostMemory>> start_ring(Card& card, unsigned slots, const RingRegisters& registers) {
  if (slots == 0 || slots > kMostSlots || (slots & (slots - 1)) != 0) {
    return Error{Errc::kInvalid, "a ring of " + std::to_string(slots) + " slots: must be a power of two up to 4096"};
  }
  auto memory = card.allocate(std::size_t{slots} * layout::kSlotBytes);
  if (!memory) return memory;
  const std::uint64_t address = (*memory)->address();
  if (auto r = card.write(registers.slots, 0); !r) return r.error();
  if (auto r = card.write(registers.address, static_cast<std::uint32_t>(address)); !r) return r.error();
  if (auto r = card.write(registers.address.at(1), static_cast<std::uint32_t>(address >> 32)); !r) return r.error();
  if (auto r = card.write(registers.slots, slots); !r) return r.error();
  return memory;
}

std::span<std::uint8_t> slot(HostMemory& memory, unsigned slots, std::uint32_t number) {
  return memory.bytes().subspan(std::size_t{number & (slots - 1)} * layout::kSlotBytes, layout::kSlotBytes);
}

Message message_of(const layout::Row& row) {
  namespace d = layout::rx_descriptor;
  Message m;
  m.reason = static_cast<layout::Upcall>(row.get(d::kUpcall));
  m.port = static_cast<layout::Port>(row.get(d::kPort));
  m.generation = static_cast<std::uint32_t>(row.get(d::kGeneration));
  m.spi = static_cast<std::uint32_t>(row.get(d::kSpi));
  m.sa_index = static_cast<std::uint16_t>(row.get(d::kSaIndex));
  m.outbound = row.get(d::kOutbound) != 0;
  m.decapsulated = row.get(d::kDecapsulated) != 0;
  m.policy_id = static_cast<std::uint16_t>(row.get(d::kPolicyId));
  m.principal = static_cast<std::uint16_t>(row.get(d::kPrincipal));
  m.source = row.get_address(d::kSource);
  return m;
}

}  // namespace

// ---- RxRing --------------------------------------------------------------------------------------------------------

Result<RxRing> RxRing::start(Card& card, unsigned slots) {
  auto memory = start_ring(card, slots, {reg::kRxAddress, reg::kRxSlots});
  if (!memory) return memory.error();
  return RxRing(card, std::move(memory).value(), slots);
}

RxRing::RxRing(RxRing&& other) noexcept
    : card_(std::exchange(other.card_, nullptr)),
      memory_(std::move(other.memory_)),
      slots_(other.slots_),
      next_(other.next_),
      given_(other.given_) {}

RxRing::~RxRing() {
  if (card_ != nullptr) (void)card_->write(reg::kRxSlots, 0);
}

Result<void> RxRing::give_back() {
  given_ = next_;
  return card_->write(reg::kRxConsumer, given_);
}

Result<std::optional<Message>> RxRing::poll() {
  const auto bytes = slot(*memory_, slots_, next_);
  // The card writes the descriptor last; everything behind its number is there once the number is.
  const std::atomic_ref<std::uint32_t> number(*reinterpret_cast<std::uint32_t*>(bytes.data()));
  if (number.load(std::memory_order_acquire) != next_ + 1) {
    if (given_ != next_) {
      if (auto r = give_back(); !r) return r.error();
    }
    return std::optional<Message>();
  }
  layout::Row row;
  std::copy_n(bytes.begin(), layout::kRowBytes, row.bytes().begin());
  const auto length = row.get(layout::rx_descriptor::kLength);
  const bool known = row.get(layout::rx_descriptor::kUpcall) < sizeof(layout::kUpcalls) / sizeof(layout::kUpcalls[0]);
  if (length > layout::kMaxFrame || !known) {
    return Error{Errc::kCorrupt, "the card wrote a descriptor that cannot be: is its layout another version?"};
  }
  Message m = message_of(row);
  const auto frame = bytes.subspan(layout::kRowBytes, length);
  m.frame.assign(frame.begin(), frame.end());
  ++next_;
  // A register write costs more than a message: give slots back by the quarter ring, and when there is nothing to read.
  if (next_ - given_ >= std::max(1U, slots_ / 4)) {
    if (auto r = give_back(); !r) return r.error();
  }
  return std::optional<Message>(std::move(m));
}

// ---- TxRing --------------------------------------------------------------------------------------------------------

Result<TxRing> TxRing::start(Card& card, unsigned slots) {
  auto memory = start_ring(card, slots, {reg::kTxAddress, reg::kTxSlots});
  if (!memory) return memory.error();
  return TxRing(card, std::move(memory).value(), slots);
}

TxRing::TxRing(TxRing&& other) noexcept
    : card_(std::exchange(other.card_, nullptr)),
      memory_(std::move(other.memory_)),
      slots_(other.slots_),
      next_(other.next_),
      consumed_(other.consumed_) {}

TxRing::~TxRing() {
  if (card_ != nullptr) (void)card_->write(reg::kTxSlots, 0);
}

Result<void> TxRing::send(layout::Inject where, Bytes frame, std::optional<std::uint16_t> principal) {
  constexpr std::size_t kLeast = 14;
  if (frame.size() < kLeast || frame.size() > layout::kMaxFrame) {
    return Error{Errc::kInvalid, "a frame of " + std::to_string(frame.size()) + " bytes: must be 14 to 9216"};
  }
  if (next_ - consumed_ == slots_) {
    auto consumer = card_->read(reg::kTxConsumer);
    if (!consumer) return consumer.error();
    consumed_ = *consumer;
    if (next_ - consumed_ >= slots_) return Error{Errc::kBusy, "the ring to the card is full"};
  }
  layout::Row row;
  row.set(layout::tx_descriptor::kLength, frame.size());
  row.set(layout::tx_descriptor::kInject, static_cast<std::uint64_t>(where));
  row.set(layout::tx_descriptor::kKnown, principal ? 1 : 0);
  row.set(layout::tx_descriptor::kPrincipal, principal.value_or(0));
  const auto bytes = slot(*memory_, slots_, next_);
  std::copy(row.bytes().begin(), row.bytes().end(), bytes.begin());
  std::copy(frame.begin(), frame.end(), bytes.begin() + layout::kRowBytes);
  std::atomic_thread_fence(std::memory_order_release);  // the slot is whole before the doorbell
  ++next_;
  return card_->write(reg::kTxProducer, next_);
}

}  // namespace sallyport::driver
