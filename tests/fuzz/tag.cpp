// SPDX-License-Identifier: Apache-2.0
// Packets of a user's programs, which get a tag.
#include "host/mark/tag.hpp"

#include <algorithm>

#include "driver/ip/ip.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {

std::vector<Buffer> seeds() {
  return {from_hex("450000200000400040112599"
                   "0a0100070a020009"
                   "00010002000c000061626364")
              .value(),
          from_hex("460000240000400040119091"
                   "0a0100070a020009"
                   "94040000"
                   "00010002000c000061626364")
              .value(),
          from_hex("60012345000c1140"
                   "20010db8000100000000000000000007"
                   "20010db8000200000000000000000009"
                   "00010002000c000061626364")
              .value()};
}

void run(Bytes input) {
  static const mark::Tagger tagger = mark::Tagger::make(7, Secret(mark::kTagKeyBytes), false).value();
  Buffer tagged;
  if (tagger.put(input, tagged) != mark::Tagger::Outcome::kTagged) return;
  const bool ipv6 = input[0] >> 4 == 6;
  must(tagged.size() == input.size() + mark::kTagBytes, "a packet grows by its tag");
  // Without it, it is the packet, but for the header that says how long it is and what follows.
  const std::size_t at = ipv6 ? driver::kIpv6Bytes : driver::kIpv4Bytes;
  must(equal(Bytes(tagged).subspan(at + mark::kTagBytes), input.subspan(at)), "what follows stays");
  must(equal(Bytes(tagged).subspan(12, 8), input.subspan(12, 8)), "addresses stay");
  driver::IpPacket packet;
  const auto fault = driver::read_ip(tagged, ipv6, packet);
  must(fault == driver::HeaderFault::kNone || ipv6, "IPv4 that is tagged is sound");
  must(fault != driver::HeaderFault::kTotalTooLong && fault != driver::HeaderFault::kTooShort,
       "it is as long as it says");
}

}  // namespace sallyport::fuzz
