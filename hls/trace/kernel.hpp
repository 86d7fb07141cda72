// SPDX-License-Identifier: Apache-2.0
// A kernel as the tool and the tests see it: its name, where it is written, its depth, and a body over named ports.
#pragma once

#include <array>
#include <cassert>
#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hls/trace/num.hpp"
#include "hls/trace/wire.hpp"

namespace sallyport::hls {

// The ports of a kernel's body. Over num they carry values in and out, over wire they become the circuit's ports.
template <template <int> class W>
class Ports;

template <>
class Ports<num> {
 public:
  explicit Ports(std::span<const Bits> inputs) : inputs_(inputs) {}

  template <int N>
  num<N> in(const std::string&) {
    assert(next_ < inputs_.size());
    return num<N>::from(inputs_[next_++]);
  }
  template <int N>
  num<N> late(const std::string& name, int = -1) {
    return in<N>(name);
  }
  template <int N>
  void out(const std::string&, const num<N>& value) {
    outputs_.push_back(value.bits());
  }
  [[nodiscard]] std::vector<Bits> take_outputs() { return std::move(outputs_); }

 private:
  std::span<const Bits> inputs_;
  std::size_t next_ = 0;
  std::vector<Bits> outputs_;
};

template <>
class Ports<wire> {
 public:
  template <int N>
  wire<N> in(const std::string& name) {
    return wire<N>::at(Drawing::current().input(name, -1, N, false));
  }
  // An input that is presented at the stage that reads it; `element` is its place when several make an array.
  template <int N>
  wire<N> late(const std::string& name, int element = -1) {
    return wire<N>::at(Drawing::current().input(name, element, N, true));
  }
  template <int N>
  void out(const std::string& name, wire<N> value) {
    Drawing::current().output(name, value.node());
  }
};

template <int N, int Count, template <int> class W>
std::array<W<N>, Count> late_array(Ports<W>& ports, const std::string& name) {
  std::array<W<N>, Count> all;
  for (int i = 0; i < Count; ++i) all[i] = ports.template late<N>(name, i);
  return all;
}

inline constexpr int kCombinational = 0;

struct Kernel {
  std::string name;    // of the module; its package is NAME_pkg
  std::string source;  // path from the top of the tree
  int depth;           // allowed between two registers, in tenths of a LUT level; kCombinational: no registers at all
  std::function<void(Ports<num>&)> compute;
  std::function<void(Ports<wire>&)> draw;

  [[nodiscard]] std::vector<Bits> operator()(std::span<const Bits> inputs) const;  // the values of the outputs
  [[nodiscard]] Graph graph() const;

  friend std::ostream& operator<<(std::ostream& out, const Kernel& kernel) { return out << kernel.name; }
};

// `body` is called with ports of either word type: [](auto& ports) { ... }.
template <class Body>
Kernel make_kernel(std::string name, std::string source, int depth, Body body) {
  return {std::move(name), std::move(source), depth, [body](Ports<num>& ports) { body(ports); },
          [body](Ports<wire>& ports) { body(ports); }};
}

}  // namespace sallyport::hls
