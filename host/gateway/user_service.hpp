// SPDX-License-Identifier: Apache-2.0
// The API's requests about users, groups, sessions and the audit log (host/api/README.md). The directory waits for a
// disk or a server, so it is used beside the loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <set>

#include "host/api/service.hpp"
#include "host/gateway/credential_requests.hpp"
#include "host/gateway/user_import.hpp"
#include "host/policy/people.hpp"
#include "host/users/sessions/login_desk.hpp"

namespace sallyport::gateway {

class UserService final : public api::Service {
 public:
  // All outlive it.
  UserService(boost::asio::io_context& loop, users::SharedDirectory& directory, users::LoginDesk& desk,
              const std::string& key_digest, const Secret& seal_key, users::Methods methods);
  ~UserService() override;

  [[nodiscard]] static bool answers(const std::string& what);
  void call(const api::Request& request, api::Respond respond) override;

  struct Administrator {
    std::string name;
    std::optional<users::Role> role;
  };
  // Who of the directory has the name that this machine has for a user. kDenied: nobody, or they are disabled.
  void of_uid(std::uint32_t uid, std::function<void(Result<Administrator>)> then);
  // An entry of the audit log.
  void record(const std::string& actor, const std::string& action, const std::string& subject,
              const std::string& detail, std::function<void(Result<void>)> then);
  // The groups of these users, and of the members of these groups.
  void people(std::set<std::string> users, std::set<std::string> groups,
              std::function<void(Result<policy::People>)> then);

 private:
  using Answer = Result<boost::json::value>;
  using Work = users::DirectoryWork;

  // Beside the loop; `then` is called by the loop, if this object is there still.
  template <class Answered>
  void with_directory(std::function<Answered(users::Directory&)> work, std::function<void(Answered)> then);
  [[nodiscard]] Result<Work> work_of(const api::Request& request) const;
  void sessions(const api::Request& request, const api::Respond& respond);
  void import(const api::Request& request, const api::Respond& respond);
  // What is imported, with all its parts.
  void carry_out(std::shared_ptr<UserImport> import, const api::Respond& respond);

  boost::asio::io_context& loop_;
  users::SharedDirectory& directory_;
  users::LoginDesk& desk_;
  const std::string& key_digest_;
  const Secret& seal_key_;                                // of what the directory keeps sealed
  users::Methods methods_;                                // that there are
  std::shared_ptr<UserImport> import_;                    // that comes in parts, or is carried out
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // what comes back from the thread asks for it
  boost::asio::thread_pool thread_{1};                    // the last: it uses the rest
};

}  // namespace sallyport::gateway
