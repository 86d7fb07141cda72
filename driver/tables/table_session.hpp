// SPDX-License-Identifier: Apache-2.0
// Changing the card's tables live: all of a change or nothing of it, at a packet boundary.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "driver/card.hpp"
#include "driver/tables/table_image.hpp"

namespace sallyport::driver {

// A row of a table without banks.
struct TableRow {
  layout::TableId table;
  unsigned index;
  layout::Row row;
};

// Writes rows by table load (DMA). One at a time; the buffer lives as long as it does.
class TableLoader {
 public:
  static Result<TableLoader> create(Card& card);

  // In one load, in this order. The buffer's copy is wiped afterwards: rows may hold keys.
  Result<void> write_rows(const std::vector<TableRow>& rows);
  // The rows of `image` named by `changes`, into `bank`, in as many loads as the buffer needs.
  Result<void> write_bank(unsigned bank, const TableImage& image, const std::vector<TableChange>& changes);

 private:
  TableLoader(Card& card, std::unique_ptr<HostMemory> memory) : card_(&card), memory_(std::move(memory)) {}
  void append_record(unsigned table, unsigned bank, unsigned first, unsigned count);
  Result<void> run();  // loads what was appended

  Card* card_;
  std::unique_ptr<HostMemory> memory_;
  std::size_t used_ = 0;  // bytes of the buffer
};

struct CommitReport {
  std::uint32_t generation = 0;  // in force after the commit
  unsigned rows = 0;             // written
};

// The two doors. Keeps what each bank of the card holds, so that a commit writes only what differs.
class TableSession {
 public:
  // A card after reset: both banks zero.
  static Result<TableSession> fresh(Card& card);
  // A running card whose open bank holds `open` (from the store); the closed bank is taken as unknown and written whole
  // by the next commit.
  static Result<TableSession> adopt(Card& card, TableImage open);
  // A card whose tables nobody remembers: current() is empty until the first commit, which writes everything.
  static Result<TableSession> take_over(Card& card);

  // What the card obeys now.
  [[nodiscard]] const TableImage& current() const { return current_; }
  [[nodiscard]] std::uint32_t generation() const { return generation_; }

  // Waits until no packet of the closed bank's generation is inside, writes the rows in which it differs from `target`,
  // and flips. Before the flip nothing has changed for any packet, and any error leaves it so; a card that fails in the
  // moment of the flip holds the old tables or the new, whole, and the next commit finds out which. kCorrupt when
  // somebody else flips this card.
  Result<CommitReport> commit(const TableImage& target);

  // Waits until every packet admitted before the last flip has left: what only they used may go.
  Result<void> drain();

  [[nodiscard]] TableLoader& loader() { return loader_; }

 private:
  TableSession(Card& card, TableLoader loader) : card_(&card), loader_(std::move(loader)) {}
  Result<void> find_generation();  // that the card is in
  void flipped();

  Card* card_;
  TableLoader loader_;
  std::uint32_t generation_ = 0;
  TableImage current_;  // the open bank
  TableImage closed_;   // the other
  bool current_known_ = true;
  bool closed_known_ = true;
  bool flipping_ = false;  // a flip was written, and the card has not said whether it took it
};

}  // namespace sallyport::driver
