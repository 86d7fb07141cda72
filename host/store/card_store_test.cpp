// SPDX-License-Identifier: Apache-2.0
#include "host/store/card_store.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "host/store/test_folder.hpp"

namespace sallyport::store {
namespace {

class CardStoreTest : public TestFolder {
 protected:
  CardStore open() const {
    return CardStore::open(folder_, Secret(as_bytes("0123456789abcdef0123456789abcdef"))).value();
  }
};

TEST_F(CardStoreTest, KeepsTheImageInForceAndTheOneAboutToBe) {
  {
    CardStore store = open();
    for (std::uint32_t g = 1; g <= 3; ++g) store.save_image({g, Buffer(4, static_cast<std::uint8_t>(g))}).value();
  }
  const auto images = open().images().value();
  ASSERT_EQ(images.size(), 2U);
  EXPECT_EQ(images[0].generation, 2U);
  EXPECT_EQ(images[1].image, Buffer(4, 3));
}

TEST_F(CardStoreTest, ANewLifeOfTheCardForgetsTheOneBefore) {
  CardStore store = open();
  store.begin_card(Buffer(16, 1)).value();
  store.save_image({1, {1}}).value();
  store.save_policy_ids({{"net", 7}}).value();
  store.save_sa(0x1001, "{}").value();
  store.save_snapshot(Secret(as_bytes("keys")), std::chrono::system_clock::now()).value();
  store.save_session("a", Secret(as_bytes("alice"))).value();
  store.begin_card(Buffer(16, 2)).value();
  EXPECT_EQ(store.card_cookie().value(), Buffer(16, 2));
  EXPECT_TRUE(store.images().value().empty());
  EXPECT_TRUE(store.policy_ids().value().empty());
  EXPECT_TRUE(store.sas().value().empty());
  EXPECT_TRUE(store.sessions().value().empty());
  EXPECT_FALSE(store.snapshot().value());
}

TEST_F(CardStoreTest, ASnapshotIsSealedInTheFile) {
  const std::string secret = "a key that must not be found in the file";
  CardStore store = open();
  store.save_snapshot(Secret(as_bytes(secret)), std::chrono::system_clock::now()).value();
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(content.find("must not be found"), std::string::npos) << entry.path();
  }
  const auto stored = store.snapshot().value();
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->snapshot == Secret(as_bytes(secret)));
}

TEST_F(CardStoreTest, KeepsSessionsAsTheyWereSavedLastUntilTheyAreRemoved) {
  CardStore store = open();
  store.save_session("a", Secret(as_bytes("alice"))).value();
  store.save_session("b", Secret(as_bytes("bob"))).value();
  store.save_session("a", Secret(as_bytes("alice, renewed"))).value();
  store.remove_session("b").value();
  const auto sessions = store.sessions().value();
  ASSERT_EQ(sessions.size(), 1U);
  EXPECT_TRUE(sessions.at("a").value() == Secret(as_bytes("alice, renewed")));
}

TEST_F(CardStoreTest, ASessionSealedUnderAnotherKeyIsNoneAndTheOthersAre) {
  open().save_session("a", Secret(as_bytes("alice"))).value();
  CardStore other = CardStore::open(folder_, Secret(as_bytes("another key, another key, another"))).value();
  other.save_session("b", Secret(as_bytes("bob"))).value();
  const auto sessions = other.sessions().value();
  EXPECT_EQ(sessions.at("a").error().code, Errc::kAuthFailed);
  EXPECT_TRUE(sessions.at("b").has_value());
}

TEST_F(CardStoreTest, ASnapshotSealedUnderAnotherKeyIsRefused) {
  open().save_snapshot(Secret(as_bytes("keys")), std::chrono::system_clock::now()).value();
  auto other = CardStore::open(folder_, Secret(as_bytes("another key of thirty-two bytes."))).value();
  EXPECT_EQ(other.snapshot().error().code, Errc::kAuthFailed);
}

// Step n stores an image of generation n, the SA n, and a snapshot of n, one behind the other.
TEST_F(CardStoreTest, KilledAtAnyMomentItHoldsWhatWasStored) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  open().save_image({1, Buffer(1)}).value();
  std::uint32_t found = 1;
  for (int round = 0; round < 80; ++round) {
    Victim victim;
    std::optional<CardStore> store;
    const auto& progress = victim.run_and_kill(
        found + 1, round == 0 ? Death::kOnceOneIsStored : Death::kAnyMoment,
        std::chrono::microseconds(random() % 12000), [&](std::uint32_t n) {
          if (!store) store.emplace(open());
          store->save_image({n, Buffer(50000 + n % 50000, static_cast<std::uint8_t>(n))}).value();
          store->save_sa(n, std::string(100, 'a') + std::to_string(n)).value();
          if (n > 4) store->remove_sa(n - 4).value();
          store->save_snapshot(Secret(as_bytes(std::to_string(n))), std::chrono::system_clock::now()).value();
        });
    CardStore after = open();
    const auto images = after.images().value();
    ASSERT_FALSE(images.empty());
    const std::uint32_t before = found;
    found = images.back().generation;
    ASSERT_GE(found, std::max<std::uint32_t>(before, progress.stored));
    ASSERT_LE(found, std::max<std::uint32_t>(before, progress.begun));
    for (const auto& image : images) {
      if (image.generation == 1) continue;
      EXPECT_EQ(image.image, Buffer(50000 + image.generation % 50000, static_cast<std::uint8_t>(image.generation)));
    }
    if (progress.stored == 0) continue;  // killed in its first step: of the snapshot there is nothing to say
    const auto snapshot = after.snapshot().value();
    ASSERT_TRUE(snapshot);
    const Bytes text = snapshot->snapshot.reveal();
    const std::string n(text.begin(), text.end());
    EXPECT_GE(std::stoul(n), progress.stored);
    EXPECT_LE(std::stoul(n), found);
    EXPECT_THAT(after.sas().value(), ::testing::Contains(std::string(100, 'a') + n));
  }
}

}  // namespace
}  // namespace sallyport::store
