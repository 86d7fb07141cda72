// SPDX-License-Identifier: Apache-2.0
#include "driver/tables/table_session.hpp"

#include <algorithm>
#include <span>
#include <thread>

#include "base/secret.hpp"
#include "hw/layout/descriptors.hpp"

namespace sallyport::driver {
namespace {

namespace reg = layout::reg;
using std::chrono::steady_clock;

constexpr std::uint32_t kLoadRuns = 1U << 0;  // in status
constexpr std::size_t kLoadBytes =
    256 * 1024;  // ours: a commit of all tables takes some loads, a small one a single load
// Ours. A load is microseconds on a card; a simulated one may be a thousand times slower.
constexpr auto kPatience = std::chrono::seconds(20);

// Asks `done` until it says true.
template <class Done>
Result<void> wait_until(const char* what, Done done) {
  const auto end = steady_clock::now() + kPatience;
  for (auto pause = std::chrono::microseconds(1);; pause = std::min(2 * pause, std::chrono::microseconds(1000))) {
    Result<bool> now = done();
    if (!now) return now.error();
    if (*now) return {};
    if (steady_clock::now() > end) {
      return Error{Errc::kTimeout, std::string("the card did not finish: ") + what + "; it may need a reset"};
    }
    std::this_thread::sleep_for(pause);
  }
}

Result<void> wait_for_empty_bank(Card& card, unsigned bank) {
  return wait_until("packets of the previous generation", [&]() -> Result<bool> {
    auto inside = card.read(reg::kInFlight.at(bank));
    if (!inside) return inside.error();
    return *inside == 0;
  });
}

std::vector<TableChange> everything(const TableImage& image) {
  std::vector<TableChange> all;
  for (unsigned t = 0; t < layout::kTableCount; ++t) {
    if (image.rows(t) > 0) all.push_back({t, 0, image.rows(t)});
  }
  return all;
}

}  // namespace

// ---- TableLoader ---------------------------------------------------------------------------------------------------

Result<TableLoader> TableLoader::create(Card& card) {
  auto memory = card.allocate(kLoadBytes);
  if (!memory) return memory.error();
  return TableLoader(card, std::move(memory).value());
}

void TableLoader::append_record(unsigned table, unsigned bank, unsigned first, unsigned count) {
  layout::Row head;
  head.set(layout::load_record::kTableId, table);
  head.set(layout::load_record::kBank, bank);
  head.set(layout::load_record::kCount, count);
  head.set(layout::load_record::kRow, first);
  head.set(layout::load_record::kMagic, layout::kLoadMagic);
  std::copy(head.bytes().begin(), head.bytes().end(), memory_->bytes().begin() + static_cast<std::ptrdiff_t>(used_));
  used_ += layout::kRowBytes;
}

Result<void> TableLoader::run() {
  const auto length = static_cast<std::uint32_t>(used_);
  used_ = 0;
  if (length == 0) return {};
  auto busy = card_->read(reg::kStatus);
  if (!busy) return busy.error();
  if ((*busy & kLoadRuns) != 0) return Error{Errc::kBusy, "the card has not finished an earlier table load"};
  auto before = card_->read(reg::kLoadCount);
  if (!before) return before.error();
  const std::uint64_t address = memory_->address();
  if (auto r = card_->write(reg::kLoadAddress, static_cast<std::uint32_t>(address)); !r) return r;
  if (auto r = card_->write(reg::kLoadAddress.at(1), static_cast<std::uint32_t>(address >> 32)); !r) return r;
  if (auto r = card_->write(reg::kLoadLength, length); !r) return r;
  auto ended = wait_until("a table load", [&]() -> Result<bool> {
    auto count = card_->read(reg::kLoadCount);
    if (!count) return count.error();
    return *count != *before;
  });
  if (!ended) return ended;
  auto status = card_->read(reg::kStatus);
  if (!status) return status.error();
  const unsigned error = *status >> 8 & 0xff;
  if (error == 0) return {};
  const bool known = error < sizeof(layout::kLoadErrors) / sizeof(layout::kLoadErrors[0]);
  return Error{Errc::kIo, std::string("the card refused a table load: ") +
                              (known ? layout::kLoadErrors[error].meaning : "for an unknown reason")};
}

Result<void> TableLoader::write_rows(const std::vector<TableRow>& rows) {
  const std::size_t at_once = memory_->bytes().size() / (2 * layout::kRowBytes);  // each behind a record's head
  for (std::span<const TableRow> left(rows); !left.empty();) {
    const auto some = left.first(std::min(at_once, left.size()));
    left = left.subspan(some.size());
    for (const TableRow& row : some) {
      append_record(static_cast<unsigned>(row.table), 0, row.index, 1);
      std::copy(row.row.bytes().begin(), row.row.bytes().end(),
                memory_->bytes().begin() + static_cast<std::ptrdiff_t>(used_));
      used_ += layout::kRowBytes;
    }
    const auto written = memory_->bytes().first(used_);
    const auto loaded = run();
    wipe(written);
    if (!loaded) return loaded;
  }
  return {};
}

Result<void> TableLoader::write_bank(unsigned bank, const TableImage& image, const std::vector<TableChange>& changes) {
  for (const TableChange& change : changes) {
    for (unsigned done = 0; done < change.count;) {
      if (used_ + 2 * std::size_t{layout::kRowBytes} > memory_->bytes().size()) {
        if (auto r = run(); !r) return r;
      }
      const std::size_t room = (memory_->bytes().size() - used_) / layout::kRowBytes - 1;
      const unsigned count = static_cast<unsigned>(std::min<std::size_t>(room, change.count - done));
      append_record(change.table, bank, change.first + done, count);
      for (unsigned i = 0; i < count; ++i) {
        const auto& bytes = image.row(change.table, change.first + done + i).bytes();
        std::copy(bytes.begin(), bytes.end(), memory_->bytes().begin() + static_cast<std::ptrdiff_t>(used_));
        used_ += layout::kRowBytes;
      }
      done += count;
    }
  }
  return run();
}

// ---- TableSession --------------------------------------------------------------------------------------------------

Result<TableSession> TableSession::fresh(Card& card) {
  auto loader = TableLoader::create(card);
  if (!loader) return loader.error();
  auto generation = card.read(reg::kGeneration);
  if (!generation) return generation.error();
  if (*generation != 0) {
    return Error{Errc::kInvalid, "the card has been used since its reset: adopt it, or reset it"};
  }
  return TableSession(card, std::move(loader).value());
}

Result<TableSession> TableSession::adopt(Card& card, TableImage open) {
  auto session = take_over(card);
  if (!session) return session;
  session->current_ = std::move(open);
  session->current_known_ = true;
  return session;
}

Result<TableSession> TableSession::take_over(Card& card) {
  auto loader = TableLoader::create(card);
  if (!loader) return loader.error();
  auto generation = card.read(reg::kGeneration);
  if (!generation) return generation.error();
  TableSession session(card, std::move(loader).value());
  session.generation_ = *generation;
  session.current_known_ = false;
  session.closed_known_ = false;
  return session;
}

Result<CommitReport> TableSession::commit(const TableImage& target) {
  if (auto r = drain(); !r) return r.error();
  const auto changes = closed_known_ ? difference(closed_, target) : everything(target);
  CommitReport report;
  for (const TableChange& change : changes) report.rows += change.count;
  closed_known_ = false;  // until the whole of it has been written
  const unsigned bank = (generation_ + 1) & 1;
  if (auto r = loader_.write_bank(bank, target, changes); !r) return r.error();
  closed_ = target;
  closed_known_ = true;

  flipping_ = true;
  if (auto r = card_->write(reg::kFlip, generation_ + 1); !r) return r.error();
  const std::uint32_t before = generation_;
  if (auto r = find_generation(); !r) return r.error();
  if (generation_ == before) return Error{Errc::kIo, "the card did not take the flip"};
  report.generation = generation_;
  return report;
}

Result<void> TableSession::find_generation() {
  auto generation = card_->read(reg::kGeneration);
  if (!generation) return generation.error();
  if (flipping_ && *generation == generation_ + 1) {
    flipped();
  } else if (*generation != generation_) {
    return Error{Errc::kCorrupt, "the card is in generation " + std::to_string(*generation) + " instead of " +
                                     std::to_string(generation_) + ": it was reset, or somebody else drives it"};
  }
  flipping_ = false;
  return {};
}

void TableSession::flipped() {
  ++generation_;
  std::swap(current_, closed_);
  std::swap(current_known_, closed_known_);
}

Result<void> TableSession::drain() {
  if (auto r = find_generation(); !r) return r;
  return wait_for_empty_bank(*card_, (generation_ + 1) & 1);
}

}  // namespace sallyport::driver
