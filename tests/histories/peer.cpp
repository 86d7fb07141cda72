// SPDX-License-Identifier: Apache-2.0
#include "tests/histories/peer.hpp"

#include <stdexcept>

#include "tests/histories/model.hpp"

namespace sallyport::histories {
namespace {

using std::chrono::steady_clock;

ike::Connection words() {
  ike::ChildConfig child;
  child.name = "any";
  child.local_ts = child.remote_ts = {TrafficSelector::of(AddressRange::any())};
  child.proposals = parse_proposals(Protocol::kEsp, kAgreedTo).value();
  child.lifetime = {};
  ike::Connection connection;
  connection.name = "gateway";
  connection.local = IpAddress::parse(kPeerAddress).value();
  connection.remote = IpAddress::parse(kGatewayAddress).value();
  connection.local_id = ike::Identity::parse(kPeerAddress).value();
  connection.remote_id = ike::Identity::parse(kGatewayAddress).value();
  connection.psk = Secret(as_bytes(kSecret));
  connection.ike_proposals = parse_proposals(Protocol::kIke, kIkeProposals).value();
  connection.lifetime = {};
  connection.children = {child};
  return connection;
}

}  // namespace

Peer::Peer(Send send) : send_(std::move(send)), engine_(ike::Settings{}, ike::system_random(), *this) {
  if (const auto set = engine_.set_connection(words()); !set) throw std::runtime_error(set.error().detail);
}

void Peer::receive(const Endpoint& from, const Endpoint& to, Bytes message) {
  perform(engine_.on_datagram(to, from, message, steady_clock::now()));
}

void Peer::on_time() {
  const auto due = engine_.next_deadline();
  if (due && *due <= steady_clock::now()) perform(engine_.on_time(steady_clock::now()));
}

std::optional<std::string> Peer::algorithm_of(std::uint32_t spi) const {
  const auto found = sas_.find(spi);
  return found == sas_.end() ? std::nullopt : std::optional(found->second);
}

void Peer::perform(ike::Actions actions) {
  for (const auto& action : actions) {
    if (const auto* datagram = std::get_if<ike::SendDatagram>(&action)) {
      send_(datagram->local, datagram->remote, datagram->bytes);
    } else if (const auto* install = std::get_if<ike::InstallSa>(&action)) {
      sas_[static_cast<std::uint32_t>(install->sa.spi_in)] = sallyport::algorithm_of(install->sa);
    } else if (const auto* remove = std::get_if<ike::RemoveSa>(&action)) {
      sas_.erase(static_cast<std::uint32_t>(remove->spi_in));
    }
  }
}

}  // namespace sallyport::histories
