// SPDX-License-Identifier: Apache-2.0
// software_pcap CARD.toml IN OUT: what `sallyport-bench pcap` does, through the software card; what it opens for the
// host is written, too. For readers_test.py.
#include <iostream>

#include "driver/linux_port/capture_file.hpp"
#include "driver/rings/rings.hpp"
#include "driver/software/software_card.hpp"
#include "sim/bench/card_file.hpp"

namespace {

using namespace sallyport;

Result<void> run(const std::string& config, const std::string& in_path, const std::string& out_path) {
  auto writer = driver::CaptureWriter::create(out_path);
  if (!writer) return writer.error();
  Result<void> written;
  driver::SoftwareCard card([&](layout::Port, Bytes frame) {
    if (written) written = writer->write(std::chrono::nanoseconds(0), frame);
  });
  auto loaded = bench::load_card(card, config);
  if (!loaded) return loaded.error();
  auto ring = driver::RxRing::start(card, 64);
  if (!ring) return ring.error();
  auto reader = driver::CaptureReader::open(in_path);
  if (!reader) return reader.error();
  for (;;) {
    auto frame = reader->next();
    if (!frame) return frame.error();
    if (!frame->has_value()) break;
    card.receive(loaded->input, (*frame)->data);
    auto message = ring->poll();
    if (!message) return message.error();
    if (*message && (*message)->decapsulated) written = writer->write(std::chrono::nanoseconds(0), (*message)->frame);
  }
  if (!written) return written;
  return writer->close();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "software_pcap CARD.toml IN OUT\n";
    return 2;
  }
  const Result<void> done = run(argv[1], argv[2], argv[3]);
  if (!done) std::cerr << done.error().message() << "\n";
  return done ? 0 : 1;
}
