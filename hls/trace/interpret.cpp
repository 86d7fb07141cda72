// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/interpret.hpp"

#include <cassert>
#include <numeric>

namespace sallyport::hls {
namespace {

template <class F>
Bits word_by_word(const Bits& a, const Bits& b, F f) {
  Bits r(a.width);
  for (std::size_t i = 0; i < r.words.size(); ++i) r.words[i] = f(a.words[i], b.words[i]);
  r.trim();
  return r;
}

// Bit by bit, unlike num: slow, and hard to get wrong in the same way.
Bits sum(const Bits& a, const Bits& b) {
  Bits r(a.width);
  int carry = 0;
  for (int i = 0; i < a.width; ++i) {
    const int total = a.bit(i) + b.bit(i) + carry;
    if ((total & 1) != 0) r.set(i);
    carry = total >> 1;
  }
  return r;
}

bool less(const Bits& a, const Bits& b) {
  for (int i = a.width; i-- > 0;) {
    if (a.bit(i) != b.bit(i)) return b.bit(i);
  }
  return false;
}

Bits copy(int width, const Bits& from, int low) {
  Bits r(width);
  for (int i = 0; i < width; ++i) {
    if (from.bit(low + i)) r.set(i);
  }
  return r;
}

Bits join(int width, std::span<const Bits> parts) {
  Bits r(width);
  int bottom = width;
  for (const Bits& part : parts) {
    bottom -= part.width;
    for (int i = 0; i < part.width; ++i) {
      if (part.bit(i)) r.set(bottom + i);
    }
  }
  return r;
}

}  // namespace

Bits evaluate(const Graph& graph, const Node& node, std::span<const Bits> args) {
  switch (node.op) {
    case Op::kNot:
      return word_by_word(args[0], args[0], [](auto a, auto) { return ~a; });
    case Op::kAnd:
      return word_by_word(args[0], args[1], [](auto a, auto b) { return a & b; });
    case Op::kOr:
      return word_by_word(args[0], args[1], [](auto a, auto b) { return a | b; });
    case Op::kXor:
      return word_by_word(args[0], args[1], [](auto a, auto b) { return a ^ b; });
    case Op::kAdd:
      return std::accumulate(args.begin() + 1, args.end(), args[0], sum);
    case Op::kEqual:
      return Bits(1, args[0] == args[1] ? 1 : 0);
    case Op::kLess:
      return Bits(1, less(args[0], args[1]) ? 1 : 0);
    case Op::kTimes: {
      Bits r(node.width);
      for (int i = 0; i < args[0].width; ++i) {
        for (int k = 0; k < kFactorBits; ++k) {
          if (args[0].bit(i) && args[1].bit(k)) r.words[(i + k) / 64] ^= std::uint64_t{1} << ((i + k) % 64);
        }
      }
      return r;
    }
    case Op::kMux:
      return args[0].zero() ? args[2] : args[1];
    case Op::kFill:
      return args[0].zero() ? Bits(node.width)
                            : word_by_word(Bits(node.width), Bits(node.width), [](auto a, auto) { return ~a; });
    case Op::kSlice:
      return copy(node.width, args[0], node.index);
    case Op::kCat:
      return join(node.width, args);
    case Op::kLookup:
      return Bits(node.width, graph.tables()[node.index].values[args[0].words[0]]);
    case Op::kHold:
    case Op::kCut:
      return args[0];
    case Op::kConstant:
    case Op::kInput:
      break;
  }
  assert(false && "a constant or an input is not computed");
  return Bits(node.width);
}

std::vector<Bits> interpret(const Graph& graph, std::span<const Bits> inputs) {
  assert(inputs.size() == graph.inputs().size());
  std::vector<Bits> value;
  value.reserve(graph.nodes().size());
  for (int i = 0; i < static_cast<int>(graph.nodes().size()); ++i) {
    const Node& node = graph.node(i);
    if (node.op == Op::kConstant) {
      value.push_back(graph.value_of(i));
    } else if (node.op == Op::kInput) {
      assert(inputs[node.index].width == node.width);
      value.push_back(inputs[node.index]);
    } else {
      std::vector<Bits> args;
      for (int a : node.args) args.push_back(value[a]);
      value.push_back(evaluate(graph, node, args));
    }
  }
  std::vector<Bits> outputs;
  for (const Output& output : graph.outputs()) outputs.push_back(value[output.node]);
  return outputs;
}

}  // namespace sallyport::hls
