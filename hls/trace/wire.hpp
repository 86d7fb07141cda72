// SPDX-License-Identifier: Apache-2.0
// wire<N>: a word of N bits that draws. A kernel over wire adds its operations to the graph being drawn.
#pragma once

#include <cassert>
#include <concepts>
#include <cstdint>

#include "hls/trace/graph.hpp"

namespace sallyport::hls {

// The graph that wires of this thread are drawn on, for as long as the object lives.
class Drawing {
 public:
  explicit Drawing(Graph& graph) : outer_(current_) { current_ = &graph; }
  ~Drawing() { current_ = outer_; }
  Drawing(const Drawing&) = delete;
  Drawing& operator=(const Drawing&) = delete;

  static Graph& current() {
    assert(current_ != nullptr && "wires exist only while a graph is being drawn");
    return *current_;
  }

 private:
  static inline thread_local Graph* current_ = nullptr;
  Graph* outer_;
};

template <int N>
class wire {
  static_assert(N >= 1, "a word has at least one bit");

 public:
  static constexpr int kWidth = N;

  wire() = default;          // not connected: using it stops the program
  wire(std::uint64_t value)  // NOLINT: constants mix freely with words
      : node_(Drawing::current().constant(Bits(N, value))) {
    assert(Bits(N, value).words[0] == value && "the constant has more bits than the word");
  }
  static wire at(int node) {
    assert(Drawing::current().node(node).width == N);
    wire r;
    r.node_ = node;
    return r;
  }

  [[nodiscard]] int node() const {
    assert(node_ >= 0 && "this wire was never connected");
    return node_;
  }

  friend wire operator^(wire a, wire b) { return two(Op::kXor, a, b); }
  friend wire operator&(wire a, wire b) { return two(Op::kAnd, a, b); }
  friend wire operator|(wire a, wire b) { return two(Op::kOr, a, b); }
  friend wire operator+(wire a, wire b) { return two(Op::kAdd, a, b); }
  friend wire operator~(wire a) { return at(Drawing::current().add(Op::kNot, N, {a.node()})); }
  friend wire<1> operator==(wire a, wire b) { return compare(Op::kEqual, a, b); }
  friend wire<1> operator<(wire a, wire b) { return compare(Op::kLess, a, b); }

 private:
  static wire two(Op op, wire a, wire b) { return at(Drawing::current().add(op, N, {a.node(), b.node()})); }
  static wire<1> compare(Op op, wire a, wire b) {
    return wire<1>::at(Drawing::current().add(op, 1, {a.node(), b.node()}));
  }

  int node_ = -1;
};

template <int Lo, int W, int N>
wire<W> slice(wire<N> x) {
  static_assert(Lo >= 0 && W >= 1 && Lo + W <= N, "the part lies outside the word");
  return wire<W>::at(Drawing::current().slice(x.node(), Lo, W));
}
template <int A, int B>
wire<A + B> cat(wire<A> high, wire<B> low) {
  return wire<A + B>::at(Drawing::current().cat({high.node(), low.node()}));
}
// All words at once, with a single carry chain: three go through one more LUT level than two at most, where a sum of
// sums would take a carry chain each.
template <int N, std::same_as<wire<N>>... More>
wire<N> sum(wire<N> a, More... more) {
  return wire<N>::at(Drawing::current().add(Op::kAdd, N, {a.node(), more.node()...}));
}
template <int N>
wire<N + 2> times(wire<N> x, wire<kFactorBits> factor) {
  static_assert(kFactorBits == 3);
  return wire<N + 2>::at(Drawing::current().add(Op::kTimes, N + 2, {x.node(), factor.node()}));
}
template <int N>
wire<N> mux(wire<1> choose, wire<N> if_one, wire<N> if_zero) {
  return wire<N>::at(Drawing::current().add(Op::kMux, N, {choose.node(), if_one.node(), if_zero.node()}));
}
template <int N>
wire<N> fill(wire<1> bit) {
  if constexpr (N == 1) {
    return bit;
  } else {
    return wire<N>::at(Drawing::current().add(Op::kFill, N, {bit.node()}));
  }
}
template <int D, int A>
wire<D> lookup(const Table& table, wire<A> address) {
  return wire<D>::at(Drawing::current().lookup(table, address.node()));
}

// Keeps these bits together as one word in the emitted code: several slices put together are then worked on at once,
// which is what makes the simulation fast. No cost in the circuit.
template <int N>
wire<N> hold(wire<N> x) {
  return wire<N>::at(Drawing::current().add(Op::kHold, N, {x.node()}));
}

// A register here, whatever the depth: what reads the result sits at least one stage after what made it.
template <int N>
wire<N> cut(wire<N> x) {
  return wire<N>::at(Drawing::current().add(Op::kCut, N, {x.node()}));
}

}  // namespace sallyport::hls
