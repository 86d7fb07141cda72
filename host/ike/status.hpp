// SPDX-License-Identifier: Apache-2.0
// What a status screen shows of the engine. No keys.
#pragma once

#include "host/ike/action.hpp"
#include "host/ike/identity.hpp"
#include "host/ipsec/proposal.hpp"

namespace sallyport::ike {

enum class IkeState : std::uint8_t {
  kConnecting,      // IKE_SA_INIT is under way
  kAuthenticating,  // IKE_AUTH is under way
  kEstablished,
  kRekeyed,   // replaced, and waiting to be deleted
  kDeleting,  // we asked the peer to delete it
  kClosed,    // about to be forgotten
};
[[nodiscard]] std::string_view to_string(IkeState state);

enum class ChildState : std::uint8_t {
  kInstalled,
  kRekeying,  // our replacement is under way
  kRekeyed,   // replaced, and waiting to be deleted
  kDeleting,  // we asked the peer to delete it
  kDraining,  // deleted, and kept a moment for packets still on the wire
};
[[nodiscard]] std::string_view to_string(ChildState state);

struct ChildStatus {
  ChildHandle child{};
  std::string name;
  ChildState state{};
  std::optional<ChildHandle> prepared_for;  // it waits for Engine::take_over(), and would replace this one
  Spi spi_in{};
  Spi spi_out{};
  Proposal proposal;  // says its protocol, too
  Mode mode{};
  TrafficSelectors local_ts;
  TrafficSelectors remote_ts;
  std::optional<UdpEncap> encap;
  ChildConfig negotiated_by;  // as in InstallSa
  std::chrono::seconds age{0};
  std::optional<std::chrono::seconds> rekey_in;
  std::optional<std::chrono::seconds> expire_in;
};

struct IkeStatus {
  IkeHandle ike{};
  std::string connection;
  IkeState state{};
  bool initiator = false;
  std::uint64_t spi_i = 0;
  std::uint64_t spi_r = 0;
  Endpoint local;
  Endpoint remote;
  Identity local_id;
  Identity remote_id;
  bool local_behind_nat = false;
  bool remote_behind_nat = false;
  Proposal proposal;  // empty until it is chosen
  std::chrono::seconds age{0};
  std::optional<std::chrono::seconds> rekey_in;
  std::optional<std::chrono::seconds> expire_in;
  std::vector<ChildStatus> children;
};

// Datagrams that came to nothing, by reason, and what was done about load.
struct Counters {
  std::uint64_t received = 0;
  std::uint64_t malformed = 0;      // not an IKE message, or one that breaks the rules of its exchange
  std::uint64_t unknown_spi = 0;    // of no IKE SA of ours
  std::uint64_t bad_icv = 0;        // the integrity check failed
  std::uint64_t unexpected = 0;     // a message ID outside the window, or nothing that was asked for
  std::uint64_t replayed = 0;       // a request seen before, answered with the stored response
  std::uint64_t retransmitted = 0;  // requests of ours, sent again
  std::uint64_t cookies_sent = 0;   // answers that demanded a cookie
  std::uint64_t half_open_refused = 0;
};

}  // namespace sallyport::ike
