// SPDX-License-Identifier: Apache-2.0
// What a user may say to sallyport-mark, which has rights that the user has not.
#include "host/mark/order.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {

std::vector<Buffer> seeds() {
  mark::Order order;
  order.handle = 0xfedcba98;
  order.key = Secret(16);
  order.protect = {"10.2.0.0/16", "2001:db8::/32", "10.2.0.9"};
  const Secret words = mark::write(order);
  return {{words.reveal().begin(), words.reveal().end()}};
}

void run(Bytes input) {
  const auto order = mark::read_order(input);
  if (!order) return;
  must(order->key.size() == 16, "a key is one of SipHash");
  for (const std::string& prefix : order->protect) {
    const auto parsed = mark::parse_prefix(prefix);
    must(parsed && parsed->length <= layout::kAddressBits, "a prefix is one of an address");
  }
  const auto again = mark::read_order(mark::write(*order).reveal());
  must(again && again->handle == order->handle && again->key == order->key && again->plain == order->plain &&
           again->ipv4 == order->ipv4 && again->ipv6 == order->ipv6 && again->protect == order->protect,
       "what is understood comes again");
}

}  // namespace sallyport::fuzz
