// SPDX-License-Identifier: Apache-2.0
#include "host/policy/when.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <random>

namespace sallyport::policy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::system_clock;
using ::testing::HasSubstr;

When when(const char* text) { return When::parse(text).value(); }
WeekMinute at(const char* text) { return parse_week_minute(text).value(); }

class Zone : public testing::Test {
 protected:
  void TearDown() override { ::unsetenv("TZ"); }
  static void put(const char* zone) { ::setenv("TZ", zone, 1); }
  static system_clock::time_point utc(int year, int month, int day, int hour, int minute) {
    std::tm t{};
    t.tm_year = year - 1900;
    t.tm_mon = month - 1;
    t.tm_mday = day;
    t.tm_hour = hour;
    t.tm_min = minute;
    return system_clock::from_time_t(::timegm(&t));
  }
};

// Central European time without the system's files: +1, and from the last Sunday of March to that of October +2.
constexpr const char* kBerlin = "CET-1CEST,M3.5.0,M10.5.0/3";

TEST(When, HoldsFromItsFirstMinuteToTheOneBeforeItsEnd) {
  const When office = when("mon-fri 08:00-18:00, sat 09:00-12:00");
  EXPECT_FALSE(office.contains(at("mon 07:59")));
  EXPECT_TRUE(office.contains(at("mon 08:00")));
  EXPECT_TRUE(office.contains(at("fri 17:59")));
  EXPECT_FALSE(office.contains(at("fri 18:00")));
  EXPECT_TRUE(office.contains(at("sat 09:00")));
  EXPECT_FALSE(office.contains(at("sun 09:00")));
  EXPECT_TRUE(When().contains(0));
}

TEST(When, HoursThatEndBeforeTheyBeginRunIntoTheNextDay) {
  const When night = when("22:00-06:00");
  EXPECT_TRUE(night.contains(at("wed 05:59")));
  EXPECT_FALSE(night.contains(at("wed 06:00")));
  const When sunday = when("sun 22:00-06:00");
  EXPECT_TRUE(sunday.contains(at("mon 05:59"))) << "over the end of the week";
  EXPECT_FALSE(sunday.contains(at("sun 05:59")));
  EXPECT_TRUE(when("sat-mon").contains(at("sun 12:00")));
  EXPECT_FALSE(when("sat-mon").contains(at("tue 00:00")));
}

TEST(When, IsWrittenAsItIsRead) {
  for (const char* text :
       {"mon-fri 08:00-18:00, sat 09:00-12:00", "sun", "sat-mon 22:00-06:00", "08:00-24:00", "mon-sun"}) {
    EXPECT_EQ(when(text).to_string(), text);
  }
  EXPECT_EQ(when(" mon-sun  08:00 - 09:30 ,fri ").to_string(), "08:00-09:30, fri");
  EXPECT_EQ(When().to_string(), "");
}

TEST(When, SaysWhatIsNoWindow) {
  for (const char* text : {"", "mon,", "monday", "mon-", "8:00-9:00", "08:00", "25:00-26:00", "08:60-09:00",
                           "24:00-02:00", "mon 08:00-18:00 x", "fri-"}) {
    const auto parsed = When::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().detail, HasSubstr("write days and hours"));
  }
  EXPECT_THAT(When::parse("mon 08:00-08:00").error().detail, HasSubstr("leave the hours out"));
  for (const char* text : {"", "mon", "mon 24:00", "08:00", "xyz 08:00"}) EXPECT_FALSE(parse_week_minute(text)) << text;
}

TEST_F(Zone, TheClockIsThatOnTheWall) {
  put(kBerlin);
  EXPECT_EQ(to_string(week_minute(utc(2026, 1, 5, 7, 0))), "mon 08:00");
  EXPECT_EQ(to_string(week_minute(utc(2026, 7, 6, 7, 0))), "mon 09:00");
  put("UTC0");
  EXPECT_EQ(to_string(week_minute(utc(2026, 7, 6, 7, 0))), "mon 07:00") << "the zone was changed";
}

TEST_F(Zone, TheNextBorderIsWhereTheClockSaysSo) {
  put(kBerlin);
  const When office = when("mon-fri 08:00-18:00");
  EXPECT_EQ(office.next_border(utc(2026, 1, 5, 6, 59)), utc(2026, 1, 5, 7, 0));
  EXPECT_EQ(office.next_border(utc(2026, 1, 5, 7, 0)), utc(2026, 1, 5, 17, 0));
  EXPECT_EQ(office.next_border(utc(2026, 1, 9, 17, 0)), utc(2026, 1, 12, 7, 0)) << "over the weekend";
  // Over 29 March, when the clock is put forward: the weekend has an hour less.
  EXPECT_EQ(office.next_border(utc(2026, 3, 27, 17, 0)), utc(2026, 3, 30, 6, 0));
  EXPECT_EQ(when("mon-sun").next_border(utc(2026, 1, 5, 0, 0)), std::nullopt);
  EXPECT_EQ(When().next_border(utc(2026, 1, 5, 0, 0)), std::nullopt);
}

TEST_F(Zone, AnHourThatIsLeftOutOrComesTwiceIsAsTheClockShowsIt) {
  put(kBerlin);
  // 02:00 to 03:00 is not there on 29 March 2026: the window begins late, at 03:00.
  EXPECT_EQ(when("sun 02:30-04:00").next_border(utc(2026, 3, 29, 0, 0)), utc(2026, 3, 29, 1, 0));
  EXPECT_EQ(when("sun 02:15-02:45").next_border(utc(2026, 3, 29, 0, 0)), utc(2026, 4, 5, 0, 15)) << "a week later";
  // It comes twice on 25 October: so does the window.
  const When twice = when("sun 02:30-02:45");
  auto now = utc(2026, 10, 25, 0, 0);
  std::vector<system_clock::time_point> borders;
  for (int i = 0; i < 4; ++i) borders.push_back(now = twice.next_border(now).value());
  EXPECT_THAT(borders, testing::ElementsAre(utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 0, 45),
                                            utc(2026, 10, 25, 1, 30), utc(2026, 10, 25, 1, 45)));
}

TEST_F(Zone, TheNextBorderIsTheFirstMinuteThatDiffers) {
  put(kBerlin);
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 60; ++round) {
    const auto clock = [&] {
      const std::string text = to_string(static_cast<WeekMinute>(random() % kMinutesOfDay));
      return text.substr(4);
    };
    const std::string days[] = {"mon", "sat-sun", "sun", "thu-tue", "mon-sun"};
    const auto parsed = When::parse(days[random() % 5] + " " + clock() + "-" + clock());
    if (!parsed) continue;  // one that ends when it begins
    const auto around = random() % 2 == 0 ? utc(2026, 3, 29, 0, 0) : utc(2026, 10, 25, 0, 0);
    const auto now = around - hours(72) + minutes(random() % (5 * kMinutesOfDay));
    auto slow = std::chrono::floor<minutes>(now);
    while (parsed->contains(week_minute(slow)) == parsed->contains(week_minute(now))) slow += minutes(1);
    ASSERT_EQ(parsed->next_border(now), slow) << parsed->to_string();
  }
}

}  // namespace
}  // namespace sallyport::policy
