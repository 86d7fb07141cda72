// SPDX-License-Identifier: Apache-2.0
// A client's side of a stream of events (HTML Living Standard 9.2.6): what a server sends, put together again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace sallyport::api {

struct Event {
  std::string name;
  std::string data;

  friend bool operator==(const Event&, const Event&) = default;
};

class EventParser {
 public:
  static constexpr std::size_t kLongest = 64 * 1024;  // ours: an event

  // Those that are complete with what came now. kInvalid for one that is too long.
  Result<std::vector<Event>> feed(std::string_view text);

 private:
  void take(std::string_view line, std::vector<Event>& complete);

  std::string line_;
  Event event_;
};

}  // namespace sallyport::api
