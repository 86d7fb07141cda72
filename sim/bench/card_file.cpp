// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/card_file.hpp"

#include <arpa/inet.h>
#include <toml++/toml.h>

#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "driver/sa/sa_table.hpp"
#include "driver/tables/principal_compiler.hpp"
#include "driver/tables/route_compiler.hpp"
#include "driver/tables/spd_compiler.hpp"

namespace sallyport::bench {
namespace {

namespace reg = layout::reg;

// What reading a value refuses with; caught in load_card().
struct Refusal {
  toml::source_position where;
  std::string what;
};

[[noreturn]] void refuse(const toml::node& node, const std::string& what) { throw Refusal{node.source().begin, what}; }

// One table of the file, whose keys must all be known.
class Section {
 public:
  explicit Section(const toml::table& table) : table_(table) {}

  const toml::node* find(const char* key) {
    known_.insert(key);
    return table_.get(key);
  }
  const toml::node& need(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr) refuse(table_, std::string("'") + key + "' is missing");
    return *node;
  }
  std::string text(const char* key) { return text_of(need(key), key); }
  std::optional<std::string> optional_text(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr) return std::nullopt;
    return text_of(*node, key);
  }
  std::uint64_t number(const char* key, std::uint64_t least, std::uint64_t most,
                       std::optional<std::uint64_t> otherwise = std::nullopt) {
    const toml::node* node = otherwise ? find(key) : &need(key);
    if (node == nullptr) return *otherwise;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < least ||
        static_cast<std::uint64_t>(*value) > most) {
      refuse(*node, std::string("'") + key + "' must be a number from " + std::to_string(least) + " to " +
                        std::to_string(most));
    }
    return static_cast<std::uint64_t>(*value);
  }
  bool flag(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr) return false;
    const auto value = node->value_exact<bool>();
    if (!value) refuse(*node, std::string("'") + key + "' must be true or false");
    return *value;
  }
  // To be called last.
  void nothing_else() const {
    for (const auto& [key, node] : table_) {
      if (!known_.contains(std::string(key.str()))) refuse(node, "'" + std::string(key.str()) + "' is not known here");
    }
  }

 private:
  static std::string text_of(const toml::node& node, const char* key) {
    const auto value = node.value_exact<std::string>();
    if (!value) refuse(node, std::string("'") + key + "' must be text in quotes");
    return *value;
  }

  const toml::table& table_;
  std::set<std::string> known_;
};

// Every table of [[name]].
std::vector<const toml::table*> each(const toml::table& root, const char* name) {
  std::vector<const toml::table*> out;
  const toml::node* node = root.get(name);
  if (node == nullptr) return out;
  if (!node->is_array_of_tables()) refuse(*node, std::string("'") + name + "' must be written [[" + name + "]]");
  for (const auto& entry : *node->as_array()) out.push_back(entry.as_table());
  return out;
}

template <class T>
std::optional<T> whole_number(std::string_view text, T most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return static_cast<T>(value);
}

using layout::Address;

std::optional<Address> address(const std::string& text) {
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return Address::from_v4(ntohl(v4.s_addr));
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return std::nullopt;
  ByteReader r(v6.s6_addr);
  const std::uint64_t high = r.u64();
  const Address made(high, r.u64());
  return made.is_v4() ? std::nullopt : std::optional(made);  // RFC 4291 2.5.5.2: such a one is never on a wire
}

struct Prefix {
  driver::AddressRange range;
  unsigned length;  // of 128 bits
};

std::optional<Prefix> prefix(const std::string& text) {
  const auto slash = text.find('/');
  const auto base = address(text.substr(0, slash));
  if (!base) return std::nullopt;
  const unsigned most = base->is_v4() ? 32 : layout::kAddressBits;
  const auto length =
      slash == std::string::npos ? std::optional(most) : whole_number<unsigned>(text.substr(slash + 1), most);
  if (!length) return std::nullopt;
  const unsigned host_bits = most - *length;
  const auto ones = [](unsigned n) { return n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1; };
  const std::uint64_t high = ones(host_bits > 64 ? host_bits - 64 : 0);
  const std::uint64_t low = ones(host_bits);
  return Prefix{{Address(base->high & ~high, base->low & ~low), Address(base->high | high, base->low | low)},
                layout::kAddressBits - host_bits};
}

// An address, a prefix or a range.
std::optional<driver::AddressRange> address_range(const std::string& text) {
  if (const auto dash = text.find('-'); dash != std::string::npos) {
    const auto first = address(text.substr(0, dash));
    const auto last = address(text.substr(dash + 1));
    if (!first || !last || *first > *last || first->is_v4() != last->is_v4()) return std::nullopt;
    return driver::AddressRange{*first, *last};
  }
  const auto p = prefix(text);
  return p ? std::optional(p->range) : std::nullopt;
}

std::optional<driver::NumberRange> port_range(const std::string& text) {
  const auto dash = text.find('-');
  const auto first = whole_number<std::uint16_t>(std::string_view(text).substr(0, dash), 65535);
  const auto last =
      dash == std::string::npos ? first : whole_number<std::uint16_t>(std::string_view(text).substr(dash + 1), 65535);
  if (!first || !last || *first > *last) return std::nullopt;
  return driver::NumberRange{*first, *last};
}

template <class T>
T valid(std::optional<T> value, Section& section, const char* key, const char* form) {
  if (!value) refuse(section.need(key), std::string("'") + key + "' must be " + form);
  return *value;
}

layout::Port port_of(Section& section, const char* key) {
  const std::string word = section.text(key);
  if (word != "lan" && word != "wan") refuse(section.need(key), std::string("'") + key + "' must be lan or wan");
  return word == "lan" ? layout::Port::kLan : layout::Port::kWan;
}

// One of a list of codes, by name.
template <class T, std::size_t N>
T coded(Section& section, const char* key, const layout::Code (&codes)[N], std::optional<T> otherwise = std::nullopt) {
  const auto word = otherwise ? section.optional_text(key) : section.text(key);
  if (!word) return *otherwise;
  std::string names;
  for (const layout::Code& code : codes) {
    if (*word == code.name) return static_cast<T>(code.value);
    names += (names.empty() ? "" : code.value + 1 == N ? " or " : ", ") + std::string(code.name);
  }
  refuse(section.need(key), std::string("'") + key + "' must be " + names);
}

bool outbound_of(Section& section) {
  const std::string word = section.text("direction");
  if (word != "out" && word != "in") refuse(section.need("direction"), "'direction' must be out or in");
  return word == "out";
}

void good(const Result<void>& result, const toml::node& node) {
  if (!result) refuse(node, result.error().message());
}

class Loader {
 public:
  Loader(driver::Card& card, driver::TableSession& session) : card_(card), session_(session), sas_(card, session) {}

  LoadedCard load(const toml::table& root) {
    Section top(root);
    LoadedCard loaded;
    loaded.input = port_of(top, "input");
    const auto lan = write_mac(top, "lan_mac", reg::kLanMac);
    const auto wan = write_mac(top, "wan_mac", reg::kWanMac);
    loaded.station = loaded.input == layout::Port::kLan ? lan : wan;
    write_vlan(top, "lan_vlan", reg::kLanVlan);
    write_vlan(top, "wan_vlan", reg::kWanVlan);
    for (const char* key : {"next_hop", "route", "principal", "sa", "rule"}) (void)top.find(key);
    top.nothing_else();
    for (const auto* table : each(root, "next_hop")) add_next_hop(*table);
    for (const auto* table : each(root, "route")) add_route(*table);
    for (const auto* table : each(root, "principal")) add_principal(*table);
    for (const auto* table : each(root, "sa")) add_sa(*table);
    for (const auto* table : each(root, "rule")) add_rule(*table);
    good(driver::compile_routes(routes_, image_), root);
    auto seed = card_.read(reg::kHashSeed);
    if (!seed) refuse(root, seed.error().message());
    good(driver::compile_principals(principals_, *seed, image_), root);
    good(driver::compile_spd(driver::Direction::kOutbound, outbound_, image_), root);
    good(driver::compile_spd(driver::Direction::kInbound, inbound_, image_), root);
    auto committed = session_.commit(image_);
    if (!committed) refuse(root, committed.error().message());
    good(card_.write(reg::kControl, 1), root);
    return loaded;
  }

 private:
  driver::MacAddress write_mac(Section& top, const char* key, const layout::Register& where) {
    const auto m = valid(driver::parse_mac(top.text(key)), top, key, "a MAC address like 02:00:00:00:00:01");
    good(card_.write(where, static_cast<std::uint32_t>(m[2]) << 24 | static_cast<std::uint32_t>(m[3]) << 16 |
                                static_cast<std::uint32_t>(m[4]) << 8 | m[5]),
         top.need(key));
    good(card_.write(where.at(1), static_cast<std::uint32_t>(m[0]) << 8 | m[1]), top.need(key));
    return m;
  }

  void write_vlan(Section& top, const char* key, const layout::Register& where) {
    constexpr std::uint64_t kMostVlan = 4094;  // IEEE 802.1Q
    if (top.find(key) == nullptr) return;
    good(card_.write(where, static_cast<std::uint32_t>(top.number(key, 0, kMostVlan))), top.need(key));
  }

  void add_next_hop(const toml::table& table) {
    Section s(table);
    const std::string name = s.text("name");
    driver::NextHop hop;
    hop.port = port_of(s, "port");
    hop.mac = valid(driver::parse_mac(s.text("mac")), s, "mac", "a MAC address like 02:00:00:00:00:01");
    hop.mtu = static_cast<std::uint16_t>(s.number("mtu", 68, 9202, 1500));
    s.nothing_else();
    const auto row = static_cast<std::uint8_t>(hops_.size());
    if (hops_.size() == layout::kNextHops)
      refuse(table, "more than " + std::to_string(layout::kNextHops) + " next hops do not fit");
    if (name == "local" || name == "none") refuse(s.need("name"), "'" + name + "' is a word of routes; choose another");
    if (!hops_.emplace(name, row).second) refuse(s.need("name"), "a second next hop is called '" + name + "'");
    driver::set_next_hop(image_, row, hop);
  }

  std::uint8_t hop_named(Section& s, const char* key) {
    const auto it = hops_.find(s.text(key));
    if (it == hops_.end()) refuse(s.need(key), "no next hop is called '" + s.text(key) + "'");
    return it->second;
  }

  void add_route(const toml::table& table) {
    Section s(table);
    const Prefix p = valid(prefix(s.text("prefix")), s, "prefix", "a prefix like 10.2.0.0/16 or 2001:db8::/32");
    driver::RouteEntry route{p.range.first, p.length, layout::Route::kSend, 0};
    const std::string to = s.text("to");
    if (to == "local") {
      route.kind = layout::Route::kLocal;
    } else if (to == "none") {
      route.kind = layout::Route::kNone;
    } else {
      route.next_hop = hop_named(s, "to");
    }
    s.nothing_else();
    if (!prefixes_.emplace(p.range.first, p.length).second)
      refuse(s.need("prefix"), "a second route to '" + s.text("prefix") + "'");
    routes_.push_back(route);
  }

  static Secret secret(Section& s, const char* key) {
    const auto text = s.optional_text(key);
    if (!text) return {};
    auto bytes = from_hex(*text);
    if (!bytes) refuse(s.need(key), std::string("'") + key + "' must be hexadecimal");
    return Secret::consume(*bytes);
  }

  static driver::SaProtection protection_of(Section& s, layout::Protocol protocol) {
    driver::SaProtection p;
    if (protocol == layout::Protocol::kAh) p.cipher = layout::Cipher::kNull;
    p.cipher = coded<layout::Cipher>(s, "cipher", layout::kCiphers, p.cipher);
    p.integrity = coded<layout::Integrity>(s, "integrity", layout::kIntegrities, p.integrity);
    p.key = secret(s, "key");
    p.salt = secret(s, "salt");
    p.integrity_key = secret(s, "integrity_key");
    const std::size_t salt = driver::salt_bytes(p.cipher);
    if (salt != 0 && s.find("salt") == nullptr && p.key.size() > salt) {
      const Secret both = p.key;
      p.key = Secret(both.reveal().first(both.size() - salt));
      p.salt = Secret(both.reveal().last(salt));
    }
    return p;
  }

  static std::uint32_t replay_window_of(Section& s) {
    const std::uint64_t packets = s.number("replay_window", 0, INT64_MAX, driver::kDefaultReplayWindow);
    if (auto code = driver::replay_window_code(packets); !code) {
      refuse(s.need("replay_window"), "'replay_window' " + code.error().detail);
    }
    return static_cast<std::uint32_t>(packets);
  }

  void add_principal(const toml::table& table) {
    Section s(table);
    const auto who = valid(address(s.text("address")), s, "address", "an address like 192.0.2.1 or 2001:db8::1");
    const auto id = static_cast<std::uint16_t>(s.number("id", 1, 65535));
    s.nothing_else();
    if (!principals_.emplace(who, id).second) refuse(table, "a second principal of '" + s.text("address") + "'");
  }

  void add_sa(const toml::table& table) {
    Section s(table);
    const bool outbound = outbound_of(s);
    const auto spi = static_cast<std::uint32_t>(s.number("spi", 256, 0xffffffff));
    const auto protocol = coded<layout::Protocol>(s, "protocol", layout::kSaProtocols, layout::Protocol::kEsp);
    const auto mode = coded<layout::Mode>(s, "mode", layout::kModes, layout::Mode::kTunnel);
    const auto source = valid(address(s.text("source")), s, "source", "an address");
    const auto destination = valid(address(s.text("destination")), s, "destination", "an address");
    driver::SaProtection protection = protection_of(s, protocol);
    const auto policy = static_cast<std::uint16_t>(s.number("policy", 1, 65535));
    if (outbound) {
      driver::OutboundSa sa;
      sa.spi = spi;
      sa.protocol = protocol;
      sa.mode = mode;
      sa.source = source;
      sa.destination = destination;
      sa.protection = std::move(protection);
      sa.esn = s.flag("esn");
      if (s.flag("encap")) {
        sa.encap = driver::UdpPorts{static_cast<std::uint16_t>(s.number("source_port", 1, 65535, 4500)),
                                    static_cast<std::uint16_t>(s.number("destination_port", 1, 65535, 4500))};
      }
      sa.df = coded<layout::Df>(s, "df", layout::kDfs, sa.df);
      if (s.find("dscp") != nullptr) sa.dscp = static_cast<std::uint8_t>(s.number("dscp", 0, 63));
      sa.ah_align8 = s.flag("ah_align8");
      sa.too_big = coded<layout::TooBig>(s, "too_big", layout::kTooBigs, sa.too_big);
      sa.next_hop = hop_named(s, "next_hop");
      sa.policy_id = policy;
      s.nothing_else();
      if (rows_.contains(spi)) refuse(s.need("spi"), "a second outbound SA has this SPI");
      auto row = sas_.install(sa);
      if (!row) refuse(table, row.error().message());
      rows_[spi] = *row;
    } else {
      driver::InboundSa sa;
      sa.spi = spi;
      sa.protocol = protocol;
      sa.mode = mode;
      sa.destination = destination;
      sa.protection = std::move(protection);
      sa.esn = s.flag("esn");
      sa.replay_window = replay_window_of(s);
      sa.policy_id = policy;
      s.nothing_else();
      good(sas_.claim_spi(spi), s.need("spi"));
      good(sas_.install(sa), table);
    }
  }

  void add_rule(const toml::table& table) {
    Section s(table);
    const bool outbound = outbound_of(s);
    driver::SpdRule rule;
    for (auto [key, field] : {std::pair{"source", &rule.source}, std::pair{"destination", &rule.destination}}) {
      if (const auto text = s.optional_text(key)) {
        field->push_back(valid(address_range(*text), s, key, "an address, prefix or range"));
      }
    }
    for (auto [key, field] :
         {std::pair{"source_port", &rule.source_port}, std::pair{"destination_port", &rule.destination_port}}) {
      if (const auto text = s.optional_text(key))
        field->push_back(valid(port_range(*text), s, key, "a port or a range like \"1024-65535\""));
    }
    if (s.find("protocol") != nullptr) rule.protocol = static_cast<std::uint8_t>(s.number("protocol", 0, 255));
    if (s.find("principal") != nullptr) {
      const auto id = static_cast<std::uint16_t>(s.number("principal", 0, 65535));
      rule.principal.push_back({id, id});
    }
    rule.action = coded<layout::Action>(s, "action", layout::kActions);
    rule.policy_id = static_cast<std::uint16_t>(s.number("policy", 0, 65535, 0));
    if (outbound && rule.action == layout::Action::kProtect) {
      const auto it = rows_.find(static_cast<std::uint32_t>(s.number("sa", 256, 0xffffffff)));
      if (it == rows_.end()) refuse(s.need("sa"), "no outbound SA has this SPI");
      rule.sa_index = it->second;
    }
    s.nothing_else();
    (outbound ? outbound_ : inbound_).push_back(rule);
  }

  driver::Card& card_;
  driver::TableSession& session_;
  driver::SaTable sas_;
  driver::TableImage image_;
  std::map<std::string, std::uint8_t> hops_;
  std::map<std::uint32_t, std::uint16_t> rows_;  // of outbound SAs, by SPI
  std::vector<driver::RouteEntry> routes_;
  std::set<std::pair<Address, unsigned>> prefixes_;  // of routes_
  std::map<Address, std::uint16_t> principals_;      // by address
  std::vector<driver::SpdRule> outbound_;
  std::vector<driver::SpdRule> inbound_;
};

}  // namespace

Result<LoadedCard> load_card(driver::Card& card, const std::string& path) {
  auto session = driver::TableSession::fresh(card);
  if (!session) return session.error();
  const auto at = [&path](const toml::source_position& where, std::string_view what) {
    std::ostringstream text;
    text << path << ":" << where.line << ": " << what;
    return Error{Errc::kInvalid, text.str()};
  };
  try {
    const toml::table root = toml::parse_file(path);
    return Loader(card, *session).load(root);
  } catch (const toml::parse_error& e) {
    return at(e.source().begin, e.description());
  } catch (const Refusal& refusal) {
    return at(refusal.where, refusal.what);
  }
}

}  // namespace sallyport::bench
