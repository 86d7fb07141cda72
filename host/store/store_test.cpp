// SPDX-License-Identifier: Apache-2.0
#include "host/store/store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "host/store/seal.hpp"

namespace sallyport::store {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "hd-store-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Store open() const { return Store::open(folder_).value(); }

  std::filesystem::path folder_;
};

TEST_F(StoreTest, KeepsPoliciesInTheirOrderAndTheirOrigin) {
  EXPECT_FALSE(open().policies().value());
  open().save_policies({{"second", "first"}, "file-1"}).value();
  const auto stored = open().policies().value();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->policies, (std::vector<std::string>{"second", "first"}));
  EXPECT_EQ(stored->origin, "file-1");
  open().forget_policies().value();
  EXPECT_FALSE(open().policies().value());
}

TEST_F(StoreTest, NobodyElseCanReadIt) {
  open().save_policies({{"p"}, "o"}).value();
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    struct stat status {};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 077, 0U) << entry.path();
  }
}

TEST_F(StoreTest, KeepsTheImageInForceAndTheOneAboutToBe) {
  Store store = open();
  for (std::uint32_t g = 1; g <= 3; ++g) store.save_image({g, Buffer(4, static_cast<std::uint8_t>(g))}).value();
  const auto images = open().images().value();
  ASSERT_EQ(images.size(), 2U);
  EXPECT_EQ(images[0].generation, 2U);
  EXPECT_EQ(images[1].image, Buffer(4, 3));
}

TEST_F(StoreTest, ANewLifeOfTheCardForgetsTheOneBefore) {
  Store store = open();
  store.begin_card(Buffer(16, 1)).value();
  store.save_image({1, {1}}).value();
  store.save_sa(0x1001, "{}").value();
  store.save_snapshot(Secret(as_bytes("keys")), std::chrono::system_clock::now()).value();
  store.save_policies({{"p"}, "o"}).value();
  store.begin_card(Buffer(16, 2)).value();
  EXPECT_EQ(store.card_cookie().value(), Buffer(16, 2));
  EXPECT_TRUE(store.images().value().empty());
  EXPECT_TRUE(store.sas().value().empty());
  EXPECT_FALSE(store.snapshot().value());
  EXPECT_TRUE(store.policies().value());  // not the card's
}

TEST_F(StoreTest, ASnapshotIsSealedInTheFile) {
  const std::string secret = "a key that must not be found in the file";
  open().save_snapshot(Secret(as_bytes(secret)), std::chrono::system_clock::now()).value();
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(content.find("must not be found"), std::string::npos) << entry.path();
  }
  const auto stored = open().snapshot().value();
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->snapshot == Secret(as_bytes(secret)));
}

TEST_F(StoreTest, WhatWasStoredSurvivesKillNine) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Store store = open();
    store.save_policies({{"kept"}, "o"}).value();
    for (std::uint32_t g = 1;; ++g) {  // dies somewhere in here
      store.save_image({g, Buffer(100000, static_cast<std::uint8_t>(g))}).value();
      if (g == 3) (void)!::write(ready[1], "x", 1);
    }
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  Store store = open();
  EXPECT_EQ(store.policies().value()->policies, std::vector<std::string>{"kept"});
  const auto images = store.images().value();
  ASSERT_EQ(images.size(), 2U);
  EXPECT_EQ(images[1].generation, images[0].generation + 1);
  EXPECT_GE(images[1].generation, 3U);
  for (const auto& stored : images) {
    EXPECT_EQ(stored.image, Buffer(100000, static_cast<std::uint8_t>(stored.generation)));
  }
}

TEST_F(StoreTest, AFileThatIsNoStoreIsRefused) {
  open();
  std::ofstream(folder_ / "state.db", std::ios::binary) << std::string(5000, 'x');
  std::filesystem::remove(folder_ / "state.db-wal");
  const auto opened = Store::open(folder_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::kCorrupt);
}

TEST_F(StoreTest, AKeyFileThatOthersCanReadIsRefused) {
  open();
  ::chmod((folder_ / "seal.key").c_str(), 0644);
  const auto opened = Store::open(folder_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::kDenied);
}

TEST(Seal, OpensOnlyWhatWasNotTouched) {
  const Secret key(as_bytes("0123456789abcdef0123456789abcdef"));
  const Secret plain(as_bytes("message"));
  const Buffer sealed = seal(key, plain).value();
  EXPECT_TRUE(unseal(key, sealed).value() == plain);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Buffer touched = sealed;
    touched[i] ^= 1;
    EXPECT_FALSE(unseal(key, touched)) << i;
    EXPECT_FALSE(unseal(key, Bytes(sealed).first(i))) << i;
  }
  EXPECT_NE(seal(key, plain).value(), sealed);  // another nonce
}

}  // namespace
}  // namespace sallyport::store
