// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/proposal.hpp"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

Proposals ike(std::string_view text) { return parse_proposals(Protocol::kIke, text).value(); }
Proposals esp(std::string_view text) { return parse_proposals(Protocol::kEsp, text).value(); }

TEST(Keywords, AreUniqueAndPrintTheFirstOfTheirMeaning) {
  for (const auto& keyword : keywords()) {
    EXPECT_EQ(find_transform(keyword.name), keyword.transform);
    EXPECT_EQ(find_transform(keyword_of(keyword.transform)), keyword.transform);
  }
  EXPECT_EQ(keyword_of(*find_transform("curve25519")), "x25519");
  EXPECT_EQ(keyword_of({TransformType::kEncryption, 3, 0}), "unknown");
}

TEST(Proposal, PrintsWhatItParsed) {
  for (const char* text : {"aes128gcm16-prfsha256-ecp256", "aes256-sha256-modp2048", "aes256-sha512-x25519",
                           "aes256-prfsha512-sha256-ecp384", "aes256-aes128-sha256-sha1-modp2048-ecp256"}) {
    EXPECT_EQ(Proposal::parse(Protocol::kIke, text)->to_string(), text);
  }
  for (const char* text :
       {"aes128gcm16", "aes128gcm16-ecp256", "aes256gcm16-esn", "aes128-sha1", "aes128gcm16-noesn-esn"}) {
    EXPECT_EQ(Proposal::parse(Protocol::kEsp, text)->to_string(), text);
  }
}

TEST(Proposal, TakesThePrfFromTheIntegrityAlgorithm) {
  EXPECT_EQ(ike("aes256-sha256-modp2048")[0].prf(), Prf::kHmacSha256);
  EXPECT_EQ(ike("aes256-sha512-prfsha256-modp2048")[0].prf(), Prf::kHmacSha256);
}

TEST(Proposal, NumbersWithoutEsnUnlessItIsAskedFor) {
  EXPECT_FALSE(esp("aes128gcm16")[0].esn());
  EXPECT_TRUE(esp("aes128gcm16-esn")[0].esn());
  EXPECT_TRUE(esp("aes128gcm16")[0].has(TransformType::kEsn));
}

TEST(Proposal, RefusesWhatCannotWork) {
  for (const char* text :
       {"", "aes128gcm16-ecp256", "aes256-sha256", "aes256-modp2048", "aes128gcm16-sha256-ecp256",
        "aes128gcm16-aes128-prfsha1-ecp256", "aes9", "aes256-sha256-modp2048-esn", "sha256-modp2048"}) {
    EXPECT_FALSE(Proposal::parse(Protocol::kIke, text)) << text;
  }
  for (const char* text : {"aes128", "aes128gcm16-prfsha256", "aes128gcm16-sha1", "-", "aes128gcm16-"}) {
    EXPECT_FALSE(Proposal::parse(Protocol::kEsp, text)) << text;
  }
}

TEST(Proposal, NamesTheWordsThereAreWhenOneIsNotAmongThem) {
  const auto esp = Proposal::parse(Protocol::kEsp, "aes128gcm8");
  ASSERT_FALSE(esp);
  EXPECT_TRUE(esp.error().detail.starts_with(
      "proposal 'aes128gcm8': 'aes128gcm8' is not supported; there are aes128gcm16 aes192gcm16 "));
  EXPECT_EQ(esp.error().detail.find("prfsha256"), std::string::npos);
}

TEST(Proposal, OfEspIsRefusedWhereTheCardCannotCarryItOut) {
  EXPECT_TRUE(parse_card_proposals("aes256gcm16-ecp384-esn, aes192gcm16"));
  const auto cbc = parse_card_proposals("aes128gcm16, aes128-sha256");
  ASSERT_FALSE(cbc);
  EXPECT_EQ(cbc.error().code, Errc::kUnsupported);
  EXPECT_EQ(cbc.error().detail,
            "proposal 'aes128-sha256': the card does not have 'aes128' for ESP; there are aes128gcm16 aes192gcm16 "
            "aes256gcm16 modp2048 ecp256 ecp384 x25519 noesn esn");
}

TEST(Choose, TakesTheFirstOfferThatWeKnow) {
  const auto choice =
      choose(ike("aes256-sha512-modp2048, aes128gcm16-prfsha256-ecp256"), ike("aes128gcm16-prfsha256-ecp256"));
  EXPECT_EQ(choice->offered, 1u);
  EXPECT_EQ(choice->proposal.to_string(), "aes128gcm16-prfsha256-ecp256");
}

TEST(Choose, TakesOneTransformOfEachType) {
  const auto choice = choose(ike("aes256-aes128-sha512-sha256-modp2048-ecp256"), ike("aes128-sha256-ecp256"));
  EXPECT_EQ(choice->proposal.to_string(), "aes128-sha256-ecp256");
}

TEST(Choose, PrefersTheGroupOfTheKeyExchangePayload) {
  const auto both = ike("aes256-sha256-modp2048-ecp256");
  EXPECT_EQ(choose(both, both)->proposal.dh_group(), DhGroup::kModp2048);
  EXPECT_EQ(choose(both, both, DhGroup::kEcp256)->proposal.dh_group(), DhGroup::kEcp256);
  EXPECT_EQ(choose(both, both, DhGroup::kEcp384)->proposal.dh_group(), DhGroup::kModp2048);
}

TEST(Choose, FindsNothingWhereATypeDiffers) {
  EXPECT_FALSE(choose(ike("aes256-sha256-modp2048"), ike("aes256-sha256-ecp256")));
  EXPECT_FALSE(choose(esp("aes128gcm16"), esp("aes256gcm16")));
  EXPECT_FALSE(choose(esp("aes128gcm16"), esp("aes128gcm16-ecp256")));  // we want PFS
  EXPECT_FALSE(choose(esp("aes128gcm16-ecp256"), esp("aes128gcm16")));  // they do
  EXPECT_FALSE(choose(esp("aes128gcm16-esn"), esp("aes128gcm16")));
}

TEST(Choose, ReadsNoneAsLeftOut) {
  Proposal offered = esp("aes128gcm16")[0];
  offered.transforms.push_back({TransformType::kIntegrity, 0, 0});
  offered.transforms.push_back({TransformType::kKeyExchange, 0, 0});
  EXPECT_EQ(choose({offered}, esp("aes128gcm16"))->proposal.to_string(), "aes128gcm16");
}

TEST(Permits, RefusesAnAnswerWeDidNotOffer) {
  const auto ours = esp("aes256gcm16, aes128gcm16");
  EXPECT_TRUE(permits(ours, esp("aes128gcm16")[0]));
  EXPECT_FALSE(permits(ours, esp("aes192gcm16")[0]));
  EXPECT_FALSE(permits(esp("aes256gcm16-aes128gcm16"), esp("aes256gcm16-aes128gcm16")[0]));  // an answer chooses one
}

}  // namespace
}  // namespace sallyport
