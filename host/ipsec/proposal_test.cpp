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
  EXPECT_EQ(keyword_of({TransformType::kEncryption, 28, 256}), "unknown");
}

TEST(Proposal, PrintsWhatItParsed) {
  for (const char* text : {"aes128gcm16-prfsha256-ecp256", "aes256-sha256-modp2048", "aes256-sha512-x25519",
                           "aes256-prfsha512-sha256-ecp384", "aes256-aes128-sha256-sha1-modp2048-ecp256",
                           "3des-sha1-modp1024", "aes256-sha512-ecp521"}) {
    EXPECT_EQ(Proposal::parse(Protocol::kIke, text)->to_string(), text);
  }
  for (const char* text :
       {"aes128gcm16", "aes128gcm16-ecp256", "aes256gcm16-esn", "aes128-sha1", "aes128gcm16-noesn-esn", "null-sha256",
        "aes256ctr-sha256", "aes128gmac", "des-md5", "3des-sha1", "aes192gmac-esn"}) {
    EXPECT_EQ(Proposal::parse(Protocol::kEsp, text)->to_string(), text);
  }
}

// RFC 7296 3.3.3: integrity and sequence numbers, and a group where there is PFS.
TEST(Proposal, OfAhHasNoCipher) {
  for (const char* text : {"sha256", "sha1", "sha512-esn", "sha384-sha256-ecp256", "md5"}) {
    const auto proposal = Proposal::parse(Protocol::kAh, text);
    ASSERT_TRUE(proposal) << text;
    EXPECT_EQ(proposal->to_string(), text);
    EXPECT_EQ(proposal->encryption(), Encryption::kNone);
    EXPECT_TRUE(proposal->has(TransformType::kEsn));
  }
  for (const char* text : {"", "aes128-sha256", "null-sha256", "aes128gcm16", "ecp256", "esn", "sha256-prfsha256"}) {
    EXPECT_FALSE(Proposal::parse(Protocol::kAh, text)) << text;
  }
  EXPECT_TRUE(
      Proposal::parse(Protocol::kAh, "aes128gmac").error().detail.ends_with("names a cipher, which AH has none of"));
  EXPECT_TRUE(Proposal::parse(Protocol::kAh, "aes128").error().detail.find("proposal 'aes128' ") == 0);
  EXPECT_TRUE(Proposal::parse(Protocol::kAh, "sha3").error().detail.find("there are md5 sha1 sha256 ") !=
              std::string::npos);
  EXPECT_EQ(legacy_in(parse_proposals(Protocol::kAh, "sha256, md5").value()), "md5");
}

TEST(Choose, TellsAhFromEsp) {
  const auto ah = parse_proposals(Protocol::kAh, "sha256-sha1").value();
  EXPECT_EQ(choose(ah, parse_proposals(Protocol::kAh, "sha1").value())->proposal.to_string(), "sha1");
  const std::string why = choose(ah, esp("null-sha256")).error().detail;
  EXPECT_NE(why.find("refused: AH"), std::string::npos) << why;
  const std::string weak = choose(ah, parse_proposals(Protocol::kAh, "sha512").value()).error().detail;
  EXPECT_NE(weak.find("refused: integrity sha256 sha1"), std::string::npos) << weak;
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
  for (const char* text : {"", "aes128gcm16-ecp256", "aes256-sha256", "aes256-modp2048", "aes128gcm16-sha256-ecp256",
                           "aes128gcm16-aes128-prfsha1-ecp256", "aes9", "aes256-sha256-modp2048-esn", "sha256-modp2048",
                           "null-sha256-modp2048", "aes256ctr-sha256-modp2048", "aes128gmac-prfsha256-modp2048",
                           "des-sha1-modp2048", "aes256-md5-prfsha1-modp2048"}) {
    EXPECT_FALSE(Proposal::parse(Protocol::kIke, text)) << text;
  }
  for (const char* text : {"aes128", "aes128gcm16-prfsha256", "aes128gcm16-sha1", "-", "aes128gcm16-", "null",
                           "aes128ctr", "des", "aes128gmac-sha1"}) {
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

// RFC 7296 3.3.6: so a peer with additional key exchanges (RFC 9370) offers them in one proposal, and a plain one
// behind.
TEST(Choose, PassesOverAProposalWithATransformTypeItDoesNotKnow) {
  Proposals offered = ike("aes256-sha256-ecp256, aes256-sha256-modp2048");
  offered[0].transforms.push_back({TransformType{6}, 36, 0});
  offered[0].transforms.push_back({TransformType{6}, 37, 0});
  const auto ours = ike("aes256-sha256-ecp256-modp2048");
  const auto choice = choose(offered, ours);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->offered, 1u);
  EXPECT_EQ(choice->proposal.to_string(), "aes256-sha256-modp2048");
  EXPECT_FALSE(permits(ours, offered[0]));
  offered.pop_back();
  const auto refused = choose(offered, ours);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().detail.ends_with("refused: transform type 6")) << refused.error().detail;
}

TEST(Choose, NamesEveryTransformThatIsRefused) {
  Proposal offered = ike("aes256-sha256-modp2048")[0];
  offered.transforms.push_back({TransformType::kEncryption, 28, 0});
  offered.transforms.push_back({TransformType::kEncryption, 15, 256});
  offered.transforms.push_back({TransformType::kKeyExchange, 5, 0});
  offered.transforms.push_back({TransformType::kKeyExchange, 999, 0});
  const std::string why = choose({offered}, ike("aes256-sha256-ecp256")).error().detail;
  EXPECT_NE(why.find("refused: encryption chacha20poly1305 aesccm12/256, key exchange modp2048 modp1536 number 999"),
            std::string::npos)
      << why;
  const std::string mixed = choose(esp("aes128-sha1, aes256-sha256"), esp("aes128-sha256")).error().detail;
  EXPECT_NE(mixed.find("refused: encryption aes256, integrity sha1"), std::string::npos) << mixed;
  const std::string crossed = choose(esp("aes128-sha1"), esp("aes128-sha256, aes256-sha1")).error().detail;
  EXPECT_NE(crossed.find("nothing by itself, but no combination"), std::string::npos) << crossed;
}

// Before anything is known of a peer it may offer 64 KB of algorithms.
TEST(Choose, SaysInAFewWordsWhyItRefusesALot) {
  Proposals offered;
  for (std::uint16_t i = 0; i < 8000; ++i) {
    offered.push_back({Protocol::kIke, {{TransformType::kPrf, static_cast<std::uint16_t>(1000 + i), 0}}});
  }
  const auto ours = ike("aes256-sha256-ecp256");
  const std::string many = choose(offered, ours).error().detail;
  EXPECT_LT(many.size(), 1500u);
  EXPECT_NE(many.find(" number 1031 and more', ours '"), std::string::npos) << many;
  EXPECT_TRUE(many.ends_with(" number 1031 and more")) << many;
  Proposal one{Protocol::kIke, {}};
  for (const auto& offer : offered) one.transforms.push_back(offer.transforms[0]);
  EXPECT_LT(choose({one}, ours).error().detail.size(), 1500u);
  EXPECT_LT(choose(Proposals(8000, Proposal{Protocol::kIke, {}}), ours).error().detail.size(), 1500u);
  // As many as a person reads are all there.
  offered.resize(32);
  EXPECT_EQ(choose(offered, ours).error().detail.find("and more"), std::string::npos);
}

TEST(Legacy, IsFoundInProposals) {
  EXPECT_EQ(legacy_in(esp("aes128-sha1, aes128gcm16, null-sha256")), std::nullopt);
  EXPECT_EQ(legacy_in(esp("aes128-sha1, des-md5")), "des");
  EXPECT_EQ(legacy_in(esp("aes128-md5")), "md5");
  EXPECT_EQ(legacy_in(esp("3des-sha256")), "3des");
  EXPECT_EQ(legacy_in(ike("aes128-sha256-modp1024")), "modp1024");
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
