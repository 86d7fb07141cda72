// SPDX-License-Identifier: Apache-2.0
// Addresses, ranges, traffic selectors, and a policy of one word and its text.
#include "host/ipsec/traffic_selector.hpp"
#include "host/policy/policy.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

template <class T>
void means_the_same(const std::string& text) {
  const auto once = T::parse(text);
  if (!once) return;
  const auto again = T::parse(once->to_string());
  must(again.has_value() && *again == *once, "what is written means what was read");
}

}  // namespace

std::vector<Buffer> seeds() {
  return {seed("10.1.0.0/24"),
          seed("10.1.0.7-10.1.0.9"),
          seed("2001:db8::/32"),
          seed("192.0.2.1[tcp/443]"),
          seed("10.0.0.0/8[udp/1000-2000]"),
          seed("source=10.1.0.0/16"),
          seed("protocol=tcp"),
          seed("destination_port=443"),
          seed("level=high"),
          seed("esp_proposals=aes128gcm16"),
          seed("ah_proposals=sha256-esn"),
          seed("mode=transport"),
          seed("destination=2001:db8::/32"),
          seed("::ffff:0:0-::1:0:0:0[ipv6-icmp]"),
          seed("action=protect"),
          seed("0.0.0.0/0"),
          seed("when=mon-fri 08:00-18:00, sat 22:00-06:00"),
          seed("source_port=1000-2000")};
}

void run(Bytes input) {
  const std::string text = text_of(input);
  means_the_same<IpAddress>(text);
  means_the_same<AddressRange>(text);
  means_the_same<TrafficSelector>(text);
  const auto equals = text.find('=');
  if (equals == std::string::npos) return;
  const std::string word = text.substr(0, equals);
  policy::Policy p;
  if (!policy::set_word(p, word, text.substr(equals + 1))) return;
  policy::Policy again;
  const std::string said = policy::get_word(p, word);
  if (said.empty()) return;  // what is as by default is not said
  must(policy::set_word(again, word, said).has_value() && policy::get_word(again, word) == said,
       "a policy's word means the same");
}

}  // namespace sallyport::fuzz
