// SPDX-License-Identifier: Apache-2.0
// A packet from LAN to WAN that somebody asks about, in words.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "driver/ip/ip.hpp"
#include "host/ipsec/address.hpp"
#include "host/policy/when.hpp"

namespace sallyport::policy {

struct Question {
  std::string user;               // who sends; empty: whoever is at `from`
  std::optional<IpAddress> from;  // not given: whoever is asked chooses one
  IpAddress to;
  std::optional<std::uint8_t> protocol;      // not given: TCP where there is a port, else ICMP
  std::optional<std::uint16_t> port;         // of the destination
  std::optional<std::uint16_t> source_port;  // not given: one that clients have
  std::optional<WeekMinute> at;              // not given: now

  [[nodiscard]] std::uint8_t its_protocol() const;
  // What the card looks it up by; `from` must be there.
  [[nodiscard]] driver::PacketKey key() const;
  // "10.1.0.7 to 10.2.0.5, tcp port 443"
  [[nodiscard]] std::string to_string() const;
};

// user, from, to, protocol, port, source_port, at: all values are text.
[[nodiscard]] std::span<const std::string_view> question_words();
// Errors: kNotFound (no such word), kInvalid (the detail names the remedy).
[[nodiscard]] Result<void> set_word(Question& question, std::string_view word, std::string_view text);
// The text of a word; empty when it is not given.
[[nodiscard]] std::string get_word(const Question& question, std::string_view word);
// What is missing or contradicts itself once all words are set.
[[nodiscard]] Result<void> validate(const Question& question);

}  // namespace sallyport::policy
