// SPDX-License-Identifier: Apache-2.0
#include "host/mark/order.hpp"

#include <boost/json.hpp>

#include "driver/user_tag/user_tag.hpp"
#include "host/api/wiped.hpp"
#include "host/ipsec/address.hpp"

namespace sallyport::mark {
namespace {

namespace json = boost::json;

Error wrong(const std::string& what) { return {Errc::kInvalid, "no order to mark packets: " + what}; }

}  // namespace

Secret write(const Order& order) {
  json::object out(api::wiped_storage());
  out["handle"] = order.handle;
  std::string key = to_hex(order.key.reveal());
  out["key"] = key;
  wipe({reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
  out["plain"] = order.plain;
  out["ipv4"] = order.ipv4;
  out["ipv6"] = order.ipv6;
  out["protect"] = json::array(order.protect.begin(), order.protect.end());
  std::string text = json::serialize(out);
  Secret datagram(as_bytes(text));
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return datagram;
}

Result<Order> read_order(Bytes datagram) {
  boost::system::error_code failure;
  const json::value value =
      json::parse({reinterpret_cast<const char*>(datagram.data()), datagram.size()}, failure, api::wiped_storage());
  const auto* words = value.if_object();
  if (failure || words == nullptr) return wrong("not a JSON object");
  const auto word = [&](std::string_view name) { return words->if_contains(name); };
  const auto* handle = word("handle");
  const auto* key = word("key");
  const auto* plain = word("plain");
  const auto* ipv4 = word("ipv4");
  const auto* ipv6 = word("ipv6");
  const auto* protect = word("protect");
  if (handle == nullptr || !handle->is_number() || key == nullptr || !key->is_string() || plain == nullptr ||
      !plain->is_bool() || ipv4 == nullptr || !ipv4->is_bool() || ipv6 == nullptr || !ipv6->is_bool() ||
      protect == nullptr || !protect->is_array()) {
    return wrong("handle, key, plain, ipv4, ipv6 and protect are needed");
  }
  Order order;
  order.handle = handle->to_number<std::uint32_t>(failure);
  if (failure) return wrong("a handle has 32 bits");
  auto bytes = from_hex(key->get_string());
  if (!bytes) return wrong("the key is no hexadecimal number");
  order.key = Secret::consume(*bytes);
  if (order.key.size() != driver::kTagKeyBytes) return wrong("a key has 16 bytes");
  order.plain = plain->get_bool();
  order.ipv4 = ipv4->get_bool();
  order.ipv6 = ipv6->get_bool();
  for (const json::value& prefix : protect->get_array()) {
    if (!prefix.is_string()) return wrong("protect is a list of prefixes");
    order.protect.emplace_back(prefix.get_string());
    if (auto fine = parse_prefix(order.protect.back()); !fine) return fine.error();
  }
  return order;
}

Result<Prefix> parse_prefix(const std::string& text) {
  const auto range = AddressRange::parse(text);
  const auto length = range ? range->prefix_length() : std::nullopt;
  if (!length) return Error{Errc::kInvalid, "'" + text + "' is no address and no prefix such as 10.2.0.0/16"};
  return Prefix{range->first.number(), *length + (range->first.is_v4() ? driver::kIpv4Prefix : 0)};
}

}  // namespace sallyport::mark
