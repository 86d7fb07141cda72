// SPDX-License-Identifier: Apache-2.0
// The package of a kernel: what hand-written RTL around it must know of its timing.
#include <map>
#include <sstream>
#include <vector>

#include "hls/trace/verilog.hpp"

namespace sallyport::hls {
namespace {

// round_key -> RoundKey
std::string camel(const std::string& snake) {
  std::string r;
  bool upper = true;
  for (char c : snake) {
    if (c == '_') {
      upper = true;
    } else {
      r += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return r;
}

}  // namespace

std::string verilog_package(const Drawn& drawn) {
  std::ostringstream out;
  out << "// SPDX-License-Identifier: Apache-2.0\n"
      << "// Timing of " << drawn.kernel.name << ", generated from " << drawn.kernel.source << ".\n"
      << "package " << drawn.kernel.name << "_pkg;\n"
      << "  localparam int Latency = " << drawn.latency() << ";  // clocks from valid_i to valid_o\n";
  std::vector<std::string> order;
  std::map<std::string, std::vector<int>> stages;  // of an array of late inputs, or of a single one
  std::map<std::string, bool> is_array;
  for (const Input& input : drawn.graph.inputs()) {
    if (!input.late) continue;
    if (stages[input.name].empty()) order.push_back(input.name);
    stages[input.name].push_back(drawn.pipeline.stage[input.node]);
    is_array[input.name] = input.element >= 0;
  }
  if (!order.empty()) out << "  // Clocks after valid_i at which a late input is read; 0 is together with valid_i.\n";
  for (const std::string& name : order) {
    const std::vector<int>& all = stages[name];
    out << "  localparam int " << camel(name) << "Stage";
    if (!is_array[name]) {
      out << " = " << all[0] << ";\n";
      continue;
    }
    out << " [" << all.size() << "] = '{";
    for (std::size_t i = 0; i < all.size(); ++i) out << (i == 0 ? "" : ", ") << all[i];
    out << "};\n";
  }
  out << "endpackage\n";
  return out.str();
}

}  // namespace sallyport::hls
