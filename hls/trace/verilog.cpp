// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/verilog.hpp"

#include <algorithm>
#include <bit>
#include <iomanip>
#include <set>
#include <sstream>

#include "hls/trace/text.hpp"

namespace sallyport::hls {
namespace {

constexpr int kRingFrom = 4;  // a delay of this many stages or more is a ring memory: no shifting, quick to simulate

std::string tenths(int value) { return std::to_string(value / 10) + "." + std::to_string(value % 10); }

class ModuleWriter {
 public:
  explicit ModuleWriter(const Drawn& drawn)
      : drawn_(drawn),
        graph_(drawn.graph),
        pipe_(drawn.pipeline),
        text_(graph_, pipe_),
        locals_(pipe_.last + 1),
        statements_(pipe_.last + 1),
        transfers_(pipe_.last + 1) {}

  std::string run() {
    compute_cells();
    carry_cells();
    drive_outputs();
    header();
    ports();
    tables();
    for (const int width : product_widths_) out_ << Text::product_forms(width);
    drawn_.combinational() ? combinational_body() : pipeline_body();
    out_ << "endmodule\n";
    for (const int width : product_widths_) out_ << "`undef " << Text::product_macro(width) << "\n";
    return out_.str();
  }

 private:
  [[nodiscard]] int size() const { return static_cast<int>(graph_.nodes().size()); }
  [[nodiscard]] int width(int x) const { return graph_.node(x).width; }

  void compute_cells() {
    for (int i = 0; i < size(); ++i) {
      if (!text_.is_cell(i)) continue;
      const int stage = pipe_.stage[i];
      if (graph_.node(i).op == Op::kTimes) {
        prepare_product(graph_.node(i).args[0], stage);
        product_widths_.insert(width(i));
      }
      if (!text_.has_name(i)) continue;
      locals_[stage] += "    logic " + Text::range(width(i)) + text_.name(i, stage) + ";\n";
      statements_[stage] += "    " + text_.name(i, stage) + " = " + text_.compute(i) + ";\n";
    }
  }

  void prepare_product(int x, int stage) {
    if (!prepared_.insert({x, stage}).second) return;
    locals_[stage] += text_.multiples_declaration(x);
    statements_[stage] += text_.multiples(x, stage);
  }

  // Registers or a ring memory from each stage in which a cell is read to the next.
  void carry_cells() {
    for (int i = 0; i < size(); ++i) {
      if (!text_.is_cell(i)) continue;
      int from = pipe_.stage[i];
      for (int to : text_.read_at(i)) {
        if (to - from >= kRingFrom) {
          ring(i, from, to);
          from = to;
        }
        for (; from < to; ++from) transfer(i, from);
      }
    }
  }

  // The cell as stage `from` sees it, to be put into a register or a ring.
  [[nodiscard]] std::string value_in(int i, int from) const {
    const bool unnamed = from == pipe_.stage[i] && !text_.has_name(i) && graph_.node(i).op != Op::kInput;
    return unnamed ? text_.compute(i) : text_.name(i, from);
  }

  void declare(const std::string& name, int bits) { registers_ += "  logic " + Text::range(bits) + name + ";\n"; }

  void transfer(int i, int from) {
    declare(text_.name(i, from + 1), width(i));
    transfers_[from] += "    " + text_.name(i, from + 1) + " <= " + value_in(i, from) + ";\n";
  }

  void ring(int i, int from, int to) {
    const int address_bits = std::bit_width(static_cast<unsigned>(to - from - 1));
    const int entries = 1 << address_bits;
    const std::string memory = text_.name(i, to) + "_ring";
    const std::string tick = "tick[" + std::to_string(address_bits - 1) + ":0]";
    const std::string back = std::to_string(address_bits) + "'d" + std::to_string(to - from - 1);
    registers_ += "  logic " + Text::range(width(i)) + memory + " [0:" + std::to_string(entries - 1) + "];\n";
    declare(text_.name(i, to), width(i));
    transfers_[from] += "    " + memory + "[" + tick + "] <= " + value_in(i, from) + ";\n";
    transfers_[to - 1] += "    " + text_.name(i, to) + " <= " + memory + "[" + tick + " - " + back + "];\n";
    tick_bits_ = std::max(tick_bits_, address_bits);
  }

  void drive_outputs() {
    const std::string assign = drawn_.combinational() ? " = " : " <= ";
    for (const Output& output : graph_.outputs()) {
      transfers_[pipe_.last] += "    " + output.name + "_o" + assign + text_.read(output.node, pipe_.last) + ";\n";
    }
  }

  void header() {
    const Kernel& kernel = drawn_.kernel;
    out_ << "// SPDX-License-Identifier: Apache-2.0\n"
         << "// Kernel: " << kernel.name << "\n"
         << "// Source: " << kernel.source << " (this file is generated from it)\n"
         << "// Latency: " << drawn_.latency() << " clocks\n"
         << "// Depth: " << tenths(pipe_.depth) << " LUT levels";
    if (!drawn_.combinational()) out_ << " between registers (limit " << tenths(kernel.depth) << ")";
    out_ << "\n";
    for (const Input& input : graph_.inputs()) {
      if (input.late)
        out_ << "// Late input: " << input.port() << "_i is read at stage " << pipe_.stage[input.node] << "\n";
    }
    if (drawn_.combinational()) {
      out_ << "// Combinational: outputs follow inputs within the clock.\n";
    } else {
      out_ << "// A new input every clock, no stall: stage k works in the k-th clock after valid_i. No reset: keep "
              "valid_i low\n"
           << "// for " << drawn_.latency() << " clocks to empty the pipeline.\n";
    }
    // A kernel may be asked for half a table word, or for the upper half of a product.
    out_ << "/* verilator lint_off UNUSEDSIGNAL */  // words are computed whole where only some of their bits are "
            "wanted\n";
  }

  void ports() {
    std::vector<std::string> lines;
    if (!drawn_.combinational()) lines = {"input  logic clk_i", "input  logic valid_i"};
    for (const Input& input : graph_.inputs()) {
      lines.push_back("input  logic " + Text::range(input.width) + input.port() + "_i");
    }
    if (!drawn_.combinational()) lines.emplace_back("output logic valid_o");
    for (const Output& output : graph_.outputs()) {
      lines.push_back("output logic " + Text::range(width(output.node)) + output.name + "_o");
    }
    out_ << "module " << drawn_.kernel.name << " (\n";
    for (std::size_t i = 0; i < lines.size(); ++i) out_ << "  " << lines[i] << (i + 1 < lines.size() ? ",\n" : "\n");
    out_ << ");\n";
  }

  // A memory that is only ever initialised: Verilator, Yosys and Vivado all take it for the constant table it is.
  void tables() {
    for (const Table& table : graph_.tables()) {
      out_ << "\n  logic " << Text::range(table.data_bits) << table.name << " [0:" << table.values.size() - 1
           << "];\n  initial begin\n";
      for (std::size_t i = 0; i < table.values.size(); ++i) {
        out_ << (i % 8 == 0 ? "    " : " ") << table.name << "[" << i << "] = " << table.data_bits << "'h" << std::hex
             << table.values[i] << std::dec << ";" << (i % 8 == 7 || i + 1 == table.values.size() ? "\n" : "");
      }
      out_ << "  end\n";
    }
  }

  void combinational_body() {
    out_ << "\n  always_comb begin : stage_0\n" << locals_[0] << statements_[0] << transfers_[0] << "  end\n\n";
  }

  void pipeline_body() {
    if (tick_bits_ > 0) {
      out_ << "\n  logic " << Text::range(tick_bits_) << "tick = '0;  // where the ring memories write\n"
           << "  always_ff @(posedge clk_i) tick <= tick + " << tick_bits_ << "'d1;\n";
    }
    if (pipe_.last > 0) {
      out_ << "\n  logic [" << pipe_.last << ":1] live = '0;  // stage k holds an input\n"
           << "  initial valid_o = 1'b0;\n"
           << "  always_ff @(posedge clk_i) {valid_o, live} <= {live, valid_i};\n\n";
    } else {
      out_ << "\n  initial valid_o = 1'b0;\n  always_ff @(posedge clk_i) valid_o <= valid_i;\n\n";
    }
    out_ << registers_;
    for (int stage = 0; stage <= pipe_.last; ++stage) {
      const std::string live = stage == 0 ? "valid_i" : "live[" + std::to_string(stage) + "]";
      out_ << "\n  always_ff @(posedge clk_i) if (" << live << ") begin : stage_" << stage << "\n"
           << locals_[stage] << statements_[stage] << transfers_[stage] << "  end\n";
    }
    out_ << "\n";
  }

  const Drawn& drawn_;
  const Graph& graph_;
  const Pipeline& pipe_;
  Text text_;
  std::vector<std::string> locals_;  // of each stage: words used nowhere else, so no other stage can read them stale
  std::vector<std::string> statements_;     // what computes them
  std::vector<std::string> transfers_;      // into registers, rings and outputs
  std::set<std::pair<int, int>> prepared_;  // words whose multiples stand in a stage already
  std::set<int> product_widths_;
  std::string registers_;
  int tick_bits_ = 0;
  std::ostringstream out_;
};

}  // namespace

Drawn draw(const Kernel& kernel) {
  Graph graph = kernel.graph();
  Pipeline pipeline = make_pipeline(graph, kernel.depth == kCombinational ? kUnlimited : kernel.depth);
  return {kernel, std::move(graph), std::move(pipeline)};
}

std::string verilog_module(const Drawn& drawn) { return ModuleWriter(drawn).run(); }

}  // namespace sallyport::hls
