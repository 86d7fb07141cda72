// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/user_service.hpp"

#include <pwd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <charconv>

#include "host/users/csv.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using users::Directory;
using users::User;

constexpr unsigned kPage = 1000;  // rows of one answer of the directory
constexpr const char* kAreas[] = {"users", "groups", "sessions", "audit", "import", "export"};

Error wrong(const std::string& sentence) { return {Errc::kInvalid, sentence}; }

const json::value* member(const json::value& body, std::string_view key) {
  const auto* object = body.if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

Result<std::string> text(const json::value& body, std::string_view key) {
  const auto* value = member(body, key);
  if (value == nullptr || !value->is_string()) return wrong("'" + std::string(key) + "' must be a text");
  return std::string(value->get_string());
}

// The members of `body` that are there, over what the user is now.
Result<void> change(User& user, const json::value& body) {
  const auto* object = body.if_object();
  if (object == nullptr) return wrong("the body must be a JSON object with the words of a user");
  for (const auto& entry : *object) {
    const std::string_view key = entry.key();
    const json::value& value = entry.value();
    if (key == "name" || key == "password") continue;
    if (key == "enabled") {
      if (!value.is_bool()) return wrong("'enabled' must be true or false");
      user.enabled = value.get_bool();
    } else if (key == "groups") {
      if (!value.is_array()) return wrong("'groups' must be a list of texts");
      user.groups.clear();
      for (const auto& group : value.get_array()) {
        if (!group.is_string()) return wrong("'groups' must be a list of texts");
        user.groups.emplace_back(group.get_string());
      }
    } else if (key == "full_name" && value.is_string()) {
      user.full_name = std::string(value.get_string());
    } else if (key == "role" && value.is_string()) {
      user.role.reset();
      if (value.get_string().empty()) continue;  // no administrator any more
      auto role = users::role_named(value.get_string());
      if (!role) return role.error();
      user.role = *role;
    } else {
      return wrong("a user has no '" + std::string(key) + "', or it is no text");
    }
  }
  return {};
}

// None when the body has none.
Result<std::optional<Secret>> password_in(const json::value& body) {
  const auto* value = member(body, "password");
  if (value == nullptr) return std::optional<Secret>();
  if (!value->is_string()) return wrong("'password' must be a text");
  const auto& characters = value->get_string();
  return std::optional(Secret(as_bytes({characters.data(), characters.size()})));
}

json::object object_of(const User& user) {
  return {{"name", user.name},
          {"full_name", user.full_name},
          {"role", user.role ? users::to_string(*user.role) : ""},
          {"enabled", user.enabled},
          {"groups", json::array(user.groups.begin(), user.groups.end())}};
}

// One page of a list, and where the next begins, if there is one.
json::value page(std::string_view area, json::array rows, const std::string& last) {
  json::object answer;
  if (rows.size() == kPage) answer["after"] = last;
  answer[area] = std::move(rows);
  return answer;
}

Result<json::value> users_of(Directory& directory, const std::string& after) {
  const auto users = directory.users(after, kPage);
  if (!users) return users.error();
  json::array rows;
  for (const User& user : *users) rows.push_back(object_of(user));
  return page("users", std::move(rows), users->empty() ? "" : users->back().name);
}

Result<json::value> groups_of(Directory& directory, const std::string& after) {
  const auto groups = directory.groups(after, kPage);
  if (!groups) return groups.error();
  json::array rows;
  for (const auto& group : *groups) {
    const auto members = directory.member_count(group.name);
    if (!members) return members.error();
    rows.push_back(json::object{{"name", group.name}, {"description", group.description}, {"members", *members}});
  }
  return page("groups", std::move(rows), groups->empty() ? "" : groups->back().name);
}

Result<json::value> members_of(Directory& directory, const std::string& group, const std::string& after) {
  const auto members = directory.members(group, after, kPage);
  if (!members) return members.error();
  return page("members", json::array(members->begin(), members->end()), members->empty() ? "" : members->back());
}

Result<json::value> audit_after(Directory& directory, std::uint64_t after) {
  const auto entries = directory.audit(after, kPage);
  if (!entries) return entries.error();
  json::array all;
  for (const auto& e : *entries) {
    all.push_back(json::object{{"number", e.number},
                               {"at", e.at},
                               {"actor", e.actor},
                               {"action", e.action},
                               {"subject", e.subject},
                               {"detail", e.detail},
                               {"digest", e.digest}});
  }
  return json::value(json::object{{"entries", std::move(all)}});
}

Result<policy::People> people_of(Directory& directory, const std::set<std::string>& users,
                                 const std::set<std::string>& groups) {
  policy::People people;
  for (const std::string& name : users) {
    const auto user = directory.user(name);
    if (!user && user.error().code == Errc::kNotFound) continue;  // whom a RADIUS server knows, perhaps
    if (!user) return user.error();
    people.groups_of[name] = {user->groups.begin(), user->groups.end()};
  }
  for (const std::string& group : groups) {
    const auto members = directory.members(group);
    if (!members && members.error().code == Errc::kNotFound) continue;
    if (!members) return members.error();
    for (const std::string& name : *members) people.groups_of[name].insert(group);
  }
  return people;
}

Result<UserService::Administrator> administrator_of(Directory& directory, std::uint32_t uid) {
  passwd account{};
  passwd* found = nullptr;
  std::array<char, 16 * 1024> text{};
  (void)::getpwuid_r(uid, &account, text.data(), text.size(), &found);
  if (found == nullptr) {
    return Error{Errc::kDenied, "this machine has no user with the uid " + std::to_string(uid)};
  }
  const std::string name = account.pw_name;
  const auto user = directory.user(name);
  if (!user && user.error().code == Errc::kNotFound) {
    return Error{Errc::kDenied, "the gateway knows no '" + name + "'"};
  }
  if (!user) return user.error();
  if (!user->enabled) return Error{Errc::kDenied, "'" + name + "' is disabled"};
  return UserService::Administrator{name, user->role};
}

Result<json::value> done_or(const Result<void>& result) {
  if (!result) return result.error();
  return json::value(json::object{});
}

Result<void> set_password(Directory& directory, const std::string& actor, const std::string& user,
                          const std::string& hash) {
  return directory.set_credential(actor, user, users::CredentialKind::kPassword, hash);
}

}  // namespace

UserService::UserService(boost::asio::io_context& loop, users::SharedDirectory& directory, users::LoginDesk& desk,
                         const std::string& key_digest, const Secret& seal_key, users::Methods methods)
    : loop_(loop), directory_(directory), desk_(desk), key_digest_(key_digest), seal_key_(seal_key), methods_(methods) {
  // A server that is not there is in the journal before somebody wants to log in.
  boost::asio::post(thread_, [this] { (void)directory_.with([](Directory& d) { return d.connect(); }); });
}

UserService::~UserService() {
  alive_.reset();
  thread_.join();
}

bool UserService::answers(const std::string& what) {
  return std::find(std::begin(kAreas), std::end(kAreas), what) != std::end(kAreas);
}

void UserService::call(const api::Request& request, api::Respond respond) {
  if (request.path[0] == "sessions") return sessions(request, respond);
  if (request.path[0] == "import") return import(request, respond);
  const auto work = work_of(request);
  if (!work) return respond(work.error());
  // Who is deleted or must not log in any more is logged out with it.
  const bool ends =
      request.path[0] == "users" && request.path.size() == 2 && (request.method == "DELETE" || request.method == "PUT");
  const std::string user = ends ? request.path[1] : "";
  boost::asio::post(thread_, [this, work = *work, user, respond = std::move(respond), alive = std::weak_ptr(alive_)] {
    auto answer = directory_.with([&](Directory& d) { return work(d); });
    bool gone = false;
    if (answer && !user.empty()) {
      const auto now = directory_.with([&](Directory& d) { return d.user(user); });
      gone = !now || !now->enabled;
    }
    boost::asio::post(loop_, [this, user, gone, answer = std::move(answer), respond, alive]() mutable {
      if (alive.expired()) return;
      const auto is_theirs = [user](const users::Session& session) { return session.user == user; };
      if (!gone || !desk_.sessions().end_those(is_theirs, users::EndReason::kAdministrator,
                                               [answer, respond] { respond(answer); })) {
        respond(std::move(answer));
      }
    });
  });
}

template <class Answered>
void UserService::with_directory(std::function<Answered(Directory&)> work, std::function<void(Answered)> then) {
  boost::asio::post(thread_,
                    [this, work = std::move(work), then = std::move(then), alive = std::weak_ptr(alive_)]() mutable {
                      Answered answer = directory_.with(work);
                      boost::asio::post(loop_, [answer = std::move(answer), then = std::move(then), alive]() mutable {
                        if (!alive.expired()) then(std::move(answer));
                      });
                    });
}

void UserService::people(std::set<std::string> users, std::set<std::string> groups,
                         std::function<void(Result<policy::People>)> then) {
  with_directory<Result<policy::People>>(
      [users = std::move(users), groups = std::move(groups), complete = !desk_.brings_groups()](Directory& d) {
        auto people = people_of(d, users, groups);
        if (people) people->complete = complete;
        return people;
      },
      std::move(then));
}

void UserService::of_uid(std::uint32_t uid, std::function<void(Result<Administrator>)> then) {
  with_directory<Result<Administrator>>([uid](Directory& d) { return administrator_of(d, uid); }, std::move(then));
}

void UserService::record(const std::string& actor, const std::string& action, const std::string& subject,
                         const std::string& detail, std::function<void(Result<void>)> then) {
  with_directory<Result<void>>([=](Directory& d) { return d.record(actor, action, subject, detail); }, std::move(then));
}

Result<UserService::Work> UserService::work_of(const api::Request& request) const {
  const auto asks = [&](std::string_view method, std::initializer_list<std::string_view> path) {
    return request.method == method && std::equal(path.begin(), path.end(), request.path.begin(), request.path.end(),
                                                  [](std::string_view wanted, const std::string& given) {
                                                    return wanted == "*" || wanted == given;
                                                  });
  };
  const std::string name = request.path.size() > 1 ? request.path[1] : "";
  const json::value& body = request.body;
  const std::string& actor = request.actor;

  if (asks("GET", {"users"})) return Work([after = request.after](Directory& d) { return users_of(d, after); });
  if (asks("POST", {"users"})) {
    const auto called = text(body, "name");
    if (!called) return called.error();
    User user{*called};
    if (auto r = change(user, body); !r) return r.error();
    auto password = password_in(body);
    if (!password) return password.error();
    return Work([actor, user, password = std::move(*password)](Directory& d) -> Answer {
      std::string hash;
      if (password) {
        auto made = users::hash_password(*password);
        if (!made) return made.error();
        hash = std::move(*made);
      }
      if (auto added = d.add_user(actor, user); !added) return added.error();
      return done_or(hash.empty() ? Result<void>() : set_password(d, actor, user.name, hash));
    });
  }
  if (asks("GET", {"users", "*"})) {
    return Work([name](Directory& d) -> Answer {
      const auto user = d.user(name);
      if (!user) return user.error();
      return json::value(object_of(*user));
    });
  }
  if (asks("PUT", {"users", "*"})) {
    if (member(body, "password") != nullptr) return wrong("a password is changed by PUT /v1/users/NAME/password");
    return Work([actor, name, words = json::serialize(body)](Directory& d) -> Answer {
      auto user = d.user(name);
      if (!user) return user.error();
      if (auto r = change(*user, json::parse(words)); !r) return r.error();
      return done_or(d.change_user(actor, *user));
    });
  }
  if (asks("DELETE", {"users", "*"})) {
    return Work([actor, name](Directory& d) { return done_or(d.delete_user(actor, name)); });
  }
  if (request.path.size() == 3 && request.path[0] == "users") {
    return credential_work(methods_, request.method, request.path[2], {actor, name, body, seal_key_});
  }
  if (asks("GET", {"groups"})) return Work([after = request.after](Directory& d) { return groups_of(d, after); });
  if (asks("GET", {"groups", "*"})) {
    return Work([name, after = request.after](Directory& d) { return members_of(d, name, after); });
  }
  if (asks("POST", {"groups"})) {
    const auto called = text(body, "name");
    if (!called) return called.error();
    const auto description =
        member(body, "description") == nullptr ? Result<std::string>("") : text(body, "description");
    if (!description) return description.error();
    return Work([actor, group = users::Group{*called, *description}](Directory& d) {
      return done_or(d.add_group(actor, group));
    });
  }
  if (asks("DELETE", {"groups", "*"})) {
    return Work([actor, name](Directory& d) { return done_or(d.delete_group(actor, name)); });
  }
  if (asks("GET", {"audit", "*"})) {
    std::uint64_t after = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), after);
    if (failure != std::errc{} || end != name.data() + name.size()) return wrong("'" + name + "' is no entry's number");
    return Work([after](Directory& d) { return audit_after(d, after); });
  }
  if (asks("POST", {"audit", "verify"})) {
    return Work([](Directory& d) -> Answer {
      const auto head = d.verify_audit();
      if (!head) return head.error();
      return json::value(json::object{{"number", head->number}, {"digest", head->digest}});
    });
  }
  if (asks("GET", {"export"}) || asks("GET", {"export", "hashes"})) {
    return Work([hashes = !name.empty(), after = request.after](Directory& d) -> Answer {
      auto exported = users::export_csv(d, hashes, after);
      if (!exported) return exported.error();
      json::object answer{{"csv", std::move(exported->csv)}};
      if (!exported->after.empty()) answer["after"] = exported->after;
      return json::value(std::move(answer));
    });
  }
  return Error{Errc::kNotFound, "there is no request " + request.method + " /v1/" + request.path[0] + " like this"};
}

// ---- import: its parts are the loop's ------------------------------------------------------------------------------

void UserService::import(const api::Request& request, const api::Respond& respond) {
  const auto is_it = [&](const std::string& id) { return import_ != nullptr && import_->id() == id; };
  const Error none{Errc::kNotFound, "there is no such import any more: begin it anew"};
  if (request.method == "GET" && request.path.size() == 2) {
    if (!is_it(request.path[1])) return respond(none);
    return respond(json::value(json::object{{"percent", import_->percent()}}));
  }
  if (request.method != "POST" || request.path.size() != 1) {
    return respond(Error{Errc::kNotFound, "there is no request " + request.method + " /v1/import like this"});
  }
  const auto csv = text(request.body, "csv");
  if (!csv) return respond(csv.error());
  const auto* more = member(request.body, "more");
  if (more != nullptr && !more->is_bool()) return respond(wrong("'more' must be true or false"));
  const bool is_last = more == nullptr || !more->get_bool();

  std::shared_ptr<UserImport> import;
  if (member(request.body, "import") != nullptr) {
    const auto id = text(request.body, "import");
    if (!id) return respond(id.error());
    if (!is_it(*id) || import_->actor() != request.actor || import_->is_complete()) return respond(none);
    import = import_;
  } else {
    import = std::make_shared<UserImport>(request.actor);
    if (!is_last) {
      if (import_ != nullptr && import_->is_complete()) {
        return respond(Error{Errc::kBusy, "another import is being carried out: try again"});
      }
      import_ = import;  // nobody waits for the rest of one before
    }
  }
  if (auto kept = import->add(*csv); !kept) {
    if (import == import_) import_.reset();
    return respond(kept.error());
  }
  if (!is_last) return respond(json::value(json::object{{"import", import->id()}}));
  import->complete();
  carry_out(std::move(import), respond);
}

void UserService::carry_out(std::shared_ptr<UserImport> import, const api::Respond& respond) {
  with_directory<Answer>(
      [import](Directory& d) -> Answer {
        const auto count = users::import_csv(d, import->actor(), [&import] { return import->next(); });
        if (!count) return count.error();
        return json::value(json::object{{"added", count->added}, {"changed", count->changed}});
      },
      [this, import, respond](Answer answer) {
        if (import == import_) import_.reset();
        respond(std::move(answer));
      });
}

// ---- sessions: the loop's ------------------------------------------------------------------------------------------

void UserService::sessions(const api::Request& request, const api::Respond& respond) {
  const auto seconds = [](users::Session::Time from, users::Session::Time to) {
    return std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
  };
  if (request.method == "GET" && request.path.size() == 1) {
    json::array all;
    for (const auto& s : desk_.sessions().all()) {
      json::array also_at;
      for (const IpAddress& address : s.other_addresses()) also_at.emplace_back(address.to_string());
      all.push_back(json::object{{"id", s.id},
                                 {"user", s.user},
                                 {"groups", json::array(s.groups.begin(), s.groups.end())},
                                 {"method", s.method},
                                 {"address", s.address.to_string()},
                                 {"also_at", std::move(also_at)},
                                 {"uid", s.uid},
                                 {"tagged", s.tagged},
                                 {"begun_s", seconds(s.begun, desk_.now())},
                                 {"lifetime_s", seconds(desk_.now(), s.ends)}});
    }
    return respond(json::value(json::object{{"key", key_digest_}, {"sessions", std::move(all)}}));
  }
  if (request.method == "DELETE" && request.path.size() == 2) {
    const std::string& id = request.path[1];
    const bool found = desk_.sessions().end_those([id](const users::Session& s) { return s.id == id; },
                                                  users::EndReason::kAdministrator,
                                                  [respond] { respond(json::value(json::object{})); });
    if (!found) respond(Error{Errc::kNotFound, "there is no session '" + id + "'"});
    return;
  }
  respond(Error{Errc::kNotFound, "there is no request " + request.method + " /v1/sessions like this"});
}

}  // namespace sallyport::gateway
