// SPDX-License-Identifier: Apache-2.0
// hls_emit DIRECTORY NAME...: writes NAME.sv and NAME_pkg.sv of every kernel, and rtl_models.cpp for the tests.
// A file whose text has not changed is left alone, so that nothing behind it is built again.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "hls/kernels.hpp"
#include "hls/trace/verilog.hpp"

namespace sallyport::hls {
namespace {

bool write_if_changed(const std::filesystem::path& path, const std::string& text) {
  std::ostringstream old;
  if (std::ifstream in(path, std::ios::binary); in) old << in.rdbuf();
  if (std::filesystem::exists(path) && old.str() == text) return true;
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) std::cerr << "hls_emit: cannot write " << path << "\n";
  return static_cast<bool>(out);
}

int run(const std::filesystem::path& directory, const std::set<std::string>& expected) {
  std::set<std::string> found;
  std::vector<Drawn> all;
  const std::vector<Kernel> kernels = all_kernels();
  for (const Kernel& kernel : kernels) {
    found.insert(kernel.name);
    all.push_back(draw(kernel));
    const Drawn& drawn = all.back();
    if (!write_if_changed(directory / (kernel.name + ".sv"), verilog_module(drawn)) ||
        !write_if_changed(directory / (kernel.name + "_pkg.sv"), verilog_package(drawn))) {
      return 1;
    }
    std::cout << kernel.name << ": latency " << drawn.latency() << ", depth " << drawn.pipeline.depth / 10.0 << "\n";
  }
  if (found != expected) {
    std::cerr << "hls_emit: the kernels asked for are not those that exist; CMakeLists.txt should list:";
    for (const std::string& name : found) std::cerr << " " << name;
    std::cerr << "\n";
    return 1;
  }
  return write_if_changed(directory / "rtl_models.cpp", model_handles(all)) ? 0 : 1;
}

}  // namespace
}  // namespace sallyport::hls

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: hls_emit DIRECTORY NAME...\n";
    return 2;
  }
  return sallyport::hls::run(argv[1], std::set<std::string>(argv + 2, argv + argc));
}
