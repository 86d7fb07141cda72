// SPDX-License-Identifier: Apache-2.0
#include "driver/tables/spd_compiler.hpp"

#include <algorithm>
#include <array>

#include "driver/tables/interval_table.hpp"

namespace sallyport::driver {
namespace {

using layout::Row;
using layout::SpdTable;

unsigned table_of(Direction direction, SpdTable table) {
  const auto base = direction == Direction::kOutbound ? layout::TableId::kSpdOut : layout::TableId::kSpdIn;
  return static_cast<unsigned>(base) + static_cast<unsigned>(table);
}

constexpr Key kLastNumber{0, 0xffff};

std::string rule_name(std::size_t rule) { return "rule " + std::to_string(rule); }

// The rows of one interval's bitmap.
class Bitmap {
 public:
  void set(unsigned rule) {
    rows_[layout::rule_bitmap::row_of(rule, 0, 1)].set_bit(layout::rule_bitmap::bit_of(rule), true);
  }
  void write(unsigned table, unsigned interval, TableImage& image) const {
    const unsigned intervals = image.rows(table) / layout::rule_bitmap::rows(1);
    for (unsigned rule = 0; rule < layout::kSpdRules; rule += layout::kRowBits) {
      image.set_row(table, layout::rule_bitmap::row_of(rule, interval, intervals),
                    rows_[layout::rule_bitmap::row_of(rule, 0, 1)]);
    }
  }

 private:
  std::array<Row, layout::rule_bitmap::rows(1)> rows_;
};

Key key_of(const layout::Address& address) { return address; }
Key key_of(std::uint16_t number) { return {0, number}; }

// One field of all rules: its tree and its bitmaps. `ranges_of` gives a rule's ranges of the field.
template <class RangesOf>
Result<void> compile_field(Direction direction, SpdTable start_table, const Key& last, const char* field,
                           const std::vector<SpdRule>& rules, RangesOf ranges_of, TableImage& image) {
  const unsigned starts = table_of(direction, start_table);
  const unsigned bitmaps = starts + 1;  // each tree is followed by its bitmaps
  IntervalCuts cuts(last);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (const auto& range : ranges_of(rules[i])) {
      if (range.first > range.last) {
        return Error{Errc::kInvalid, rule_name(i) + ": a range of " + field + " ends before it begins"};
      }
      cuts.cut(key_of(range.first), key_of(range.last));
    }
  }
  cuts.finish();
  if (auto r = write_interval_tree(starts, cuts, field, image); !r) return r.error();

  // Cuts were made at both ends of every range, so an interval lies wholly inside a range or wholly outside.
  const std::size_t intervals = cuts.starts().size();
  std::vector<Bitmap> bitmap(intervals);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto set = [&](const Key& first, const Key& end) {
      const auto& sorted = cuts.starts();
      auto k = static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), first) - sorted.begin());
      for (; k < intervals && sorted[k] <= end; ++k) bitmap[k].set(static_cast<unsigned>(i));
    };
    const auto& ranges = ranges_of(rules[i]);
    if (ranges.empty()) set(Key{}, last);
    for (const auto& range : ranges) set(key_of(range.first), key_of(range.last));
  }
  for (unsigned k = 0; k < image.rows(starts); ++k) {
    const auto interval = found_at(k, image.rows(starts), cuts);
    (interval ? bitmap[*interval] : Bitmap()).write(bitmaps, k, image);
  }
  return {};
}

void compile_protocols(Direction direction, const std::vector<SpdRule>& rules, TableImage& image) {
  for (unsigned protocol = 0; protocol < layout::kProtocols; ++protocol) {
    Bitmap bitmap;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (!rules[i].protocol || *rules[i].protocol == protocol) bitmap.set(static_cast<unsigned>(i));
    }
    bitmap.write(table_of(direction, SpdTable::kProtocol), protocol, image);
  }
}

void write_actions(Direction direction, const std::vector<SpdRule>& rules, TableImage& image) {
  for (unsigned i = 0; i < layout::kSpdRules; ++i) {
    Row row;  // of a rule that is not there: all zero, and no bitmap names it
    if (i < rules.size()) {
      row.set(layout::spd_rule::kAction, static_cast<std::uint64_t>(rules[i].action));
      row.set(layout::spd_rule::kPolicyId, rules[i].policy_id);
      row.set(layout::spd_rule::kSaIndex, rules[i].sa_index);
      row.set(layout::spd_rule::kSynToHost, rules[i].syn_to_host ? 1 : 0);
    }
    image.set_row(table_of(direction, SpdTable::kRule), i, row);
  }
}

}  // namespace

Result<void> compile_spd(Direction direction, const std::vector<SpdRule>& rules, TableImage& image) {
  if (rules.size() > layout::kSpdRules) {
    return Error{Errc::kFull, std::to_string(rules.size()) + " rules in one direction, and the card has room for " +
                                  std::to_string(layout::kSpdRules)};
  }
  TableImage next = image;
  using Field = Result<void> (*)(Direction, const std::vector<SpdRule>&, TableImage&);
  const Field fields[] = {
      [](Direction d, const std::vector<SpdRule>& r, TableImage& t) {
        return compile_field(
            d, SpdTable::kSourceStart, layout::kLastAddress, "source addresses", r,
            [](const SpdRule& rule) -> auto& { return rule.source; }, t);
      },
      [](Direction d, const std::vector<SpdRule>& r, TableImage& t) {
        return compile_field(
            d, SpdTable::kDestinationStart, layout::kLastAddress, "destination addresses", r,
            [](const SpdRule& rule) -> auto& { return rule.destination; }, t);
      },
      [](Direction d, const std::vector<SpdRule>& r, TableImage& t) {
        return compile_field(
            d, SpdTable::kSourcePortStart, kLastNumber, "source ports", r,
            [](const SpdRule& rule) -> auto& { return rule.source_port; }, t);
      },
      [](Direction d, const std::vector<SpdRule>& r, TableImage& t) {
        return compile_field(
            d, SpdTable::kDestinationPortStart, kLastNumber, "destination ports", r,
            [](const SpdRule& rule) -> auto& { return rule.destination_port; }, t);
      },
      [](Direction d, const std::vector<SpdRule>& r, TableImage& t) -> Result<void> {
        auto compiled = compile_field(
            d, SpdTable::kPrincipalStart, kLastNumber, "principals", r,
            [](const SpdRule& rule) -> auto& { return rule.principal; }, t);
        if (compiled || compiled.error().code != Errc::kFull) return compiled;
        return Error{Errc::kFull, compiled.error().detail + ", that is, policies of fewer users and groups"};
      },
  };
  for (const Field& field : fields) {
    if (auto r = field(direction, rules, next); !r) return r.error();
  }
  compile_protocols(direction, rules, next);
  write_actions(direction, rules, next);
  image = std::move(next);
  return {};
}

}  // namespace sallyport::driver
