// SPDX-License-Identifier: Apache-2.0
// The emitted files as other tools and other people see them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "hls/kernels.hpp"
#include "hls/trace/verilog.hpp"

namespace sallyport::hls {
namespace {

const std::filesystem::path kDirectory = SALLYPORT_KERNEL_DIR;

std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class EmittedKernel : public testing::TestWithParam<Kernel> {
 protected:
  [[nodiscard]] std::filesystem::path module_file() const { return kDirectory / (GetParam().name + ".sv"); }
  [[nodiscard]] std::filesystem::path package_file() const { return kDirectory / (GetParam().name + "_pkg.sv"); }
};

TEST_P(EmittedKernel, PassesVerilatorsLint) {
  const std::string command = std::string(SALLYPORT_VERILATOR) + " --lint-only -Wall --top-module " + GetParam().name +
                              " " + package_file().string() + " " + module_file().string();
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

TEST_P(EmittedKernel, SaysWhatItIsAndWhereItComesFrom) {
  const Drawn drawn = draw(GetParam());
  const std::string text = contents(module_file());
  EXPECT_NE(text.find("// Kernel: " + GetParam().name + "\n"), std::string::npos);
  EXPECT_NE(text.find("// Source: " + GetParam().source + " "), std::string::npos);
  EXPECT_NE(text.find("// Latency: " + std::to_string(drawn.latency()) + " clocks\n"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(SALLYPORT_SOURCE_DIR) / GetParam().source));
  for (const Input& input : drawn.graph.inputs()) {
    if (!input.late) continue;
    EXPECT_NE(text.find("// Late input: " + input.port() + "_i is read at stage "), std::string::npos);
  }
}

TEST_P(EmittedKernel, HasItsLatencyInAPackage) {
  const std::string text = contents(package_file());
  EXPECT_NE(text.find("package " + GetParam().name + "_pkg;\n"), std::string::npos);
  EXPECT_NE(text.find("localparam int Latency = " + std::to_string(draw(GetParam()).latency()) + ";"),
            std::string::npos);
}

TEST_P(EmittedKernel, StaysWithinItsDepth) {
  constexpr int kDeepestEver = 40;  // what 322 MHz allows between two registers
  const Drawn drawn = draw(GetParam());
  EXPECT_LE(drawn.pipeline.depth, drawn.combinational() ? kDeepestEver : GetParam().depth);
}

INSTANTIATE_TEST_SUITE_P(Kernels, EmittedKernel, testing::ValuesIn(all_kernels()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace sallyport::hls
