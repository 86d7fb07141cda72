// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/session_record.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

std::int64_t count(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

// Of times: milliseconds on the wall.
std::int64_t on_wall(users::Session::Time time, const Moment& now) {
  return count(now.wall) + std::chrono::duration_cast<milliseconds>(time - now.steady).count();
}

users::Session::Time from_wall(const json::value& time, const Moment& now) {
  constexpr std::int64_t kLatest = std::int64_t{1} << 42;  // the year 2109: nanoseconds until then can be counted
  return now.steady +
         milliseconds(std::clamp<std::int64_t>(time.to_number<std::int64_t>(), 0, kLatest) - count(now.wall));
}

IpAddress address_in(const json::value& text) {
  auto address = IpAddress::parse(std::string(text.as_string()));
  if (!address) throw std::invalid_argument(address.error().detail);
  return *address;
}

Error damaged(const std::string& how) { return {Errc::kCorrupt, "a stored session cannot be read: " + how}; }

}  // namespace

Secret write_session(const SessionRecord& record, const Moment& now) {
  const users::Session& s = record.session;
  json::object also_at;
  for (const auto& [where, until] : s.also_at) also_at[where.to_string()] = on_wall(until, now);
  json::object out{{"id", s.id},
                   {"user", s.user},
                   {"groups", json::array(s.groups.begin(), s.groups.end())},
                   {"method", s.method},
                   {"address", s.address.to_string()},
                   {"uid", s.uid},
                   {"also_at", std::move(also_at)},
                   {"token_hash", to_hex(s.token_hash)},
                   {"principal", record.principal},
                   {"written", count(now.wall)},
                   {"begun", on_wall(s.begun, now)},
                   {"ends", on_wall(s.ends, now)},
                   {"renew_by", on_wall(s.renew_by, now)}};
  if (record.tag) out["tag"] = {{"handle", *record.tag}, {"plain", record.plain_tag}};
  return Secret(as_bytes(json::serialize(out)));
}

Result<SessionRecord> read_session(Bytes bytes, const Moment& now) {
  boost::system::error_code failed;
  const json::value value = json::parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, failed);
  if (failed || !value.is_object()) return damaged("it is no JSON object");
  try {
    const json::object& object = value.get_object();
    if (object.at("written").to_number<std::int64_t>() > count(now.wall)) {
      return Error{Errc::kInvalid, "the clock was put back"};
    }
    SessionRecord record;
    users::Session& s = record.session;
    s.id = std::string(object.at("id").as_string());
    s.user = std::string(object.at("user").as_string());
    for (const auto& group : object.at("groups").as_array()) s.groups.emplace_back(group.as_string());
    s.method = std::string(object.at("method").as_string());
    s.address = address_in(object.at("address"));
    s.uid = object.at("uid").to_number<std::uint32_t>();
    s.begun = from_wall(object.at("begun"), now);
    s.ends = from_wall(object.at("ends"), now);
    s.renew_by = from_wall(object.at("renew_by"), now);
    for (const auto& [where, until] : object.at("also_at").as_object()) {
      const auto time = from_wall(until, now);
      if (time > now.steady) s.also_at.emplace(address_in(json::string(where)), time);
    }
    const auto hash = from_hex(object.at("token_hash").as_string());
    if (!hash || hash->size() != s.token_hash.size()) return damaged("its token's hash is none");
    std::copy(hash->begin(), hash->end(), s.token_hash.begin());
    record.principal = object.at("principal").to_number<std::uint16_t>();
    if (record.principal == 0) return damaged("its principal is nobody");
    if (const auto* tag = object.if_contains("tag")) {
      s.tagged = true;
      record.tag = tag->at("handle").to_number<std::uint32_t>();
      record.plain_tag = tag->at("plain").as_bool();
    }
    return record;
  } catch (const std::exception& e) {  // Boost.JSON's way to say that a member is missing or of another kind
    return damaged(e.what());
  }
}

}  // namespace sallyport::gateway
