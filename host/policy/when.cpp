// SPDX-License-Identifier: Apache-2.0
#include "host/policy/when.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <ctime>

namespace sallyport::policy {
namespace {

using std::chrono::minutes;
using std::chrono::system_clock;

constexpr std::string_view kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

Error wrong(std::string_view text) {
  return {Errc::kInvalid, "'" + std::string(text) +
                              "' is no time window; write days and hours, for example \"mon-fri 08:00-18:00, sat "
                              "09:00-12:00\""};
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<unsigned> parse_day(std::string_view text) {
  const auto* found = std::find(std::begin(kDays), std::end(kDays), text);
  if (found == std::end(kDays)) return std::nullopt;
  return static_cast<unsigned>(found - std::begin(kDays));
}

// "08:00", of the day; "24:00" is its end.
std::optional<WeekMinute> parse_clock(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  unsigned hour = 0;
  unsigned minute = 0;
  const auto read = [](std::string_view digits, unsigned& number) {
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return failure == std::errc{} && end == digits.data() + digits.size();
  };
  if (!read(text.substr(0, 2), hour) || !read(text.substr(3), minute) || minute > 59) return std::nullopt;
  const WeekMinute at = 60 * hour + minute;
  return at <= kMinutesOfDay ? std::optional(at) : std::nullopt;
}

std::string clock_text(WeekMinute of_day) {
  const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return two(of_day / 60) + ":" + two(of_day % 60);
}

std::tm local(system_clock::time_point at) {
  ::tzset();  // localtime_r need not
  const std::time_t seconds = system_clock::to_time_t(at);
  std::tm out{};
  ::localtime_r(&seconds, &out);
  return out;
}

}  // namespace

WeekMinute week_minute(system_clock::time_point at) {
  const std::tm now = local(at);
  const auto day = static_cast<WeekMinute>((now.tm_wday + 6) % 7);  // tm's week begins on Sunday
  return day * kMinutesOfDay + 60 * static_cast<WeekMinute>(now.tm_hour) + static_cast<WeekMinute>(now.tm_min);
}

std::string to_string(WeekMinute minute) {
  return std::string(kDays[minute / kMinutesOfDay % 7]) + " " + clock_text(minute % kMinutesOfDay);
}

Result<WeekMinute> parse_week_minute(std::string_view text) {
  const std::string_view whole = trimmed(text);
  const auto day = parse_day(whole.substr(0, 3));
  const auto clock = whole.size() > 4 && whole[3] == ' ' ? parse_clock(trimmed(whole.substr(4))) : std::nullopt;
  if (!day || !clock || *clock == kMinutesOfDay) {
    return Error{Errc::kInvalid, "'" + std::string(text) + "' is no time of the week; write for example \"mon 08:00\""};
  }
  return *day * kMinutesOfDay + *clock;
}

Result<When::Window> When::parse_window(std::string_view text) {
  const std::string_view whole = trimmed(text);
  if (whole.empty()) return wrong(text);
  std::string_view days;
  std::string_view hours = whole;
  if (std::isalpha(static_cast<unsigned char>(whole.front())) != 0) {
    const auto blank = std::min(whole.find(' '), whole.size());
    days = whole.substr(0, blank);
    hours = trimmed(whole.substr(blank));
  }
  Window window;
  if (!days.empty()) {
    const auto dash = days.find('-');
    const auto first = parse_day(days.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_day(days.substr(dash + 1));
    if (!first || !last) return wrong(text);
    window.first_day = *first;
    window.last_day = *last;
  }
  if (!hours.empty()) {
    const auto dash = hours.find('-');
    if (dash == std::string_view::npos) return wrong(text);
    const auto from = parse_clock(trimmed(hours.substr(0, dash)));
    const auto to = parse_clock(trimmed(hours.substr(dash + 1)));
    if (!from || !to || *from == kMinutesOfDay) return wrong(text);
    if (*from == *to) {
      return Error{Errc::kInvalid,
                   "'" + std::string(text) + "' ends when it begins; leave the hours out for the whole day"};
    }
    window.from = *from;
    window.to = *to;
  }
  return window;
}

Result<When> When::parse(std::string_view text) {
  When when;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    auto window = parse_window(text.substr(at, comma - at));
    if (!window) return window.error();
    when.windows_.push_back(*window);
    at = comma + 1;
  }
  return when;
}

std::vector<When::Span> When::spans() const {
  std::vector<Span> spans;
  for (const Window& w : windows_) {
    const unsigned days = (w.last_day + 7 - w.first_day) % 7 + 1;
    for (unsigned i = 0; i < days; ++i) {
      const WeekMinute day = (w.first_day + i) % 7 * kMinutesOfDay;
      const WeekMinute first = day + w.from;
      const WeekMinute behind = day + w.to + (w.to < w.from ? kMinutesOfDay : 0);
      spans.push_back({first, std::min(behind, kMinutesOfWeek) - 1});
      if (behind > kMinutesOfWeek) spans.push_back({0, behind - kMinutesOfWeek - 1});  // Sunday's night
    }
  }
  return spans;
}

bool When::contains(WeekMinute minute) const {
  const auto all = spans();
  return all.empty() ||
         std::any_of(all.begin(), all.end(), [&](const Span& s) { return s.first <= minute && minute <= s.last; });
}

// The clock is asked, not reckoned with: an hour may be left out or come twice.
std::optional<system_clock::time_point> When::next_border(system_clock::time_point now) const {
  const bool holds = contains(week_minute(now));
  const auto first = std::chrono::floor<minutes>(now) + minutes(1);
  const auto spans_now = spans();
  const auto to_next = [&](WeekMinute from) {  // minutes to the next place where it might change
    WeekMinute least = 60;
    for (const Span& s : spans_now) {
      for (const WeekMinute border : {s.first, s.last + 1}) {
        const WeekMinute ahead = (border % kMinutesOfWeek + kMinutesOfWeek - from) % kMinutesOfWeek;
        if (ahead != 0) least = std::min(least, ahead);
      }
    }
    return least;
  };
  for (auto at = first; at < first + minutes(kMinutesOfWeek + kMinutesOfDay);) {
    const WeekMinute here = week_minute(at);
    if (contains(here) != holds) return at;
    // An hour at most at once; where the clock was put within it, every minute is looked at.
    const WeekMinute step = to_next(here);
    const bool straight = week_minute(at + minutes(step)) == (here + step) % kMinutesOfWeek;
    at += minutes(straight ? step : 1);
  }
  return std::nullopt;
}

std::string When::to_string() const {
  std::string text;
  for (const Window& w : windows_) {
    const bool every_day = w.first_day == 0 && w.last_day == 6;
    const bool whole_day = w.from == 0 && w.to == kMinutesOfDay;
    if (!text.empty()) text += ", ";
    if (!every_day || whole_day) {
      text += kDays[w.first_day];
      if (w.first_day != w.last_day) text += "-" + std::string(kDays[w.last_day]);
    }
    if (!whole_day) text += (every_day ? "" : " ") + clock_text(w.from) + "-" + clock_text(w.to);
  }
  return text;
}

}  // namespace sallyport::policy
