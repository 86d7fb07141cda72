// SPDX-License-Identifier: Apache-2.0
#include "driver/tables/principal_compiler.hpp"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "hw/layout/bucket_hash.hpp"

namespace sallyport::driver {
namespace {

constexpr unsigned kMostMoves = 500;  // ours: below a load of 95 % a free place is found within tens

struct Entry {
  layout::Address address;
  std::uint16_t principal;
};
using Bucket = std::array<std::optional<Entry>, layout::kBucketEntries>;

bool take_free_place(Bucket& bucket, const Entry& entry) {
  for (auto& place : bucket) {
    if (!place) {
      place = entry;
      return true;
    }
  }
  return false;
}

// Cuckoo hashing: who finds both buckets full pushes somebody out, who goes to its other bucket, and so on.
bool insert(std::vector<Bucket>& buckets, Entry entry, std::uint32_t seed) {
  const layout::BucketPair home = layout::principal_buckets(entry.address, seed);
  if (take_free_place(buckets[home.first], entry) || take_free_place(buckets[home.second], entry)) return true;
  unsigned at = home.first;
  for (unsigned move = 0; move < kMostMoves; ++move) {
    std::swap(*buckets[at][move % layout::kBucketEntries], entry);
    const layout::BucketPair pair = layout::principal_buckets(entry.address, seed);
    at = at == pair.first ? pair.second : pair.first;
    if (take_free_place(buckets[at], entry)) return true;
  }
  return false;
}

layout::Row row_of(const Bucket& bucket) {
  namespace b = layout::principal_bucket;
  layout::Row row;
  for (unsigned i = 0; i < bucket.size(); ++i) {
    if (!bucket[i]) continue;
    const auto at = [i](layout::Field field) {
      field.lsb += i * b::kEntryBits;
      return field;
    };
    row.set(at(b::kValid), 1);
    row.set(at(b::kPrincipal), bucket[i]->principal);
    row.set(at(b::kAddress), bucket[i]->address);
  }
  return row;
}

}  // namespace

Result<void> compile_principals(const std::map<layout::Address, std::uint16_t>& principals, std::uint32_t seed,
                                TableImage& image) {
  std::vector<Bucket> buckets(layout::kPrincipalBuckets);
  for (const auto& [address, principal] : principals) {
    if (!insert(buckets, {address, principal}, seed)) {
      return Error{Errc::kFull, std::to_string(principals.size()) +
                                    " addresses of users, and the card's table takes about " +
                                    std::to_string(layout::kPrincipalBuckets * layout::kBucketEntries * 95 / 100)};
    }
  }
  for (unsigned i = 0; i < buckets.size(); ++i) {
    image.set_row(static_cast<unsigned>(layout::TableId::kPrincipal), i, row_of(buckets[i]));
  }
  return {};
}

}  // namespace sallyport::driver
