// SPDX-License-Identifier: Apache-2.0
// sallyport-card: the simulated card as a process, found by stock XRT in hw_emu mode.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "sim/card/card_process.hpp"
#include "sim/pci/config_space.hpp"

namespace {

constexpr int kFailed = 1;  // CLI11's own codes for wrong usage start at 100

std::atomic<bool> stop{false};
void on_signal(int) { stop = true; }

int fail(const sallyport::Error& error) {
  std::fprintf(stderr, "sallyport-card: %s\n", error.message().c_str());
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace sallyport;
  CLI::App app{
      "Simulates a Sallyport card: the Verilated RTL between two Ethernet ports, reached by stock XRT in hw_emu mode\n"
      "(run the host process by `sallyport-emulated ID PROGRAM`). The card outlives its host processes. SIGTERM ends "
      "it."};
  sim::CardProcessOptions options;
  const char* user = std::getenv("USER");
  options.user = user != nullptr ? user : "root";
  std::string lan_name;
  std::string wan_name;
  std::string model = "rtl";
  std::string dump_path;
  std::string slot = "0000:65:00.1";
  const std::string ends = "interface, tap:NAME, or pcap:IN[,OUT]";
  app.add_option("--lan", lan_name, "plain side: " + ends)->required();
  app.add_option("--wan", wan_name, "protected side: " + ends)->required();
  app.add_option("--socket", options.socket_id, "EMULATION_SOCKETID of the host process")->required();
  app.add_option("--user", options.user, "$USER of the host process, part of the sockets' path")->capture_default_str();
  app.add_option("--model", model, "what is simulated")
      ->check(CLI::IsMember({"rtl", "software"}))
      ->capture_default_str();
  app.add_option("--trace", options.platform.trace_path, "write a waveform (FST) of every signal: large and slow");
  app.add_option("--seed", options.platform.seed, "of what starts unknown in the RTL")->capture_default_str();
  app.add_option("--pci-dump", dump_path, "write the card's PCI configuration space as `lspci -xxxx` prints it");
  app.add_option("--pci-slot", slot, "the slot named there")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  options.software = model == "software";

  auto log = spdlog::stderr_color_mt("sallyport-card");
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  spdlog::set_default_logger(log);

  if (!dump_path.empty()) {
    std::ofstream dump(dump_path);
    dump << sim::config_dump(slot);
    dump.close();
    if (!dump) return fail({Errc::kIo, "cannot write " + dump_path});
  }
  auto lan = sim::PortEnd::open(lan_name);
  if (!lan) return fail(lan.error());
  auto wan = sim::PortEnd::open(wan_name);
  if (!wan) return fail(wan.error());

  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  sim::CardProcess card(options, std::move(lan).value(), std::move(wan).value());
  spdlog::info("card.started model={} lan={} wan={} socket={} seed={}", model, lan_name, wan_name, options.socket_id,
               options.platform.seed);
  if (auto r = card.run(stop); !r) return fail(r.error());
  spdlog::info("card.stopped");
  return 0;
}
