// SPDX-License-Identifier: Apache-2.0
// pcap and pcapng files. A frame is never longer than what the file says was captured of it.
#include <sys/mman.h>
#include <unistd.h>

#include "base/descriptor.hpp"
#include "driver/linux_port/capture_file.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

Buffer little_endian(std::initializer_list<std::uint32_t> words) {
  Buffer out;
  for (const std::uint32_t word : words) {
    for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(word >> shift));
  }
  return out;
}

void add_words(Buffer& out, std::initializer_list<std::uint32_t> words) {
  const Buffer more = little_endian(words);
  out.insert(out.end(), more.begin(), more.end());
}

}  // namespace

std::vector<Buffer> seeds() {
  Buffer pcap = little_endian({0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1});  // Ethernet
  for (int i = 0; i < 2; ++i) {
    add_words(pcap, {1, 2, 60, 60});
    pcap.insert(pcap.end(), 60, static_cast<std::uint8_t>(i));
  }
  // Section header, interface description, enhanced packet block.
  Buffer pcapng = little_endian({0x0a0d0d0a, 28, 0x1a2b3c4d, 0x00000001, 0xffffffff, 0xffffffff, 28});
  add_words(pcapng, {1, 20, 1, 65535, 20});
  add_words(pcapng, {6, 32 + 60, 0, 0, 1000, 60, 60});
  pcapng.insert(pcapng.end(), 60, 7);
  add_words(pcapng, {32 + 60});
  return {pcap, pcapng};
}

void run(Bytes input) {
  const Descriptor file(::memfd_create("capture", MFD_CLOEXEC));
  must(file.valid() && ::write(file.get(), input.data(), input.size()) == static_cast<ssize_t>(input.size()),
       "there is memory");
  auto reader = driver::CaptureReader::open("/proc/self/fd/" + std::to_string(file.get()));
  if (!reader) return;
  for (;;) {
    const auto frame = reader->next();
    if (!frame || !*frame) return;
    must((*frame)->data.size() <= input.size(), "no frame is longer than the file");
  }
}

}  // namespace sallyport::fuzz
