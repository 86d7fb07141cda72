// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/text.hpp"

#include <cassert>

namespace sallyport::hls {
namespace {

constexpr int kLongestExpression = 24;  // operations written in one expression before a part of it gets a name

}  // namespace

Text::Text(const Graph& graph, const Pipeline& pipeline)
    : graph_(graph),
      pipeline_(pipeline),
      read_at_(graph.nodes().size()),
      reads_here_(graph.nodes().size()),
      sliced_(graph.nodes().size()),
      named_(graph.nodes().size()) {
  for (int i = 0; i < static_cast<int>(graph.nodes().size()); ++i) {
    if (!is_cell(i)) continue;
    for (int a : graph.node(i).args) note(a, pipeline.stage[i], graph.node(i).op == Op::kSlice);
  }
  for (const Output& output : graph.outputs()) note(output.node, pipeline.last, false);
  choose_names();
}

void Text::note(int x, int stage, bool sliced) {
  const Node& n = graph_.node(x);
  if (is_view(graph_, x)) {
    for (int a : n.args) note(a, stage, n.op == Op::kSlice || (sliced && n.op == Op::kCut));
    return;
  }
  read_at_[x].insert(stage);
  if (stage == pipeline_.stage[x]) ++reads_here_[x];
  if (sliced) sliced_[x] = true;
}

void Text::choose_names() {
  std::vector<int> length(graph_.nodes().size());
  for (int i = 0; i < static_cast<int>(graph_.nodes().size()); ++i) {
    if (!is_cell(i) || graph_.node(i).op == Op::kInput) continue;
    length[i] = 1;
    for (int a : graph_.node(i).args) length[i] += length[a];
    const bool read_later = !read_at_[i].empty() && *read_at_[i].rbegin() > pipeline_.stage[i];
    const int reads = reads_here_[i] + (read_later ? 1 : 0);
    named_[i] = reads > 1 || (reads_here_[i] > 0 &&
                              (graph_.node(i).op == Op::kHold || sliced_[i] || length[i] > kLongestExpression));
    if (named_[i] || reads_here_[i] == 0) length[i] = 0;
  }
}

std::string Text::range(int width) { return width == 1 ? "" : "[" + std::to_string(width - 1) + ":0] "; }

std::string Text::literal(int x) const {
  const Bits& value = graph_.value_of(x);
  return std::to_string(value.width) + "'h" + value.hex();
}

std::string Text::multiples_declaration(int x) const {
  return "    logic " + range(graph_.node(x).width + kFactorBits - 1) + multiples_name(x) +
         " [0:" + std::to_string((1 << kFactorBits) - 1) + "];\n";
}

// To a simulator a product is an array that the factor indexes: one read where masks and XORs would be dozens of
// operations. A synthesiser would not see behind the array's choice of one in eight that each bit is one LUT of six
// inputs, so it gets the masks.
std::string Text::product_forms(int width) {
  const std::string macro = product_macro(width);
  const std::string bits = std::to_string(width);
  std::string parameters;
  std::string arguments;
  std::string sum;
  for (int k = 0; k < kFactorBits; ++k) {
    const std::string power = std::to_string(1 << k);
    parameters += "logic " + range(width) + "x" + power + ", ";
    arguments += "multiples[" + power + "], ";
    sum += (k == 0 ? "({" : " ^ ({") + bits + "{factor[" + std::to_string(k) + "]}} & x" + power + ")";
  }
  return "\n`ifdef SYNTHESIS\n  function automatic logic " + range(width) + "times" + bits + "(" + parameters +
         "logic " + range(kFactorBits) + "factor);\n    times" + bits + " = " + sum + ";\n  endfunction\n`define " +
         macro + "(multiples, factor) times" + bits + "(" + arguments + "factor)\n`else\n`define " + macro +
         "(multiples, factor) multiples[factor]\n`endif\n";
}

std::string Text::multiples(int x, int stage) const {
  const std::string word = read(x, stage);
  const auto zeros = [](int n) { return std::to_string(n) + "'h0"; };
  std::string statements;
  for (int factor = 0; factor < 1 << kFactorBits; ++factor) {
    std::string sum;
    for (int k = 0; k < kFactorBits; ++k) {
      if ((factor >> k & 1) == 0) continue;
      std::string term = k + 1 < kFactorBits ? zeros(kFactorBits - 1 - k) + ", " + word : word;
      if (k > 0) term += ", " + zeros(k);
      sum += (sum.empty() ? "{" : " ^ {") + term + "}";
    }
    if (sum.empty()) sum = zeros(graph_.node(x).width + kFactorBits - 1);
    statements += "    " + multiples_name(x) + "[" + std::to_string(factor) + "] = " + sum + ";\n";
  }
  return statements;
}

std::string Text::name(int x, int stage) const {
  const Node& n = graph_.node(x);
  const bool input = n.op == Op::kInput;
  const bool here = stage == pipeline_.stage[x];
  std::string base = input ? graph_.inputs()[n.index].port() : "n" + std::to_string(x);
  if (here) return input ? base + "_i" : base;
  return base + "_p" + std::to_string(stage);
}

std::string Text::read(int x, int stage) const {
  const Node& n = graph_.node(x);
  switch (n.op) {
    case Op::kConstant:
      return literal(x);
    case Op::kCut:
      return read(n.args[0], stage);
    case Op::kFill:
      return "{" + std::to_string(n.width) + "{" + read(n.args[0], stage) + "}}";
    case Op::kCat: {
      std::string parts;
      for (int a : n.args) parts += (parts.empty() ? "" : ", ") + read(a, stage);
      return "{" + parts + "}";
    }
    case Op::kSlice:
      if (is_view(graph_, x)) {
        const std::string low = std::to_string(n.index);
        return read(n.args[0], stage) + "[" + (n.width == 1 ? low : std::to_string(n.index + n.width - 1) + ":" + low) +
               "]";
      }
      break;
    default:
      break;
  }
  const bool written_here = stage == pipeline_.stage[x] && !named_[x] && n.op != Op::kInput;
  return written_here ? "(" + compute(x) + ")" : name(x, stage);
}

std::string Text::compute(int x) const {
  const Node& n = graph_.node(x);
  const auto arg = [&](int k) { return read(n.args[k], pipeline_.stage[x]); };
  switch (n.op) {
    case Op::kNot:
      return "~" + arg(0);
    case Op::kAnd:
      return arg(0) + " & " + arg(1);
    case Op::kOr:
      return arg(0) + " | " + arg(1);
    case Op::kXor:
      return arg(0) + " ^ " + arg(1);
    case Op::kAdd: {
      std::string terms = arg(0);
      for (std::size_t k = 1; k < n.args.size(); ++k) terms += " + " + arg(static_cast<int>(k));
      return terms;
    }
    case Op::kEqual:
      return arg(0) + " == " + arg(1);
    case Op::kLess:
      return arg(0) + " < " + arg(1);
    case Op::kTimes:
      return "`" + product_macro(n.width) + "(" + multiples_name(n.args[0]) + ", " + arg(1) + ")";
    case Op::kMux:
      return arg(0) + " ? " + arg(1) + " : " + arg(2);
    case Op::kHold:
      return arg(0);
    case Op::kLookup:
      return graph_.tables()[n.index].name + "[" + arg(0) + "]";
    case Op::kSlice: {
      const std::string low = std::to_string(n.index);
      return arg(0) + "[" + (n.width == 1 ? low : std::to_string(n.index + n.width - 1) + ":" + low) + "]";
    }
    case Op::kConstant:
    case Op::kInput:
    case Op::kFill:
    case Op::kCat:
    case Op::kCut:
      break;
  }
  assert(false && "views and inputs are not computed");
  return "";
}

}  // namespace sallyport::hls
