// SPDX-License-Identifier: Apache-2.0
// Expressions of the emitted code: which cells get a name of their own, and how each word is written where it is read.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "hls/trace/pipeline.hpp"

namespace sallyport::hls {

class Text {
 public:
  Text(const Graph& graph, const Pipeline& pipeline);

  // How a reader in `stage` writes node x.
  [[nodiscard]] std::string read(int x, int stage) const;
  // What computes cell x, in its own stage.
  [[nodiscard]] std::string compute(int x) const;
  // For a product of x: the array of x times every factor, as statements of `stage`, and the array's declaration.
  [[nodiscard]] std::string multiples(int x, int stage) const;
  [[nodiscard]] std::string multiples_declaration(int x) const;
  // The value of cell x as it stands in `stage`: its own name there, a register's in a later one.
  [[nodiscard]] std::string name(int x, int stage) const;

  [[nodiscard]] bool is_cell(int x) const { return pipeline_.used[x] && !is_view(graph_, x); }
  [[nodiscard]] bool has_name(int x) const { return named_[x]; }  // else it is written where it is read
  [[nodiscard]] const std::set<int>& read_at(int x) const { return read_at_[x]; }  // stages

  static std::string range(int width);  // "[31:0] ", nothing for a single bit
  // Products are written through a macro, one for each width of theirs: what defines it, in the module.
  static std::string product_macro(int width) { return "TIMES" + std::to_string(width); }
  static std::string product_forms(int width);

 private:
  void note(int x, int stage, bool sliced);
  void choose_names();
  [[nodiscard]] std::string literal(int x) const;
  [[nodiscard]] static std::string multiples_name(int x) { return "n" + std::to_string(x) + "_times"; }

  const Graph& graph_;
  const Pipeline& pipeline_;
  std::vector<std::set<int>> read_at_;
  std::vector<int> reads_here_;  // by readers in the cell's own stage
  std::vector<bool> sliced_;
  std::vector<bool> named_;
};

}  // namespace sallyport::hls
