// SPDX-License-Identifier: Apache-2.0
// sallyport-bench: measures the simulated card.
#include <CLI/CLI.hpp>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <regex>
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

const std::map<std::string, layout::Protocol> kProtocols = {{"esp", layout::Protocol::kEsp},
                                                            {"ah", layout::Protocol::kAh}};

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
  std::string pins;
  std::uint64_t seed = 1;
  // rfc2544, latency
  std::string frames = "64,128,256,512,1024,1280,1518,9018,imix";
  bench::TrialOptions trial;
  unsigned sas = 1;
  layout::Protocol protocol = layout::Protocol::kEsp;
  std::string algorithm = "aes128gcm16";
  unsigned inner = 4;  // IP versions
  unsigned outer = 4;
  double load = 0.99;
  // update
  bench::UpdateOptions update;
  unsigned rules = 64;
  std::size_t update_frame = 512;
  // users
  std::string users = "100,10000,1000000";
  unsigned logins = 200;
  unsigned on_line = 20;
  unsigned user_changes = 10'000;
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
    std::printf(" %8.0f\n", number(row.at("simulator").at("clocks_per_cpu_second")));
  }
  std::fflush(stdout);
}

// A row for each size of frame. `measure` makes it, by a card of its own: none inherits another's queues.
template <class Measure>
int run_trials(const char* what, const Options& options, Measure measure) {
  auto algorithm = bench::Algorithm::parse(options.algorithm, options.protocol);
  if (!algorithm) return fail(Error{Errc::kInvalid, "--algorithm: " + algorithm.error().message()}, kExitUsage);
  bench::TrialOptions trial = options.trial;
  trial.seed = options.seed;
  std::vector<bench::FrameMix> mixes;
  std::istringstream words(options.frames + ",");
  for (std::string word; std::getline(words, word, ',');) {
    auto mix = bench::parse_mix(word, options.inner == 6);
    if (!mix) return fail(mix.error(), kExitUsage);
    mixes.push_back(std::move(*mix));
  }
  json::array rows;
  bool clean = true;
  for (const bench::FrameMix& mix : mixes) {
    sim::DirectCard card(platform_options(options));
    auto setup = bench::BenchCard::configure(card, {options.sas, {*algorithm}, options.inner == 6, options.outer == 6});
    if (!setup) return fail(setup.error());
    auto row = measure(**setup, card.platform(), mix, trial);
    if (!row) return fail(row.error());
    clean = clean && row->at("zero_loss").as_bool();
    if (!options.as_json) print_rates(*row);
    rows.push_back(std::move(*row));
  }
  if (options.as_json) {
    json::object out = head(what, options);
    out["protocol"] = layout::kSaProtocols[static_cast<unsigned>(options.protocol)].name;
    out["algorithm"] = algorithm->name();
    out["inner"] = options.inner;
    out["outer"] = options.outer;
    out["results"] = std::move(rows);
    print(out, true);
  }
  return clean ? 0 : kExitFailed;
}

// Enough to set the card up and to see it at work.
constexpr unsigned kPinsClocks = 60'000;

// How fast the simulation itself is: a packet at a time, the fast engine busy, all of them.
int run_speed(const Options& options) {
  struct Load {
    const char* what;
    double share;
    std::vector<const char*> algorithms;
  };
  const Load loads[] = {
      {"one packet at a time", 0.01, {"aes128gcm16"}},
      {"aes_gcm at line rate", 1.0, {"aes128gcm16"}},
      {"every engine at line rate",
       1.0,
       {"aes128gcm16", "aes128-sha256", "aes256ctr-sha512", "aes256-sha1", "null-md5", "des-sha384", "3des-sha256"}},
  };
  const auto mix = bench::parse_mix("imix");
  if (!mix) return fail(mix.error());
  json::array rows;
  for (const Load& load : loads) {
    bench::BenchSetup bench_setup{.sas = static_cast<unsigned>(load.algorithms.size()), .algorithms = {}};
    for (const char* name : load.algorithms) {
      auto algorithm = bench::Algorithm::parse(name);
      if (!algorithm) return fail(algorithm.error());
      bench_setup.algorithms.push_back(std::move(*algorithm));
    }
    sim::PlatformOptions platform = platform_options(options);
    if (!options.pins.empty()) {
      platform.pins_path = options.pins + std::to_string(rows.size()) + ".hex";
      platform.pins_clocks = kPinsClocks;
    }
    sim::DirectCard card(platform);
    auto setup = bench::BenchCard::configure(card, bench_setup);
    if (!setup) return fail(setup.error());
    auto row = bench::measure_at(**setup, card.platform(), *mix, options.trial, load.share);
    if (!row) return fail(row.error());
    json::object out = row->at("simulator").as_object();
    out["load"] = load.what;
    if (!options.as_json) print(out, false);
    rows.push_back(std::move(out));
  }
  if (options.as_json) {
    json::object out = head("speed", options);
    out["results"] = std::move(rows);
    print(out, true);
  }
  return 0;
}

Result<json::object> measure_update(const Options& options) {
  sim::DirectCard card(platform_options(options));
  auto setup = bench::BenchCard::configure(card, {.sas = options.rules});
  if (!setup) return setup.error();
  bench::UpdateOptions update = options.update;
  update.frame_length = options.update_frame - sim::kFcsBytes;
  auto result = bench::measure_updates(**setup, card.platform(), update);
  if (!result) return result.error();
  json::object out = head("update", options);
  for (auto& [key, value] : result->as_object()) out[key] = value;
  return out;
}

bool is_sound(const json::object& update) {
  const auto none = [&update](const char* what) { return update.at(what).to_number<std::int64_t>() == 0; };
  return none("packets_lost") && none("inbound_packets_lost") && none("packets_of_no_allowed_type") &&
         none("inbound_packets_nobody_sent") && none("packets_that_saw_two_generations");
}

int run_update(const Options& options) {
  const auto measured = measure_update(options);
  if (!measured) return fail(measured.error());
  print(*measured, options.as_json);
  return is_sound(*measured) ? 0 : kExitFailed;
}

// The host is no part of the simulation, so its bench is a program of its own, beside this one.
Result<json::object> measure_logins(const Options& options) {
  const std::string program = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "sallyport-users-bench");
  const std::string command = "'" + program + "' users --json --users " + options.users + " --logins " +
                              std::to_string(options.logins) + " --on-line " + std::to_string(options.on_line);
  FILE* const output = ::popen(command.c_str(), "r");
  if (output == nullptr) return Error{Errc::kIo, "cannot run " + program + ": " + std::strerror(errno)};
  std::string text;
  std::array<char, 4096> part;
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), output)) text.append(part.data(), size);
  if (::pclose(output) != 0) return Error{Errc::kIo, program + " failed"};
  return json::parse(text).as_object();
}

int run_users(const Options& options) {
  auto measured = measure_logins(options);
  if (!measured) return fail(measured.error());
  bool sound = true;
  if (options.user_changes > 0) {
    Options changes = options;
    changes.update.commits = options.user_changes;
    const auto update = measure_update(changes);
    if (!update) return fail(update.error());
    sound = is_sound(*update);
    (*measured)["live_changes"] = *update;
  }
  print(*measured, options.as_json);
  return sound ? 0 : kExitFailed;
}

int run_compare(const Options& options) {
  auto report = sim::compare_cards({options.seed, options.packets});
  if (!report) return fail(report.error());
  const auto counts = [](const std::map<std::string, std::uint64_t>& named) {
    json::object made;
    for (const auto& [name, count] : named) made[name] = count;
    return made;
  };
  json::object out = head("compare", options);
  out["packets"] = report->packets;
  out["differences"] = 0;
  out["frames_sent"] = report->sent;
  out["messages_to_host"] = report->messages;
  out["flips_in_flight"] = report->flips;
  out["renewals"] = report->renewals;
  out["slow_host_rounds"] = report->slow_rounds;
  out["injected"] = counts(report->injected);
  out["algorithms"] = counts(report->algorithms);
  out["modes"] = counts(report->modes);
  out["options"] = counts(report->options);
  out["extras"] = counts(report->extras);
  out["windows"] = counts(report->windows);
  out["upcalls"] = counts(report->upcalls);
  out["drops"] = counts(report->drops);
  out["tags"] = counts(report->tags);
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

  const auto trials = [&options, &common](CLI::App* command) {
    common(command);
    command->add_option("--frames", options.frames, "sizes with FCS, imix, esp-min; separated by commas")
        ->capture_default_str();
    command->add_option("--direction", options.trial.way, "which way packets go")->transform(one_of(kWays));
    command->add_option("--sas", options.sas, "pairs of SAs; a random one for each packet")
        ->check(CLI::Range(1U, layout::kSpdRules))
        ->capture_default_str();
    command
        ->add_option("--algorithm", options.algorithm,
                     "in the words of a proposal: aes256gcm16, aes128gmac, aes128ctr-sha256, aes256-sha256-esn; of AH: "
                     "sha256, sha512-esn")
        ->capture_default_str();
    command->add_option("--protocol", options.protocol, "of the SAs")->transform(one_of(kProtocols));
    for (auto& [name, version, whose] : {std::tuple("--inner", &options.inner, "IP version of the packets inside"),
                                         std::tuple("--outer", &options.outer, "IP version of the tunnels")}) {
      command->add_option(name, *version, whose)->check(CLI::IsMember({4, 6}))->capture_default_str();
    }
    command->add_option("--clocks", options.trial.clocks, "simulated length of a trial, at least")
        ->check(CLI::Range(1000, 2'000'000))
        ->capture_default_str();
  };
  CLI::App* rfc2544 = app.add_subcommand("rfc2544", "highest rate without loss, and latency there, by frame size");
  trials(rfc2544);

  CLI::App* latency = app.add_subcommand("latency", "latency at a given load, by frame size");
  trials(latency);
  latency->add_option("--load", options.load, "of what a full WAN carries")
      ->check(CLI::Range(0.01, 1.0))
      ->capture_default_str();

  CLI::App* speed = app.add_subcommand("speed", "how fast the simulation runs: clocks a second of processor time");
  common(speed);
  speed->add_option("--pins", options.pins,
                    "write what stands at the card's inputs, a file a load, names beginning with this");

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

  CLI::App* users =
      app.add_subcommand("users", "what users wait for, and policy that changes under full load (root only)");
  users->add_option("--users", options.users, "in the directory, a run for each number")
      ->check([](const std::string& list) {
        return std::regex_match(list, std::regex("[0-9]+(,[0-9]+)*")) ? "" : "numbers with commas between them";
      })
      ->capture_default_str();
  users->add_option("--logins", options.logins, "to measure in each run")->capture_default_str();
  users->add_option("--on-line", options.on_line, "others who are logged in meanwhile")->capture_default_str();
  users->add_option("--commits", options.user_changes, "live changes under full load, as in update; 0: none")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  users->add_flag("--json", options.as_json, "for programs");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kExitUsage;
  }
  if (rfc2544->parsed()) return run_trials("rfc2544", options, bench::find_rate);
  if (latency->parsed()) {
    return run_trials("latency", options, [&options](auto& card, auto& platform, const auto& mix, const auto& trial) {
      return bench::measure_at(card, platform, mix, trial, options.load);
    });
  }
  if (users->parsed()) return run_users(options);
  if (speed->parsed()) return run_speed(options);
  if (update->parsed()) return run_update(options);
  if (compare->parsed()) return run_compare(options);
  return run_pcap(options);
}
