// SPDX-License-Identifier: Apache-2.0
#include "sim/platform/pcie_link.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace sallyport::sim {
namespace {

constexpr std::size_t kReadsOutstanding = 32;
constexpr std::size_t kWritesOutstanding = 32;
constexpr std::size_t kWriteBuffer = 4096;  // bytes in the bridge before it holds the card back
constexpr std::uint8_t kOkay = 0;
constexpr std::uint8_t kSlverr = 2;  // AXI4 A3.4.4

// AXI4 A3.4.1: a burst does not cross a 4 KiB boundary; ours are whole beats. The card's RTL is ours, so a burst that
// breaks the rule is a broken invariant.
std::size_t burst_bytes(std::uint64_t address, std::uint8_t length) {
  const std::size_t size = (std::size_t{length} + 1) * kBeatBytes;
  if (address % kBeatBytes != 0 || address % 4096 + size > 4096) {
    std::fprintf(stderr, "the card's AXI4 burst of %zu bytes at 0x%llx is not aligned or crosses 4 KiB\n", size,
                 static_cast<unsigned long long>(address));
    std::abort();
  }
  return size;
}

}  // namespace

Clock PcieLink::Lane::carry(Clock from, std::size_t bytes) {
  free_ = std::max(free_, from * rate_) + bytes;
  return (free_ + rate_ - 1) / rate_;
}

void PcieLink::Lane::set_rate(std::uint64_t rate) {
  free_ = (free_ + rate_ - 1) / rate_ * rate;
  rate_ = rate;
}

PcieLink::PcieLink(RegisterPins registers, MemoryPins memory, driver::HostBus& host, LinkParameters parameters)
    : parameters_(parameters),
      host_(host),
      registers_(registers),
      write_address_offer_{registers.awvalid, registers.awready},
      write_data_offer_{registers.wvalid, registers.wready},
      read_address_offer_{registers.arvalid, registers.arready},
      memory_(memory),
      read_data_offer_{memory.rvalid, memory.rready},
      write_answer_offer_{memory.bvalid, memory.bready},
      down_(parameters.bytes_per_clock),
      up_(parameters.bytes_per_clock) {
  // A model's pins start with any value.
  registers_.awvalid = registers_.wvalid = registers_.arvalid = 0;
  memory_.rvalid = memory_.bvalid = 0;
}

void PcieLink::set_parameters(const LinkParameters& parameters) {
  parameters_ = parameters;
  down_.set_rate(parameters.bytes_per_clock);
  up_.set_rate(parameters.bytes_per_clock);
}

void PcieLink::read_register(Clock now, std::uint32_t offset, Done done) {
  requests_.push_back({now + parameters_.latency, false, offset, 0, std::move(done)});
}

void PcieLink::write_register(Clock now, std::uint32_t offset, std::uint32_t value, Done done) {
  requests_.push_back({now + parameters_.latency, true, offset, value, std::move(done)});
}

void PcieLink::drive(Clock now) {
  drive_writes(now);  // first: what the card wrote is in host memory before the answer that tells of it
  drive_reads(now);
  drive_registers(now);
}

void PcieLink::sample(Clock now) {
  sample_registers(now);
  sample_reads(now);
  sample_writes(now);
}

Clock PcieLink::next_event() const {
  if (at_pins_ || memory_.rvalid != 0 || memory_.bvalid != 0 || !write_answers_.empty() || !write_addresses_.empty() ||
      !collecting_.data.empty()) {
    return 0;
  }
  Clock next = kNever;
  if (!requests_.empty()) next = std::min(next, requests_.front().due);
  if (!answers_.empty()) next = std::min(next, answers_.front().due);
  for (const ReadBurst& burst : reads_) {
    if (!burst.fetched) next = std::min(next, burst.due);
  }
  if (!reads_.empty() && reads_.front().fetched) next = std::min(next, read_beat_due_);
  if (!writes_.empty()) next = std::min(next, writes_.front().due);
  return next;
}

// ---- registers -----------------------------------------------------------------------------------------------------

void PcieLink::drive_registers(Clock now) {
  registers_.bready = 1;
  registers_.rready = 1;
  write_address_offer_.settle();
  write_data_offer_.settle();
  read_address_offer_.settle();
  while (!answers_.empty() && answers_.front().due <= now) {
    Answer answer = std::move(answers_.front());
    answers_.pop_front();
    answer.done(answer.value);
  }
  if (at_pins_ || requests_.empty() || requests_.front().due > now) return;
  const Request& request = requests_.front();
  at_pins_ = true;
  if (request.write) {
    registers_.awvalid = 1;
    registers_.awaddr = static_cast<std::uint16_t>(request.offset);
    registers_.wvalid = 1;
    registers_.wdata = request.value;
    registers_.wstrb = 0xf;
  } else {
    registers_.arvalid = 1;
    registers_.araddr = static_cast<std::uint16_t>(request.offset);
  }
}

void PcieLink::sample_registers(Clock now) {
  write_address_offer_.sample();
  write_data_offer_.sample();
  read_address_offer_.sample();
  if (!at_pins_ || (registers_.bvalid == 0 && registers_.rvalid == 0)) return;
  Request request = std::move(requests_.front());
  requests_.pop_front();
  at_pins_ = false;
  // PCI Express Base 2.4.1: a completion does not overtake a posted write.
  const Clock posted = writes_.empty() ? now : writes_.back().due;
  const Clock due = request.write ? now : std::max(now + parameters_.latency, posted);
  answers_.push_back({due, request.write ? 0 : registers_.rdata, std::move(request.done)});
}

// ---- the card reads host memory ------------------------------------------------------------------------------------

void PcieLink::drive_reads(Clock now) {
  memory_.arready = reads_.size() < kReadsOutstanding;
  for (ReadBurst& burst : reads_) {
    if (burst.fetched || burst.due > now) continue;
    burst.data.resize(burst.size);
    burst.good = host_.read(burst.address, burst.data);
    burst.fetched = true;
    burst.due = now + parameters_.latency;
    if (&burst == &reads_.front()) read_beat_due_ = down_.carry(burst.due, kBeatBytes);
  }
  read_data_offer_.settle();
  if (memory_.rvalid != 0 || reads_.empty() || !reads_.front().fetched || read_beat_due_ > now) return;
  ReadBurst& burst = reads_.front();
  std::memcpy(memory_.rdata, burst.data.data() + burst.given, kBeatBytes);
  burst.given += kBeatBytes;
  memory_.rvalid = 1;
  memory_.rresp = burst.good ? kOkay : kSlverr;
  memory_.rlast = burst.given == burst.size;
  if (memory_.rlast != 0) reads_.pop_front();
  if (!reads_.empty() && reads_.front().fetched) read_beat_due_ = down_.carry(reads_.front().due, kBeatBytes);
}

void PcieLink::sample_reads(Clock now) {
  if (memory_.arvalid != 0 && memory_.arready != 0) {
    ReadBurst burst{};
    burst.due = now + parameters_.latency;
    burst.address = memory_.araddr;
    burst.size = burst_bytes(memory_.araddr, memory_.arlen);
    reads_.push_back(std::move(burst));
  }
  read_data_offer_.sample();
}

// ---- the card writes host memory -----------------------------------------------------------------------------------

void PcieLink::drive_writes(Clock now) {
  memory_.awready = write_addresses_.size() < kWritesOutstanding;
  memory_.wready = !collecting_.complete && !up_.backlog(now, kWriteBuffer);
  while (!writes_.empty() && writes_.front().due <= now) {
    write_answers_.push_back(apply(writes_.front()));
    writes_.pop_front();
  }
  write_answer_offer_.settle();
  if (memory_.bvalid != 0 || write_answers_.empty()) return;
  memory_.bvalid = 1;
  memory_.bresp = write_answers_.front() ? kOkay : kSlverr;
  write_answers_.pop_front();
}

void PcieLink::sample_writes(Clock now) {
  write_answer_offer_.sample();
  if (memory_.awvalid != 0 && memory_.awready != 0) {
    write_addresses_.emplace_back(memory_.awaddr, burst_bytes(memory_.awaddr, memory_.awlen));
  }
  if (memory_.wvalid != 0 && memory_.wready != 0) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(memory_.wdata);
    collecting_.data.insert(collecting_.data.end(), bytes, bytes + kBeatBytes);
    collecting_.strobes.push_back(memory_.wstrb);
    collecting_.due = up_.carry(now, kBeatBytes) + parameters_.latency;
    collecting_.complete = memory_.wlast != 0;
  }
  // Data may come before its address.
  if (!collecting_.complete || write_addresses_.empty()) return;
  const auto [address, size] = write_addresses_.front();
  write_addresses_.pop_front();
  if (collecting_.data.size() != size) {
    std::fprintf(stderr, "the card's AXI4 write burst has %zu bytes and announced %zu\n", collecting_.data.size(),
                 size);
    std::abort();
  }
  collecting_.address = address;
  writes_.push_back(std::exchange(collecting_, {}));
}

// Runs of enabled bytes; almost always the whole burst is one.
bool PcieLink::apply(const WriteBurst& burst) {
  const auto enabled = [&burst](std::size_t i) { return (burst.strobes[i / kBeatBytes] >> (i % kBeatBytes) & 1) != 0; };
  bool good = true;
  for (std::size_t i = 0; i < burst.data.size();) {
    std::size_t end = i;
    while (end < burst.data.size() && enabled(end)) ++end;
    if (end > i) good = host_.write(burst.address + i, Bytes(burst.data).subspan(i, end - i)) && good;
    i = end + 1;
  }
  return good;
}

}  // namespace sallyport::sim
