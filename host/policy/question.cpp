// SPDX-License-Identifier: Apache-2.0
#include "host/policy/question.hpp"

#include "host/policy/policy.hpp"

namespace sallyport::policy {
namespace {

constexpr std::string_view kWords[] = {"user", "from", "to", "protocol", "port", "source_port", "at"};

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kIcmpv6 = 58;
constexpr std::uint16_t kClientPort = 49152;  // RFC 6335 6: the first dynamic one

// The words of a policy say how protocols and ports are written.
Result<std::uint16_t> parse_port(std::string_view text) {
  Policy words;
  if (auto set = set_word(words, "source_port", text); !set) return set.error();
  if (words.source.first_port != words.source.last_port) {
    return Error{Errc::kInvalid, "'" + std::string(text) + "' is more than one port, and a packet has one"};
  }
  return words.source.first_port;
}

// "tcp", "89"; "any": 0
std::string protocol_text(std::uint8_t protocol) {
  Policy words;
  words.source.protocol = protocol;
  const std::string text = get_word(words, "protocol");
  return text.empty() ? "any" : text;
}

}  // namespace

std::uint8_t Question::its_protocol() const {
  if (protocol) return *protocol;
  if (port || source_port) return kTcp;
  return to.is_v4() ? kIcmp : kIcmpv6;
}

driver::PacketKey Question::key() const {
  driver::PacketKey key{from->number(), to.number(), its_protocol(), 0, 0};
  if (driver::has_ports(key.protocol)) {
    key.source_port = source_port.value_or(kClientPort);
    key.destination_port = port.value_or(0);
  }
  return key;
}

std::string Question::to_string() const {
  const std::string protocol = protocol_text(its_protocol());
  return from->to_string() + " to " + to.to_string() + ", " + (protocol == "any" ? "protocol 0" : protocol) +
         (port ? " port " + std::to_string(*port) : "");
}

std::span<const std::string_view> question_words() { return kWords; }

Result<void> set_word(Question& question, std::string_view word, std::string_view text) {
  if (word == "user") {
    question.user = text;
  } else if (word == "from" || word == "to") {
    auto address = IpAddress::parse(text);
    if (!address) return address.error();
    if (word == "to")
      question.to = *address;
    else
      question.from = *address;
  } else if (word == "protocol") {
    Policy words;
    if (auto set = set_word(words, word, text); !set) return set.error();
    question.protocol = words.source.protocol;
  } else if (word == "port" || word == "source_port") {
    const auto port = parse_port(text);
    if (!port) return port.error();
    (word == "port" ? question.port : question.source_port) = *port;
  } else if (word == "at") {
    const auto at = parse_week_minute(text);
    if (!at) return at.error();
    question.at = *at;
  } else {
    return Error{Errc::kNotFound, "there is no '" + std::string(word) + "'"};
  }
  return {};
}

std::string get_word(const Question& question, std::string_view word) {
  const auto number = [](const std::optional<std::uint16_t>& n) { return n ? std::to_string(*n) : std::string(); };
  if (word == "user") return question.user;
  if (word == "from") return question.from ? question.from->to_string() : std::string();
  if (word == "to") return question.to.to_string();
  if (word == "protocol") return question.protocol ? protocol_text(*question.protocol) : std::string();
  if (word == "port") return number(question.port);
  if (word == "source_port") return number(question.source_port);
  if (word == "at" && question.at) return policy::to_string(*question.at);
  return {};
}

Result<void> validate(const Question& question) {
  if (question.to.is_any()) return Error{Errc::kInvalid, "needs 'to', the address it goes to"};
  if (question.from && question.from->is_v4() != question.to.is_v4()) {
    return Error{Errc::kInvalid, "has one address of IPv4 and one of IPv6, which no packet has"};
  }
  if (driver::has_ports(question.its_protocol()) && !question.port) {
    return Error{Errc::kInvalid, "needs 'port', as such a packet goes to one"};
  }
  if (!driver::has_ports(question.its_protocol()) && (question.port || question.source_port)) {
    return Error{Errc::kInvalid, "has a port, and a protocol that has none; write protocol tcp or udp"};
  }
  return {};
}

}  // namespace sallyport::policy
