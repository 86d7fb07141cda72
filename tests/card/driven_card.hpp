// SPDX-License-Identifier: Apache-2.0
// A card with its driver around it, as the tests of whole cards use it.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "driver/control/card_control.hpp"
#include "driver/rings/rings.hpp"
#include "driver/tables/table_session.hpp"
#include "tests/card/random_world.hpp"

namespace sallyport::tests {

constexpr unsigned kHostSlots = 1024;

// A card with its driver.
struct DrivenCard {
  explicit DrivenCard(driver::Card& card)
      : card(card),
        control(driver::CardControl::open(card).value()),
        session(driver::TableSession::fresh(card).value()),
        received(driver::RxRing::start(card, kHostSlots).value()),
        sent(driver::TxRing::start(card, 64).value()) {}

  // MAC addresses, hash seed, SAs with their keys and limits; then enabled.
  void install(const std::vector<RandomSa>& outbound_sas, const std::vector<RandomSa>& inbound_sas) {
    using layout::Port;
    using layout::TableId;
    ASSERT_TRUE(control.set_mac(Port::kLan, kLanMac));
    ASSERT_TRUE(control.set_mac(Port::kWan, kWanMac));
    ASSERT_TRUE(control.set_hash_seed(kHashSeed));
    for (const bool outbound : {true, false}) {
      for (const RandomSa& sa : outbound ? outbound_sas : inbound_sas) {
        auto& loader = session.loader();
        if (sa.key.get(layout::sa_key::kIntegrity) != 0) {
          const auto table = outbound ? TableId::kSaOutIntegrityKey : TableId::kSaInIntegrityKey;
          ASSERT_TRUE(loader.write_rows({{table, sa.row, sa.integrity_key}}));
        }
        ASSERT_TRUE(loader.write_rows({{outbound ? TableId::kSaOutKey : TableId::kSaInKey, sa.row, sa.key}}));
        ASSERT_TRUE(loader.write_rows({{outbound ? TableId::kSaOutLimits : TableId::kSaInLimits, sa.row, sa.limits}}));
        ASSERT_TRUE(loader.write_rows({{outbound ? TableId::kSaOut : TableId::kSaIn, sa.row, sa.sa}}));
      }
    }
    ASSERT_TRUE(control.enable(true));
  }

  void install(const std::vector<RandomSession>& sessions, bool plain_tags) {
    for (const RandomSession& one : sessions) {
      ASSERT_TRUE(session.loader().write_rows({{layout::TableId::kTagKey, one.handle % layout::kTagRows, one.row}}));
    }
    ASSERT_TRUE(control.accept_plain_tags(plain_tags));
  }

  layout::Row state(bool outbound, unsigned row) {
    EXPECT_TRUE(card.write(layout::reg::kSaStateSelect, (outbound ? 1U << 31 : 0) | row));
    while (card.read(layout::reg::kSaStateReady).value() == 0) {
    }
    ByteWriter words;
    layout::Row result;
    for (unsigned i = 0; i < 16; ++i) {
      const std::uint32_t word = card.read(layout::reg::kSaState.at(i)).value();
      for (unsigned byte = 0; byte < 4; ++byte)
        result.bytes()[4 * i + byte] = static_cast<std::uint8_t>(word >> 8 * byte);
    }
    return result;
  }

  std::vector<driver::Message> messages() {
    std::vector<driver::Message> all;
    for (;;) {
      auto next = received.poll();
      EXPECT_TRUE(next) << next.error().message();
      if (!next || !*next) return all;
      all.push_back(std::move(**next));
    }
  }

  driver::Card& card;
  driver::CardControl control;
  driver::TableSession session;
  driver::RxRing received;
  driver::TxRing sent;
};

}  // namespace sallyport::tests
