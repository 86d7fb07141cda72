// SPDX-License-Identifier: Apache-2.0
// When a policy holds: days of the week and hours, as the gateway's clock on the wall shows them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace sallyport::policy {

// Minutes since Monday, 00:00, local time.
using WeekMinute = unsigned;
constexpr WeekMinute kMinutesOfDay = 24 * 60;
constexpr WeekMinute kMinutesOfWeek = 7 * kMinutesOfDay;

// By the system's time zone, which may be changed while we run.
[[nodiscard]] WeekMinute week_minute(std::chrono::system_clock::time_point at);
// "mon 08:00", and back.
[[nodiscard]] std::string to_string(WeekMinute minute);
[[nodiscard]] Result<WeekMinute> parse_week_minute(std::string_view text);

class When {
 public:
  // "mon-fri 08:00-18:00, sat 09:00-12:00". Without days every day, without hours the whole day; hours that end before
  // they begin run into the next day.
  static Result<When> parse(std::string_view text);

  struct Span {  // both belong to it
    WeekMinute first;
    WeekMinute last;
  };
  [[nodiscard]] std::vector<Span> spans() const;  // of the week; none ends before it begins
  [[nodiscard]] bool always() const { return windows_.empty(); }
  [[nodiscard]] bool contains(WeekMinute minute) const;
  // When it begins or ends to hold next, of the clock as it is set now. None: never.
  [[nodiscard]] std::optional<std::chrono::system_clock::time_point> next_border(
      std::chrono::system_clock::time_point now) const;
  [[nodiscard]] std::string to_string() const;  // as parse() takes it; empty: always

  friend bool operator==(const When&, const When&) = default;

 private:
  struct Window {
    unsigned first_day = 0;  // Monday
    unsigned last_day = 6;   // before the first: over the end of the week
    WeekMinute from = 0;     // of the day
    WeekMinute to = kMinutesOfDay;
    friend bool operator==(const Window&, const Window&) = default;
  };
  static Result<Window> parse_window(std::string_view text);

  std::vector<Window> windows_;
};

}  // namespace sallyport::policy
