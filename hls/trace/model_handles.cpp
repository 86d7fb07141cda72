// SPDX-License-Identifier: Apache-2.0
// Writes rtl_models.cpp: one class for each Verilated kernel, behind the interface of rtl_model.hpp.
#include <sstream>

#include "hls/trace/verilog.hpp"

namespace sallyport::hls {
namespace {

void write_class(std::ostringstream& out, const Drawn& drawn) {
  const std::string& name = drawn.kernel.name;
  out << "class " << name << "_model : public RtlModel {\n public:\n"
      << "  void set(int input, const Bits& value) override {\n    switch (input) {\n";
  for (std::size_t i = 0; i < drawn.graph.inputs().size(); ++i) {
    out << "      case " << i << ": return set_port(top_." << drawn.graph.inputs()[i].port() << "_i, value);\n";
  }
  out << "    }\n  }\n  Bits get(int output) const override {\n    switch (output) {\n";
  for (std::size_t i = 0; i < drawn.graph.outputs().size(); ++i) {
    const Output& output = drawn.graph.outputs()[i];
    out << "      case " << i << ": return get_port(top_." << output.name << "_o, "
        << drawn.graph.node(output.node).width << ");\n";
  }
  out << "    }\n    return Bits();\n  }\n";
  if (drawn.combinational()) {
    out << "  void set_valid(bool) override {}\n  bool valid() const override { return true; }\n"
        << "  void clock() override { top_.eval(); }\n";
  } else {
    out << "  void set_valid(bool valid) override { top_.valid_i = valid; }\n"
        << "  bool valid() const override { return top_.valid_o; }\n"
        << "  void clock() override {\n    top_.clk_i = 0;\n    top_.eval();\n    top_.clk_i = 1;\n    top_.eval();\n  "
           "}\n";
  }
  out << "\n private:\n  mutable V" << name << " top_;\n};\n\n";
}

}  // namespace

std::string model_handles(const std::vector<Drawn>& all) {
  std::ostringstream out;
  out << "// SPDX-License-Identifier: Apache-2.0\n// Generated: the Verilated kernels behind one interface.\n"
      << "#include \"hls/trace/rtl_model.hpp\"\n#include \"hls/trace/rtl_port.hpp\"\n";
  for (const Drawn& drawn : all) out << "#include \"V" << drawn.kernel.name << ".h\"\n";
  out << "\nnamespace sallyport::hls {\nnamespace {\n\n";
  for (const Drawn& drawn : all) write_class(out, drawn);
  out << "}  // namespace\n\nstd::unique_ptr<RtlModel> make_rtl_model(const std::string& kernel) {\n";
  for (const Drawn& drawn : all) {
    const std::string& name = drawn.kernel.name;
    out << "  if (kernel == \"" << name << "\") return std::make_unique<" << name << "_model>();\n";
  }
  out << "  return nullptr;\n}\n\n}  // namespace sallyport::hls\n";
  return out.str();
}

}  // namespace sallyport::hls
