// SPDX-License-Identifier: Apache-2.0
#include "host/api/events.hpp"

namespace sallyport::api {

Result<std::vector<Event>> EventParser::feed(std::string_view text) {
  std::vector<Event> complete;
  for (const char c : text) {
    if (c == '\n') {
      if (line_.ends_with('\r')) line_.pop_back();
      take(line_, complete);
      line_.clear();
    } else {
      line_ += c;
    }
    if (line_.size() + event_.data.size() > kLongest) return Error{Errc::kInvalid, "an event is too long"};
  }
  return complete;
}

void EventParser::take(std::string_view line, std::vector<Event>& complete) {
  if (line.empty()) {
    if (!event_.data.empty()) complete.push_back(std::move(event_));
    event_ = {};
    return;
  }
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") event_.name = value;
  if (field == "data") event_.data += (event_.data.empty() ? "" : "\n") + std::string(value);
}

}  // namespace sallyport::api
