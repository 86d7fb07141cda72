// SPDX-License-Identifier: Apache-2.0
// Live change of policy under full load: how many commits a second, and that no packet is lost, sees two policies or
// leaves under a type that neither allows.
//
// Every other flow has two SAs towards the other gateway, of two types. Generation g sends these flows through their
// first SA when g is odd, else through their second; those between keep theirs and are not affected, though the rules
// of all are kept in an order rotated by g. A packet that found its rule's place under one generation and read the rule
// under another would use another flow's SA, which does not open as one of the two that its own flow may use; a packet
// admitted behind the flip that still used the old SA would break the one step that each commit may make in the
// sequence of the packets that change. Both are counted. The other direction is as full, with packets that every
// generation accepts.
#pragma once

#include <boost/json/value.hpp>

#include "base/result.hpp"
#include "sim/bench/bench_card.hpp"
#include "sim/platform/platform.hpp"

namespace sallyport::bench {

struct UpdateOptions {
  unsigned commits = 20;
  std::size_t frame_length = 508;  // without FCS
  double share = 1.0;              // of a full WAN
};

Result<boost::json::value> measure_updates(BenchCard& card, sim::Platform& platform, const UpdateOptions& options);

}  // namespace sallyport::bench
