// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/session_record.hpp"

#include <gmock/gmock.h>

namespace sallyport::gateway {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::Pair;

const IpAddress kHere = IpAddress::parse("10.0.0.5").value();
const IpAddress kAlso = IpAddress::parse("2001:db8::5").value();
const IpAddress kOver = IpAddress::parse("10.0.0.6").value();

// The steady clock of each life begins anew.
const Moment kThen{users::Session::Time(hours(7)), std::chrono::sys_days(std::chrono::year(2026) / 1 / 5)};
Moment after(seconds time) { return {users::Session::Time(minutes(1)), kThen.wall + time}; }

SessionRecord record() {
  SessionRecord out{{"0123456789abcdef", "alice", {"staff", "night"}, "totp", kHere, 1000, true}, 7, 0x89abcdef, true};
  out.session.begun = kThen.steady - hours(2);
  out.session.ends = kThen.steady + hours(8);
  out.session.renew_by = kThen.steady + minutes(2);
  out.session.also_at = {{kAlso, kThen.steady + minutes(2)}, {kOver, kThen.steady + seconds(10)}};
  out.session.token_hash.fill(0x5a);
  return out;
}

TEST(SessionRecord, IsWhatTheNextDaemonReadsOnItsOwnClock) {
  const auto now = after(seconds(10));
  const auto read = read_session(write_session(record(), kThen).reveal(), now);
  ASSERT_TRUE(read) << read.error().detail;
  const users::Session& s = read->session;
  EXPECT_EQ(s.id, "0123456789abcdef");
  EXPECT_EQ(s.user, "alice");
  EXPECT_THAT(s.groups, ElementsAre("staff", "night"));
  EXPECT_EQ(s.method, "totp");
  EXPECT_EQ(s.address, kHere);
  EXPECT_EQ(s.uid, 1000U);
  EXPECT_TRUE(s.tagged);
  EXPECT_EQ(s.begun, now.steady - hours(2) - seconds(10));
  EXPECT_EQ(s.ends, now.steady + hours(8) - seconds(10));
  EXPECT_EQ(s.renew_by, now.steady + minutes(2) - seconds(10));
  EXPECT_THAT(s.also_at, ElementsAre(Pair(kAlso, s.renew_by))) << "the other was to be told of again by now";
  EXPECT_EQ(s.token_hash, record().session.token_hash);
  EXPECT_EQ(read->principal, 7U);
  EXPECT_EQ(read->tag, 0x89abcdefU);
  EXPECT_TRUE(read->plain_tag);
}

TEST(SessionRecord, OfASessionWithoutATagHasNone) {
  SessionRecord plain = record();
  plain.tag.reset();
  const auto read = read_session(write_session(plain, kThen).reveal(), kThen);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->tag);
  EXPECT_FALSE(read->session.tagged);
}

TEST(SessionRecord, OfTheFutureIsNotBelieved) {
  const auto read = read_session(write_session(record(), kThen).reveal(), after(seconds(-1)));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::kInvalid);
}

TEST(SessionRecord, ThatIsCutAnywhereIsNone) {
  const Secret whole = write_session(record(), kThen);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto read = read_session(whole.reveal().first(n), kThen);
    ASSERT_FALSE(read) << n;
    EXPECT_EQ(read.error().code, Errc::kCorrupt) << n;
  }
}

TEST(SessionRecord, WithAValueThatCannotBeIsNone) {
  const Secret whole = write_session(record(), kThen);
  const std::string text(whole.reveal().begin(), whole.reveal().end());
  const std::pair<std::string, std::string> kWrong[] = {{"10.0.0.5", "10.0.0.500"},
                                                        {"\"principal\":7", "\"principal\":0"},
                                                        {"\"principal\":7", "\"principal\":65536"},
                                                        {"5a5a", "5a"},
                                                        {"\"plain\":true", "\"plain\":1"}};
  for (const auto& [right, wrong] : kWrong) {
    std::string changed = text;
    ASSERT_NE(changed.find(right), std::string::npos) << right;
    changed.replace(changed.find(right), right.size(), wrong);
    EXPECT_FALSE(read_session(as_bytes(changed), kThen)) << wrong;
  }
}

}  // namespace
}  // namespace sallyport::gateway
