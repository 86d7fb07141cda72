// SPDX-License-Identifier: Apache-2.0
#include "host/bench/marking.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <ctime>
#include <fstream>
#include <thread>

#include "base/descriptor.hpp"
#include "host/login/marking.hpp"
#include "host/mark/tag.hpp"

namespace sallyport::bench {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr uid_t kUser = 1001;
constexpr unsigned kHeaders = 28;  // IPv4 and UDP
constexpr auto kWarm = std::chrono::milliseconds(500);

// The user's computer and the wire's other end, a network namespace each. Nobody there takes the packets: they are
// counted as they come in.
class Wire {
 public:
  static Result<Wire> lay() {
    auto far = new_namespace();
    if (!far) return far.error();
    auto computer = new_namespace();
    if (!computer) return computer.error();
    const std::string there = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(far->get());
    const std::string here =
        "ip link set lo up && ip link add eth0 type veth peer name lan0 && ip link set lan0 netns " + there +
        " && ip addr add 10.1.0.7/24 dev eth0 && ip link set eth0 up";
    if (std::system(here.c_str()) != 0) return Error{Errc::kIo, "lay a wire between two network namespaces"};
    ::setns(far->get(), CLONE_NEWNET);
    const int up = std::system("ip addr add 10.1.0.1/24 dev lan0 && ip link set lan0 up");
    ::setns(computer->get(), CLONE_NEWNET);
    if (up != 0 || std::system("ip route add 10.2.0.0/24 via 10.1.0.1") != 0) {
      return Error{Errc::kIo, "give addresses to a wire"};
    }
    return Wire(std::move(*far), std::move(*computer));
  }

  // That have arrived so far.
  [[nodiscard]] std::uint64_t packets() const {
    ::setns(far_.get(), CLONE_NEWNET);
    std::ifstream devices("/proc/thread-self/net/dev");
    std::uint64_t received = 0;
    for (std::string line; std::getline(devices, line);) {
      const auto colon = line.find("lan0:");
      if (colon == std::string::npos) continue;
      std::istringstream words(line.substr(colon + sizeof "lan0:" - 1));
      std::uint64_t bytes = 0;
      words >> bytes >> received;
    }
    ::setns(computer_.get(), CLONE_NEWNET);
    return received;
  }

 private:
  Wire(Descriptor far, Descriptor computer) : far_(std::move(far)), computer_(std::move(computer)) {}

  static Result<Descriptor> new_namespace() {
    if (::unshare(CLONE_NEWNET) != 0) return errno_error("make a network namespace, which is for root");
    Descriptor fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return errno_error("open a network namespace");
    return fd;
  }

  Descriptor far_;
  Descriptor computer_;
};

// From root to a user without rights, whose programs get the capabilities that sallyport-mark has in its file.
bool become_the_user() {
  constexpr std::uint32_t kCapabilities = 1U << CAP_NET_ADMIN | 1U << CAP_NET_RAW;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  data[0] = {kCapabilities, kCapabilities, kCapabilities};
  return ::prctl(PR_SET_KEEPCAPS, 1) == 0 && ::setresgid(kUser, kUser, kUser) == 0 &&
         ::setresuid(kUser, kUser, kUser) == 0 && ::syscall(SYS_capset, &header, data.data()) == 0 &&
         ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) == 0 &&
         ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) == 0;
}

// As fast as the kernel takes them.
[[noreturn]] void send_for_ever(unsigned size) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(7000);
  to.sin_addr.s_addr = htonl(0x0a020009);
  ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  std::vector<std::uint8_t> data(size - kHeaders);
  iovec piece{data.data(), data.size()};
  std::array<mmsghdr, 64> messages{};
  for (auto& message : messages) {
    message.msg_hdr.msg_iov = &piece;
    message.msg_hdr.msg_iovlen = 1;
  }
  for (;;) (void)::sendmmsg(fd, messages.data(), messages.size(), 0);
}

// The user, in a process of their own; says "" when it sends, or what went wrong.
[[noreturn]] void be_the_user(unsigned size, bool marked, int answer) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::unique_ptr<login::Marking> marking;
  std::string wrong;
  if (marked) {
    mark::Order order;
    order.handle = 1;
    order.key = Secret(driver::kTagKeyBytes);
    order.ipv4 = true;
    auto begun = become_the_user() ? login::Marking::begin(order)
                                   : Result<std::unique_ptr<login::Marking>>(errno_error("become a user"));
    if (begun) {
      marking = std::move(*begun);
    } else {
      wrong = begun.error().detail;
    }
  }
  (void)!::write(answer, wrong.data(), wrong.size());
  ::close(answer);
  if (!wrong.empty()) ::_exit(1);
  send_for_ever(size);
}

// Of processors that sallyport-mark had, which is the user's child.
std::chrono::nanoseconds time_of_marking(pid_t user) {
  const std::string of_user = std::to_string(user);
  std::string child;
  std::ifstream("/proc/" + of_user + "/task/" + of_user + "/children") >> child;
  std::int64_t on_processor = 0;  // the first word (Documentation/scheduler/sched-stats.rst)
  std::ifstream("/proc/" + child + "/schedstat") >> on_processor;
  return std::chrono::nanoseconds(on_processor);
}

struct Rate {
  double packets_per_second = 0;  // that arrive
  double microseconds = 0;        // of sallyport-mark's for each
};
Result<Rate> rate(const Wire& wire, unsigned size, bool marked, unsigned seconds) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return errno_error("make a pipe");
  const Descriptor answer(pipe[0]);
  Descriptor theirs(pipe[1]);
  const pid_t user = ::fork();
  if (user == 0) be_the_user(size, marked, theirs.get());
  { const Descriptor closed = std::move(theirs); }
  if (user < 0) return errno_error("start a process");
  std::array<char, 512> wrong{};
  if (const ssize_t length = ::read(answer.get(), wrong.data(), wrong.size()); length > 0) {
    ::waitpid(user, nullptr, 0);
    return Error{Errc::kIo, std::string(wrong.data(), static_cast<std::size_t>(length))};
  }
  std::this_thread::sleep_for(kWarm);
  const auto begun = Clock::now();
  const auto worked_before = time_of_marking(user);
  const std::uint64_t before = wire.packets();
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  const auto packets = static_cast<double>(wire.packets() - before);
  const std::chrono::duration<double, std::micro> worked = time_of_marking(user) - worked_before;
  const std::chrono::duration<double> took = Clock::now() - begun;
  ::kill(user, SIGKILL);
  ::waitpid(user, nullptr, 0);
  return Rate{packets / took.count(), marked ? worked.count() / packets : 0};
}

Buffer packet_of(unsigned size) {
  driver::IpHeader header;
  header.ttl = 64;
  header.source = driver::Address::from_v4(0x0a010007);
  header.destination = driver::Address::from_v4(0x0a020009);
  return driver::write_ip(header, driver::kProtocolUdp, Buffer(size - header.plain_bytes()));
}

// Of a processor's time: the machine may have other work.
double nanoseconds_to_put(unsigned size) {
  constexpr unsigned kPackets = 300'000;
  const mark::Tagger tagger(1, Secret(driver::kTagKeyBytes), false);
  const Buffer packet = packet_of(size);
  Buffer tagged;
  const std::clock_t begun = std::clock();
  for (unsigned i = 0; i < kPackets; ++i) {
    if (tagger.put(packet, tagged) != mark::Tagger::Outcome::kTagged) std::abort();
  }
  return 1e9 * static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC / kPackets;
}

}  // namespace

Result<json::object> measure_marking(const MarkingOptions& options) {
  const auto wire = Wire::lay();
  if (!wire) return wire.error();
  json::array figures;
  for (const unsigned size : options.sizes) {
    const auto plain = rate(*wire, size, false, options.seconds);
    if (!plain) return plain.error();
    const auto marked = rate(*wire, size, true, options.seconds);
    if (!marked) return marked.error();
    figures.push_back(json::object{{"bytes", size},
                                   {"unmarked_pps", std::llround(plain->packets_per_second)},
                                   {"marked_pps", std::llround(marked->packets_per_second)},
                                   {"marked_gbps", marked->packets_per_second * size * 8 / 1e9},
                                   {"processor_us", marked->microseconds},
                                   {"tag_ns", nanoseconds_to_put(size)}});
  }
  return json::object{{"processors", std::thread::hardware_concurrency()}, {"packets", std::move(figures)}};
}

}  // namespace sallyport::bench
