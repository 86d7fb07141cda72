// SPDX-License-Identifier: Apache-2.0
// sallyport-xclbin: writes the xclbin of a bitstream, or of the emulation.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "bitstreams/xclbin/xclbin.hpp"

int main(int argc, char** argv) {
  using namespace sallyport;
  CLI::App app{"Writes the xclbin that XRT loads: of a bitstream (hardware), or of the emulation."};
  std::string out_path;
  std::string bitstream_path;
  app.add_option("OUT", out_path, "file to write")->required();
  app.add_option("--bitstream", bitstream_path, "bitstream of the card; without it the xclbin is for hw_emu")
      ->check(CLI::ExistingFile);
  CLI11_PARSE(app, argc, argv);

  Buffer bitstream;
  if (!bitstream_path.empty()) {
    std::ifstream in(bitstream_path, std::ios::binary);
    bitstream.assign(std::istreambuf_iterator<char>(in), {});
    if (bitstream.empty()) {
      std::fprintf(stderr, "sallyport-xclbin: %s is empty or cannot be read\n", bitstream_path.c_str());
      return 1;
    }
  }
  const auto target = bitstream.empty() ? bitstreams::Target::kHardwareEmulation : bitstreams::Target::kHardware;
  auto xclbin = bitstreams::make_xclbin(target, bitstream);
  if (!xclbin) {
    std::fprintf(stderr, "sallyport-xclbin: %s\n", xclbin.error().message().c_str());
    return 1;
  }
  std::ofstream out(out_path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(xclbin->data()), static_cast<std::streamsize>(xclbin->size()));
  out.close();
  if (!out) {
    std::fprintf(stderr, "sallyport-xclbin: cannot write %s\n", out_path.c_str());
    return 1;
  }
  return 0;
}
