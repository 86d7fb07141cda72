// SPDX-License-Identifier: Apache-2.0
// One way in which users prove who they are: what a plug-in is to the gateway. Plug-ins know nothing of each other and
// nobody else knows what they ask; a reader of fingerprints is one more class, a line in methods.cpp, and its half on
// the user's computer.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "host/ipsec/address.hpp"

namespace sallyport::users {

// Who wants to be let in, and where they sit.
struct Claim {
  std::string user;           // empty: the method finds out, as from a card's number
  IpAddress address{};        // of the computer
  std::uint32_t uid = 0;      // of the user on it
  std::string attempt{};      // the login or the session that a proof is for: it is good for no other
  std::string gateway_key{};  // digest of the gateway's public key: nor for another gateway
};

// What the computer is asked, in words that the plug-in and its half there agreed upon; empty when nothing is asked
// beyond what the user knows.
using Challenge = std::map<std::string, std::string>;

// What it answers, by such words too.
class Answer {
 public:
  void set(const std::string& word, Secret value) { values_[word] = std::move(value); }
  // An empty one when it is not there.
  [[nodiscard]] const Secret& secret(const std::string& word) const {
    static const Secret kNone;
    const auto found = values_.find(word);
    return found == values_.end() ? kNone : found->second;
  }
  // Of what is public, as a card's number.
  [[nodiscard]] std::string text(const std::string& word) const {
    const Bytes bytes = secret(word).reveal();
    return {bytes.begin(), bytes.end()};
  }

 private:
  std::map<std::string, Secret> values_;
};

// Who it is.
struct Identity {
  std::string user;
  std::vector<std::string> groups{};               // those that the method knows of, beside those of the directory
  std::optional<std::chrono::seconds> lifetime{};  // of the session, where the method sets one
};

// Everything is called from any thread, from several at once, and may take its time.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual Result<Challenge> begin(const Claim& claim) = 0;
  // kAuthFailed: it is not proved; the detail is for the audit log and holds no secret. Any other error: it could not
  // be decided.
  [[nodiscard]] virtual Result<Identity> finish(const Claim& claim, const Challenge& challenge,
                                                const Answer& answer) = 0;
  // Whether each renewal of the session needs a new proof, so that one who takes the card along takes the session
  // along.
  [[nodiscard]] virtual bool proves_presence() const { return false; }
  // Whether it lets in users whom the directory does not know, because somebody else keeps them.
  [[nodiscard]] virtual bool brings_its_users() const { return false; }
  // Whether an Identity of its may have groups that the directory does not know.
  [[nodiscard]] virtual bool brings_groups() const { return false; }
};

}  // namespace sallyport::users
