// SPDX-License-Identifier: Apache-2.0
// The file that describes a card to sallyport-bench, onto a software card.
#include "sim/bench/card_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include "base/descriptor.hpp"
#include "driver/software/software_card.hpp"
#include "hw/layout/registers.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {

std::vector<Buffer> seeds() {
  return {
      seed("lan_mac = \"02:00:00:00:00:01\"\nwan_mac = \"02:00:00:00:00:02\"\ninput = \"lan\"\n"
           "[[next_hop]]\nname = \"peer\"\nport = \"wan\"\nmac = \"02:00:00:00:01:02\"\nmtu = 1500\n"
           "[[route]]\nprefix = \"10.2.0.0/16\"\nto = \"peer\"\n"
           "[[sa]]\ndirection = \"out\"\nspi = 0x1001\nsource = \"192.0.2.1\"\ndestination = \"192.0.2.2\"\n"
           "key = \"000102030405060708090a0b0c0d0e0f10111213\"\nnext_hop = \"peer\"\npolicy = 1\nesn = false\n"
           "[[rule]]\ndirection = \"out\"\nsource = \"10.1.0.0/16\"\nprotocol = 6\nsource_port = \"1024-65535\"\n"
           "action = \"protect\"\npolicy = 1\nsa = 0x1001\n"),
      seed("lan_mac = \"02:00:00:00:00:01\"\nwan_mac = \"02:00:00:00:00:02\"\ninput = \"wan\"\n"
           "[[route]]\nprefix = \"192.0.2.1/32\"\nto = \"local\"\n"
           "[[rule]]\ndirection = \"in\"\nsource = \"10.1.0.1-10.1.0.9\"\naction = \"bypass\"\n"),
  };
}

void run(Bytes input) {
  const Descriptor file(::memfd_create("card.toml", MFD_CLOEXEC));
  must(file.valid() && ::write(file.get(), input.data(), input.size()) == static_cast<ssize_t>(input.size()),
       "there is memory");
  driver::SoftwareCard card([](layout::Port, Bytes) {});
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  const auto loaded = bench::load_card(card, path);
  if (loaded) return;
  must(loaded.error().detail.find(path) != std::string::npos, "an error names the file");
  must(card.read(layout::reg::kControl).value() == 0, "a card that was not set up is not enabled");
}

}  // namespace sallyport::fuzz
