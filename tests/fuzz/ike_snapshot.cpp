// SPDX-License-Identifier: Apache-2.0
// The snapshot of IKE SAs that a restarted daemon finds, and the engine that goes on with it.
#include "host/ike/test_wire.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

class Life : public ike::test::Wire {
 public:
  void TestBody() override {}

  Buffer snapshot_after(unsigned rekeyings) {
    establish();
    for (unsigned i = 0; i < rekeyings; ++i) {
      a.take(a.engine->rekey(a.current.at("net"), now));
      if (i + 1 < rekeyings) settle();  // the last is under way
    }
    const Secret taken = a.engine->snapshot(now);
    return {taken.reveal().begin(), taken.reveal().end()};
  }

  void restore(Bytes snapshot) {
    b.spis.strict = false;  // its children are whoever's the snapshot says
    auto actions = b.engine->restore(snapshot, ike::test::seconds(5), now);
    if (!actions) {
      must(b.engine->idle(), "what cannot be restored leaves nothing");
      return;
    }
    (void)b.engine->status(now);
    const Secret again = b.engine->snapshot(now);
    ike::Engine other(b.settings, b.random, b.spis);
    must(other.restore(again.reveal(), ike::test::seconds(0), now).has_value(),
         "what it says of itself can be restored");
    for (int i = 0; i < 20 && b.engine->next_deadline(); ++i) {
      now = std::max(now, *b.engine->next_deadline());
      (void)b.engine->on_time(now);
    }
  }
};

}  // namespace

std::vector<Buffer> seeds() { return {Life().snapshot_after(0), Life().snapshot_after(1), Life().snapshot_after(2)}; }

void run(Bytes input) { Life().restore(input); }

}  // namespace sallyport::fuzz
