// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/traffic_selector.hpp"

#include <algorithm>
#include <charconv>

namespace sallyport {
namespace {

// IANA protocol numbers that people write by name.
constexpr struct {
  std::string_view name;
  std::uint8_t number;
} kProtocols[] = {{"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"ipv6-icmp", 58}, {"sctp", 132}};

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc{} && end == text.data() + text.size();
}

bool read_protocol(std::string_view text, std::uint8_t& protocol) {
  if (text.empty()) return true;
  for (const auto& known : kProtocols) {
    if (known.name == text) {
      protocol = known.number;
      return true;
    }
  }
  return read_number(text, protocol);
}

bool read_ports(std::string_view text, TrafficSelector& ts) {
  const auto dash = text.find('-');
  if (!read_number(text.substr(0, dash), ts.first_port)) return false;
  ts.last_port = ts.first_port;
  if (dash != std::string_view::npos && !read_number(text.substr(dash + 1), ts.last_port)) return false;
  return ts.first_port <= ts.last_port;
}

std::string protocol_name(std::uint8_t number) {
  if (number == 0) return "";
  for (const auto& known : kProtocols) {
    if (known.number == number) return std::string(known.name);
  }
  return std::to_string(number);
}

}  // namespace

Result<TrafficSelector> TrafficSelector::parse(std::string_view text) {
  const Error invalid{Errc::kInvalid,
                      "'" + std::string(text) + "' is not a traffic selector like 10.1.0.0/24[tcp/443]"};
  const auto bracket = text.find('[');
  const auto addresses = AddressRange::parse(text.substr(0, bracket));
  if (!addresses) return addresses.error();
  TrafficSelector ts = of(*addresses);
  if (bracket == std::string_view::npos) return ts;
  if (!text.ends_with(']')) return invalid;
  const std::string_view inside = text.substr(bracket + 1, text.size() - bracket - 2);
  const auto slash = inside.find('/');
  if (!read_protocol(inside.substr(0, slash), ts.protocol)) return invalid;
  if (slash != std::string_view::npos && !read_ports(inside.substr(slash + 1), ts)) return invalid;
  return ts;
}

TrafficSelector TrafficSelector::of(const AddressRange& addresses) {
  TrafficSelector ts;
  ts.addresses = addresses;
  return ts;
}

bool TrafficSelector::contains(const TrafficSelector& other) const {
  return (protocol == 0 || protocol == other.protocol) && first_port <= other.first_port &&
         other.last_port <= last_port && addresses.contains(other.addresses);
}

std::optional<TrafficSelector> TrafficSelector::intersect(const TrafficSelector& other) const {
  if (protocol != 0 && other.protocol != 0 && protocol != other.protocol) return std::nullopt;
  const auto both = addresses.intersect(other.addresses);
  if (!both) return std::nullopt;
  TrafficSelector ts = of(*both);
  ts.protocol = std::max(protocol, other.protocol);
  ts.first_port = std::max(first_port, other.first_port);
  ts.last_port = std::min(last_port, other.last_port);
  if (ts.first_port > ts.last_port) return std::nullopt;
  return ts;
}

std::string TrafficSelector::to_string() const {
  std::string text = addresses.to_string();
  if (protocol == 0 && any_port()) return text;
  text += "[" + protocol_name(protocol);
  if (!any_port()) {
    text += "/" + std::to_string(first_port);
    if (first_port != last_port) text += "-" + std::to_string(last_port);
  }
  return text + "]";
}

TrafficSelectors narrow(const TrafficSelectors& offered, const TrafficSelectors& allowed) {
  TrafficSelectors common;
  for (const auto& theirs : offered) {
    for (const auto& ours : allowed) {
      const auto both = theirs.intersect(ours);
      if (!both || covers(common, {*both})) continue;
      std::erase_if(common, [&](const TrafficSelector& smaller) { return both->contains(smaller); });
      common.push_back(*both);
    }
  }
  return common;
}

bool covers(const TrafficSelectors& outer, const TrafficSelectors& inner) {
  return std::ranges::all_of(inner, [&](const TrafficSelector& small) {
    return std::ranges::any_of(outer, [&](const TrafficSelector& big) { return big.contains(small); });
  });
}

std::string to_string(const TrafficSelectors& selectors) {
  std::string text;
  for (const auto& ts : selectors) text += (text.empty() ? "" : ", ") + ts.to_string();
  return text;
}

}  // namespace sallyport
