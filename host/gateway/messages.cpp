// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/messages.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace sallyport::gateway {
namespace {

using std::chrono::seconds;

// All ours.
constexpr auto kInterval = seconds(6);  // one message in so long,
constexpr auto kBurst = 10;             // and so many at once

// The same is not said again within. (Anybody can cause the last, by a packet in the other gateway's name.)
constexpr seconds once(News news) { return news == News::kSpiUnknown ? seconds(600) : seconds(60); }

}  // namespace

std::string_view to_string(News news) {
  constexpr std::string_view kNames[] = {"sent_clear", "refused", "not_protected", "spi_unknown"};
  return kNames[static_cast<std::size_t>(news)];
}

void Messages::tell(const std::string& user, const Message& message, Time now) {
  Meter& meter = meters_[user];
  std::erase_if(meter.lately, [&](const auto& said) { return said.second <= now; });
  if (meter.lately.contains(message.text)) return;
  if (meter.empty_at > now + (kBurst - 1) * kInterval) {
    ++meter.kept_back;
    ++counters_.kept_back;
    return;
  }
  std::string text = message.text;
  if (meter.kept_back > 0) text += " (" + std::to_string(meter.kept_back) + " messages before this one were left out)";
  const boost::json::object data{
      {"text", text}, {"news", to_string(message.news)}, {"destination", message.destination}};
  if (!send(user, "message", data)) {
    ++counters_.unheard;
    return;
  }
  ++counters_.told;
  meter.kept_back = 0;
  meter.empty_at = std::max(meter.empty_at, now) + kInterval;
  meter.lately[message.text] = now + once(message.news);
}

}  // namespace sallyport::gateway
