// SPDX-License-Identifier: Apache-2.0
// Packets of a user's programs, which get a tag.
#include "host/mark/tag.hpp"

#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {

std::vector<Buffer> seeds() {
  return {from_hex("4500002000004000401126bb"
                   "0a0100070a020009"
                   "00010002000c000061626364")
              .value(),
          from_hex("4600002400004000401191b2"
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
  static const mark::Tagger tagger(7, Secret(driver::kTagKeyBytes), false);
  Buffer tagged;
  if (tagger.put(input, tagged) != mark::Tagger::Outcome::kTagged) return;
  const bool ipv6 = input[0] >> 4 == 6;
  must(tagged.size() == input.size() + mark::kTagBytes, "a packet grows by its tag");
  ByteWriter frame;
  frame.zeros(driver::kEthernetBytes - 2).u16(ipv6 ? driver::kEthertypeIpv6 : driver::kEthertypeIpv4).bytes(tagged);
  const auto taken = driver::take_user_tag(frame.view());
  must(taken && taken->tag.handle == 7 && taken->tag.check, "the card finds its tag");
  must(equal(Bytes(taken->frame).subspan(driver::kEthernetBytes), input), "without it, it is the packet that it was");
}

}  // namespace sallyport::fuzz
