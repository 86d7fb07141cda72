// SPDX-License-Identifier: Apache-2.0
// Packets that wait for something: an SA, a neighbour. Bounded in number, bytes and time.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace sallyport::gateway {

struct HoldLimits {  // ours
  std::size_t packets_per_key = 64;
  std::size_t bytes = 1U << 20;  // of all keys together
  std::chrono::milliseconds time{4000};
};

struct Held {
  Buffer frame;
  std::uint16_t principal = 0;  // whose the card said it is
  friend bool operator==(const Held&, const Held&) = default;
};

template <class Key>
class HoldQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit HoldQueue(HoldLimits limits = {}) : limits_(limits) {}

  // False when there is no room: the packet is lost.
  bool hold(const Key& key, Held held, Time now) {
    auto& waiting = waiting_[key];
    if (waiting.size() >= limits_.packets_per_key || bytes_ + held.frame.size() > limits_.bytes) {
      if (waiting.empty()) waiting_.erase(key);
      return false;
    }
    bytes_ += held.frame.size();
    waiting.push_back({now, std::move(held)});
    return true;
  }

  // In the order they came.
  std::vector<Held> take(const Key& key) {
    std::vector<Held> out;
    const auto found = waiting_.find(key);
    if (found == waiting_.end()) return out;
    for (Waiting& waiting : found->second) {
      bytes_ -= waiting.held.frame.size();
      out.push_back(std::move(waiting.held));
    }
    waiting_.erase(found);
    return out;
  }

  // Forgets what waited too long; how many those were.
  std::size_t expire(Time now) {
    std::size_t lost = 0;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      auto& waiting = at->second;
      while (!waiting.empty() && waiting.front().since + limits_.time <= now) {
        bytes_ -= waiting.front().held.frame.size();
        waiting.pop_front();
        ++lost;
      }
      at = waiting.empty() ? waiting_.erase(at) : std::next(at);
    }
    return lost;
  }

  // Drops what is of a principal who is gone; how many those were.
  std::size_t forget(std::uint16_t principal) {
    std::size_t lost = 0;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      auto& waiting = at->second;
      lost += std::erase_if(waiting, [&](const Waiting& one) {
        if (one.held.principal != principal) return false;
        bytes_ -= one.held.frame.size();
        return true;
      });
      at = waiting.empty() ? waiting_.erase(at) : std::next(at);
    }
    return lost;
  }

  [[nodiscard]] std::vector<Key> keys() const {
    std::vector<Key> out;
    for (const auto& [key, waiting] : waiting_) out.push_back(key);
    return out;
  }
  [[nodiscard]] bool holds(const Key& key) const { return waiting_.contains(key); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Waiting {
    Time since;
    Held held;
  };
  HoldLimits limits_;
  std::map<Key, std::deque<Waiting>> waiting_;
  std::size_t bytes_ = 0;
};

}  // namespace sallyport::gateway
