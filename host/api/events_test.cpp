// SPDX-License-Identifier: Apache-2.0
#include "host/api/events.hpp"

#include <gmock/gmock.h>

namespace sallyport::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kStream =
    "event: message\ndata: {\"a\":1}\n\n:\n\nevent:end\r\ndata:x\r\ndata: y\r\n\r\nid: 7\nevent: empty\n\ndata: "
    "bare\n\n";
const auto kEvents = ElementsAre(Event{"message", "{\"a\":1}"}, Event{"end", "x\ny"}, Event{"", "bare"});

TEST(Events, AreWhatTheirLinesSay) { EXPECT_THAT(EventParser().feed(kStream).value(), kEvents); }

TEST(Events, AreTheSameHoweverTheyArrive) {
  for (std::size_t cut = 0; cut <= kStream.size(); ++cut) {
    EventParser parser;
    auto all = parser.feed(kStream.substr(0, cut)).value();
    const auto rest = parser.feed(kStream.substr(cut)).value();
    all.insert(all.end(), rest.begin(), rest.end());
    EXPECT_THAT(all, kEvents) << cut;
  }
}

TEST(Events, AreNoneUntilTheyAreComplete) {
  EXPECT_THAT(EventParser().feed("event: message\ndata: 1\n").value(), IsEmpty());
}

TEST(Events, HaveALongestLine) {
  EventParser parser;
  ASSERT_TRUE(parser.feed("data: " + std::string(EventParser::kLongest - 10, 'x')));
  EXPECT_FALSE(parser.feed("0123456789"));
  EventParser lines;
  bool refused = false;
  for (int i = 0; i < 1000 && !refused; ++i) refused = !lines.feed("data: " + std::string(100, 'x') + "\n");
  EXPECT_TRUE(refused) << "nor may one grow line by line";
}

}  // namespace
}  // namespace sallyport::api
