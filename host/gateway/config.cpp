// SPDX-License-Identifier: Apache-2.0
// The gateway's configuration file.
#include "host/gateway/config.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include "host/base/secret_file.hpp"
#include "host/base/toml_section.hpp"
#include "host/users/user.hpp"

namespace sallyport::gateway {
namespace {

namespace fs = std::filesystem;

Result<std::string> read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return errno_error("open " + path.string());
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

Result<InterfaceAddress> parse_interface_address(const std::string& text) {
  const Error wrong{Errc::kInvalid, "'" + text +
                                        "' is no address with prefix length; write for example \"192.0.2.1/24\" or "
                                        "\"2001:db8::1/64\""};
  const auto slash = text.find('/');
  if (slash == std::string::npos) return wrong;
  auto address = IpAddress::parse(text.substr(0, slash));
  unsigned length = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data() + slash + 1, end, length);
  if (!address || failure != std::errc{} || stop != end || length > address->bits()) return wrong;
  return InterfaceAddress{*address, length};
}

// fe80::/10 (RFC 4291 2.5.6).
bool is_link_local(const IpAddress& address) { return !address.is_v4() && address.number().high >> 54 == 0xfe80 >> 6; }

// Of a tunnel's end, which routers must lead to.
Result<IpAddress> parse_endpoint(const std::string& text) {
  auto address = IpAddress::parse(text);
  if (address && is_link_local(*address)) {
    return Error{Errc::kInvalid, "'" + text + "' holds on one link only; write an address that routers lead to"};
  }
  return address;
}

AddressRange network_of(const InterfaceAddress& a) {
  return AddressRange::prefix(a.address, a.prefix_length).value_or(AddressRange{a.address, a.address});
}

// Locally administered, and the same after a restart: neighbours remember it.
driver::MacAddress default_mac(const SideConfig& side) {
  std::string seed = side.tap;
  for (const auto& a : side.addresses) seed += ' ' + a.address.to_string();
  std::uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const std::uint8_t*>(seed.data()), seed.size(), digest);
  driver::MacAddress mac;
  std::copy_n(digest, mac.size(), mac.begin());
  mac[0] = static_cast<std::uint8_t>((mac[0] | 0x02) & ~0x01);
  return mac;
}

Result<driver::MacAddress> own_mac(const std::string& text) {
  const auto mac = driver::parse_mac(text);
  if (!mac) {
    return Error{Errc::kInvalid, "'" + text + "' is no MAC address; write for example \"02:00:00:00:00:01\""};
  }
  if (((*mac)[0] & 1) != 0) {
    return Error{Errc::kInvalid, "'" + text + "' is a group address; the first byte must be even"};
  }
  return *mac;
}

// Whether there is such a user is not asked: it may be one whom a RADIUS server knows.
Result<void> check_people(const Config& config, const policy::Policy& policy) {
  if (policy.speaks_to_users() && !config.users) {
    return Error{Errc::kInvalid, "speaks to users, and nobody can log in; write a section [users]"};
  }
  if (!policy.names_people()) return {};
  if (!config.users) return Error{Errc::kInvalid, "is of people, and nobody can log in here; write a section [users]"};
  return users::check_name(policy.user.empty() ? policy.group : policy.user);
}

class Reader {
 public:
  Reader(const toml::table& root, const fs::path& file, users::Methods methods, Problems& problems)
      : root_(problems, root, "the file"), methods_(methods), problems_(problems) {
    config_.file = file;
  }

  Config read() {
    read_card();
    config_.lan = read_side("lan", "sp-lan");
    config_.wan = read_side("wan", "sp-wan");
    check_networks();
    if (config_.lan.tap == config_.wan.tap) root_.problem("wan", "has the same 'tap' as [lan]; name them differently");
    read_gateway();
    read_levels();
    if (root_.has("users")) read_users();
    for (auto& section : root_.sections("connections", "connection")) read_connection(section);
    for (auto& section : root_.sections("sas", "manual SA")) read_manual_sa(section);
    for (auto& section : root_.sections("policies", "policy")) read_policy(section);
    for (auto& section : root_.sections("expectations", "expectation")) read_expectation(section);
    add_policies_of_children();
    root_.finish();
    return std::move(config_);
  }

 private:
  void read_card() {
    auto section = root_.section("card", "[card]");
    CardConfig& card = config_.card;
    if (!section.has("backend")) section.problem("needs 'backend': \"software\" or \"xrt\"");
    card.backend = static_cast<CardConfig::Backend>(section.choice("backend", {"software", "xrt"}).value_or(0));
    card.lan_vlan = read_vlan(section, "lan_vlan");
    card.wan_vlan = read_vlan(section, "wan_vlan");
    if (card.backend == CardConfig::Backend::kSoftware) {
      card.lan_interface = section.required_text("lan_interface");
      card.wan_interface = section.required_text("wan_interface");
      if (!card.lan_interface.empty() && card.lan_interface == card.wan_interface) {
        section.problem("wan_interface", "is 'lan_interface' too; the card has two ports");
      }
    } else {
      if (!section.required_text("xclbin").empty()) card.xclbin = section.path("xclbin")->string();
      card.device = static_cast<unsigned>(section.number("device", 0, 15).value_or(0));
    }
    section.finish();
  }

  // IEEE 802.1Q: 0 is a frame without a VLAN, 4095 is reserved.
  static std::uint16_t read_vlan(TomlSection& section, std::string_view key) {
    return static_cast<std::uint16_t>(section.number(key, 1, 4094).value_or(0));
  }

  SideConfig read_side(std::string_view key, std::string_view tap) {
    auto section = root_.section(key, "[" + std::string(key) + "]");
    SideConfig side;
    side.tap = section.text_or("tap", tap);
    if (side.tap.empty() || side.tap.size() > 15) section.problem("tap", "must have 1 to 15 characters");
    if (!section.has("address")) section.problem("needs 'address', for example \"192.0.2.1/24\"");
    for (const auto& text : section.texts("address")) {
      side.addresses.push_back(section.checked("address", parse_interface_address(text)));
      const InterfaceAddress& a = side.addresses.back();
      if (a.prefix_length + 1 < a.address.bits() && a.address == network_of(a).first && !a.address.is_any()) {
        section.problem("address", "'" + text + "' is the network's; write the gateway's own, for example " +
                                       IpAddress::from_number(a.address.number().next()).to_string());
      }
    }
    const auto reached = [&](TomlSection& where, std::string_view key, const IpAddress& router) {
      const bool on_link = std::any_of(side.addresses.begin(), side.addresses.end(),
                                       [&](const auto& a) { return network_of(a).contains(router); });
      if (!on_link && !router.is_any() && !is_link_local(router) && !side.addresses.empty()) {
        where.problem(key, "'" + router.to_string() + "' is in no network of this side's 'address'");
      }
      return router;
    };
    side.mtu = static_cast<std::uint16_t>(section.number("mtu", 576, 9202).value_or(1500));
    side.mac = default_mac(side);
    if (const auto text = section.text("mac")) side.mac = section.checked("mac", own_mac(*text));
    for (const auto& text : section.texts("gateway")) {
      const IpAddress router = reached(section, "gateway", section.checked("gateway", IpAddress::parse(text)));
      const AddressRange everything = router.is_v4() ? AddressRange::any_v4() : AddressRange::any_v6();
      const bool twice = std::any_of(side.routes.begin(), side.routes.end(),
                                     [&](const StaticRoute& r) { return r.destination == everything; });
      if (twice) section.problem("gateway", "names two routers of one IP version; write one of each at most");
      side.routes.push_back({everything, router});
    }
    for (auto& route : section.sections("routes", "route of [" + std::string(key) + "]")) {
      StaticRoute read;
      read.destination = route.checked("destination", AddressRange::parse(route.required_text("destination")));
      if (!read.destination.prefix_length()) route.problem("destination", "must be one prefix");
      read.via = reached(route, "via", route.checked("via", IpAddress::parse(route.required_text("via"))));
      if (read.via.is_v4() != read.destination.first.is_v4() && !read.via.is_any()) {
        route.problem("via", "is of another IP version than 'destination'; write a router of the same");
      }
      route.finish();
      side.routes.push_back(read);
    }
    section.finish();
    return side;
  }

  void check_networks() {
    for (const auto& wan : config_.wan.addresses) {
      for (const auto& lan : config_.lan.addresses) {
        if (network_of(wan).intersect(network_of(lan))) {
          root_.problem("wan", "'address' " + wan.address.to_string() + " and [lan]'s " + lan.address.to_string() +
                                   " are in one network; a gateway stands between two");
        }
      }
    }
  }

  void read_gateway() {
    auto section = root_.section("gateway", "[gateway]");
    if (const auto socket = section.path("socket")) config_.socket = socket->string();
    config_.socket_group = section.text_or("socket_group", "");
    if (const auto state = section.path("state_directory")) config_.state_directory = state->string();
    if (const auto keylog = section.path("keylog")) config_.keylog = keylog->string();
    const auto level = section.choice("log_level", {"debug", "info", "warning", "error"});
    if (level) config_.log_level = static_cast<log::Level>(*level);
    section.finish();
  }

  void read_users() {
    auto section = root_.section("users", "[users]");
    UsersConfig users;
    users.known_methods = methods_;
    if (const auto file = section.path("directory")) users.directory = *file;
    users.postgresql = section.text_or("postgresql", "");
    if (!users.directory.empty() && !users.postgresql.empty()) {
      section.problem("postgresql", "stands beside 'directory'; users are in one of the two");
    }
    if (users.postgresql.find("password") != std::string::npos) {
      section.problem("postgresql", "has a password in it, which others could read; write passfile=FILE");
    }
    read_users_endpoint(section, users);
    read_methods(section, users);
    users.session_lifetime = at_least_ten_seconds(
        section, "session_lifetime", section.duration("session_lifetime").value_or(users.session_lifetime));
    users.session_renewal = at_least_ten_seconds(section, "session_renewal",
                                                 section.duration("session_renewal").value_or(users.session_renewal));
    users.most_sessions = section.number("most_sessions", 1, 4096).value_or(users.most_sessions);
    users.most_sessions_of_user =
        section.number("most_sessions_of_user", 1, 4096).value_or(users.most_sessions_of_user);
    users.tags = static_cast<UsersConfig::Tags>(section.choice("tags", {"authenticated", "plain", "off"}).value_or(0));
    section.finish();
    config_.users = std::move(users);
  }

  void read_users_endpoint(TomlSection& section, UsersConfig& users) {
    for (const auto& text : section.texts("listen_address")) {
      users.listen_addresses.push_back(section.checked("listen_address", IpAddress::parse(text)));
    }
    if (section.has("listen_address") && users.listen_addresses.empty()) {
      section.problem("listen_address", "is empty; leave it out, and it is every address of [lan]");
    }
    if (!section.has("listen_address")) {
      for (const auto& a : config_.lan.addresses) {
        if (!is_link_local(a.address)) users.listen_addresses.push_back(a.address);
      }
    }
    users.listen_port = static_cast<std::uint16_t>(section.number("listen_port", 1, 65535).value_or(users.listen_port));
    if (section.has("certificate") != section.has("key")) {
      section.problem("needs both 'certificate' and 'key', or none, and they are made");
    }
    if (const auto file = section.path("certificate")) users.certificate = *file;
    if (const auto file = section.path("key")) users.key = *file;
  }

  // Each reads what is its own.
  void read_methods(TomlSection& section, UsersConfig& users) {
    auto names = section.texts("methods");
    if (!section.has("methods")) names = {"password"};
    if (names.empty()) section.problem("methods", "is empty; write for example [\"password\"]");
    std::map<std::string_view, users::MakeAuthenticator> make;
    std::string known;
    for (const users::Method& method : methods_) {
      const bool chosen = std::find(names.begin(), names.end(), method.name) != names.end();
      auto settings = method.read(section, chosen);
      make[method.name] = std::move(settings.make);
      if (settings.orders) users.orders.push_back(std::move(*settings.orders));
      known += (known.empty() ? "'" : ", '") + std::string(method.name) + "'";
    }
    std::set<std::string> taken;
    for (const auto& name : names) {
      const auto found = make.find(name);
      if (found == make.end()) {
        section.problem("methods", "'" + name + "' is none of " + known);
      } else if (!taken.insert(name).second) {
        section.problem("methods", "'" + name + "' is there twice");
      } else {
        users.methods.push_back({name, found->second});
      }
    }
  }

  static std::chrono::seconds at_least_ten_seconds(TomlSection& section, std::string_view key,
                                                   std::chrono::seconds time) {
    if (time < std::chrono::seconds(10)) section.problem(key, "must be ten seconds at least");
    return time;
  }

  void read_levels() {
    auto section = root_.section("levels", "[levels]");
    for (const Level level : kLevels) {
      const auto word = to_string(level);
      if (!section.has(word)) continue;
      const auto set = config_.levels.set(level, read_proposals(section, word, Protocol::kEsp, {}));
      if (!set) section.problem(word, set.error().detail);
    }
    section.finish();
  }

  // The name of one of several sections, which must be there and be unique.
  std::string read_name(TomlSection& section, std::set<std::string>& taken) {
    std::string name = section.required_text("name");
    if (name.find_first_of("/@") != std::string::npos) section.problem("name", "must not contain '/' or '@'");
    if (!name.empty() && !taken.insert(name).second) section.problem("name", "'" + name + "' is there twice");
    return name;
  }

  ike::Lifetime read_lifetime(TomlSection& section, std::string_view end_key, bool end_is_added,
                              ike::Lifetime lifetime) {
    const auto rekey = section.duration("rekey_time");
    const auto end = section.duration(end_key);
    if (rekey) lifetime.rekey = *rekey;
    if (rekey || end) {
      const auto tenth = std::max(lifetime.rekey / 10, std::chrono::seconds(1));
      lifetime.expire = lifetime.rekey + tenth;
      if (end) lifetime.expire = end_is_added ? lifetime.rekey + *end : *end;
      if (lifetime.rekey.count() == 0 && !end) lifetime.expire = std::chrono::seconds(0);
      if (lifetime.expire.count() != 0 && lifetime.expire < lifetime.rekey) {
        section.problem(end_key, "ends before 'rekey_time'; make it longer");
      }
      lifetime.jitter = lifetime.rekey / 10;
    }
    if (const auto jitter = section.duration("rand_time")) lifetime.jitter = *jitter;
    return lifetime;
  }

  driver::SaLimits read_limits(TomlSection& section) {
    constexpr std::uint64_t kMost = INT64_MAX;
    driver::SaLimits limits;
    limits.soft_packets = section.number("rekey_packets", 0, kMost).value_or(0);
    limits.hard_packets = section.number("life_packets", 0, kMost).value_or(0);
    limits.soft_bytes = section.number("rekey_bytes", 0, kMost).value_or(0);
    limits.hard_bytes = section.number("life_bytes", 0, kMost).value_or(0);
    const auto too_short = [](std::uint64_t soft, std::uint64_t hard) { return hard != 0 && hard < soft; };
    if (too_short(limits.soft_packets, limits.hard_packets)) {
      section.problem("life_packets", "ends before 'rekey_packets'; make it larger");
    }
    if (too_short(limits.soft_bytes, limits.hard_bytes)) {
      section.problem("life_bytes", "ends before 'rekey_bytes'; make it larger");
    }
    return limits;
  }

  static Mode read_mode(TomlSection& section) {
    return static_cast<Mode>(section.choice("mode", {"tunnel", "transport"}).value_or(0));
  }

  static layout::TooBig read_too_big(TomlSection& section, layout::TooBig otherwise) {
    const auto said = section.choice("too_big", {"tell", "fragment"});
    return said ? static_cast<layout::TooBig>(*said) : otherwise;
  }

  // What the card does with an SA, between its ends and over the IP version of `remote`.
  SaOptions read_options(TomlSection& section, Mode mode, bool ah, const IpAddress& remote,
                         layout::TooBig too_big = layout::TooBig::kTell) {
    SaOptions options;
    options.limits = read_limits(section);
    const auto only = [&](std::string_view key, bool fits, std::string_view where) {
      if (section.has(key) && !fits) section.problem(key, "is for " + std::string(where) + "; take it out here");
    };
    only("df", mode == Mode::kTunnel && (remote.is_v4() || remote.is_any()), "tunnels over IPv4");
    only("dscp", mode == Mode::kTunnel, "tunnels");
    only("ah_align", ah && remote.is_v4(), "AH over IPv4");
    options.df = static_cast<layout::Df>(section.choice("df", {"copy", "set", "clear"}).value_or(0));
    if (const auto dscp = section.number("dscp", 0, 63)) options.dscp = static_cast<std::uint8_t>(*dscp);
    const auto alignment = section.number("ah_align", 4, 8);
    if (alignment && *alignment != 4 && *alignment != 8) section.problem("ah_align", "must be 4 or 8");
    options.ah_align8 = alignment == 8U;
    options.too_big = read_too_big(section, too_big);
    return options;
  }

  std::uint32_t read_replay_window(TomlSection& section) {
    const auto packets = section.number("replay_window", 0, INT64_MAX);
    if (!packets) return driver::kDefaultReplayWindow;
    (void)section.checked("replay_window", driver::replay_window_code(*packets));
    return static_cast<std::uint32_t>(*packets);
  }

  // "aes128gcm16" or ["aes256gcm16", "aes128gcm16"], or a level's name.
  Proposals read_proposals(TomlSection& section, std::string_view key, Protocol protocol, Proposals otherwise) {
    if (!section.has(key)) return otherwise;
    Proposals out;
    for (const auto& text : section.texts(key)) {
      if (protocol == Protocol::kEsp) {
        if (const auto level = parse_level(text)) {
          if (*level == Level::kNone) section.problem(key, "has level 'none', which has no proposals");
          const auto& more = config_.levels.esp_proposals(*level);
          out.insert(out.end(), more.begin(), more.end());
          continue;
        }
      }
      const auto more = section.checked(key, parse_proposals(protocol, text));
      out.insert(out.end(), more.begin(), more.end());
    }
    return out;
  }

  // Broken algorithms only where "legacy" says that they must be.
  void refuse_legacy(TomlSection& section, std::string_view key, const Proposals& proposals, bool legacy) {
    const auto broken = legacy_in(proposals);
    if (!broken || legacy) return;
    section.problem(key, "has " + *broken + ", which is broken; take it out, or write legacy = true if it must be");
  }

  // In transport mode the ends' own addresses, `end`, when nothing is written.
  TrafficSelectors read_selectors(TomlSection& section, std::string_view key, Mode mode, const IpAddress& end) {
    TrafficSelectors out;
    if (mode == Mode::kTransport && !section.has(key)) return {TrafficSelector::of({end, end})};
    if (!section.has(key)) section.problem("needs '" + std::string(key) + "', for example [\"10.1.0.0/24\"]");
    for (const auto& text : section.texts(key)) out.push_back(section.checked(key, TrafficSelector::parse(text)));
    return out;
  }

  void read_child(TomlSection& section, ConnectionConfig& into, std::set<std::string>& names, bool legacy) {
    ike::ChildConfig child;
    child.name = read_name(section, names);
    child.mode = read_mode(section);
    if (child.mode == Mode::kTransport && into.connection.remote.is_any()) {
      section.problem("mode", "\"transport\" is for one peer; write its 'remote_address'");
    }
    child.or_tunnel = section.boolean("or_tunnel").value_or(false);
    if (child.or_tunnel && child.mode == Mode::kTunnel)
      section.problem("or_tunnel", "is for mode \"transport\"; take it out");
    child.local_ts = read_selectors(section, "local_ts", child.mode, into.connection.local);
    child.remote_ts = read_selectors(section, "remote_ts", child.mode, into.connection.remote);
    if (section.has("esp_proposals") && section.has("ah_proposals")) {
      section.problem("ah_proposals", "stands beside 'esp_proposals'; a child has one of the two");
    }
    const bool ah = section.has("ah_proposals");
    const std::string_view proposals = ah ? "ah_proposals" : "esp_proposals";
    child.proposals = read_proposals(section, proposals, ah ? Protocol::kAh : Protocol::kEsp,
                                     config_.levels.esp_proposals(Level::kMiddle));
    refuse_legacy(section, proposals, child.proposals, legacy);
    child.lifetime = read_lifetime(section, "life_time", false, child.lifetime);
    child.replay_window = read_replay_window(section);
    ChildOptions options;
    const auto start = section.choice("start_action", {"none", "trap", "start"});
    if (start) options.start = static_cast<StartAction>(*start);
    const auto dpd = section.choice("dpd_action", {"clear", "trap", "restart"});
    child.restart = options.start == StartAction::kStart || dpd == std::size_t{2};
    options.sa = read_options(section, child.mode, ah, into.connection.remote, into.too_big);
    section.finish();
    into.children[child.name] = options;
    into.connection.children.push_back(std::move(child));
  }

  // The first address of [wan] that can speak with the peer.
  IpAddress own_address_for(TomlSection& section, const IpAddress& remote) {
    for (const auto& a : config_.wan.addresses) {
      if (is_link_local(a.address)) continue;
      if (a.address.is_v4() == remote.is_v4() || remote.is_any()) return a.address;
    }
    if (!config_.wan.addresses.empty()) {
      section.problem("remote_address",
                      "'" + remote.to_string() + "' is of an IP version that [wan] has no 'address' of");
    }
    return {};
  }

  static void refuse_two_versions(TomlSection& section, const IpAddress& local, const IpAddress& remote) {
    if (local.is_any() || remote.is_any() || local.is_v4() == remote.is_v4()) return;
    section.problem("local_address", "is of another IP version than 'remote_address'; write two of one");
  }

  void read_connection(TomlSection& section) {
    const auto problems_before = problems_.count();
    ConnectionConfig read;
    ike::Connection& c = read.connection;
    c.name = read_name(section, connection_names_);
    // What is protected by no connection is named by these: "sa/NAME" and "policy/NAME".
    if (c.name == "sa" || c.name == "policy") section.problem("name", "must not be 'sa' or 'policy'");
    c.local = section.checked("local_address", parse_endpoint(section.text_or("local_address", "0.0.0.0")));
    c.remote = section.checked("remote_address", parse_endpoint(section.required_text("remote_address")));
    const auto identity = [&](std::string_view key, const IpAddress& address) {
      return section.checked(key, ike::Identity::parse(section.text_or(key, address.to_string())));
    };
    if (c.local.is_any()) c.local = own_address_for(section, c.remote);
    refuse_two_versions(section, c.local, c.remote);
    c.local_id = identity("local_id", c.local);
    c.remote_id = identity("remote_id", c.remote);
    c.psk = required_secret(section);
    const bool legacy = section.boolean("legacy").value_or(false);
    c.ike_proposals = read_proposals(section, "proposals", Protocol::kIke, c.ike_proposals);
    refuse_legacy(section, "proposals", c.ike_proposals, legacy);
    c.lifetime = read_lifetime(section, "over_time", true, c.lifetime);
    c.dpd_delay = section.duration("dpd_delay").value_or(c.dpd_delay);
    c.force_encaps = section.boolean("encap").value_or(false);
    read.too_big = read_too_big(section, layout::TooBig::kTell);
    std::set<std::string> child_names;
    for (auto& child : section.sections("children", "child")) read_child(child, read, child_names, legacy);
    // What was refused above is missing here, and has been told of.
    if (problems_.count() == problems_before) {
      if (const auto valid = ike::validate(c); !valid) section.problem("cannot be used: " + valid.error().detail);
    }
    section.finish();
    config_.connections.push_back(std::move(read));
  }

  std::uint32_t read_spi(TomlSection& section, std::string_view key) {
    const auto number = section.number(key, 256, 0xffffffff);  // RFC 4303 2.1: 1 to 255 are reserved
    if (!number && !section.has(key)) section.problem("needs '" + std::string(key) + "', for example 0x8f21c0aa");
    return static_cast<std::uint32_t>(number.value_or(0));
  }

  // Hex digits, in the file or in one that only its owner can read. `what` tells what the bytes are.
  Buffer read_hex(TomlSection& section, const std::string& key, std::size_t size, const std::string& what) {
    const auto file = section.path(key + "_file");
    const auto text = section.text(key);
    if (file.has_value() == text.has_value()) {
      section.problem("needs either '" + key + "' (hexadecimal) or '" + key + "_file'");
      return Buffer(size);
    }
    std::string digits = text.value_or("");
    if (file) {
      const Secret secret = section.checked(key + "_file", read_secret(*file));
      digits.assign(secret.reveal().begin(), secret.reveal().end());
    }
    const std::string named = file ? key + "_file" : key;
    Buffer raw = from_hex(digits).value_or(Buffer());
    wipe({reinterpret_cast<std::uint8_t*>(digits.data()), digits.size()});
    if (raw.size() != size) {
      section.problem(named, "must have " + std::to_string(2 * size) + " hexadecimal digits: " + what);
      raw.assign(size, 0);
    }
    return raw;
  }

  // Key and salt in one, as everybody writes AES-GCM keys (RFC 4106 8.1); the key of HMAC apart.
  SaKeys read_keys(TomlSection& section, const SaParameters& sa, const std::string& direction) {
    SaKeys keys;
    const std::size_t key = key_size(sa.encryption, sa.key_bits);
    const std::size_t salt = salt_size(sa.encryption);
    if (key != 0) {
      Buffer raw = read_hex(
          section, "key_" + direction, key + salt,
          std::to_string(key) + " bytes of key" + (salt == 0 ? "" : " and " + std::to_string(salt) + " bytes of salt"));
      keys.encryption = Secret(Bytes(raw).first(key));
      keys.salt = Secret(Bytes(raw).last(salt));
      wipe(raw);
    }
    if (const std::size_t integrity = key_size(sa.integrity); integrity != 0) {
      Buffer raw = read_hex(section, "integrity_key_" + direction, integrity,
                            std::to_string(integrity) + " bytes of the integrity algorithm's key");
      keys.integrity = Secret::consume(raw);
    }
    return keys;
  }

  void read_manual_sa(TomlSection& section) {
    const auto problems_before = problems_.count();
    ManualSa manual;
    manual.name = read_name(section, sa_names_);
    SaParameters& sa = manual.sa;
    sa.local = section.checked("local_address", parse_endpoint(section.required_text("local_address")));
    sa.remote = section.checked("remote_address", parse_endpoint(section.required_text("remote_address")));
    refuse_two_versions(section, sa.local, sa.remote);
    sa.mode = read_mode(section);
    const bool ah = section.choice("protocol", {"esp", "ah"}) == std::size_t{1};
    sa.protocol = ah ? Protocol::kAh : Protocol::kEsp;
    sa.spi_in = Spi{read_spi(section, "spi_in")};
    sa.spi_out = Spi{read_spi(section, "spi_out")};
    const auto proposal = section.checked(
        "algorithm", Proposal::parse(sa.protocol, section.text_or("algorithm", ah ? "sha256" : "aes128gcm16")));
    refuse_legacy(section, "algorithm", {proposal}, section.boolean("legacy").value_or(false));
    sa.encryption = proposal.encryption();
    sa.integrity = proposal.integrity();
    sa.key_bits = proposal.key_bits();
    sa.esn = proposal.esn();
    sa.replay_window = read_replay_window(section);
    sa.in = read_keys(section, sa, "in");
    sa.out = read_keys(section, sa, "out");
    if (problems_.count() == problems_before && !sa.out.encryption.empty() && sa.in.encryption == sa.out.encryption) {
      section.problem("key_out", "must be another key than 'key_in': both directions number from 1");
    }
    if (sa.mode == Mode::kTransport) {
      sa.local_ts = {TrafficSelector::of({sa.local, sa.local})};
      sa.remote_ts = {TrafficSelector::of({sa.remote, sa.remote})};
    } else {
      sa.local_ts = {TrafficSelector::of(AddressRange::any())};
      sa.remote_ts = sa.local_ts;
    }
    manual.options = read_options(section, sa.mode, ah, sa.remote);
    section.finish();
    config_.sas.push_back(std::move(manual));
  }

  void read_policy(TomlSection& section) {
    const auto problems_before = problems_.count();
    policy::Policy p;
    p.name = read_name(section, policy_names_);
    if (!section.has("action")) section.problem("needs 'action': \"bypass\", \"discard\", \"protect\" or \"ask\"");
    for (const auto word : policy::policy_words()) {
      if (!section.has(word) || word == "name") continue;
      std::string text;
      for (const auto& part : section.texts(word)) text += (text.empty() ? "" : ",") + part;
      if (const auto set = policy::set_word(p, word, text); !set) section.problem(word, set.error().detail);
    }
    if (problems_.count() != problems_before) {
      // What was refused above is missing here, and has been told of.
    } else if (const auto valid = policy::validate(p); !valid) {
      section.problem("cannot be used: " + valid.error().detail);
    } else if (const auto people = check_people(config_, p); !people) {
      const char* word = !p.user.empty() ? "user" : !p.group.empty() ? "group" : p.tell ? "tell" : "action";
      section.problem(word, people.error().detail);
    } else if (const auto refers = check_references(config_, config_.levels, p); !refers) {
      section.problem(p.sa.empty() ? "connection" : "sa", refers.error().detail);
    }
    section.finish();
    config_.policies.push_back(std::move(p));
  }

  void read_expectation(TomlSection& section) {
    const auto problems_before = problems_.count();
    policy::Expectation e;
    e.name = read_name(section, expectation_names_);
    for (const auto word : policy::expectation_words()) {
      if (!section.has(word) || word == "name") continue;
      std::string text;
      for (const auto& part : section.texts(word)) text += (text.empty() ? "" : ",") + part;
      if (const auto set = policy::set_word(e, word, text); !set) section.problem(word, set.error().detail);
    }
    if (problems_.count() == problems_before) {
      if (const auto valid = policy::validate(e); !valid) section.problem(valid.error().detail);
    }
    section.finish();
    config_.expectations.push_back(std::move(e));
  }

  // A child's traffic selectors are its policy unless policies were written for it.
  void add_policies_of_children() {
    std::set<std::string> named;
    for (const auto& p : config_.policies) {
      if (p.may_protect()) named.insert(p.target());
    }
    for (const auto& c : config_.connections) {
      for (const auto& child : c.connection.children) {
        const std::string target = c.connection.name + "/" + child.name;
        if (named.contains(target)) continue;
        unsigned count = 0;
        for (const auto& local : child.local_ts) {
          for (const auto& remote : child.remote_ts) {
            if (!local.addresses.shares_family(remote.addresses)) continue;
            policy::Policy p;
            p.name = c.connection.name + "." + child.name + (count == 0 ? "" : "." + std::to_string(count + 1));
            ++count;
            p.source = local;
            p.destination = remote;
            p.action = policy::Action::kProtect;
            p.connection = c.connection.name;
            p.child = child.name;
            config_.policies.push_back(std::move(p));
          }
        }
      }
    }
  }

  TomlSection root_;
  users::Methods methods_;  // that there are
  Problems& problems_;
  Config config_;
  std::set<std::string> connection_names_;
  std::set<std::string> sa_names_;
  std::set<std::string> policy_names_;
  std::set<std::string> expectation_names_;
};

}  // namespace

Result<void> check_references(const Config& config, const Levels& levels, const policy::Policy& policy) {
  std::set<std::string> known;
  const auto unknown = [&](const std::string& what, const std::string& name) {
    std::string sentence = "there is no " + what + " '" + name + "'";
    if (const auto meant = nearest(name, known)) sentence += "; did you mean '" + *meant + "'?";
    return Error{Errc::kNotFound, sentence};
  };
  if (auto people = check_people(config, policy); !people) return people;
  if (!policy.sa.empty()) {
    for (const auto& sa : config.sas) known.insert(sa.name);
    return known.contains(policy.sa) ? Result<void>() : unknown("manual SA", policy.sa);
  }
  if (policy.connection.empty()) return {};
  if (policy.level) {
    const auto broken = legacy_in(levels.esp_proposals(*policy.level));
    if (broken && !policy.legacy) {
      return Error{Errc::kInvalid, policy::legacy_sentence(to_string(*policy.level), *broken)};
    }
  }
  const auto connection = std::find_if(config.connections.begin(), config.connections.end(),
                                       [&](const auto& c) { return c.connection.name == policy.connection; });
  if (connection == config.connections.end()) {
    for (const auto& c : config.connections) known.insert(c.connection.name);
    return unknown("connection", policy.connection);
  }
  for (const auto& child : connection->connection.children) known.insert(child.name);
  if (!policy.child.empty() && !known.contains(policy.child)) return unknown("child of the connection", policy.child);
  if (policy.owns_child() && known.contains(policy.name)) {
    return Error{Errc::kExists,
                 "the connection has a child '" + policy.name + "' already; name the policy differently"};
  }
  return {};
}

Result<Config> load_config(const fs::path& file) {
  auto text = read_text(file);
  if (!text) return text.error();
  return parse_config(*text, file);
}

Result<Config> parse_config(const std::string& text, const fs::path& file, users::Methods methods) {
  Problems problems(file.string());
  const auto table = parse_toml(text, problems);
  if (table) {
    Config config = Reader(*table, file, methods, problems).read();
    if (problems.empty()) return config;
  }
  return Error{Errc::kInvalid, problems.text()};
}

}  // namespace sallyport::gateway
