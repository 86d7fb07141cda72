// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/delay.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace sallyport::hls {
namespace {

void tidy(std::vector<int>& drivers) {
  std::erase(drivers, -1);
  std::sort(drivers.begin(), drivers.end());
  drivers.erase(std::unique(drivers.begin(), drivers.end()), drivers.end());
}

// A carry chain costs the LUT that starts it, the way onto the chain, and about a tenth of a level for every 8 bits.
int adder_delay(int width) { return kLutLevel + 2 + width / 8; }

// A tree of LUTs over the bits compared, those known to be constant left out.
int tree_delay(std::size_t inputs) {
  int levels = 1;
  for (std::size_t reach = 6; reach < inputs; reach *= 6) ++levels;
  return levels * kLutLevel;
}

// 64 entries are a LUT; the F7, F8 and F9 multiplexers behind it double that for about a fifth of a level each.
int table_delay(int address_bits) { return kLutLevel + 2 * std::max(0, address_bits - 6); }

// Of each bit of a table's words: the lowest bit that is the same in every entry, or -1 when it never changes. Only
// what differs costs the circuit anything.
std::vector<int> distinct_columns(const Table& table) {
  std::map<std::vector<bool>, int> seen;
  seen[std::vector<bool>(table.values.size(), false)] = -1;
  seen[std::vector<bool>(table.values.size(), true)] = -1;
  std::vector<int> columns;
  for (int bit = 0; bit < table.data_bits; ++bit) {
    std::vector<bool> column;
    for (const std::uint64_t value : table.values) column.push_back((value >> bit & 1) != 0);
    columns.push_back(seen.try_emplace(std::move(column), bit).first->second);
  }
  return columns;
}

}  // namespace

int DelayModel::arrival(int driver, int stage) const {
  const Driver& d = drivers_[driver];
  return stage_[d.node] < stage ? 0 : d.arrival;  // from an earlier stage it comes out of a register
}

int DelayModel::earliest_stage(int node) const {
  int stage = 0;
  for (int a : graph_.node(node).args) stage = std::max(stage, stage_[a]);
  return graph_.node(node).op == Op::kCut ? stage + 1 : stage;
}

int DelayModel::add(Driver driver) {
  drivers_.push_back(driver);
  return static_cast<int>(drivers_.size()) - 1;
}

int DelayModel::lut(int node, std::vector<int> inputs) {
  const int stage = stage_[node];
  tidy(inputs);
  std::stable_sort(inputs.begin(), inputs.end(), [&](int a, int b) { return arrival(a, stage) > arrival(b, stage); });
  std::set<int> leaves(inputs.begin(), inputs.end());
  // The latest first: absorbing those is what shortens the path. One that did not fit may fit once others are absorbed.
  for (bool absorbed = true; absorbed;) {
    absorbed = false;
    for (int b : inputs) {
      const Driver& d = drivers_[b];
      if (stage_[d.node] != stage || d.leaf_count == 0 || !leaves.count(b)) continue;
      std::set<int> wider = leaves;
      wider.erase(b);
      wider.insert(d.leaves.begin(), d.leaves.begin() + d.leaf_count);
      if (wider.size() > d.leaves.size()) continue;
      leaves = std::move(wider);
      absorbed = true;
    }
  }
  Driver r{node, 0};
  for (int leaf : leaves) {
    r.arrival = std::max(r.arrival, arrival(leaf, stage));
    r.leaves[r.leaf_count++] = leaf;
  }
  r.arrival += kLutLevel;
  return add(r);
}

void DelayModel::place_bitwise(int node) {
  const Node& n = graph_.node(node);
  const bool has_mask = n.args.size() == 2 && graph_.is_constant(n.args[1]);
  for (int bit = 0; bit < n.width; ++bit) {
    std::vector<int> inputs;
    if (n.op == Op::kMux) inputs.push_back(wires_[n.args[0]][0]);
    for (std::size_t k = n.op == Op::kMux ? 1 : 0; k < n.args.size(); ++k) inputs.push_back(wires_[n.args[k]][bit]);
    if (std::all_of(inputs.begin(), inputs.end(), [](int b) { return b == kNoDriver; })) continue;
    if (has_mask) {  // each bit is a constant, a wire or an inverter
      const bool one = graph_.value_of(n.args[1]).bit(bit);
      if ((n.op == Op::kAnd && !one) || (n.op == Op::kOr && one)) continue;
      if (n.op != Op::kXor || !one) {
        wires_[node][bit] = inputs[0];
        continue;
      }
    }
    wires_[node][bit] = lut(node, inputs);
  }
}

void DelayModel::place_product(int node) {
  const std::vector<int>& x = wires_[graph_.node(node).args[0]];
  const std::vector<int>& factor = wires_[graph_.node(node).args[1]];
  for (int bit = 0; bit < graph_.node(node).width; ++bit) {
    std::vector<int> inputs;
    for (int k = 0; k < kFactorBits; ++k) {
      if (bit < k || bit - k >= static_cast<int>(x.size()) || factor[k] == kNoDriver) continue;
      inputs.push_back(x[bit - k]);
      inputs.push_back(factor[k]);
    }
    if (!inputs.empty()) wires_[node][bit] = lut(node, inputs);
  }
}

void DelayModel::place_block(int node) {
  const Node& n = graph_.node(node);
  std::vector<int> inputs;
  for (int a : n.args) inputs.insert(inputs.end(), wires_[a].begin(), wires_[a].end());
  tidy(inputs);
  const int width = graph_.node(n.args[0]).width;
  const int delay = n.op == Op::kLookup  ? table_delay(width)
                    : n.op == Op::kEqual ? tree_delay(inputs.size())
                                         : adder_delay(width);
  int latest = 0;
  for (int b : inputs) latest = std::max(latest, arrival(b, stage_[node]));
  const int driver = add({node, latest + delay});
  for (int& bit : wires_[node]) bit = add(drivers_[driver]);  // bits differ, though they settle together
  if (n.op != Op::kLookup) return;
  const std::vector<int> columns = distinct_columns(graph_.tables()[n.index]);
  for (int bit = 0; bit < n.width; ++bit) {
    wires_[node][bit] = columns[bit] < 0 ? kNoDriver : wires_[node][columns[bit]];
  }
}

int DelayModel::place(int node, int stage) {
  const Node& n = graph_.node(node);
  std::vector<int>& wires = wires_[node];
  stage_[node] = stage;
  wires.assign(n.width, kNoDriver);
  switch (n.op) {
    case Op::kConstant:
      break;
    case Op::kInput:
      for (int& bit : wires) bit = add({node, 0});
      break;
    case Op::kSlice:
      std::copy_n(wires_[n.args[0]].begin() + n.index, n.width, wires.begin());
      break;
    case Op::kFill:
      wires.assign(n.width, wires_[n.args[0]][0]);
      break;
    case Op::kHold:
    case Op::kCut:
      wires = wires_[n.args[0]];
      break;
    case Op::kCat: {
      auto end = wires.end();
      for (int a : n.args) {
        end -= graph_.node(a).width;
        std::copy(wires_[a].begin(), wires_[a].end(), end);
      }
      break;
    }
    case Op::kNot:
    case Op::kAnd:
    case Op::kOr:
    case Op::kXor:
    case Op::kMux:
      place_bitwise(node);
      break;
    case Op::kTimes:
      place_product(node);
      break;
    case Op::kAdd:
    case Op::kLess:
    case Op::kEqual:
    case Op::kLookup:
      place_block(node);
      break;
  }
  int latest = 0;
  for (int b : wires) {
    if (b != kNoDriver) latest = std::max(latest, arrival(b, stage));
  }
  return latest;
}

}  // namespace sallyport::hls
