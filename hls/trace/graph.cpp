// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/graph.hpp"

#include <algorithm>
#include <cassert>

#include "hls/trace/interpret.hpp"

namespace sallyport::hls {
namespace {

bool commutes(Op op) { return op == Op::kAnd || op == Op::kOr || op == Op::kXor || op == Op::kAdd || op == Op::kEqual; }

}  // namespace

int Graph::share(Op op, int width, std::vector<int> args, int index) {
  const auto [at, fresh] = shared_.try_emplace({op, width, index, args}, static_cast<int>(nodes_.size()));
  if (fresh) nodes_.push_back({op, width, std::move(args), index});
  return at->second;
}

int Graph::constant(Bits value) {
  const auto [at, fresh] = constant_nodes_.try_emplace(value, static_cast<int>(nodes_.size()));
  if (fresh) {
    nodes_.push_back({Op::kConstant, value.width, {}, static_cast<int>(constants_.size())});
    constants_.push_back(std::move(value));
  }
  return at->second;
}

int Graph::input(std::string name, int element, int width, bool late) {
  const int node = static_cast<int>(nodes_.size());
  nodes_.push_back({Op::kInput, width, {}, static_cast<int>(inputs_.size())});
  inputs_.push_back({std::move(name), element, width, late, node});
  return node;
}

int Graph::add(Op op, int width, std::vector<int> args, int index) {
  if (op == Op::kSlice) return slice(args[0], index, width);
  if (op == Op::kCat) return cat(args);
  if (commutes(op)) {  // a constant stands last, so that the identities look in one place
    std::sort(args.begin(), args.end(),
              [&](int a, int b) { return std::pair(is_constant(a), a) < std::pair(is_constant(b), b); });
  }
  if (std::all_of(args.begin(), args.end(), [&](int a) { return is_constant(a); })) {
    std::vector<Bits> values;
    for (int a : args) values.push_back(value_of(a));
    return constant(evaluate(*this, Node{op, width, args, index}, values));
  }
  if (op == Op::kAdd) return sum(width, std::move(args));
  if (const int same = identity(op, args); same >= 0) return same;
  return share(op, width, std::move(args), index);
}

int Graph::sum(int width, std::vector<int> args) {
  for (std::size_t n = args.size(); n > 1 && is_constant(args[n - 2]); --n) {
    const std::vector<Bits> values = {value_of(args[n - 2]), value_of(args[n - 1])};
    args.pop_back();
    args.back() = constant(evaluate(*this, Node{Op::kAdd, width, {}, 0}, values));
  }
  if (is_zero(args.back())) args.pop_back();
  return args.size() == 1 ? args[0] : share(Op::kAdd, width, std::move(args), 0);
}

int Graph::identity(Op op, const std::vector<int>& args) {
  const int a = args[0];
  const int b = args.size() > 1 ? args[1] : -1;
  switch (op) {
    case Op::kNot:
      return nodes_[a].op == Op::kNot ? nodes_[a].args[0] : -1;
    case Op::kAnd:
      return is_zero(b) ? b : is_ones(b) || a == b ? a : -1;
    case Op::kOr:
      return is_ones(b) ? b : is_zero(b) || a == b ? a : -1;
    case Op::kXor:
      if (a == b) return constant(Bits(nodes_[a].width));
      return is_zero(b) ? a : is_ones(b) ? add(Op::kNot, nodes_[a].width, {a}) : -1;
    case Op::kEqual:
      return a == b ? constant(Bits(1, 1)) : -1;
    case Op::kLess:
      return a == b || is_zero(b) ? constant(Bits(1)) : -1;
    case Op::kMux:
      if (is_constant(a)) return is_zero(a) ? args[2] : b;
      return b == args[2] ? b : -1;
    case Op::kFill:
      return -1;
    case Op::kHold:  // nothing but a concatenation needs holding
      return nodes_[a].op == Op::kCat ? -1 : a;
    default:
      return -1;
  }
}

int Graph::slice(int x, int low, int width) {
  const Node n = nodes_[x];  // a copy: the vector may grow below
  assert(low >= 0 && width >= 1 && low + width <= n.width);
  if (width == n.width) return x;
  if (n.op == Op::kSlice) return slice(n.args[0], n.index + low, width);
  if (n.op == Op::kCut) return add(Op::kCut, width, {slice(n.args[0], low, width)});
  if (n.op == Op::kFill) return width == 1 ? n.args[0] : add(Op::kFill, width, n.args);
  if (n.op == Op::kConstant) {
    const std::vector<Bits> value = {value_of(x)};
    return constant(evaluate(*this, Node{Op::kSlice, width, {x}, low}, value));
  }
  if (n.op == Op::kCat) {
    std::vector<int> parts;
    int bottom = n.width;
    for (int part : n.args) {
      const int part_width = nodes_[part].width;
      bottom -= part_width;
      const int from = std::max(low, bottom);
      const int to = std::min(low + width, bottom + part_width);
      if (from < to) parts.push_back(slice(part, from - bottom, to - from));
    }
    return cat(parts);
  }
  return share(Op::kSlice, width, {x}, low);
}

void Graph::append(std::vector<int>& parts, int x) {
  if (!parts.empty()) {
    const int above = parts.back();
    const int width = nodes_[above].width + nodes_[x].width;
    if (is_constant(above) && is_constant(x)) {
      const std::vector<Bits> values = {value_of(above), value_of(x)};
      parts.back() = constant(evaluate(*this, Node{Op::kCat, width, {above, x}, 0}, values));
      return;
    }
    const Node& n = nodes_[x];
    const Node& m = nodes_[above];
    if (n.op == Op::kSlice && m.op == Op::kSlice && n.args == m.args && m.index == n.index + n.width) {
      parts.back() = slice(n.args[0], n.index, width);
      return;
    }
  }
  parts.push_back(x);
}

int Graph::cat(const std::vector<int>& given) {
  std::vector<int> parts;
  for (int x : given) {
    if (nodes_[x].op == Op::kCat) {
      for (int part : std::vector<int>(nodes_[x].args)) append(parts, part);
    } else {
      append(parts, x);
    }
  }
  if (parts.size() == 1) return parts[0];
  int width = 0;
  for (int x : parts) width += nodes_[x].width;
  return share(Op::kCat, width, std::move(parts), 0);
}

int Graph::lookup(const Table& table, int address) {
  assert(nodes_[address].width == table.address_bits);
  std::size_t index = 0;
  while (index < tables_.size() && tables_[index].name != table.name) ++index;
  if (index == tables_.size()) tables_.push_back(table);
  return add(Op::kLookup, table.data_bits, {address}, static_cast<int>(index));
}

}  // namespace sallyport::hls
