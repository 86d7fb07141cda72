// SPDX-License-Identifier: Apache-2.0
#include "host/policy/packet_set.hpp"

#include <algorithm>

namespace sallyport::policy {
namespace {

using Number = NumberSet::Number;

Number before(const Number& n) { return {n.low == 0 ? n.high - 1 : n.high, n.low - 1}; }

bool meet(const Box& a, const Box& b) {
  for (std::size_t d = 0; d < kDimensions; ++d) {
    if (!a[d].meets(b[d])) return false;
  }
  return true;
}

Box both(const Box& a, const Box& b) {
  Box out;
  for (std::size_t d = 0; d < kDimensions; ++d) out[d] = a[d].intersect(b[d]);
  return out;
}

}  // namespace

void NumberSet::add(const NumberSet& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  std::vector<Range> merged;
  for (const Range& r : ranges_) {
    const bool touches = !merged.empty() && (r.first <= merged.back().last || r.first == merged.back().last.next());
    if (touches) {
      merged.back().last = std::max(merged.back().last, r.last);
    } else {
      merged.push_back(r);
    }
  }
  ranges_ = std::move(merged);
}

bool NumberSet::meets(const NumberSet& other) const {
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    if (a->last < b->first) {
      ++a;
    } else if (b->last < a->first) {
      ++b;
    } else {
      return true;
    }
  }
  return false;
}

NumberSet NumberSet::intersect(const NumberSet& other) const {
  NumberSet out;
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    const Range r{std::max(a->first, b->first), std::min(a->last, b->last)};
    if (r.first <= r.last) out.ranges_.push_back(r);
    if (a->last < b->last) {
      ++a;
    } else {
      ++b;
    }
  }
  return out;
}

NumberSet NumberSet::without(const NumberSet& other) const {
  NumberSet out;
  for (Range left : ranges_) {
    bool whole_gone = false;
    for (const Range& r : other.ranges_) {
      if (r.last < left.first) continue;
      if (left.last < r.first) break;
      if (left.first < r.first) out.ranges_.push_back({left.first, before(r.first)});
      if (left.last <= r.last) {
        whole_gone = true;
        break;
      }
      left.first = r.last.next();
    }
    if (!whole_gone) out.ranges_.push_back(left);
  }
  return out;
}

bool is_empty(const Box& box) {
  return std::any_of(box.begin(), box.end(), [](const NumberSet& n) { return n.empty(); });
}

void PacketSet::add(Box box) {
  if (!is_empty(box)) boxes_.push_back(std::move(box));
}

bool PacketSet::meets(const PacketSet& other) const {
  return std::any_of(boxes_.begin(), boxes_.end(), [&](const Box& a) {
    return std::any_of(other.boxes_.begin(), other.boxes_.end(), [&](const Box& b) { return meet(a, b); });
  });
}

PacketSet PacketSet::intersect(const PacketSet& other) const {
  PacketSet out;
  for (const Box& a : boxes_) {
    for (const Box& b : other.boxes_) out.add(both(a, b));
  }
  return out;
}

bool PacketSet::remove(const PacketSet& other, std::size_t& steps) {
  for (const Box& taken : other.boxes_) {
    std::vector<Box> left;
    for (Box& box : boxes_) {
      if (steps == 0) return false;
      --steps;
      if (!meet(box, taken)) {
        left.push_back(std::move(box));
        continue;
      }
      // What differs in the first dimension, then of the rest what differs in the second, and so on: apart from each
      // other, and one for each dimension at most.
      for (std::size_t d = 0; d < kDimensions; ++d) {
        Box piece = box;
        piece[d] = box[d].without(taken[d]);
        if (!piece[d].empty()) left.push_back(std::move(piece));
        box[d] = box[d].intersect(taken[d]);
      }
    }
    boxes_ = std::move(left);
  }
  return true;
}

}  // namespace sallyport::policy
