// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/pipeline.hpp"

#include <algorithm>
#include <map>

#include "hls/trace/delay.hpp"

namespace sallyport::hls {
namespace {

constexpr int kSweeps = 24;  // far more than it takes to settle

bool is_wiring(Op op) {
  return op == Op::kConstant || op == Op::kInput || op == Op::kFill || op == Op::kSlice || op == Op::kCat ||
         op == Op::kHold || op == Op::kCut;
}

class Scheduler {
 public:
  Scheduler(const Graph& graph, int depth_limit) : graph_(graph), depth_limit_(depth_limit) {
    const std::size_t n = graph.nodes().size();
    pipe_.used.assign(n, false);
    pipe_.stage.assign(n, 0);
    sources_.resize(n);
    readers_.resize(n);
    is_output_.assign(n, false);
  }

  Pipeline run() {
    mark_used();
    place_early();
    connect();
    move_late();
    save_registers();
    read_late_inputs();
    return std::move(pipe_);
  }

 private:
  struct Edge {
    int cell;
    int gap;  // stages that must lie between: as many as there are cuts, and 1 where the early placement had a register
  };

  [[nodiscard]] int size() const { return static_cast<int>(graph_.nodes().size()); }
  [[nodiscard]] bool is_cell(int i) const { return pipe_.used[i] && !is_view(graph_, i); }
  [[nodiscard]] bool is_input(int i) const { return graph_.node(i).op == Op::kInput; }
  // A late input, or a part of one, is there at whichever stage asks for it.
  [[nodiscard]] bool is_late(int i) const {
    const Node& n = graph_.node(i);
    if (n.op == Op::kSlice) return is_late(n.args[0]);
    return n.op == Op::kInput && graph_.inputs()[n.index].late;
  }

  void mark_used() {
    std::vector<int> todo;
    for (const Output& output : graph_.outputs()) todo.push_back(output.node);
    while (!todo.empty()) {
      const int x = todo.back();
      todo.pop_back();
      if (pipe_.used[x]) continue;
      pipe_.used[x] = true;
      for (int a : graph_.node(x).args) todo.push_back(a);
    }
  }

  void place_early() {
    DelayModel delay(graph_);
    for (int i = 0; i < size(); ++i) {
      if (!pipe_.used[i]) continue;
      const int stage = delay.earliest_stage(i);
      int depth = delay.place(i, stage);
      if (depth > depth_limit_ && !is_wiring(graph_.node(i).op)) depth = delay.place(i, stage + 1);
      pipe_.stage[i] = delay.stage(i);
      pipe_.last = std::max(pipe_.last, pipe_.stage[i]);
      pipe_.depth = std::max(pipe_.depth, depth);
    }
  }

  // The cells that node i reads, each with the most cuts on a way to it.
  void cells_behind(int i, int cuts, std::map<int, int>& found) const {
    if (is_view(graph_, i)) {
      if (graph_.node(i).op == Op::kCut) ++cuts;
      for (int a : graph_.node(i).args) cells_behind(a, cuts, found);
    } else {
      int& most = found[i];
      most = std::max(most, cuts);
    }
  }

  void connect() {
    for (int i = 0; i < size(); ++i) {
      if (!is_cell(i)) continue;
      std::map<int, int> cells;
      for (int a : graph_.node(i).args) cells_behind(a, 0, cells);
      for (const auto& [a, cuts] : cells) {
        const int apart = !is_late(a) && pipe_.stage[i] > pipe_.stage[a] ? 1 : 0;
        const int gap = std::max(apart, cuts);
        sources_[i].push_back({a, gap});
        readers_[a].push_back({i, gap});
      }
    }
    std::map<int, int> cells;
    for (const Output& output : graph_.outputs()) cells_behind(output.node, 0, cells);
    for (const auto& [i, cuts] : cells) is_output_[i] = true;
  }

  [[nodiscard]] int latest(int i) const {
    int stage = pipe_.last;
    for (const Edge& r : readers_[i]) stage = std::min(stage, pipe_.stage[r.cell] - r.gap);
    return stage;
  }
  [[nodiscard]] int earliest(int i) const {
    int stage = 0;
    for (const Edge& s : sources_[i]) {
      if (!is_late(s.cell)) stage = std::max(stage, pipe_.stage[s.cell] + s.gap);
    }
    return stage;
  }
  [[nodiscard]] int last_read(int i, int except) const {
    int stage = is_output_[i] ? pipe_.last + 1 : 0;
    for (const Edge& r : readers_[i]) {
      if (r.cell != except) stage = std::max(stage, pipe_.stage[r.cell]);
    }
    return stage;
  }

  void move_late() {
    for (int i = size(); i-- > 0;) {
      if (is_cell(i) && !is_input(i)) pipe_.stage[i] = latest(i);
    }
  }

  // Register bits for node i and for keeping its sources alive until it has read them, were it at `stage`.
  [[nodiscard]] long price(int i, int stage) const {
    long bits = static_cast<long>(last_read(i, -1) - stage) * graph_.node(i).width;
    for (const Edge& s : sources_[i]) {
      if (is_late(s.cell)) continue;
      const int until = std::max(last_read(s.cell, i), stage);
      bits += static_cast<long>(until - pipe_.stage[s.cell]) * graph_.node(s.cell).width;
    }
    return bits;
  }

  // Nodes that shared no stage after the early placement keep their distance, so no stage grows deeper by a move.
  void save_registers() {
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      bool moved = false;
      for (int k = 0; k < size(); ++k) {
        const int i = sweep % 2 == 0 ? k : size() - 1 - k;
        if (!is_cell(i) || is_input(i)) continue;
        const int best = best_stage(i);
        moved = moved || best != pipe_.stage[i];
        pipe_.stage[i] = best;
      }
      if (!moved) break;
    }
  }

  [[nodiscard]] int best_stage(int i) const {
    const int from = earliest(i);
    const int to = latest(i);
    if (graph_.node(i).op == Op::kSlice) return is_late(i) ? to : from;
    int best = pipe_.stage[i];
    for (int stage = from; stage <= to; ++stage) {
      if (price(i, stage) < price(i, best)) best = stage;
    }
    return best;
  }

  // A late input is read once, by its first reader; its parts are taken then and carried to the others.
  void read_late_inputs() {
    for (const Input& input : graph_.inputs()) {
      if (!input.late || !pipe_.used[input.node]) continue;
      int stage = pipe_.last;
      for (const Edge& r : readers_[input.node]) {
        const bool part = graph_.node(r.cell).op == Op::kSlice;
        stage = std::min(stage, part ? latest(r.cell) : pipe_.stage[r.cell] - r.gap);
      }
      pipe_.stage[input.node] = stage;
      for (const Edge& r : readers_[input.node]) {
        if (graph_.node(r.cell).op == Op::kSlice) pipe_.stage[r.cell] = stage;
      }
    }
  }

  const Graph& graph_;
  int depth_limit_;
  Pipeline pipe_;
  std::vector<std::vector<Edge>> sources_;  // of a cell: the cells it reads, through views
  std::vector<std::vector<Edge>> readers_;
  std::vector<bool> is_output_;
};

}  // namespace

bool is_view(const Graph& graph, int node) {
  const Node& n = graph.node(node);
  switch (n.op) {
    case Op::kConstant:
    case Op::kFill:
    case Op::kCat:
    case Op::kCut:
      return true;
    case Op::kSlice:
      return graph.node(n.args[0]).width <= 64;
    default:
      return false;
  }
}

Pipeline make_pipeline(const Graph& graph, int depth_limit) { return Scheduler(graph, depth_limit).run(); }

}  // namespace sallyport::hls
