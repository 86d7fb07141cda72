// SPDX-License-Identifier: Apache-2.0
// A policy as people write it: which packets, and what is done with them. Order among policies decides.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "host/ipsec/level.hpp"
#include "host/ipsec/sa.hpp"
#include "host/policy/when.hpp"

namespace sallyport::policy {

// RFC 4301 4.4.1: the three choices for every packet that crosses the boundary; and who makes it, where the user does.
enum class Action : std::uint8_t { kDiscard, kBypass, kProtect, kAsk };

[[nodiscard]] std::string_view to_string(Action action);

// When a changed policy takes over from the words that it had before.
enum class TakeOver : std::uint8_t {
  kNow,
  kAfterIdle,  // when the SA of the old words has carried nothing for a while, or has come to its end
  kSyn,        // likewise; but TCP connections that are opened meanwhile go by the new words at once
};

[[nodiscard]] std::string_view to_string(TakeOver change);

// Written for packets from LAN to WAN; packets back match with source and destination exchanged.
struct Policy {
  std::string name;
  TrafficSelector source = TrafficSelector::of(AddressRange::any());
  TrafficSelector destination = TrafficSelector::of(AddressRange::any());  // same protocol as source
  // Whose packets, while they are logged in; one of the two. Neither: everybody's, and those of nobody.
  std::string user;
  std::string group;
  When when;  // outside of it the policy is passed over
  Action action = Action::kDiscard;
  bool tell = false;  // bypass, discard: users are told what was done with their packets

  // protect, and ask where the user may choose that, one of three: by the manual SA `sa`; by a child that `connection`
  // configures; or by a child of this policy's own on `connection`, which proposes `esp_proposals`, spelled out or
  // given by `level`, or `ah_proposals`. Level none has nothing to propose: its packets leave in the clear, whatever
  // else is written for other levels.
  std::string sa;
  std::string connection;
  std::string child;
  std::optional<Level> level;
  Proposals level_proposals;  // what that stands for in the configuration it is of; no word, see in_full()
  Proposals esp_proposals;
  Proposals ah_proposals;
  Mode mode = Mode::kTunnel;                   // of a child of its own
  std::optional<std::uint32_t> replay_window;  // packets, of a child of its own
  bool legacy = false;                         // broken algorithms may stand among the proposals
  bool shared = false;  // of people: their packets go by one SA, and not each user's by one of their own
  bool start =
      false;  // a child of its own is brought up at once and again whenever it is lost; else by the first packet

  TakeOver change = TakeOver::kNow;
  std::optional<std::uint32_t> idle_s;  // how long the old SA must have been idle

  [[nodiscard]] bool names_people() const { return !user.empty() || !group.empty(); }
  // The action once the level is known, which is what everybody goes by; `action` is how it is written.
  [[nodiscard]] Action does() const {
    return action == Action::kProtect && level == Level::kNone ? Action::kBypass : action;
  }
  // Whether its packets are, or with their user's leave may be, protected: it then has a target.
  [[nodiscard]] bool may_protect() const {
    return does() == Action::kProtect || (does() == Action::kAsk && !(sa.empty() && connection.empty()));
  }
  [[nodiscard]] bool owns_child() const { return may_protect() && !connection.empty() && child.empty(); }
  // Whether users hear of it: some of its packets then go by the host.
  [[nodiscard]] bool speaks_to_users() const { return tell || does() == Action::kAsk; }
  // Each user who is logged in has a child of this policy's own to themselves.
  [[nodiscard]] bool sa_per_user() const { return names_people() && owns_child() && !shared; }
  [[nodiscard]] std::uint32_t idle_or_default_s() const { return idle_s.value_or(30); }  // ours
  // What a child of its own offers. "Any" address becomes one selector of each family that the other end may have.
  [[nodiscard]] TrafficSelectors local_ts() const;
  [[nodiscard]] TrafficSelectors remote_ts() const;
  // What the SAs belong to: "connection/child", or "sa/name". Policies with the same target share SAs.
  [[nodiscard]] std::string target() const;
};

// What one user's own SA belongs to: "connection/child@user".
[[nodiscard]] std::string target_of_user(const std::string& target, const std::string& user);
struct SplitTarget {
  std::string target;
  std::string user;  // empty: it is everybody's
};
[[nodiscard]] SplitTarget split_target(const std::string& target);
// Between child and user. A user's name may hold it; names of policies, children and manual SAs do not.
inline constexpr char kUserMark = '@';

// The words a policy is written with, in TOML and in JSON: all values are text.
[[nodiscard]] std::span<const std::string_view> policy_words();
// Sets one of them. Errors: kNotFound (no such word), kInvalid (the detail names the remedy).
[[nodiscard]] Result<void> set_word(Policy& policy, std::string_view word, std::string_view text);
// The text of a word; empty when it is not given or says "any".
[[nodiscard]] std::string get_word(const Policy& policy, std::string_view word);

// What contradicts itself once all words are set. (What its level stands for is the caller's to check.)
[[nodiscard]] Result<void> validate(const Policy& policy);

// Why a broken algorithm is refused, to be put behind the name of who has it.
[[nodiscard]] std::string legacy_sentence(std::string_view where, std::string_view algorithm);

}  // namespace sallyport::policy
