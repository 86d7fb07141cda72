// SPDX-License-Identifier: Apache-2.0
#include "hls/emit.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

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

bool write_kernel(const std::filesystem::path& directory, const Drawn& drawn) {
  const std::string& name = drawn.kernel.name;
  return write_if_changed(directory / (name + ".sv"), verilog_module(drawn)) &&
         write_if_changed(directory / (name + "_pkg.sv"), verilog_package(drawn));
}

}  // namespace

int emit(const std::vector<Kernel>& kernels, int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: " << argv[0] << " DIRECTORY NAME...\n";
    return 2;
  }
  const std::filesystem::path directory = argv[1];
  const std::set<std::string> expected(argv + 2, argv + argc);
  std::set<std::string> found;
  std::vector<Drawn> all;
  for (const Kernel& kernel : kernels) {
    found.insert(kernel.name);
    all.push_back(draw(kernel));
  }
  if (found != expected) {
    std::cerr << argv[0] << ": the build asks for other kernels than there are, which is";
    for (const std::string& name : found) std::cerr << " " << name;
    std::cerr << "\n";
    return 1;
  }
  for (const Drawn& drawn : all) {
    if (!write_kernel(directory, drawn)) return 1;
  }
  return write_if_changed(directory / "rtl_models.cpp", model_handles(all)) ? 0 : 1;
}

}  // namespace sallyport::hls
