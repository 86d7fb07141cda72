// SPDX-License-Identifier: Apache-2.0
// IKEv2 (RFC 7296) for any number of peers. Decides and returns actions; sockets, clock and card belong to the caller.
#pragma once

#include <memory>

#include "host/ike/action.hpp"
#include "host/ike/connection.hpp"
#include "host/ike/crypto.hpp"
#include "host/ike/status.hpp"

namespace sallyport::ike {

// The receiver chooses the SPI of what it receives, and a card's SPI carries the row of its SA: so the card's keeper
// hands them out. release() follows every allocate(): in the call that returns the SA's RemoveSa, or when the SA never
// came about. Whoever frees a row only after he has carried RemoveSa out takes both into account.
class SpiAllocator {
 public:
  virtual ~SpiAllocator() = default;
  virtual Result<Spi> allocate() = 0;
  virtual void release(Spi spi) = 0;
};

struct Settings {
  // RFC 7296 2.1 leaves these to us: a request is sent again after base, base*factor, ... and given up after tries.
  std::chrono::milliseconds retransmit_base{2000};
  double retransmit_factor = 1.8;
  unsigned retransmit_tries = 6;
  std::chrono::seconds half_open_timeout{30};  // a responder forgets an initiator that does not go on
  std::size_t cookie_threshold = 16;           // half-open IKE SAs from which on a cookie is demanded (RFC 7296 2.6)
  std::size_t half_open_limit = 1024;          // and from which on nobody new is answered
  std::chrono::seconds cookie_lifetime{60};    // of the secret behind cookies; the one before stays good as long
  std::chrono::seconds keepalive{20};          // RFC 3948 4
  std::chrono::seconds drain{3};               // a replaced child still receives for so long after it was deleted
};

class IkeSa;
struct World;

// One thread calls it. Every call that takes the time may return actions; the times of one engine never go back.
class Engine {
 public:
  Engine(Settings settings, RandomSource random, SpiAllocator& spis);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // A connection of that name is replaced: SAs that exist go on as they are, the next rekeying uses the new words.
  Result<void> set_connection(Connection connection);
  // Its SAs are deleted in good order. Errors: kNotFound.
  Result<Actions> remove_connection(std::string_view name, Time now);

  // bytes: one IKE message, without the non-ESP marker. A malformed or forged one is counted and changes nothing.
  Actions on_datagram(const Endpoint& local, const Endpoint& remote, Bytes bytes, Time now);

  // Errors: kNotFound (names nothing), kInvalid (connection without addresses), kExists (child is up or under way).
  Result<Actions> initiate(std::string_view connection, std::string_view child, Time now);
  Result<Actions> terminate(IkeHandle ike, Time now);
  Result<Actions> terminate(ChildHandle child, Time now);
  // Does not begin, nor begin again, what nobody wants any more. One that is under way comes all the same, and one that
  // is up stays.
  void forget(std::string_view connection, std::string_view child);
  Result<Actions> rekey(IkeHandle ike, Time now);
  Result<Actions> rekey(ChildHandle child, Time now);  // also what a card's soft expiry asks for
  // A rekeying in two steps. The replacement, by the words as they are now, is installed and waits: both sides go on
  // sending under the old child, as a responder does until the old one is deleted (RFC 7296 2.8), until take_over(), or
  // until one of the two would have to be rekeyed. terminate() the replacement, and nothing has been. Errors: kExists
  // (one waits already), kBusy (it is being rekeyed or deleted).
  Result<Actions> prepare(ChildHandle child, Time now);
  Result<Actions> take_over(ChildHandle prepared, Time now);  // kNotFound: it does not wait (any more)
  Actions terminate_all(Time now);                            // at shutdown: keep calling until idle()

  // To be called at next_deadline() or later; nothing happens by itself.
  Actions on_time(Time now);
  [[nodiscard]] std::optional<Time> next_deadline() const;

  [[nodiscard]] bool idle() const;  // no IKE SA at all
  [[nodiscard]] std::vector<IkeStatus> status(Time now) const;
  [[nodiscard]] const Counters& counters() const;

  // Counts up with everything that snapshot() would tell differently. Who wants to survive kill -9 stores a snapshot,
  // sealed, whenever the revision moved, before he sends the datagrams of the same call: message IDs are in it.
  [[nodiscard]] std::uint64_t revision() const;
  // Established IKE SAs with their keys; of CHILD SAs only what is not a secret, since the card has the rest.
  [[nodiscard]] Secret snapshot(Time now) const;
  // Into an engine without IKE SAs, after set_connection(). away: how long ago the snapshot was taken. The SPIs of the
  // children count as allocated, as the card that holds them says. Errors: kCorrupt, kExists.
  Result<Actions> restore(Bytes snapshot, std::chrono::seconds away, Time now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::ike
