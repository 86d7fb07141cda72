// SPDX-License-Identifier: Apache-2.0
#include "host/api/server.hpp"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>

#include "host/api/accepting.hpp"
#include "host/api/connection.hpp"
#include "host/api/places.hpp"

namespace sallyport::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Local = asio::local::stream_protocol;

struct LocalTransport {
  using Stream = beast::basic_stream<Local>;
  template <class Handler>
  static void open(Stream&, Handler handler) {
    handler({});
  }
  template <class Handler>
  static void end(Stream& stream, Handler handler) {
    beast::error_code error;
    stream.socket().shutdown(Local::socket::shutdown_both, error);
    handler(error);
  }
};

// Of connections of users that are not ours: within what a process may have open.
constexpr std::size_t kMostOfOthers = 128;
constexpr std::size_t kMostOfOneUser = 32;

// unix(7): the kernel's word for who connected.
std::optional<std::uint32_t> uid_of(Local::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

Result<void> open_to(const std::string& group, const std::string& path) {
  const auto* found = ::getgrnam(group.c_str());
  if (found == nullptr) {
    return Error{Errc::kNotFound, path + ": there is no group '" + group + "'; make it, or take 'socket_group' out"};
  }
  if (::chown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0) {
    return Error{Errc::kDenied, path + ": may not be given to the group '" + group +
                                    "'; under systemd the unit needs SupplementaryGroups=" + group};
  }
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) != 0) return errno_error("chmod " + path);
  return {};
}

class Listener : public Server {
 public:
  Listener(asio::io_context& loop, std::string path, Service& service)
      : accepting_(loop, [this](Local::socket socket) { serve(std::move(socket)); }),
        path_(std::move(path)),
        service_(std::make_shared<Service*>(&service)) {}
  ~Listener() override {
    if (accepting_.acceptor().is_open()) ::unlink(path_.c_str());
  }

  Result<void> start(const std::string& group) {
    if (path_.size() >= sizeof(sockaddr_un::sun_path)) {
      return Error{Errc::kInvalid, path_ + ": longer than a UNIX socket's path may be"};
    }
    beast::error_code error;
    Local::acceptor& acceptor = accepting_.acceptor();
    Local::socket probe(acceptor.get_executor());
    if (!probe.connect(Local::endpoint(path_), error)) {
      return Error{Errc::kExists, path_ + ": another sallyportd serves it"};
    }
    // What is left of a server before us, and nothing else, makes way.
    std::error_code unknown;
    const auto there = std::filesystem::symlink_status(path_, unknown);
    if (std::filesystem::exists(there) && !std::filesystem::is_socket(there)) {
      return Error{Errc::kInvalid, path_ + ": is there, and is no socket; name another place for it"};
    }
    ::unlink(path_.c_str());
    const auto folder = std::filesystem::path(path_).parent_path();
    std::error_code unmade;
    if (!folder.empty()) std::filesystem::create_directories(folder, unmade);
    if (unmade) return Error{Errc::kIo, "make " + folder.string() + ": " + unmade.message()};
    acceptor.open(Local(), error);
    // Created without rights for others, so that there is no moment in which they have them.
    const mode_t before = ::umask(0177);
    if (!error) acceptor.bind(Local::endpoint(path_), error);
    ::umask(before);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      acceptor.close();
      return Error{Errc::kIo, path_ + ": " + error.message()};
    }
    if (!group.empty()) {
      if (auto opened = open_to(group, path_); !opened) return opened;
    }
    accepting_.start();
    return {};
  }

 private:
  void serve(Local::socket socket) {
    const auto uid = uid_of(socket);
    const bool ours = uid && (*uid == 0 || *uid == ::geteuid());
    auto place = ours ? nullptr : places_.take(uid ? std::to_string(*uid) : "");
    if (!ours && place.use_count() == 0) return;  // no place: the socket closes
    std::make_shared<Connection<LocalTransport>>(LocalTransport::Stream(std::move(socket)), "", service_,
                                                 ConnectionLimits{}, std::move(place), uid)
        ->run();
  }

  Accepting<Local> accepting_;
  Places places_{kMostOfOthers, kMostOfOneUser};
  std::string path_;
  std::shared_ptr<Service*> service_;  // connections may outlive us
};

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(asio::io_context& loop, const std::string& path, Service& service,
                                               const std::string& group) {
  auto listener = std::make_unique<Listener>(loop, path, service);
  if (auto r = listener->start(group); !r) return r.error();
  return std::unique_ptr<Server>(std::move(listener));
}

}  // namespace sallyport::api
