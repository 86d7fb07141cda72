// SPDX-License-Identifier: Apache-2.0
// sallyport-mark: marks the packets of whoever starts it, for sallyport-login. It has capabilities (setcap(8)) where
// that program has none, so it is small, speaks to no network, and marks the packets of its real user alone.
//
// Its standard input is one end of a pair of sockets (SOCK_SEQPACKET). First comes an order (order.hpp), which is
// answered with {"interface", "sources"} or {"error", "detail"}; then each datagram with that and the counts. It ends
// with the other end.
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <boost/json.hpp>
#include <csignal>

#include "host/mark/marker.hpp"

namespace sallyport::mark {
namespace {

namespace json = boost::json;

constexpr int kControl = STDIN_FILENO;
constexpr int kSoonMs = 1000;

bool say(const json::object& words) {
  const std::string text = json::serialize(words);
  return ::send(kControl, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

// capabilities(7): what is left is for the routes, and for taking the rules away at the end.
Result<void> keep_net_admin_alone() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  data[0].effective = data[0].permitted = 1U << CAP_NET_ADMIN;
  if (::syscall(SYS_capset, &header, data.data()) != 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return errno_error("give up capabilities");
  }
  return {};
}

Result<Order> take_order() {
  Secret room(kMostOrderBytes);
  const ssize_t size = ::recv(kControl, room.bytes().data(), room.size(), 0);
  if (size < 0) return errno_error("read the order; sallyport-mark is started by sallyport-login");
  return read_order(room.reveal().first(static_cast<std::size_t>(size)));
}

Result<Marker> begin() {
  auto order = take_order();  // whoever goes with it unread takes the answer along: unix(7), ECONNRESET
  const uid_t uid = ::getuid();
  // The kernel's own packets count as root's, and the check of reverse paths asks as root.
  if (uid == 0) return Error{Errc::kUnsupported, "root's packets are not marked; log in as a user of the computer"};
  if (!order) return order.error();
  auto marker = Marker::begin(std::move(*order), uid);
  if (!marker) return marker.error();
  if (auto kept = keep_net_admin_alone(); !kept) return kept.error();
  return marker;
}

json::object description(const Marker& marker) {
  json::array sources;
  for (const IpAddress& source : marker.sources()) sources.emplace_back(source.to_string());
  return {{"interface", marker.interface()}, {"sources", std::move(sources)}};
}

// Until the other end or a signal ends it.
Result<void> serve(Marker& marker, int signals) {
  bool up_to_date = true;
  for (;;) {
    std::array<pollfd, 4> waiting = {{{kControl, POLLIN, 0},
                                      {marker.packets_fd(), POLLIN, 0},
                                      {marker.notices_fd(), POLLIN, 0},
                                      {signals, POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), up_to_date ? -1 : kSoonMs);
    if (ready < 0 && errno != EINTR) return errno_error("poll");
    if (ready < 0) continue;
    if (waiting[3].revents != 0) return {};
    if (waiting[2].revents != 0 || !up_to_date) up_to_date = marker.on_notices();
    if (waiting[1].revents != 0) {
      if (auto passed = marker.on_packets(); !passed) return passed;
    }
    if (waiting[0].revents != 0) {
      char asked = 0;
      if (::recv(kControl, &asked, sizeof asked, 0) <= 0) return {};
      const Marker::Counts& counts = marker.counts();
      json::object words = description(marker);
      words["marked"] = counts.marked;
      words["no_room"] = counts.no_room;
      words["not_sent"] = counts.not_sent;
      if (!say(words)) return {};
    }
  }
}

int run() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);  // a key is in memory, and what has capabilities is not for its user to trace
  sigset_t endings;
  sigemptyset(&endings);
  for (const int ending : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&endings, ending);
  sigprocmask(SIG_BLOCK, &endings, nullptr);
  const Descriptor signals(::signalfd(-1, &endings, SFD_CLOEXEC));

  auto marker = begin();
  if (!marker) {
    (void)say({{"error", to_string(marker.error().code)}, {"detail", marker.error().detail}});
    return 1;
  }
  if (!say(description(*marker))) return 1;
  return serve(*marker, signals.get()) ? 0 : 1;
}

}  // namespace
}  // namespace sallyport::mark

int main() { return sallyport::mark::run(); }
