// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/delay.hpp"

#include <algorithm>
#include <iterator>
#include <map>

namespace sallyport::hls {
namespace {

void tidy(std::vector<int>& drivers) {
  std::erase(drivers, -1);
  std::sort(drivers.begin(), drivers.end());
  drivers.erase(std::unique(drivers.begin(), drivers.end()), drivers.end());
}

// The way onto a carry chain, and about a tenth of a level for every 8 bits along it.
int chain_delay(int width) { return 2 + width / 8; }

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

bool DelayModel::absorbable(int driver, int stage) const {
  const Driver& d = drivers_[driver];
  return stage_[d.node] == stage && d.leaf_count > 0;
}

int DelayModel::latest_arrival(const std::vector<int>& drivers, int stage) const {
  int latest = 0;
  for (int b : drivers) {
    if (b != kNoDriver) latest = std::max(latest, arrival(b, stage));
  }
  return latest;
}

int DelayModel::lut(int node, std::vector<int> leaves) {
  const int stage = stage_[node];
  const std::size_t most = Driver{}.leaves.size();
  // The leaves with what drives those of them that are chosen in their place; no change where one cannot be absorbed.
  const auto absorb = [&](const std::vector<int>& chosen, std::size_t limit) {
    std::vector<int> wider = leaves;
    for (int b : chosen) {
      if (!absorbable(b, stage)) return false;
      std::erase(wider, b);
      wider.insert(wider.end(), drivers_[b].leaves.begin(), drivers_[b].leaves.begin() + drivers_[b].leaf_count);
    }
    tidy(wider);
    if (wider.size() > limit) return false;
    leaves = std::move(wider);
    return true;
  };
  tidy(leaves);
  // All of the latest are absorbed or none: without all, the path is no shorter, and fewer leaves are easier for a
  // reader to absorb.
  std::vector<int> latest;
  do {
    const int when = latest_arrival(leaves, stage);
    latest.clear();
    std::copy_if(leaves.begin(), leaves.end(), std::back_inserter(latest),
                 [&](int b) { return arrival(b, stage) == when; });
  } while (!latest.empty() && absorb(latest, most));
  // Others where that takes no more inputs.
  for (std::size_t i = 0; i < leaves.size();) i = absorb({leaves[i]}, leaves.size()) ? 0 : i + 1;

  Driver r{node, latest_arrival(leaves, stage) + kLutLevel};
  for (int leaf : leaves) r.leaves[r.leaf_count++] = leaf;
  return add(r);
}

void DelayModel::place_bitwise(int node) {
  const Node& n = graph_.node(node);
  const bool has_mask = n.args.size() == 2 && graph_.is_constant(n.args[1]);
  for (int bit = 0; bit < n.width; ++bit) {
    std::vector<int> inputs;
    if (n.op == Op::kMux) inputs.push_back(wires_[n.args[0]][0]);
    for (std::size_t k = n.op == Op::kMux ? 1 : 0; k < n.args.size(); ++k) inputs.push_back(wires_[n.args[k]][bit]);
    tidy(inputs);
    if (inputs.empty()) continue;
    // A chain says "less" and "not less" alike.
    bool inverts = n.op == Op::kNot && graph_.node(n.args[0]).op != Op::kLess;
    if (has_mask) {
      const bool one = graph_.value_of(n.args[1]).bit(bit);
      if ((n.op == Op::kAnd && !one) || (n.op == Op::kOr && one)) continue;
      inverts = n.op == Op::kXor && one;
    }
    const bool wiring = inputs.size() == 1 && !inverts;  // as of a word shifted, where zeros came in
    wires_[node][bit] = wiring ? inputs[0] : lut(node, inputs);
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

// Carry-save adders, of which each bit is two LUTs, until two words remain; then a LUT that a carry chain starts from.
void DelayModel::place_sum(int node) {
  const int stage = stage_[node];
  const int width = graph_.node(node).width;
  std::vector<std::vector<int>> words;
  for (int a : graph_.node(node).args) words.push_back(wires_[a]);
  while (words.size() > 2) {
    std::stable_sort(words.begin(), words.end(), [&](const auto& a, const auto& b) {
      return latest_arrival(a, stage) > latest_arrival(b, stage);  // the earliest are summed first
    });
    std::vector<int> partial(width, kNoDriver);
    std::vector<int> carries(width, kNoDriver);
    for (int bit = 0; bit < width; ++bit) {
      std::vector<int> three;
      for (std::size_t k = words.size() - 3; k < words.size(); ++k) three.push_back(words[k][bit]);
      tidy(three);
      if (three.empty()) continue;
      partial[bit] = lut(node, three);
      if (bit + 1 < width) carries[bit + 1] = lut(node, three);
    }
    words.resize(words.size() - 3);
    words.push_back(std::move(partial));
    words.push_back(std::move(carries));
  }
  int latest = 0;
  for (int bit = 0; bit < width; ++bit) {
    const std::vector<int> two = {words[0][bit], words[1][bit]};  // both also go onto the chain as they are
    latest = std::max({latest, latest_arrival(two, stage), arrival(lut(node, two), stage)});
  }
  for (int& bit : wires_[node]) bit = add({node, latest + chain_delay(width)});
}

void DelayModel::place_block(int node) {
  const Node& n = graph_.node(node);
  std::vector<int> inputs;
  for (int a : n.args) inputs.insert(inputs.end(), wires_[a].begin(), wires_[a].end());
  tidy(inputs);
  const int width = graph_.node(n.args[0]).width;
  const int delay = n.op == Op::kLookup  ? table_delay(width)
                    : n.op == Op::kEqual ? tree_delay(inputs.size())
                                         : kLutLevel + chain_delay(width);
  const int driver = add({node, latest_arrival(inputs, stage_[node]) + delay});
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
      place_sum(node);
      break;
    case Op::kLess:
    case Op::kEqual:
    case Op::kLookup:
      place_block(node);
      break;
  }
  return latest_arrival(wires, stage);
}

}  // namespace sallyport::hls
