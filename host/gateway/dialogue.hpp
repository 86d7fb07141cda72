// SPDX-License-Identifier: Apache-2.0
// The gateway's word with its users about their packets: what they are told (Told, Messages), what they are asked and
// have answered (Consent), and the rules in front of policies that follow from it. The host sees the first packets of a
// communication; then the card goes on by a rule. Without room for rules, or with a card that fails, nothing passes
// that was not let pass.
#pragma once

#include <memory>
#include <optional>

#include "driver/rings/rings.hpp"
#include "host/gateway/answer_memory.hpp"
#include "host/gateway/card_keeper.hpp"
#include "host/gateway/consent.hpp"
#include "host/gateway/messages.hpp"
#include "host/gateway/told.hpp"
#include "host/users/sessions/questions.hpp"

namespace sallyport::gateway {

class Dialogue final : public users::Questions {
 public:
  struct Counters {
    std::uint64_t asked = 0;
    std::uint64_t passed_on = 0;  // packets, once their user had been told or had let them go
    std::uint64_t refused = 0;    // packets
  };
  using Time = std::chrono::steady_clock::time_point;
  // The packet, through the card again.
  using PassOn = std::function<void(Held)>;

  // `keeper` outlives it.
  Dialogue(CardKeeper& keeper, std::unique_ptr<AnswerMemory> memory, PassOn pass_on)
      : keeper_(keeper), memory_(std::move(memory)), pass_on_(std::move(pass_on)) {}
  // The answers for always, before the first packet.
  Result<void> restore();
  void reach_by(Messages::Reach reach) { messages_.reach_by(std::move(reach)); }

  // ---- what happens
  // A packet that the card gave us by the rule of a policy that speaks to users.
  void on_packet(driver::Message message, Time now);
  // Packets of theirs wait for an SA, which is there, or cannot be made.
  void waits(const std::string& target, std::uint16_t principal, const IpAddress& destination);
  void connected(const std::string& target) { waiting_.erase(target); }
  void not_connected(const std::string& target, Errc why, Time now);
  // The other gateway protects by what this one does not know.
  void spi_unknown(const IpAddress& peer, Time now);
  void session_ended(const users::Session& session, bool left);  // `left`: it was the user's last
  void user_deleted(const std::string& user);
  void tick(Time now);

  // ---- of users
  [[nodiscard]] boost::json::array open_questions(const std::string& user) const override;
  [[nodiscard]] boost::json::array answers_of(const std::string& user) const override;  // "": everybody's
  void answer(const users::Session& session, const std::string& question, const std::string& choice,
              const std::string& remember, std::function<void(Result<std::string>)> respond) override;
  void forget(const std::string& user, const std::string& answer,
              std::function<void(Result<std::string>)> respond) override;  // user "": an administrator asks

  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] const Messages::Counters& message_counters() const { return messages_.counters(); }

 private:
  void tell_what_became_of_it(const policy::Policy& policy, const std::string& user, const IpAddress& destination,
                              Held packet, Time now);
  void take(Consent::Steps steps, Time now);
  void put_in_force();
  void pass_on(Held packet);
  void save(std::function<void(Result<void>)> done);
  [[nodiscard]] std::optional<std::string> user_of(std::uint16_t principal) const;

  CardKeeper& keeper_;
  std::unique_ptr<AnswerMemory> memory_;  // null: nothing is for longer than we are
  PassOn pass_on_;
  Messages messages_;
  Told told_;
  Consent consent_;
  std::map<std::string, std::map<std::string, IpAddress>> waiting_;  // by target: users, and where to
  struct Heard {
    Time first;
    Time last;
  };
  std::map<IpAddress, Heard> unknown_spis_;  // by peer
  Counters counters_;
};

}  // namespace sallyport::gateway
