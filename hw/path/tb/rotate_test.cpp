// SPDX-License-Identifier: Apache-2.0
// slice, append and prepend against what the same does to a vector of bytes.
#include <gtest/gtest.h>

#include "Vrotate_harness.h"
#include "hw/common/tb/clock.hpp"
#include "hw/path/tb/frames.hpp"

namespace sallyport::hw {
namespace {

constexpr std::size_t kMostTail = 32;

struct Job {
  Buffer frame;
  unsigned skip;
  unsigned keep;
  Buffer tail;
  Buffer header;

  [[nodiscard]] Buffer expected() const {
    return ByteWriter().bytes(header).bytes(Bytes(frame).subspan(skip, keep)).bytes(tail).take();
  }
};

template <class Data>
void put(Data& data, std::size_t size, const Buffer& bytes) {
  std::memset(data.data(), 0, size);
  std::memcpy(data.data(), bytes.data(), bytes.size());
}

class Rotate : public testing::Test {
 protected:
  // Runs jobs through; `chance` of 4 for a beat offered, `pressure` of 4 for the reader to wait.
  void run(const std::vector<Job>& jobs, unsigned chance, unsigned pressure) {
    for (const Job& job : jobs) source_.push(job.frame);
    std::size_t entering = 0;
    std::size_t left = 0;
    for (std::uint64_t limit = dut_.clocks + 400 * jobs.size() + 4000; left < jobs.size();) {
      ASSERT_LT(dut_.clocks, limit) << "a frame got lost";
      auto& m = dut_.model;
      source_.drive(m.in_valid_i, m.in_data_i, m.in_empty_i, m.in_last_i, chance);
      if (entering < jobs.size()) {
        const Job& job = jobs[entering];
        m.skip_i = job.skip;
        m.keep_i = job.keep;
        put(m.tail_i, kMostTail, job.tail);
        m.tail_bytes_i = job.tail.size();
        put(m.header_i, 64, job.header);
        m.header_bytes_i = job.header.size();
        m.number_i = entering;
      }
      m.tail_there_i = chance == 4 || random_() % 2;
      m.out_ready_i = random_() % 4 >= pressure;
      m.eval();
      const bool last_taken = m.in_valid_i && m.in_ready_o && m.in_last_i;
      source_.taken(m.in_ready_o);
      if (last_taken) ++entering;
      const bool passes = m.out_valid_o && m.out_ready_i;
      if (passes) {
        ASSERT_EQ(m.number_o, left);
      }
      sink_.sample(passes, m.out_data_o, m.out_empty_o, m.out_last_o);
      if (!sink_.frames.empty()) {
        const Job& job = jobs[left];
        ASSERT_EQ(to_hex(sink_.frames.front()), to_hex(job.expected()))
            << "frame of " << job.frame.size() << ", skip " << job.skip << ", keep " << job.keep << ", tail "
            << job.tail.size() << ", header " << job.header.size();
        sink_.frames.pop_front();
        ++left;
      }
      dut_.tick();
    }
  }

  Job random_job() {
    Job job;
    const unsigned skip = random_() % 5 == 0 ? 0 : random_() % 192;
    const unsigned keep = 1 + random_() % (random_() % 8 == 0 ? 700 : 200);
    const unsigned behind = random_() % 3 == 0 ? random_() % 300 : 0;
    job.frame = random_bytes(random_, skip + keep + behind);
    job.skip = skip;
    job.keep = keep;
    job.tail = random_bytes(random_, random_() % (kMostTail + 1));
    job.header = random_bytes(random_, random_() % 65);
    return job;
  }

  static constexpr unsigned kSeed = 11;
  std::mt19937 random_{kSeed};
  Clocked<Vrotate_harness> dut_;
  FrameSource source_{random_};
  FrameSink sink_;
};

TEST_F(Rotate, CutsAndJoinsLikeAVectorOfBytesUnderGapsAndBackpressure) {
  SCOPED_TRACE(kSeed);
  for (const auto& [chance, pressure] : {std::pair{4U, 0U}, {2U, 0U}, {4U, 2U}, {2U, 3U}}) {
    std::vector<Job> jobs;
    for (int i = 0; i < 1500; ++i) jobs.push_back(random_job());
    run(jobs, chance, pressure);
    if (HasFatalFailure()) return;
  }
}

TEST_F(Rotate, EveryPlaceOfACutInABeat) {
  std::vector<Job> jobs;
  for (unsigned skip = 0; skip < 192; ++skip) {
    for (unsigned keep : {1U, 4U, 63U, 64U, 65U, 127U, 128U, 129U}) {
      Job job;
      job.frame = random_bytes(random_, skip + keep + skip % 3);
      job.skip = skip;
      job.keep = keep;
      job.tail = random_bytes(random_, (skip + keep) % (kMostTail + 1));
      job.header = random_bytes(random_, (7 * skip + keep) % 65);
      jobs.push_back(job);
    }
  }
  run(jobs, 4, 0);
}

// As encapsulation does it to a frame of 60 bytes: two beats go out, and two clocks are all it may take.
TEST_F(Rotate, ShortestPacketsTakeTwoClocksEach) {
  std::vector<Job> jobs;
  for (int i = 0; i < 200; ++i) {
    jobs.push_back({random_bytes(random_, 60), 14, 46, random_bytes(random_, 16), random_bytes(random_, 50)});
  }
  const std::uint64_t start = dut_.clocks;
  run(jobs, 4, 0);
  EXPECT_LT(dut_.clocks - start, 2 * jobs.size() + 10);
}

TEST_F(Rotate, LongFramesGoABeatAClock) {
  std::vector<Job> jobs;
  for (int i = 0; i < 20; ++i) {
    jobs.push_back({random_bytes(random_, 1514), 14, 1500, random_bytes(random_, 16), random_bytes(random_, 50)});
  }
  const std::uint64_t start = dut_.clocks;
  run(jobs, 4, 0);
  EXPECT_LT(dut_.clocks - start, (25 + 1) * jobs.size() + 10);  // 25 beats out; one clock more where a cut's end waits
}

}  // namespace
}  // namespace sallyport::hw
