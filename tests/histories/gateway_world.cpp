// SPDX-License-Identifier: Apache-2.0
#include "tests/histories/gateway_world.hpp"

#include <boost/json.hpp>
#include <stdexcept>

#include "driver/testing/frames.hpp"
#include "host/base/log.hpp"
#include "host/gateway/ip_frames.hpp"

namespace sallyport::histories {
namespace {

constexpr driver::MacAddress kLanMac = {2, 0, 0, 0, 1, 0};
constexpr driver::MacAddress kWanMac = {2, 0, 0, 0, 2, 0};
constexpr driver::MacAddress kHostMac = {2, 0, 0, 0, 1, 1};
constexpr driver::MacAddress kPeerMac = {2, 0, 0, 0, 2, 2};

// Two manual SAs and a connection to one peer, and policies that the test makes. The keys of manual SAs begin with 8
// digits of this card's own.
constexpr const char* kConfiguration = R"([card]
backend = "software"
lan_interface = "none"
wan_interface = "none-either"
[gateway]
log_level = "LEVEL"
[lan]
address = "10.1.0.1/24"
tap = "hh-lan"
mac = "02:00:00:00:01:00"
[wan]
address = "192.0.2.1/24"
gateway = "192.0.2.2"
tap = "hh-wan"
mac = "02:00:00:00:02:00"
[users]
[[sas]]
name = "m"
local_address = "192.0.2.1"
remote_address = "192.0.2.2"
spi_in = 0x1001
spi_out = 0x2001
key_in = "CCCCCCCC0405060708090a0b0c0d0e0f10111213"
key_out = "CCCCCCCC2425262728292a2b2c2d2e2f30313233"
[[sas]]
name = "n"
local_address = "192.0.2.1"
remote_address = "192.0.2.2"
spi_in = 0x1002
spi_out = 0x2002
algorithm = "aes256gcm16"
key_in = "CCCCCCCC0405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
key_out = "CCCCCCCC2425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40414243"
[[connections]]
name = "peer"
local_address = "192.0.2.1"
remote_address = "192.0.2.2"
)";
std::string configuration(unsigned card, bool log) {
  const std::string digits = to_hex(ByteWriter().u32(card).view());
  std::string text = kConfiguration;
  text.replace(text.find("LEVEL"), 5, log ? "debug" : "error");
  text += "secret = \"" + std::string(kSecret) + "\"\nproposals = [\"" + kIkeProposals + "\"]\n";
  for (auto at = text.find("CCCCCCCC"); at != std::string::npos; at = text.find("CCCCCCCC")) {
    text.replace(at, digits.size(), digits);
  }
  return text;
}

const std::map<std::uint32_t, Fate> kSpis = {{0x2001, "m"}, {0x2002, "n"}};

// A probe is known by its length and DSCP, which none of the ciphers hides: some while later another has both again.
constexpr std::size_t kLengths = kSlots / 64;
constexpr std::size_t kEspBytes = 56;  // outer IPv4, SPI, number, IV, two of padding, trailer, ICV
constexpr std::size_t kIpBytes = 20;
std::size_t payload_of(std::size_t slot) { return 4 * (slot % kLengths + 5); }  // of IPv4; TCP's header fits in
std::uint8_t tos_of(std::size_t slot) { return static_cast<std::uint8_t>(slot / kLengths << 2); }
std::size_t slot_of(std::size_t total, std::uint8_t tos) {
  return (total - kIpBytes) / 4 - 5 + kLengths * (std::size_t{tos} >> 2);
}

// The gateway gives up what has waited for 4 s; until then a slot is not used again.
constexpr auto kLongestWait = std::chrono::seconds(6);

constexpr std::uint16_t kIkePort = 500;
constexpr std::uint16_t kService = 2000;  // beyond the WAN

Buffer packet_of(const Probe& probe, std::size_t slot) {
  driver::IpHeader header;
  header.ttl = 64;
  header.tos = tos_of(slot);
  header.source = driver::Address::from_v4(probe.outbound ? probe.computer : probe.remote);
  header.destination = driver::Address::from_v4(probe.outbound ? probe.remote : probe.computer);
  ByteWriter payload;
  const std::uint16_t port = probe.tcp ? probe.tcp->port : 1000;  // of the computer
  payload.u16(probe.outbound ? port : kService).u16(probe.outbound ? kService : port);
  if (probe.tcp) {
    payload.zeros(8).u8(5 << 4).u8(probe.tcp->opens ? driver::testing::kSyn : driver::testing::kAck).zeros(6);
  } else {
    payload.u16(static_cast<std::uint16_t>(payload_of(slot))).u16(0);
  }
  payload.zeros(payload_of(slot) - payload.size());
  return driver::write_ip(header, probe.tcp ? driver::kProtocolTcp : driver::kProtocolUdp, payload.view());
}

constexpr auto kPatience = std::chrono::seconds(30);

// In the week of Monday, 1 January 2024.
std::chrono::system_clock::time_point time_of(std::size_t moment) {
  const policy::WeekMinute minute = policy::parse_week_minute(kMoments[moment]).value();
  std::tm local{};
  local.tm_year = 124;
  local.tm_mday = 1 + static_cast<int>(minute / policy::kMinutesOfDay);
  local.tm_min = static_cast<int>(minute % policy::kMinutesOfDay);
  local.tm_isdst = -1;
  return std::chrono::system_clock::from_time_t(::mktime(&local));
}

[[noreturn]] void fail(const std::string& sentence) { throw std::runtime_error(sentence); }

std::uint16_t u16(Bytes b, std::size_t at) { return static_cast<std::uint16_t>(b[at] << 8 | b[at + 1]); }
std::uint32_t u32(Bytes b, std::size_t at) { return std::uint32_t{u16(b, at)} << 16 | u16(b, at + 2); }

}  // namespace

GatewayWorld::GatewayWorld(std::filesystem::path folder, bool log)
    : folder_(std::move(folder)),
      log_(log),
      clock_(time_of(Model().moment)),
      peer_([this](const Endpoint& from, const Endpoint& to, Bytes message) {
        driver::IpHeader header;
        header.ttl = 64;
        header.source = from.address.number();
        header.destination = to.address.number();
        ByteWriter udp;
        udp.u16(from.port).u16(to.port).u16(static_cast<std::uint16_t>(8 + message.size())).u16(0).bytes(message);
        const Buffer packet = driver::write_ip(header, driver::kProtocolUdp, udp.view());
        card_->receive(layout::Port::kWan, driver::testing::ip_frame(kWanMac, kPeerMac, packet));
      }) {
  log::set_level(log ? log::Level::kDebug : log::Level::kError);
  reset_card();
}

GatewayWorld::~GatewayWorld() = default;

void GatewayWorld::start() {
  auto config = gateway::parse_config(configuration(cards_, log_), folder_ / "gateway.toml");
  if (!config) fail(config.error().detail);
  config->state_directory = folder_ / "state";
  config->socket = folder_ / "run" / "api.sock";
  auto started = gateway::Gateway::start(*io_, std::move(*config), *watched_, [this] { return clock_; });
  if (!started) fail("the gateway does not start: " + started.error().detail);
  gateway_ = std::move(*started);
  gateway_->dialogue().reach_by([](const auto&...) { return true; });  // whoever is asked hears it
  run_until("its peer", [&] {
    return gateway_->keeper().forwarding().is_known({layout::Port::kWan, driver::Address::from_v4(0xc0000202)});
  });
}

void GatewayWorld::kill() {
  left_ = gateway_->keeper().forwarding();
  left_targets_.clear();
  for (const auto& sa : gateway_->keeper().sas()) left_targets_[static_cast<std::uint32_t>(sa.spi_out)] = sa.target;
  gateway_.reset();
  io_ = std::make_unique<boost::asio::io_context>();  // nothing of what was to be done is
  sessions_.clear();
  asked_.clear();
}

void GatewayWorld::reset_card() {
  ++cards_;  // a key is never given to a second one
  card_ = std::make_unique<driver::SoftwareCard>([this](layout::Port port, Bytes frame) { transmit(port, frame); });
  watched_ = std::make_unique<driver::testing::FlakyCard>(*card_);
  watched_->on_written(layout::reg::kFlip, [this](std::uint32_t) { on_flip_(); });
  card_->on_packet([this](const driver::PacketRecord& record) { upcall_ = record.upcall.has_value(); });
}

void GatewayWorld::transmit(layout::Port port, Bytes frame) {
  if (driver::testing::is_arp_request(frame)) {
    asked_.emplace_back(port, Buffer(frame.begin(), frame.end()));
    return;
  }
  if (u16(frame, 12) != 0x0800) return;
  const std::size_t total = u16(frame, 16);
  if (frame[23] == driver::kProtocolEsp) return left(slot_of(total - kEspBytes, frame[15]), fate_under(u32(frame, 34)));
  if (frame[23] == driver::kProtocolUdp && u16(frame, 34) == kIkePort) {
    to_peer_.emplace_back(frame.begin(), frame.end());
  } else if (frame[23] == driver::kProtocolUdp || frame[23] == driver::kProtocolTcp) {
    left(slot_of(total, frame[15]), "clear");
  }
}

void GatewayWorld::left(std::size_t slot, const Fate& fate) {
  fates_[slot] = fate;
  if (slot != sending_) on_late_(probes_[slot], fate);
}

// What the gateway has made the SA for, and what the other one knows that it is.
Fate GatewayWorld::fate_under(std::uint32_t spi) const {
  if (const auto manual = kSpis.find(spi); manual != kSpis.end()) return manual->second;
  std::string target = "nothing";
  if (gateway_) {
    for (const auto& sa : gateway_->keeper().sas()) {
      if (static_cast<std::uint32_t>(sa.spi_out) == spi) target = sa.target;
    }
  } else if (const auto known = left_targets_.find(spi); known != left_targets_.end()) {
    target = known->second;
  }
  return target + " by " + peer_.algorithm_of(spi).value_or("what the peer does not know");
}

void GatewayWorld::answer_ike() {
  peer_.on_time();
  if (!peer_hears_ || to_peer_.empty()) return;
  for (const Buffer& frame : std::exchange(to_peer_, {})) {
    const auto packet = gateway::ip_packet(frame).value();
    peer_.receive({IpAddress::from_number(packet.source), kIkePort},
                  {IpAddress::from_number(packet.destination), kIkePort}, packet.payload().subspan(8));
  }
  gateway_->poll();
}

void GatewayWorld::answer_neighbours() {
  for (const auto& [port, request] : std::exchange(asked_, {})) {
    const auto& mac = port == layout::Port::kLan ? kHostMac : kPeerMac;
    card_->receive(port, driver::testing::arp_answer(request, mac));
  }
}

void GatewayWorld::step() {
  io_->restart();
  io_->run_one_for(std::chrono::milliseconds(5));
  answer_neighbours();
  answer_ike();
}

void GatewayWorld::run_until(const std::string& what, const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) fail("waited 30 s for the gateway: " + what);
    step();
  }
}

void GatewayWorld::let_pass(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) step();
}

void GatewayWorld::settle() {
  run_until("nothing to be under way", [&] {
    if (gateway_->commits().busy()) return false;
    for (const auto& ike : gateway_->engine().status(std::chrono::steady_clock::now())) {
      if (ike.state != ike::IkeState::kEstablished) return false;
      std::set<ike::ChildHandle> replaced;  // by one that waits
      for (const auto& child : ike.children) {
        if (child.prepared_for) replaced.insert(*child.prepared_for);
      }
      for (const auto& child : ike.children) {
        const bool rests = child.state == ike::ChildState::kInstalled || child.state == ike::ChildState::kDraining;
        if (!rests && !replaced.contains(child.child)) return false;
      }
    }
    return true;
  });
}

std::uint32_t GatewayWorld::newest_configuration() const {
  return gateway_->commits().configurations().newest().number;
}

std::optional<std::string> GatewayWorld::algorithm(const std::string& target) const {
  const auto* sa = gateway_->keeper().sending_for(target);
  return sa == nullptr ? std::nullopt : std::optional(sa->algorithm);
}

std::set<std::string> GatewayWorld::being_renewed() const {
  std::set<std::string> targets;
  for (const auto& status : gateway_->engine().status(std::chrono::steady_clock::now())) {
    for (const auto& child : status.children) {
      if (child.state == ike::ChildState::kRekeying) targets.insert(status.connection + "/" + child.name);
    }
  }
  for (const auto child : gateway_->keeper().of_another_class()) {
    targets.insert(gateway_->keeper().find(child)->target);
  }
  return targets;
}

std::set<std::string> GatewayWorld::pending() const {
  std::set<std::string> names;
  for (const auto& [name, old] : gateway_->commits().configurations().pending()) names.insert(name);
  return names;
}

GatewayWorld::Answer GatewayWorld::begin_to_ask(const std::string& method, const std::vector<std::string>& path,
                                                const boost::json::value& body) {
  auto answer = std::make_shared<std::optional<Result<boost::json::value>>>();
  gateway::GatewayService(*gateway_, nullptr).call({method, path, body}, [answer](Result<boost::json::value> r) {
    answer->emplace(std::move(r));
  });
  return answer;
}

Result<boost::json::value> GatewayWorld::wait_for(const Answer& answer) {
  run_until("an answer", [&] { return answer->has_value(); });
  return **answer;
}

// The API's least time is a second, of which a long history has too few.
Result<gateway::CommitReport> GatewayWorld::commit_unconfirmed() {
  auto report = std::make_shared<std::optional<Result<gateway::CommitReport>>>();
  gateway::Commits& commits = gateway_->commits();
  gateway::CommitOptions options{"administrator"};
  options.confirm = std::chrono::seconds(0);
  commits.commit_candidate(options, [report](Result<gateway::CommitReport> r) { report->emplace(std::move(r)); });
  run_until("commit", [&] { return report->has_value(); });
  run_until("the time to confirm", [&] { return !commits.busy() && !commits.confirm_within(); });
  return **report;
}

Result<void> GatewayWorld::log_in(SessionId id, const Session& who, const std::vector<std::string>& groups) {
  users::Session session{std::to_string(id), who.user, groups, "password", {}, 1000, who.tagged};
  session.address = IpAddress::from_number(driver::Address::from_v4(who.computer));
  auto tag = gateway_->principals().on_begin(session);
  if (!tag) return tag.error();
  if (*tag) tags_[id] = std::move(**tag);
  sessions_[id] = std::move(session);
  return {};
}

void GatewayWorld::log_out(SessionId id) {
  const users::Session session = std::move(sessions_.extract(id).mapped());
  bool done = false;
  gateway_->principals().on_end(session, users::EndReason::kLogout, [&] { done = true; });
  gateway_->principals().settle();
  run_until("the end of " + session.user, [&] { return done; });
}

std::optional<std::uint64_t> GatewayWorld::ask_for(SessionId id, const Probe& probe) {
  const auto newest = [&] {
    std::uint64_t number = 0;
    for (const auto& question : gateway_->dialogue().open_questions(sessions_.at(id).user)) {
      number = std::max(number, question.at("id").to_number<std::uint64_t>());
    }
    return number;
  };
  gateway_->poll();
  const std::uint64_t before = newest();
  (void)send(probe);
  gateway_->poll();
  const std::uint64_t after = newest();
  return after > before ? std::optional(after) : std::nullopt;
}

Result<void> GatewayWorld::answer(SessionId id, std::uint64_t question, const std::string& choice) {
  std::optional<Result<std::string>> answered;
  gateway_->dialogue().answer(sessions_.at(id), std::to_string(question), choice, "session",
                              [&](Result<std::string> r) { answered.emplace(std::move(r)); });
  run_until("an answer to a user", [&] { return answered.has_value(); });
  return *answered ? Result<void>() : answered->error();
}

void GatewayWorld::set_clock(std::size_t moment) {
  clock_ = time_of(moment);
  run_until("the clock", [&] { return gateway_->keeper().week_minute() == gateway_->week_minute(); });
}

driver::UserTag GatewayWorld::tag_of(const Probe& probe) const {
  const users::Tag& tag = tags_.at(probe.mark->session);
  if (probe.mark->kind == Mark::Kind::kPlain) return {tag.handle, std::nullopt};
  const std::uint32_t seen_to = probe.mark->kind == Mark::Kind::kReplayed ? probe.remote + 1 : probe.remote;
  auto check = driver::tag_check(tag.key.reveal(), tag.handle, driver::Address::from_v4(probe.computer),
                                 driver::Address::from_v4(seen_to));
  if (probe.mark->kind == Mark::Kind::kForged) check.back() ^= 1;
  return {tag.handle, check};
}

std::size_t GatewayWorld::inject(const Probe& probe) {
  const auto now = std::chrono::steady_clock::now();
  ++next_slot_;
  for (std::size_t i = 0; i < fates_.size() && waits_until_[next_slot_ % fates_.size()] > now; ++i) ++next_slot_;
  const std::size_t slot = next_slot_ % fates_.size();
  probes_[slot] = probe;
  fates_[slot] = "dropped";
  upcall_ = false;
  sending_ = slot;
  Buffer packet = packet_of(probe, slot);
  if (probe.mark) packet = driver::put_user_tag(packet, tag_of(probe)).value();
  card_->receive(probe.outbound ? layout::Port::kLan : layout::Port::kWan,
                 driver::testing::ethernet_frame(probe.outbound ? kLanMac : kWanMac,
                                                 probe.outbound ? kHostMac : kPeerMac, driver::kEthertypeIpv4, packet));
  sending_.reset();
  if (upcall_) waits_until_[slot] = now + kLongestWait;
  return slot;
}

Fate GatewayWorld::send(const Probe& probe) {
  const std::size_t slot = inject(probe);
  return upcall_ ? "waits" : fates_[slot];
}

Fate GatewayWorld::send_and_settle(const Probe& probe, std::chrono::milliseconds patience) {
  const std::size_t slot = inject(probe);
  if (!upcall_) return fates_[slot];
  const auto end = std::chrono::steady_clock::now() + patience;
  while (fates_[slot] == "dropped" && std::chrono::steady_clock::now() < end) step();
  return fates_[slot] == "dropped" ? "waits" : fates_[slot];
}

bool GatewayWorld::had_neighbour_of(const Probe& probe) const {
  const auto hop = left_->hop_to(driver::Address::from_v4(probe.outbound ? probe.remote : probe.computer));
  return hop && left_->is_in_card(*hop);
}

}  // namespace sallyport::histories
