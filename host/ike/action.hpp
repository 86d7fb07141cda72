// SPDX-License-Identifier: Apache-2.0
// What the engine asks its caller to do, and what it tells him. Actions are carried out in the order they stand in.
#pragma once

#include <chrono>
#include <variant>

#include "host/ike/connection.hpp"
#include "host/ipsec/sa.hpp"

namespace sallyport::ike {

using Time = std::chrono::steady_clock::time_point;

// Handles are never reused by an engine, and survive snapshot and restore.
enum class IkeHandle : std::uint64_t {};
enum class ChildHandle : std::uint64_t {};

// ---- to be carried out --------------------------------------------------------------------------------------------

// Bytes are an IKE message. From and to port 4500 it goes behind four zero bytes (RFC 3948 2.2: the non-ESP marker),
// which are not part of bytes.
struct SendDatagram {
  Endpoint local;
  Endpoint remote;
  Buffer bytes;
};

// RFC 3948 4: one byte 0xff without a marker, so that a NAT keeps its mapping.
struct SendKeepalive {
  Endpoint local;
  Endpoint remote;
};

// Put both directions into the card; packets under spi_in are accepted from now on. Nothing is sent under it before
// UseOutbound. When replaces is given, that child goes on receiving until its RemoveSa.
struct InstallSa {
  IkeHandle ike{};
  ChildHandle child{};
  std::string connection;
  std::string name;  // of the ChildConfig
  SaParameters sa;
  std::optional<ChildHandle> replaces;
  ChildConfig negotiated_by;  // the administrator's words as they were then: they may be others now
};

// The policy's outbound traffic goes under this child from now on. Follows InstallSa at once, except for a rekeying
// that the peer began: then it waits until the peer can surely receive (RFC 7296 2.8: it deletes the old one).
struct UseOutbound {
  ChildHandle child{};
};

// Take both directions out of the card. The engine gives spi_in back to the SpiAllocator by itself.
struct RemoveSa {
  ChildHandle child{};
  Spi spi_in{};
  Spi spi_out{};
};

// ---- to be known --------------------------------------------------------------------------------------------------

struct IkeEstablished {
  IkeHandle ike{};
  std::string connection;
  Endpoint local;
  Endpoint remote;
};

struct IkeRekeyed {
  IkeHandle old_ike{};
  IkeHandle new_ike{};  // holds the children now
};

// Could not be established, or was lost. Its children's RemoveSa stand before it.
struct IkeFailed {
  IkeHandle ike{};
  std::string connection;
  Error reason;  // kAuthFailed, kUnsupported (no proposal), kTimeout, ...
};

// Deleted in good order, by either side, or replaced by an INITIAL_CONTACT.
struct IkeDeleted {
  IkeHandle ike{};
  std::string connection;
};

struct ChildEstablished {
  IkeHandle ike{};
  ChildHandle child{};
  std::string connection;
  std::string name;
};

struct ChildRekeyed {
  ChildHandle old_child{};
  ChildHandle new_child{};
};

// The replacement that Engine::prepare() asked for is installed, and waits for Engine::take_over().
struct ChildPrepared {
  ChildHandle old_child{};
  ChildHandle new_child{};
};

// A child that was asked for, or its replacement, did not come about.
struct ChildFailed {
  IkeHandle ike{};
  std::string connection;
  std::string name;
  Error reason;  // kUnsupported: no proposal in common or TS_UNACCEPTABLE; kTimeout, kBusy, ...
};

// A peer asked for algorithms or selectors that we do not accept, and was told so. Nothing has changed. Where no IKE SA
// stands behind it, anybody may have sent it.
struct PeerRefused {
  Endpoint remote;
  std::string connection;  // empty when there is none for this peer
  Error reason;            // kUnsupported; names what was refused
};

// The peer's address or port behind its NAT changed; children are being rekeyed to the new one.
struct PeerMoved {
  IkeHandle ike{};
  Endpoint remote;
};

using Action =
    std::variant<SendDatagram, SendKeepalive, InstallSa, UseOutbound, RemoveSa, IkeEstablished, IkeRekeyed, IkeFailed,
                 IkeDeleted, ChildEstablished, ChildRekeyed, ChildPrepared, ChildFailed, PeerRefused, PeerMoved>;
using Actions = std::vector<Action>;

}  // namespace sallyport::ike
