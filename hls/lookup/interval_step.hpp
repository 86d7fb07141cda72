// SPDX-License-Identifier: Apache-2.0
// One step of an interval search: from a node of the tree over sorted starts to one of its children.
#pragma once

#include <bit>

#include "hls/trace/ops.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::hls {

// Enough for the deepest tree's last step, which leads to nodes n to 2n-1 for n intervals.
inline constexpr int kNodeBits = std::countr_zero(layout::kRouteIntervals) + 1;
static_assert(layout::kAddressIntervals <= layout::kRouteIntervals &&
              layout::kPortIntervals <= layout::kRouteIntervals &&
              layout::kPrincipalIntervals <= layout::kRouteIntervals);

// layout::interval_node: start at node 1; at node i go to 2i, or to 2i+1 when key >= start(i). After log2(n) steps the
// node less n is the interval; that is, the node without its highest bit.
template <template <int> class W, int KeyBits>
W<kNodeBits> interval_step(W<KeyBits> key, W<KeyBits> start, W<kNodeBits> node) {
  return cat(slice<0, kNodeBits - 1>(node), ~(key < start));
}

}  // namespace sallyport::hls
