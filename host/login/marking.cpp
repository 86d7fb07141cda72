// SPDX-License-Identifier: Apache-2.0
#include "host/login/marking.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace sallyport::login {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kMostAnswerBytes = 4096;
constexpr int kPatienceMs = 10000;

Error gone() { return {Errc::kDisconnected, "sallyport-mark has ended"}; }

// Beside this program, wherever it is installed.
fs::path program() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path() / "sallyport-mark";
}

// With `input` as its standard input, and with nothing else of ours: no terminal, no environment.
Result<pid_t> start(const fs::path& path, int input) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
  }
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::string name = path.string();
  std::array<char*, 2> arguments = {name.data(), nullptr};
  char* nothing = nullptr;
  pid_t process = 0;
  const int failure = ::posix_spawn(&process, path.c_str(), &actions, &attributes, arguments.data(), &nothing);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) return Error{Errc::kNotFound, "start " + name + ": " + std::strerror(failure)};
  return process;
}

}  // namespace

Result<std::unique_ptr<Marking>> Marking::begin(const mark::Order& order) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) return errno_error("make sockets");
  Descriptor ours(pair[0]);
  Descriptor theirs(pair[1]);
  const auto process = start(program(), theirs.get());
  if (!process) return process.error();
  { const Descriptor closed = std::move(theirs); }
  std::unique_ptr<Marking> marking(new Marking(std::move(ours), *process));
  const Secret words = mark::write(order);
  if (::send(marking->fd(), words.reveal().data(), words.size(), MSG_NOSIGNAL) < 0) return gone();
  const auto said = marking->answer();
  if (!said) return said.error();
  const auto* error = said->if_contains("error");
  if (error == nullptr) return marking;
  std::string detail = json::value_to<std::string>(said->at("detail"));
  if (error->is_string() && error->get_string() == to_string(Errc::kDenied)) {
    detail += "; give it its capabilities: setcap cap_net_admin,cap_net_raw=ep " + program().string();
  }
  return Error{Errc::kIo, std::move(detail)};
}

Marking::~Marking() {
  { const Descriptor closed = std::move(socket_); }
  ::waitpid(process_, nullptr, 0);
}

Result<json::object> Marking::counts() {
  if (::send(fd(), "?", 1, MSG_NOSIGNAL) < 0) return gone();
  return answer();
}

Result<json::object> Marking::answer() {
  pollfd waiting{fd(), POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMs) == 0) return Error{Errc::kTimeout, "sallyport-mark does not answer"};
  std::array<char, kMostAnswerBytes> room;
  const ssize_t size = ::recv(fd(), room.data(), room.size(), 0);
  if (size == 0) return gone();
  if (size < 0) return errno_error("hear from sallyport-mark");
  boost::system::error_code failure;
  const json::value value = json::parse({room.data(), static_cast<std::size_t>(size)}, failure);
  if (failure || !value.is_object()) return Error{Errc::kCorrupt, "sallyport-mark says what it cannot say"};
  return value.get_object();
}

bool Marking::ended() const {
  char word = 0;
  return ::recv(fd(), &word, sizeof word, MSG_PEEK | MSG_DONTWAIT) == 0;
}

}  // namespace sallyport::login
