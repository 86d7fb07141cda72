// SPDX-License-Identifier: Apache-2.0
// What users are told about their own packets: where to, what became of them, and what they can do; never what others
// may. A user gets so many messages at once and then one in a while, and the same not twice within a minute; of what
// was kept back the next message says how much it was.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <string>

namespace sallyport::gateway {

enum class News : std::uint8_t {
  kSentClear,     // as a policy says that tells
  kRefused,       // likewise, or because nobody answered a question
  kNotProtected,  // there is no SA for them, and none can be made
  kSpiUnknown,    // what comes from the other gateway cannot be read
};
[[nodiscard]] std::string_view to_string(News news);

struct Message {
  News news;
  std::string destination;  // an address; of unknown SPIs: the other gateway
  std::string text;         // a sentence
};

class Messages {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // Sends an event to every session of a user; false: nobody listens.
  using Reach = std::function<bool(const std::string& user, std::string_view event, const boost::json::value& data)>;

  struct Counters {
    std::uint64_t told = 0;
    std::uint64_t kept_back = 0;  // by the meter
    std::uint64_t unheard = 0;    // nobody listens
  };

  void reach_by(Reach reach) { reach_ = std::move(reach); }
  void tell(const std::string& user, const Message& message, Time now);
  // Whatever it is; the meter is not for this.
  bool send(const std::string& user, std::string_view event, const boost::json::value& data) {
    return reach_ && reach_(user, event, data);
  }
  void forget(const std::string& user) { meters_.erase(user); }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Meter {
    Time empty_at{};  // ITU-T I.371, GCRA
    std::uint64_t kept_back = 0;
    std::map<std::string, Time> lately;  // sentences, and when they may be said again
  };

  Reach reach_;
  std::map<std::string, Meter> meters_;  // by user, of those who are logged in
  Counters counters_;
};

}  // namespace sallyport::gateway
