// SPDX-License-Identifier: Apache-2.0
// sallyport-bench: measures the simulated card.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <iostream>
#include <sstream>

#include "sim/bench/bench_card.hpp"
#include "sim/bench/card_file.hpp"
#include "sim/bench/pcap_run.hpp"
#include "sim/bench/rfc2544.hpp"
#include "sim/bench/update.hpp"
#include "sim/compare/compare.hpp"
#include "sim/direct/direct_card.hpp"

namespace {

using namespace sallyport;
namespace json = boost::json;

constexpr int kExitFailed = 1;  // the measurement could not be made, or shows what must not be
constexpr int kExitUsage = 2;

int fail(const Error& error, int code = kExitFailed) {
  std::cerr << "sallyport-bench: " << error.message() << "\n";
  return code;
}

// JSON for programs; for people the same, a line each.
void print(const json::value& value, bool as_json) {
  if (as_json) {
    std::cout << value << std::endl;
    return;
  }
  for (const auto& [key, entry] : value.as_object()) std::cout << key << ": " << entry << "\n";
}

const std::map<std::string, std::size_t> kAlgorithms = {{"aes128gcm16", 16}, {"aes192gcm16", 24}, {"aes256gcm16", 32}};
const std::map<std::string, bench::Way> kWays = {
    {"out", bench::Way::kOut}, {"in", bench::Way::kIn}, {"both", bench::Way::kBoth}};

// A word that stands for a value; CLI11's own transformer explains itself in code.
template <class T>
CLI::Validator one_of(const std::map<std::string, T>& words) {
  std::string names;
  for (const auto& [name, value] : words) names += (names.empty() ? "" : ", ") + name;
  return {[words, names](std::string& word) {
            const auto found = words.find(word);
            if (found == words.end()) return "'" + word + "' is none of " + names;
            word = std::to_string(static_cast<unsigned>(found->second));
            return std::string();
          },
          "{" + names + "}"};
}

struct Options {
  bool as_json = false;
  std::string trace;
  std::uint64_t seed = 1;
  // rfc2544
  std::string frames = "64,128,256,512,1024,1280,1518,9018,imix";
  bench::Way way = bench::Way::kBoth;
  unsigned sas = 1;
  std::size_t key_bytes = 16;
  sim::Clock clocks = 40'000;
  // update
  bench::UpdateOptions update;
  unsigned rules = 64;
  std::size_t update_frame = 512;
  // compare
  std::size_t packets = 20'000;
  // pcap
  std::string in_path;
  std::string out_path;
  std::string config;
  bool readdress = false;
};

sim::PlatformOptions platform_options(const Options& options) {
  sim::PlatformOptions platform;
  platform.seed = options.seed;
  platform.trace_path = options.trace;
  return platform;
}

json::object head(const char* what, const Options& options) {
  return {{"benchmark", what}, {"simulated", true}, {"clock_hz", sim::kClockHz}, {"seed", options.seed}};
}

// For people: a line for each direction of a row.
void print_rates(const json::value& row) {
  static bool first = true;
  if (std::exchange(first, false)) {
    std::printf("simulated at %.3f MHz; latencies in ns, from the last bit in to the first bit out\n",
                sim::kClockHz / 1e6);
    std::printf("%8s %4s %9s %9s %6s %8s %8s %7s %8s %9s %9s %8s %8s %8s %8s %8s\n", "frame", "way", "offered",
                "received", "lost", "Mpps", "ceiling", "ratio", "clk/pkt", "LAN Gb/s", "WAN Gb/s", "min", "p50", "p99",
                "max", "clocks/s");
  }
  const auto number = [](const json::value& value) { return value.to_number<double>(); };
  for (const json::value& stream : row.at("streams").as_array()) {
    std::printf("%8s %4s %9.0f %9.0f %6.0f %8.3f %8.3f %7.4f", row.at("frames").as_string().c_str(),
                stream.at("direction").as_string().c_str(), number(stream.at("offered")), number(stream.at("received")),
                number(stream.at("lost")), number(stream.at("mpps")), number(stream.at("ceiling_mpps")),
                number(stream.at("ratio")));
    if (const json::value* latency = stream.as_object().if_contains("latency_ns")) {
      std::printf(" %8.3f %9.2f %9.2f %8.1f %8.1f %8.1f %8.1f", number(stream.at("clocks_per_packet")),
                  number(stream.at("lan_gbps")), number(stream.at("wan_line_gbps")), number(latency->at("min")),
                  number(latency->at("p50")), number(latency->at("p99")), number(latency->at("max")));
    } else {
      std::printf(" %62s", "does not count: a loss at every rate");
    }
    std::printf(" %8.0f\n", number(row.at("simulator").at("clocks_per_second")));
  }
  std::fflush(stdout);
}

int run_rfc2544(const Options& options) {
  std::vector<bench::FrameMix> mixes;
  std::istringstream words(options.frames + ",");
  for (std::string word; std::getline(words, word, ',');) {
    auto mix = bench::parse_mix(word);
    if (!mix) return fail(mix.error(), kExitUsage);
    mixes.push_back(std::move(*mix));
  }
  json::array rows;
  for (const bench::FrameMix& mix : mixes) {
    // A card of its own for each size: none inherits another's queues.
    sim::DirectCard card(platform_options(options));
    auto setup = bench::BenchCard::configure(card, {options.sas, options.key_bytes});
    if (!setup) return fail(setup.error());
    bench::Rfc2544Options run;
    run.way = options.way;
    run.clocks = options.clocks;
    run.seed = options.seed;
    auto row = bench::measure(**setup, card.platform(), mix, run);
    if (!row) return fail(row.error());
    if (!options.as_json) print_rates(*row);
    rows.push_back(std::move(*row));
  }
  if (options.as_json) {
    json::object out = head("rfc2544", options);
    for (const auto& [name, bytes] : kAlgorithms) {
      if (bytes == options.key_bytes) out["algorithm"] = name;
    }
    out["results"] = std::move(rows);
    print(out, true);
  }
  return 0;
}

int run_update(const Options& options) {
  sim::DirectCard card(platform_options(options));
  auto setup = bench::BenchCard::configure(card, {options.rules, options.key_bytes});
  if (!setup) return fail(setup.error());
  bench::UpdateOptions update = options.update;
  update.frame_length = options.update_frame - sim::kFcsBytes;
  auto result = bench::measure_updates(**setup, card.platform(), update);
  if (!result) return fail(result.error());
  json::object out = head("update", options);
  for (auto& [key, value] : result->as_object()) out[key] = value;
  print(out, options.as_json);
  const bool sound = out["packets_lost"].to_number<std::int64_t>() == 0 &&
                     out["packets_that_saw_two_generations"].to_number<std::int64_t>() == 0;
  return sound ? 0 : kExitFailed;
}

int run_compare(const Options& options) {
  auto report = sim::compare_cards({options.seed, options.packets});
  if (!report) return fail(report.error());
  json::object drops;
  for (const auto& [reason, count] : report->drops) drops[reason] = count;
  json::object out = head("compare", options);
  out["packets"] = report->packets;
  out["differences"] = 0;
  out["frames_sent"] = report->sent;
  out["messages_to_host"] = report->messages;
  out["flips_in_flight"] = report->flips;
  out["drops"] = std::move(drops);
  out["fingerprint"] = report->fingerprint;
  print(out, options.as_json);
  return 0;
}

int run_pcap(const Options& options) {
  sim::DirectCard card(platform_options(options));
  auto loaded = bench::load_card(card, options.config);
  if (!loaded) return fail(loaded.error(), kExitUsage);
  bench::CaptureRun run{options.in_path, options.out_path, loaded->input, std::nullopt};
  if (options.readdress) run.station = loaded->station;
  auto result = bench::run_capture(card, card.platform(), run);
  if (!result) return fail(result.error());
  json::object out = head("pcap", options);
  for (auto& [key, value] : result->as_object()) out[key] = value;
  print(out, options.as_json);
  return out["unaccounted"].to_number<std::int64_t>() == 0 ? 0 : kExitFailed;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Measures the simulated card: cycle-accurate, 322.265625 MHz, two 100 Gb/s ports. Exit status: 0 measured, 1 "
      "failed, 2 usage."};
  app.require_subcommand(1);
  const auto common = [&options](CLI::App* command) {
    command->add_flag("--json", options.as_json, "print JSON");
    command->add_option("--trace", options.trace, "write a waveform (FST) of everything");
    command->add_option("--seed", options.seed, "of everything random")->capture_default_str();
  };

  CLI::App* rfc2544 = app.add_subcommand("rfc2544", "highest rate without loss, and latency, by frame size");
  common(rfc2544);
  rfc2544->add_option("--frames", options.frames, "sizes with FCS, imix, esp-min; separated by commas")
      ->capture_default_str();
  rfc2544->add_option("--direction", options.way, "which way packets go")->transform(one_of(kWays));
  rfc2544->add_option("--sas", options.sas, "pairs of SAs; a random one for each packet")
      ->check(CLI::Range(1U, layout::kSpdRules))
      ->capture_default_str();
  rfc2544->add_option("--algorithm", options.key_bytes, "of ESP")->transform(one_of(kAlgorithms));
  rfc2544->add_option("--clocks", options.clocks, "simulated length of a trial")
      ->check(CLI::Range(1000, 2'000'000))
      ->capture_default_str();

  CLI::App* update = app.add_subcommand("update", "live table changes under full load");
  common(update);
  update->add_option("--rules", options.rules, "rules, each with a pair of SAs")
      ->check(CLI::Range(1U, layout::kSpdRules))
      ->capture_default_str();
  update->add_option("--commits", options.update.commits, "changes to make")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  update->add_option("--frame", options.update_frame, "size with FCS")
      ->check(CLI::Range(64, 9018))
      ->capture_default_str();
  update->add_option("--share", options.update.share, "of what a full WAN carries")
      ->check(CLI::Range(0.01, 1.0))
      ->capture_default_str();

  CLI::App* compare = app.add_subcommand("compare", "random packets through the Verilated and the software card");
  common(compare);
  compare->add_option("--packets", options.packets, "about how many")->capture_default_str();

  CLI::App* pcap = app.add_subcommand("pcap", "a capture through the card");
  common(pcap);
  pcap->add_option("IN", options.in_path, "capture of Ethernet frames")->required()->check(CLI::ExistingFile);
  pcap->add_option("--config", options.config, "TOML file that describes the card")
      ->required()
      ->check(CLI::ExistingFile);
  pcap->add_option("--out", options.out_path, "what the card sends, on either port")->required();
  pcap->add_flag("--readdress", options.readdress, "send to the card what the capture sends to another station");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kExitUsage;
  }
  if (rfc2544->parsed()) return run_rfc2544(options);
  if (update->parsed()) return run_update(options);
  if (compare->parsed()) return run_compare(options);
  return run_pcap(options);
}
