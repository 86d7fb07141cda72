// SPDX-License-Identifier: Apache-2.0
// The record of a session that a restarted daemon finds.
#include "host/gateway/session_record.hpp"

#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

const gateway::Moment kNow{users::Session::Time(std::chrono::hours(7)),
                           std::chrono::sys_days(std::chrono::year(2026) / 1 / 5)};

Buffer record(bool tagged) {
  gateway::SessionRecord out{{"0123456789abcdef", "alice", {"staff"}, "totp", IpAddress::parse("10.0.0.5").value()}, 7};
  out.session.ends = out.session.renew_by = kNow.steady + std::chrono::hours(1);
  if (tagged) {
    out.tag = 0x89abcdef;
    out.session.also_at[IpAddress::parse("2001:db8::5").value()] = out.session.ends;
  }
  const Secret written = gateway::write_session(out, kNow);
  return {written.reveal().begin(), written.reveal().end()};
}

}  // namespace

std::vector<Buffer> seeds() { return {record(false), record(true)}; }

void run(Bytes input) {
  const auto read = gateway::read_session(input, kNow);
  if (!read) return;
  must(read->principal != 0, "nobody has no session");
  must(read->tag.has_value() == read->session.tagged, "a tag is of a session with tags");
  const Secret written = gateway::write_session(*read, kNow);
  const auto again = gateway::read_session(written.reveal(), kNow);
  must(again && gateway::write_session(*again, kNow) == written, "what is understood comes again");
}

}  // namespace sallyport::fuzz
