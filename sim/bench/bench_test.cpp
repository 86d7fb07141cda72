// SPDX-License-Identifier: Apache-2.0
// What the benchmarks claim of the card, in small.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json/object.hpp>

#include "driver/linux_port/capture_file.hpp"
#include "sim/bench/card_file.hpp"
#include "sim/bench/pcap_run.hpp"
#include "sim/bench/rfc2544.hpp"
#include "sim/bench/update.hpp"
#include "sim/direct/direct_card.hpp"

namespace sallyport::bench {
namespace {

const TrialOptions kShort = {.clocks = 4000};

class Line : public testing::TestWithParam<const char*> {};

TEST_P(Line, IsFilledInBothDirectionsAtOnceWithoutALoss) {
  sim::DirectCard card;
  auto setup = BenchCard::configure(card, {});
  ASSERT_TRUE(setup) << setup.error().message();
  const auto mix = parse_mix(GetParam());
  ASSERT_TRUE(mix);
  const auto row = find_rate(**setup, card.platform(), *mix, kShort);
  ASSERT_TRUE(row) << row.error().message();
  EXPECT_TRUE(row->at("zero_loss").as_bool());
  EXPECT_EQ(row->at("offered_share").as_double(), 1.0);
  constexpr double kClock = 0.0004;  // of the trial's window
  for (const auto& stream : row->at("streams").as_array()) EXPECT_NEAR(stream.at("ratio").as_double(), 1.0, kClock);
}

INSTANTIATE_TEST_SUITE_P(Frames, Line, testing::Values("64", "1518", "imix"),
                         [](const auto& param) { return std::string("Of") + param.param; });

TEST(LineOfIpv6, IsFilledByPacketsInTunnelsOfIpv6) {
  sim::DirectCard card;
  auto setup = BenchCard::configure(card, {.inner_ipv6 = true, .outer_ipv6 = true});
  ASSERT_TRUE(setup) << setup.error().message();
  const auto mix = parse_mix("imix");
  ASSERT_TRUE(mix);
  const auto row = find_rate(**setup, card.platform(), *mix, kShort);
  ASSERT_TRUE(row) << row.error().message();
  EXPECT_TRUE(row->at("zero_loss").as_bool());
  EXPECT_EQ(row->at("offered_share").as_double(), 1.0);
}

TEST(Latency, IsAtMostAMicrosecondUpTo1518BytesAt99PercentLoad) {
  sim::DirectCard card;
  auto setup = BenchCard::configure(card, {.sas = 64});
  ASSERT_TRUE(setup) << setup.error().message();
  for (const char* frames : {"64", "imix", "1518"}) {
    SCOPED_TRACE(frames);
    const auto mix = parse_mix(frames);
    ASSERT_TRUE(mix);
    const auto row = measure_at(**setup, card.platform(), *mix, kShort, 0.99);
    ASSERT_TRUE(row) << row.error().message();
    ASSERT_TRUE(row->at("zero_loss").as_bool());
    for (const auto& stream : row->at("streams").as_array())
      EXPECT_LE(stream.at("latency_ns").at("max").as_double(), 1000);
  }
}

TEST(EngineSlowerThanTheWire, LosesNothingAtARateThatItKeepsUpWithAndSaysWhatItDropsAbove) {
  sim::DirectCard card;
  auto setup = BenchCard::configure(card, {.algorithms = {Algorithm::parse("aes128-sha256").value()}});
  ASSERT_TRUE(setup) << setup.error().message();
  const auto mix = parse_mix("128");
  ASSERT_TRUE(mix);
  const auto slow = measure_at(**setup, card.platform(), *mix, kShort, 0.3);
  ASSERT_TRUE(slow) << slow.error().message();
  EXPECT_TRUE(slow->at("zero_loss").as_bool());
  const auto full = measure_at(**setup, card.platform(), *mix, kShort, 1.0);
  ASSERT_TRUE(full) << full.error().message();
  EXPECT_FALSE(full->at("zero_loss").as_bool());
  std::int64_t lost = 0;
  for (const auto& stream : full->at("streams").as_array()) lost += stream.at("lost").to_number<std::int64_t>();
  EXPECT_EQ(full->at("drops").at("crypto_busy").to_number<std::int64_t>(), lost);
}

TEST(Ah, IsMeasuredToo) {
  sim::DirectCard card;
  auto setup = BenchCard::configure(
      card, {.algorithms = {Algorithm::parse("sha256", layout::Protocol::kAh).value()}, .outer_ipv6 = true});
  ASSERT_TRUE(setup) << setup.error().message();
  const auto mix = parse_mix("512");
  ASSERT_TRUE(mix);
  const auto row = measure_at(**setup, card.platform(), *mix, kShort, 0.2);
  ASSERT_TRUE(row) << row.error().message();
  EXPECT_TRUE(row->at("zero_loss").as_bool());
}

// Sends `frames` through the example's card.
Result<boost::json::value> pass(const std::vector<Buffer>& frames, const std::string& out_path, bool readdress) {
  const std::string in_path = out_path + ".in";
  auto writer = driver::CaptureWriter::create(in_path);
  if (!writer) return writer.error();
  for (const Buffer& frame : frames) {
    if (auto r = writer->write(std::chrono::seconds(1'700'000'000), frame); !r) return r.error();
  }
  if (auto r = writer->close(); !r) return r.error();
  sim::DirectCard card;
  auto loaded = load_card(card, EXAMPLE);
  if (!loaded) return loaded.error();
  CaptureRun run{in_path, out_path, loaded->input, std::nullopt};
  if (readdress) run.station = loaded->station;
  return run_capture(card, card.platform(), run);
}

class Capture : public testing::Test {
 protected:
  // A packet of the example's LAN to its other gateway's.
  static Buffer protected_frame(std::uint64_t number) { return to({2, 0, 0, 0, 0, 1}, 0x0a02000a, number); }
  static Buffer to(const MacAddress& station, std::uint32_t destination, std::uint64_t number) {
    const FlowAddresses flow = {
        {2, 0, 0, 0, 1, 1}, station, Address::from_v4(0x0a01000a), Address::from_v4(destination)};
    return numbered_frame(flow, 100, number);
  }
  static std::int64_t count(const boost::json::value& report, const char* what, const char* reason) {
    const auto* value = report.at(what).as_object().if_contains(reason);
    return value == nullptr ? 0 : value->to_number<std::int64_t>();
  }

  std::string out_ = testing::TempDir() + "/sallyport_bench_test_" + std::to_string(getpid()) + ".pcap";
};

TEST_F(Capture, IsAccountedForFrameByFrame) {
  const MacAddress ours = {2, 0, 0, 0, 0, 1};
  Buffer arp(60, 0);
  std::fill_n(arp.begin(), 6, 0xff);
  arp[12] = 0x08;
  arp[13] = 0x06;
  Buffer vlan = protected_frame(1);
  vlan[12] = 0x81;
  const auto report = pass({protected_frame(0), arp, vlan, Buffer(5), to(ours, 0xc0000201, 2), protected_frame(3),
                            to({2, 9, 9, 9, 9, 9}, 0x0a02000a, 4), to(ours, 0x08080808, 5), Buffer(), Buffer(9300, 2)},
                           out_, false);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->at("frames").to_number<std::int64_t>(), 9);
  EXPECT_EQ(report->at("frames_empty").to_number<std::int64_t>(), 1);
  EXPECT_EQ(report->at("sent_wan").to_number<std::int64_t>(), 2);
  EXPECT_EQ(count(*report, "to_host", "arp"), 1);
  EXPECT_EQ(count(*report, "to_host", "local"), 1);
  EXPECT_EQ(count(*report, "drops", "vlan"), 1);
  EXPECT_EQ(count(*report, "drops", "rx_error"), 2);
  EXPECT_EQ(count(*report, "drops", "not_for_us"), 1);
  EXPECT_EQ(count(*report, "drops", "spd_no_match"), 1);
  EXPECT_EQ(report->at("unaccounted").to_number<std::int64_t>(), 0);

  auto reader = driver::CaptureReader::open(out_);
  ASSERT_TRUE(reader);
  const auto first = reader->next();
  ASSERT_TRUE(first && first->has_value());
  EXPECT_EQ(std::chrono::duration_cast<std::chrono::seconds>((*first)->time).count(), 1'700'000'000);
}

TEST_F(Capture, TakenElsewhereIsReaddressed) {
  const auto report = pass({to({2, 9, 9, 9, 9, 9}, 0x0a02000a, 0)}, out_, true);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->at("sent_wan").to_number<std::int64_t>(), 1);
}

TEST_F(Capture, IsNeverOverwrittenByItsOwnOutput) {
  ASSERT_TRUE(pass({protected_frame(0)}, out_, false));
  sim::DirectCard card;
  const auto report = run_capture(card, card.platform(), {out_, out_, layout::Port::kLan, std::nullopt});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::kInvalid);
  EXPECT_TRUE(driver::CaptureReader::open(out_));
}

TEST(LiveUpdates, LoseNoPacketAndShowNoneTwoGenerations) {
  sim::DirectCard card;
  auto setup = BenchCard::configure(card, {.sas = 8});
  ASSERT_TRUE(setup) << setup.error().message();
  UpdateOptions options;
  options.commits = 2;
  options.frame_length = 508;
  const auto result = measure_updates(**setup, card.platform(), options);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_GT(result->at("packets_offered").to_number<std::int64_t>(), 500);
  EXPECT_EQ(result->at("packets_lost").to_number<std::int64_t>(), 0);
  EXPECT_GT(result->at("inbound_packets_offered").to_number<std::int64_t>(), 500);
  EXPECT_EQ(result->at("inbound_packets_lost").to_number<std::int64_t>(), 0);
  EXPECT_GT(result->at("unaffected_packets_offered").to_number<std::int64_t>(), 200);
  EXPECT_EQ(result->at("unaffected_packets_lost").to_number<std::int64_t>(), 0);
  EXPECT_EQ(result->at("packets_of_no_allowed_type").to_number<std::int64_t>(), 0);
  EXPECT_EQ(result->at("inbound_packets_nobody_sent").to_number<std::int64_t>(), 0);
  EXPECT_EQ(result->at("packets_that_saw_two_generations").to_number<std::int64_t>(), 0);
  EXPECT_GT(result->at("generation_steps_seen").to_number<std::int64_t>(), 0);
}

}  // namespace
}  // namespace sallyport::bench
