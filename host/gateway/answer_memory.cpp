// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/answer_memory.hpp"

#include <boost/asio/post.hpp>
#include <boost/json.hpp>

namespace sallyport::gateway {
namespace {

namespace json = boost::json;

Result<Consent::Answer> parse_answer(const json::value& value) {
  try {
    const auto& object = value.as_object();
    const auto text = [&](const char* name) { return std::string(object.at(name).as_string()); };
    const auto destination = IpAddress::parse(text("destination"));
    const auto choice = parse_choice(text("choice"));
    if (!destination || !choice) return Error{Errc::kCorrupt, "a stored answer has no destination or no choice"};
    Consent::Answer answer;
    answer.subject = {text("user"), text("policy"), *destination, object.at("protocol").to_number<std::uint8_t>(),
                      object.at("port").to_number<std::uint16_t>()};
    answer.choice = *choice;
    return answer;
  } catch (const std::exception& e) {  // Boost.JSON's way to say that a member is missing or of another kind
    return Error{Errc::kCorrupt, std::string("a stored answer cannot be read: ") + e.what()};
  }
}

}  // namespace

Result<std::unique_ptr<AnswerMemory>> AnswerMemory::open(boost::asio::io_context& io,
                                                         const std::filesystem::path& state) {
  auto store = store::AnswerStore::open(state);
  if (!store) return store.error();
  return std::unique_ptr<AnswerMemory>(new AnswerMemory(io, std::move(*store)));
}

Result<std::vector<Consent::Answer>> AnswerMemory::answers() {
  const auto text = store_.answers();
  if (!text) return text.error();
  std::vector<Consent::Answer> out;
  if (text->empty()) return out;
  boost::system::error_code failure;
  const json::value all = json::parse(*text, failure);
  if (failure || !all.is_array()) return Error{Errc::kCorrupt, "the stored answers are no list"};
  for (const auto& one : all.get_array()) {
    auto answer = parse_answer(one);
    if (!answer) return answer.error();
    out.push_back(std::move(*answer));
  }
  return out;
}

void AnswerMemory::save(const std::vector<Consent::Answer>& answers, std::function<void(Result<void>)> done) {
  json::array all;
  for (const auto& answer : answers) {
    all.push_back(json::object{{"user", answer.subject.user},
                               {"policy", answer.subject.policy},
                               {"destination", answer.subject.destination.to_string()},
                               {"protocol", answer.subject.protocol},
                               {"port", answer.subject.port},
                               {"choice", to_string(answer.choice)}});
  }
  auto answered = [alive = std::weak_ptr(alive_), done = std::move(done)](Result<void> saved) {
    if (alive.lock()) done(std::move(saved));
  };
  boost::asio::post(disk_, [this, text = json::serialize(all), answered = std::move(answered)]() noexcept {
    boost::asio::post(io_, [answered, saved = store_.save(text)] { answered(saved); });
  });
}

}  // namespace sallyport::gateway
