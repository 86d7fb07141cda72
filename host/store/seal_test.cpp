// SPDX-License-Identifier: Apache-2.0
#include "host/store/seal.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "host/store/test_folder.hpp"

namespace sallyport::store {
namespace {

using KeyFile = TestFolder;

constexpr std::string_view kWithoutIt = "what it sealed is lost";

TEST_F(KeyFile, IsMadeOnceAndForItsOwnerAlone) {
  const auto path = folder_ / "deep" / "seal.key";
  const Secret key = load_or_make_key(path, kWithoutIt).value();
  EXPECT_EQ(key.size(), 32U);
  EXPECT_TRUE(load_or_make_key(path, kWithoutIt).value() == key);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 077, 0U);
}

TEST_F(KeyFile, ThatOthersCanReadIsRefused) {
  const auto path = folder_ / "seal.key";
  load_or_make_key(path, kWithoutIt).value();
  ::chmod(path.c_str(), 0644);
  const auto loaded = load_or_make_key(path, kWithoutIt);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Errc::kDenied);
  EXPECT_THAT(loaded.error().detail, ::testing::HasSubstr("chmod 600 " + path.string()));
}

TEST_F(KeyFile, ThatWasCutIsRefused) {
  const auto path = folder_ / "seal.key";
  load_or_make_key(path, kWithoutIt).value();
  for (const std::uintmax_t size : {31U, 0U}) {
    std::filesystem::resize_file(path, size);
    const auto loaded = load_or_make_key(path, kWithoutIt);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, Errc::kCorrupt);
    EXPECT_THAT(loaded.error().detail, ::testing::AllOf(::testing::HasSubstr(path.string()),
                                                        ::testing::HasSubstr("move it away: what it sealed is lost")));
    EXPECT_EQ(std::filesystem::file_size(path), size);
  }
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
