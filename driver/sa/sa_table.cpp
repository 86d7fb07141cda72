// SPDX-License-Identifier: Apache-2.0
#include "driver/sa/sa_table.hpp"

#include <openssl/rand.h>

#include <algorithm>

namespace sallyport::driver {
namespace {

namespace reg = layout::reg;
using layout::Row;
using layout::TableId;

constexpr std::uint32_t kLeastSpi = 256;  // 1..255 are IANA's, 0 is local use (RFC 4303 2.1)
constexpr std::uint32_t kRowMask = layout::kSaRows - 1;

struct SaTables {
  TableId sa;
  TableId key;
  TableId integrity_key;
  TableId limits;
};

SaTables tables_of(bool outbound) {
  return outbound ? SaTables{TableId::kSaOut, TableId::kSaOutKey, TableId::kSaOutIntegrityKey, TableId::kSaOutLimits}
                  : SaTables{TableId::kSaIn, TableId::kSaInKey, TableId::kSaInIntegrityKey, TableId::kSaInLimits};
}

std::uint16_t row_of(std::uint32_t spi) { return static_cast<std::uint16_t>(spi & kRowMask); }

Error wrong_length(const char* algorithm, const char* takes, std::size_t got) {
  return {Errc::kInvalid,
          std::string(algorithm) + " takes " + takes + ", and was given " + std::to_string(got) + " bytes"};
}

// Of the keys, what the algorithms demand.
Result<void> check(const SaProtection& p) {
  using layout::Cipher;
  const char* cipher = layout::kCiphers[static_cast<unsigned>(p.cipher)].name;
  const char* integrity = layout::kIntegrities[static_cast<unsigned>(p.integrity)].name;
  const std::size_t n = p.key.size();
  switch (p.cipher) {
    case Cipher::kAesGcm:
    case Cipher::kAesGmac:
    case Cipher::kAesCtr:
    case Cipher::kAesCbc:
      if (n != 16 && n != 24 && n != 32) return wrong_length(cipher, "a key of 16, 24 or 32 bytes", n);
      break;
    case Cipher::kNull:
      if (n != 0) return wrong_length(cipher, "no key", n);
      break;
    case Cipher::kDesCbc:
      if (n != 8) return wrong_length(cipher, "a key of 8 bytes", n);
      break;
    case Cipher::kDes3Cbc:
      if (n != 24) return wrong_length(cipher, "a key of 24 bytes", n);
      break;
  }
  const bool salted = salt_bytes(p.cipher) != 0;
  if (salted && p.salt.size() != salt_bytes(p.cipher)) return wrong_length(cipher, "a salt of 4 bytes", p.salt.size());
  if (!salted && !p.salt.empty()) return wrong_length(cipher, "no salt", p.salt.size());

  const bool own_icv = layout::shape(p.cipher).icv != 0;
  if (own_icv && p.integrity != layout::Integrity::kNone) {
    return Error{Errc::kInvalid,
                 std::string(cipher) + " has an ICV of its own: integrity must be none, not " + integrity};
  }
  if (!own_icv && p.integrity == layout::Integrity::kNone) {
    return Error{Errc::kInvalid, std::string(cipher) + " needs an integrity beside it, such as hmac_sha256_128"};
  }
  const std::size_t key_bytes = layout::shape(p.integrity).key;
  if (p.integrity_key.size() != key_bytes) {
    const std::string takes = "an integrity key of " + std::to_string(key_bytes) + " bytes";
    return wrong_length(own_icv ? cipher : integrity, own_icv ? "no integrity key" : takes.c_str(),
                        p.integrity_key.size());
  }
  return {};
}

// AH authenticates and no more (RFC 4302).
Result<void> check(layout::Protocol protocol, layout::Cipher cipher) {
  if (protocol == layout::Protocol::kAh && cipher != layout::Cipher::kNull) {
    return Error{Errc::kInvalid, std::string("ah does not encrypt: cipher must be null, not ") +
                                     layout::kCiphers[static_cast<unsigned>(cipher)].name};
  }
  return {};
}

Result<void> check(const OutboundSa& sa) {
  constexpr std::uint8_t kMostDscp = 63;
  if (auto r = check(sa.protocol, sa.protection.cipher); !r) return r;
  if (sa.protocol == layout::Protocol::kAh && sa.encap) {
    return Error{Errc::kInvalid, "ah does not pass a NAT, so it is never in UDP: use esp"};
  }
  if (sa.mode == layout::Mode::kTunnel && sa.source.is_v4() != sa.destination.is_v4()) {
    return Error{Errc::kInvalid, "a tunnel from an address of one IP version to an address of the other"};
  }
  if (sa.dscp.value_or(0) > kMostDscp) {
    return Error{Errc::kInvalid, "dscp must be 0 to 63, not " + std::to_string(*sa.dscp)};
  }
  return check(sa.protection);
}

Result<void> check(const InboundSa& sa) {
  if (auto r = check(sa.protocol, sa.protection.cipher); !r) return r;
  return check(sa.protection);
}

// Its first byte in bits 7:0.
Row integrity_key_row(const SaProtection& p) {
  static_assert(layout::integrity_key::kKey.lsb == 0, "the key begins the row");
  Row row;
  std::copy(p.integrity_key.reveal().begin(), p.integrity_key.reveal().end(), row.bytes().begin());
  return row;
}

Row key_row(const SaProtection& p) {
  static_assert(layout::sa_key::kKey.lsb == 0, "the key begins the row");
  Row row;
  std::copy(p.key.reveal().begin(), p.key.reveal().end(), row.bytes().begin());
  std::uint32_t salt = 0;
  for (const std::uint8_t byte : p.salt.reveal()) salt = salt << 8 | byte;
  row.set(layout::sa_key::kSalt, salt);
  const auto size = p.key.size() == 32   ? layout::KeySize::kAes256
                    : p.key.size() == 24 ? layout::KeySize::kAes192
                                         : layout::KeySize::kAes128;
  row.set(layout::sa_key::kKeySize, static_cast<std::uint64_t>(size));
  row.set(layout::sa_key::kIntegrity, static_cast<std::uint64_t>(p.integrity));
  return row;
}

Row limits_row(const SaLimits& limits) {
  namespace f = layout::sa_limits;
  Row row;
  row.set(f::kSoftPackets, limits.soft_packets);
  row.set(f::kHardPackets, limits.hard_packets);
  row.set(f::kSoftBytes, limits.soft_bytes);
  row.set(f::kHardBytes, limits.hard_bytes);
  return row;
}

template <class E>
std::uint64_t code(E value) {
  return static_cast<std::uint64_t>(value);
}

Row row_of(const OutboundSa& sa) {
  namespace f = layout::sa_out;
  Row row;
  row.set(f::kValid, 1);
  row.set(f::kEsn, sa.esn ? 1 : 0);
  row.set(f::kEncap, sa.encap ? 1 : 0);
  row.set(f::kMode, code(sa.mode));
  row.set(f::kCipher, code(sa.protection.cipher));
  row.set(f::kIntegrity, code(sa.protection.integrity));
  row.set(f::kProtocol, code(sa.protocol));
  row.set(f::kIpv6, sa.mode == layout::Mode::kTunnel && !sa.destination.is_v4() ? 1 : 0);
  row.set(f::kDf, code(sa.df));
  row.set(f::kPolicyId, sa.policy_id);
  row.set(f::kSpi, sa.spi);
  row.set(f::kSource, sa.source);
  row.set(f::kDestination, sa.destination);
  if (sa.encap) {
    row.set(f::kSourcePort, sa.encap->source);
    row.set(f::kDestinationPort, sa.encap->destination);
  }
  row.set(f::kNextHop, sa.next_hop);
  row.set(f::kTtl, sa.ttl);
  row.set(f::kSetDscp, sa.dscp ? 1 : 0);
  row.set(f::kDscp, sa.dscp.value_or(0));
  row.set(f::kAhAlign8, sa.ah_align8 ? 1 : 0);
  row.set(f::kTooBig, code(sa.too_big));
  return row;
}

Row row_of(const InboundSa& sa, unsigned replay_window) {
  namespace f = layout::sa_in;
  Row row;
  row.set(f::kValid, 1);
  row.set(f::kEsn, sa.esn ? 1 : 0);
  row.set(f::kMode, code(sa.mode));
  row.set(f::kCipher, code(sa.protection.cipher));
  row.set(f::kIntegrity, code(sa.protection.integrity));
  row.set(f::kPolicyId, sa.policy_id);
  row.set(f::kReplayWindow, replay_window);
  row.set(f::kSpi, sa.spi);
  row.set(f::kDestination, sa.destination);
  row.set(f::kProtocol, code(sa.protocol));
  return row;
}

// A free row, searched from a random one, so that an index is not reused at once.
template <class Rows>
Result<std::uint16_t> free_row(const Rows& taken, std::uint32_t random, const char* direction) {
  for (unsigned i = 0; i < layout::kSaRows; ++i) {
    const auto row = static_cast<std::uint16_t>((random + i) & kRowMask);
    if (!taken[row]) return row;
  }
  return Error{Errc::kFull,
               std::string("all ") + std::to_string(layout::kSaRows) + " " + direction + " SA rows are taken"};
}

}  // namespace

Result<std::uint32_t> system_random_word() {
  std::uint32_t word = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&word), sizeof word) != 1) {
    return Error{Errc::kIo, "the system's random numbers failed"};
  }
  return word;
}

Result<std::uint32_t> SaTable::reserve_spi() {
  for (;;) {
    auto random = random_();
    if (!random) return random.error();
    if ((*random & ~kRowMask) < kLeastSpi) continue;
    auto row = free_row(inbound_, *random, "inbound");
    if (!row) return row.error();
    inbound_[*row] = true;
    return (*random & ~kRowMask) | *row;
  }
}

Result<void> SaTable::claim_spi(std::uint32_t spi) {
  if (spi < kLeastSpi) return Error{Errc::kInvalid, "SPI " + std::to_string(spi) + ": 0 to 255 are reserved"};
  if (inbound_[row_of(spi)]) {
    return Error{Errc::kExists, "SPI " + std::to_string(spi) + ": another SA has the row of its low " +
                                    std::to_string(layout::kSaIndexBits) + " bits; choose another SPI"};
  }
  inbound_[row_of(spi)] = true;
  return {};
}

void SaTable::release_spi(std::uint32_t spi) { inbound_[row_of(spi)] = false; }

template <class Sa>
Result<void> SaTable::load(bool outbound, std::uint16_t row, const Sa& sa, const Row& sa_row) {
  if (auto sound = check(sa); !sound) return sound;
  const SaProtection& protection = sa.protection;
  const SaTables tables = tables_of(outbound);
  std::vector<TableRow> keys;
  keys.reserve(2);  // no copy is left behind by growing
  if (protection.integrity != layout::Integrity::kNone) {
    keys.push_back({tables.integrity_key, row, integrity_key_row(protection)});
  }
  keys.push_back({tables.key, row, key_row(protection)});
  TableLoader& loader = session_->loader();
  auto loaded = loader.write_rows(keys);
  for (TableRow& key : keys) wipe(key.row.bytes());
  if (loaded) loaded = loader.write_rows({{tables.limits, row, limits_row(sa.limits)}, {tables.sa, row, sa_row}});
  // Nobody knows what of it the card has; when even this fails, the next SA of the row overwrites it.
  if (!loaded) (void)wipe_row(outbound, row);
  return loaded;
}

// The SA first, then what it would have used.
Result<void> SaTable::wipe_row(bool outbound, std::uint16_t row) {
  const SaTables tables = tables_of(outbound);
  return session_->loader().write_rows({{tables.sa, row, Row()},
                                        {tables.limits, row, Row()},
                                        {tables.integrity_key, row, Row()},
                                        {tables.key, row, Row()}});
}

Result<std::uint16_t> SaTable::install(const OutboundSa& sa) {
  auto random = random_();
  if (!random) return random.error();
  auto row = free_row(outbound_, *random, "outbound");
  if (!row) return row;
  if (auto r = load(true, *row, sa, row_of(sa)); !r) return r.error();
  outbound_[*row] = true;
  return row;
}

Result<void> SaTable::install(const InboundSa& sa) {
  if (!inbound_[row_of(sa.spi)]) return Error{Errc::kInvalid, "an inbound SA with an SPI that was not reserved"};
  auto window = replay_window_code(sa.replay_window);
  if (!window) return Error{window.error().code, "replay_window " + window.error().detail};
  return load(false, row_of(sa.spi), sa, row_of(sa, *window));
}

Result<void> SaTable::retire_outbound(std::uint16_t row) {
  // A packet that was admitted while a rule pointed here may still need the row.
  if (auto r = session_->drain(); !r) return r;
  if (auto r = session_->loader().write_rows({{TableId::kSaOut, row, Row()}}); !r) return r;
  retired_.push_back({true, row, session_->generation()});
  return {};
}

Result<void> SaTable::retire_inbound(std::uint32_t spi) {
  if (auto r = session_->loader().write_rows({{TableId::kSaIn, row_of(spi), Row()}}); !r) return r;
  retired_.push_back({false, row_of(spi), session_->generation()});
  return {};
}

Result<void> SaTable::reclaim() {
  const auto due = [this](const Retired& r) { return r.generation != session_->generation(); };
  if (std::none_of(retired_.begin(), retired_.end(), due)) return {};
  if (auto r = session_->drain(); !r) return r;
  for (auto it = retired_.begin(); it != retired_.end();) {
    if (!due(*it)) {
      ++it;
      continue;
    }
    if (auto r = wipe_row(it->outbound, it->row); !r) return r;
    (it->outbound ? outbound_ : inbound_)[it->row] = false;
    it = retired_.erase(it);
  }
  return {};
}

Result<Row> SaTable::capture(bool outbound, std::uint16_t row) {
  constexpr std::uint32_t kOutbound = 1U << 31;
  constexpr int kTries = 1000;
  if (auto r = card_->write(reg::kSaStateSelect, (outbound ? kOutbound : 0) | row); !r) return r.error();
  for (int i = 0; i < kTries; ++i) {
    auto ready = card_->read(reg::kSaStateReady);
    if (!ready) return ready.error();
    if (*ready == 0) continue;
    Row state;
    for (unsigned word = 0; word < reg::kSaState.count; ++word) {
      auto value = card_->read(reg::kSaState.at(word));
      if (!value) return value.error();
      for (unsigned i_byte = 0; i_byte < 4; ++i_byte) {
        state.bytes()[4 * word + i_byte] = static_cast<std::uint8_t>(*value >> (8 * i_byte));
      }
    }
    return state;
  }
  return Error{Errc::kTimeout, "the card did not capture an SA's state"};
}

Result<OutboundState> SaTable::outbound_state(std::uint16_t row) {
  namespace f = layout::sa_out_state;
  auto state = capture(true, row);
  if (!state) return state.error();
  return OutboundState{state->get(f::kSeq), state->get(f::kPackets), state->get(f::kBytes),
                       state->get(f::kExpired) != 0};
}

Result<InboundState> SaTable::inbound_state(std::uint32_t spi) {
  namespace f = layout::sa_in_state;
  auto state = capture(false, row_of(spi));
  if (!state) return state.error();
  return InboundState{state->get(f::kTop),
                      state->get(f::kPackets),
                      state->get(f::kBytes),
                      static_cast<std::uint32_t>(state->get(f::kIcvFailures)),
                      static_cast<std::uint32_t>(state->get(f::kReplays)),
                      state->get(f::kExpired) != 0};
}

Result<void> SaTable::adopt(const std::vector<std::uint16_t>& outbound_rows,
                            const std::vector<std::uint32_t>& inbound_spis) {
  for (const std::uint16_t row : outbound_rows) {
    if (row >= layout::kSaRows) return Error{Errc::kCorrupt, "an SA row that the card does not have"};
    outbound_[row] = true;
  }
  for (const std::uint32_t spi : inbound_spis) inbound_[row_of(spi)] = true;
  // Of others the life before died before it knew them, or when they were as good as gone.
  std::vector<TableRow> rows;
  for (const auto& [table, taken] : {std::pair(TableId::kSaOut, &outbound_), std::pair(TableId::kSaIn, &inbound_)}) {
    for (unsigned row = 0; row < layout::kSaRows; ++row) {
      if (!(*taken)[row]) rows.push_back({table, row, Row()});
    }
  }
  return session_->loader().write_rows(rows);
}

}  // namespace sallyport::driver
