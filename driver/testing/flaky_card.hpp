// SPDX-License-Identifier: Apache-2.0
// For tests: a card that one can watch and that fails when told to.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "driver/card.hpp"

namespace sallyport::driver::testing {

class FlakyCard : public Card {
 public:
  explicit FlakyCard(Card& card) : card_(&card) {}

  enum class Loss { kRequest, kAnswer };  // the access never reaches the card; or it does, and nobody hears of it
  // From the n-th register access from now on (0: the next) every access fails, until heal().
  void fail_from(unsigned n, Loss loss) {
    left_ = n;
    loss_ = loss;
    failed_ = false;
  }
  // Until heal() writes of this register fail.
  void refuse(const layout::Register& reg) { refused_ = reg.offset; }
  void heal() {
    left_.reset();
    refused_.reset();
  }
  [[nodiscard]] bool failed() const { return failed_; }  // any access, since fail_from()

  // Called before each access that reaches the card.
  void watch(std::function<void()> watcher) { watcher_ = std::move(watcher); }
  // Called right after each write of this register that reaches the card, before its writer can do anything else.
  void on_written(const layout::Register& reg, std::function<void(std::uint32_t value)> then) {
    written_[reg.offset] = std::move(then);
  }
  // Writes of this register reach nobody, and no error is seen.
  void swallow(const layout::Register& reg) { swallowed_ = reg.offset; }
  // What was allocated and still is.
  [[nodiscard]] const std::vector<std::span<std::uint8_t>>& memory() const { return memory_; }

  Result<std::uint32_t> read(const layout::Register& reg) override {
    return access<std::uint32_t>([&] { return card_->read(reg); });
  }
  Result<void> write(const layout::Register& reg, std::uint32_t value) override {
    if (swallowed_ == reg.offset) return {};
    if (refused_ == reg.offset) return lost();
    return access<void>([&] {
      auto written = card_->write(reg, value);
      if (const auto then = written_.find(reg.offset); then != written_.end()) then->second(value);
      return written;
    });
  }
  Result<std::unique_ptr<HostMemory>> allocate(std::size_t size) override {
    auto memory = card_->allocate(size);
    if (memory) memory_.push_back((*memory)->bytes());
    return memory;
  }
  std::string description() const override { return "a card that fails"; }

 private:
  static Error lost() { return {Errc::kIo, "the card was told to fail"}; }

  template <class T, class Body>
  Result<T> access(Body body) {
    const bool fails = left_ == 0u;
    failed_ = failed_ || fails;
    if (left_ && *left_ > 0) --*left_;
    if (fails && loss_ == Loss::kRequest) return lost();
    if (watcher_) watcher_();
    Result<T> answer = body();
    if (fails) return lost();
    return answer;
  }

  Card* card_;
  std::optional<unsigned> left_;
  Loss loss_ = Loss::kRequest;
  bool failed_ = false;
  std::function<void()> watcher_;
  std::map<std::uint32_t, std::function<void(std::uint32_t value)>> written_;  // by offset
  std::optional<std::uint32_t> swallowed_;
  std::optional<std::uint32_t> refused_;
  std::vector<std::span<std::uint8_t>> memory_;
};

}  // namespace sallyport::driver::testing
