// SPDX-License-Identifier: Apache-2.0
// The circuit a kernel draws: a graph of word operations, each folded and shared as it is added.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "hls/trace/bits.hpp"
#include "hls/trace/table.hpp"

namespace sallyport::hls {

// A product bit then depends on three bits of either side: one LUT.
inline constexpr int kFactorBits = 3;

enum class Op {
  kConstant,
  kInput,
  kNot,
  kAnd,
  kOr,
  kXor,
  kAdd,  // of two words or more
  kEqual,
  kLess,    // unsigned
  kTimes,   // carryless product by a factor of kFactorBits
  kMux,     // choose, if one, if zero
  kFill,    // copies of one bit
  kSlice,   // index: its lowest bit
  kCat,     // most significant first
  kLookup,  // index: the table
  kHold,    // the same bits, held together as one word
  kCut,     // the same bits, a register later
};

struct Node {
  Op op;
  int width;
  std::vector<int> args;  // nodes that stand before this one
  int index;              // which constant, input or table; the lowest bit of a slice
};

struct Input {
  std::string name;
  int element;  // its place in an array of inputs, or -1
  int width;
  bool late;  // read at the stage that needs it, not when the rest enters
  int node;

  [[nodiscard]] std::string port() const { return element < 0 ? name : name + "_" + std::to_string(element); }
};

struct Output {
  std::string name;
  int node;
};

class Graph {
 public:
  // Every function returns a node that computes what was asked for, new or already there.
  int constant(Bits value);
  int input(std::string name, int element, int width, bool late);
  int add(Op op, int width, std::vector<int> args, int index = 0);
  int slice(int x, int low, int width);
  int cat(const std::vector<int>& parts);  // most significant first
  int lookup(const Table& table, int address);
  void output(std::string name, int node) { outputs_.push_back({std::move(name), node}); }

  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const Node& node(int i) const { return nodes_[i]; }
  [[nodiscard]] const std::vector<Input>& inputs() const { return inputs_; }
  [[nodiscard]] const std::vector<Output>& outputs() const { return outputs_; }
  [[nodiscard]] const std::vector<Table>& tables() const { return tables_; }
  [[nodiscard]] bool is_constant(int i) const { return nodes_[i].op == Op::kConstant; }
  [[nodiscard]] const Bits& value_of(int constant) const { return constants_[nodes_[constant].index]; }

 private:
  int sum(int width, std::vector<int> args);
  int share(Op op, int width, std::vector<int> args, int index);
  [[nodiscard]] int identity(Op op, const std::vector<int>& args);  // a node already equal to this operation, or -1
  [[nodiscard]] bool is_zero(int i) const { return is_constant(i) && value_of(i).zero(); }
  [[nodiscard]] bool is_ones(int i) const { return is_constant(i) && value_of(i).ones(); }
  void append(std::vector<int>& parts, int x);  // to the less significant end, merged with its neighbour where possible

  std::vector<Node> nodes_;
  std::vector<Bits> constants_;
  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
  std::vector<Table> tables_;
  std::map<std::tuple<Op, int, int, std::vector<int>>, int> shared_;
  std::map<Bits, int> constant_nodes_;
};

}  // namespace sallyport::hls
