// SPDX-License-Identifier: Apache-2.0
// The whole stack: a host process with the driver over stock XRT, and the card as a process of its own. Each host is a
// child of the test, because XRT keeps one emulated device a process, and because one of them has to die.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "driver/linux_port/capture_file.hpp"
#include "driver/rings/rings.hpp"
#include "driver/tables/route_compiler.hpp"
#include "driver/tables/spd_compiler.hpp"
#include "driver/tables/table_session.hpp"
#include "driver/xrt/xrt_card.hpp"
#include "hw/layout/descriptors.hpp"
#include "hw/layout/registers.hpp"

namespace sallyport::sim {
namespace {

namespace reg = layout::reg;
using layout::Counter;

constexpr char kUser[] = "sallyport-test";
constexpr unsigned kFrames = 40;
constexpr driver::MacAddress kCardMac = {0x02, 0, 0, 0, 0, 1};
constexpr driver::MacAddress kNextHop = {0x02, 0, 0, 0, 0, 9};

// An IPv4 packet of `total` bytes from 10.1.0.1 to 10.2.0.1 with TTL 64, in a frame to the card.
Buffer lan_frame(std::uint16_t number, std::size_t total) {
  ByteWriter w;
  w.bytes(kCardMac).bytes(driver::MacAddress{0x02, 0, 0, 0, 0, 2}).u16(0x0800);
  w.u16(0x4500).u16(static_cast<std::uint16_t>(total)).u16(number).u16(0).u8(64).u8(253).u16(0);
  w.u32(0x0a010001).u32(0x0a020001);
  std::uint32_t sum = 0;
  ByteReader header{Bytes(w.view()).subspan(14)};
  while (header.left() > 0) sum += header.u16();
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  w.patch_u16(24, static_cast<std::uint16_t>(~sum));
  w.zeros(total - 20);
  return w.take();
}

std::uint64_t counter(driver::Card& card, Counter which) {
  const unsigned i = 2 * static_cast<unsigned>(which);
  const std::uint64_t low = card.read(reg::kCounters.at(i)).value();
  return std::uint64_t{card.read(reg::kCounters.at(i + 1)).value()} << 32 | low;
}

// The card process, stopped at the latest by the destructor.
class CardUnderTest {
 public:
  explicit CardUnderTest(const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {SALLYPORT_CARD};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      execv(argv[0], argv.data());
      _exit(127);
    }
  }
  ~CardUnderTest() {
    if (pid_ > 0) (void)stop(SIGKILL);
  }
  int stop(int signal) {
    kill(pid_, signal);
    return wait_for_end();
  }
  int wait_for_end() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
};

// Runs `body` as a host process over XRT; its wait status. A body that returns false exits with 1.
int as_host(const std::string& socket_id, const std::function<bool(driver::Card&)>& body) {
  const pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);  // XRT's shim signals its process group when it crashes
    setenv("XCL_EMULATION_MODE", "hw_emu", 1);
    setenv("XILINX_XRT", XRT_HOME, 1);
    setenv("XRT_INI_PATH", XRT_HOME "/xrt.ini", 1);
    setenv("USER", kUser, 1);
    setenv("EMULATION_SOCKETID", socket_id.c_str(), 1);
    auto card = driver::open_xrt_card(0, XCLBIN);
    if (!card) {
      std::fprintf(stderr, "%s\n", card.error().message().c_str());
      _exit(2);
    }
    const bool good = body(**card);
    card->reset();
    _exit(good ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

class WholeStack : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(std::string("/tmp/") + kUser);
    folder_ = testing::TempDir() + "card_process_" + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
    auto in = driver::CaptureWriter::create(folder_ + "/in.pcap").value();
    for (unsigned i = 0; i < kFrames; ++i) {
      frames_.push_back(lan_frame(static_cast<std::uint16_t>(i), 46 + 20 * i));
      ASSERT_TRUE(in.write(std::chrono::nanoseconds(i), frames_.back()));
    }
    ASSERT_TRUE(in.close());
    auto none = driver::CaptureWriter::create(folder_ + "/none.pcap").value();
    ASSERT_TRUE(none.close());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::vector<Buffer> frames_;
};

// Everything a daemon does at its start; then it dies without a word.
bool set_up_and_die(driver::Card& card) {
  if (card.read(reg::kId).value_or(0) != layout::kCardId) return false;
  if (!card.write(reg::kCookie, 0xc0ffee11) || card.read(reg::kCookie).value_or(0) != 0xc0ffee11) return false;
  auto ring = driver::RxRing::start(card, 4);
  auto session = driver::TableSession::fresh(card);
  if (!ring || !session) return false;
  driver::TableImage image;
  driver::set_next_hop(image, 1, {layout::Port::kWan, kNextHop, 1500});
  driver::SpdRule everything;
  everything.action = layout::Action::kBypass;
  const driver::RouteEntry net{layout::Address::from_v4(0x0a020000), driver::kIpv4Prefix + 16, layout::Route::kSend, 1};
  if (!driver::compile_routes({net}, image)) return false;
  if (!driver::compile_spd(driver::Direction::kOutbound, {everything}, image)) return false;
  if (!session->commit(image)) return false;
  if (!card.write(reg::kLanMac, 0x00000001) || !card.write(reg::kLanMac.at(1), 0x0200)) return false;
  if (!card.write(reg::kControl, 1)) return false;
  return raise(SIGKILL) == 0;
}

// What the next daemon finds.
bool find_the_card_as_it_was(driver::Card& card) {
  EXPECT_EQ(card.read(reg::kCookie).value_or(0), 0xc0ffee11U);
  EXPECT_EQ(card.read(reg::kGeneration).value_or(0), 1U);
  EXPECT_EQ(card.read(reg::kControl).value_or(0), 1U);
  EXPECT_EQ(card.read(reg::kRxSlots).value_or(9), 0U) << "the ring's memory went with the process";
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (counter(card, Counter::kWanTx) < kFrames && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(counter(card, Counter::kLanRx), kFrames);
  EXPECT_EQ(counter(card, Counter::kWanTx), kFrames);
  EXPECT_EQ(counter(card, Counter::kBypassOut), kFrames);

  // A table load from where there is no memory is refused, and the connection lives on.
  const std::uint32_t loads = card.read(reg::kLoadCount).value_or(0);
  EXPECT_TRUE(card.write(reg::kLoadAddress, 0) && card.write(reg::kLoadAddress.at(1), 0x7f));
  EXPECT_TRUE(card.write(reg::kLoadLength, 128));
  while (card.read(reg::kLoadCount).value_or(loads + 1) == loads) {
  }
  EXPECT_EQ(card.read(reg::kStatus).value_or(0) >> 8 & 0xff, static_cast<unsigned>(layout::LoadError::kHostMemory));
  EXPECT_EQ(card.read(reg::kId).value_or(0), layout::kCardId);
  return !testing::Test::HasFailure();
}

TEST_P(WholeStack, CarriesPacketsAndSurvivesTheDeathOfItsHost) {
  const std::string id = "card_process_test_" + std::to_string(getpid());
  CardUnderTest card({"--model", GetParam(), "--user", kUser, "--socket", id, "--lan", "pcap:" + folder_ + "/in.pcap",
                      "--wan", "pcap:" + folder_ + "/none.pcap," + folder_ + "/out.pcap", "--pci-dump",
                      folder_ + "/pci"});
  const int first = as_host(id, set_up_and_die);
  EXPECT_TRUE(WIFSIGNALED(first) && WTERMSIG(first) == SIGKILL) << "status " << first;
  const int second = as_host(id, find_the_card_as_it_was);
  EXPECT_TRUE(WIFEXITED(second) && WEXITSTATUS(second) == 0) << "status " << second;
  const int ended = card.stop(SIGTERM);
  EXPECT_TRUE(WIFEXITED(ended) && WEXITSTATUS(ended) == 0) << "status " << ended;

  auto out = driver::CaptureReader::open(folder_ + "/out.pcap");
  ASSERT_TRUE(out) << out.error().message();
  for (unsigned i = 0; i < kFrames; ++i) {
    auto frame = out->next();
    ASSERT_TRUE(frame && *frame) << "frame " << i;
    const Buffer& data = (*frame)->data;
    ASSERT_EQ(data.size(), frames_[i].size());
    EXPECT_TRUE(std::equal(kNextHop.begin(), kNextHop.end(), data.begin()));
    EXPECT_EQ(data[22], 63) << "TTL";
    EXPECT_EQ(data[19], i) << "identification";
  }
  EXPECT_GT(std::filesystem::file_size(folder_ + "/pci"), 4096u);
}

INSTANTIATE_TEST_SUITE_P(EachModel, WholeStack, testing::Values("rtl", "software"),
                         [](const auto& param) { return std::string(param.param); });

TEST(SallyportCard, NamesTheInterfaceThatIsMissing) {
  testing::internal::CaptureStderr();
  CardUnderTest card({"--socket", "none", "--lan", "no-such-if", "--wan", "no-such-if"});
  const int ended = card.wait_for_end();
  EXPECT_TRUE(WIFEXITED(ended) && WEXITSTATUS(ended) == 1);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("no-such-if"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::sim
