// SPDX-License-Identifier: Apache-2.0
// One IKE SA: its keys, its window of one request each way, its timers and its CHILD SAs. The exchanges are spread over
// ike_sa_init.cpp, ike_sa_auth.cpp, ike_sa_child.cpp, ike_sa_rekey.cpp and ike_sa_inform.cpp.
#pragma once

#include <deque>

#include "host/ike/keys.hpp"
#include "host/ike/notify.hpp"
#include "host/ike/sa_payload.hpp"
#include "host/ike/sk_cipher.hpp"
#include "host/ike/world.hpp"

namespace sallyport::ike {

struct ChildSa {
  ChildHandle handle{};
  std::string name;
  ChildState state = ChildState::kInstalled;
  Spi spi_in{};
  Spi spi_out{};
  Proposal proposal;
  Mode mode = Mode::kTunnel;
  TrafficSelectors local_ts;
  TrafficSelectors remote_ts;
  std::optional<UdpEncap> encap;
  ChildConfig negotiated_by;            // the administrator's words as they were then
  bool installed = true;                // false: the loser of a collision, which no card ever saw
  std::optional<ChildHandle> replaces;  // we answered a rekeying: UseOutbound when the peer deletes that one
  bool unwanted = false;                // it will be deleted, and what a rekeying under way brings in its place too
  bool held = false;                    // we began that rekeying, and it waits for Engine::take_over()
  Time born{};
  std::optional<Time> rekey_at;
  std::optional<Time> expire_at;
  std::optional<Time> drained_at;

  [[nodiscard]] Protocol protocol() const { return proposal.protocol; }
  // It is up, and nobody here asked for its end.
  [[nodiscard]] bool wanted() const {
    return !unwanted && (state == ChildState::kInstalled || state == ChildState::kRekeying);
  }
};

// ---- what waits for its turn to be requested ----------------------------------------------------------------------

struct CreateChild {
  std::string name;
  std::optional<ChildHandle> replaces;
  DhGroup group = DhGroup::kNone;  // for the KE payload; none: the first of the proposals
  bool hold = false;               // the replacement waits for Engine::take_over()
};
struct RekeyIke {
  DhGroup group = DhGroup::kNone;
};
struct DeleteChild {
  Protocol protocol{};
  Spi spi_in{};
};
struct DeleteIke {};
struct CheckLiveness {};
using Task = std::variant<CreateChild, RekeyIke, DeleteChild, DeleteIke, CheckLiveness>;
struct Queued {
  Task task;
  Time not_before{};
};

// ---- what a request that is under way must remember until its response --------------------------------------------

// What a child may be between these endpoints.
struct ChildTerms {
  Mode mode = Mode::kTunnel;
  TrafficSelectors local_ts;
  TrafficSelectors remote_ts;
};
struct ChildOffer {
  std::string name;
  Spi spi_in{};
  Proposals proposals;  // of one protocol
  ChildTerms terms;
  ChildConfig words;  // it was made by

  [[nodiscard]] DeleteChild undo() const { return {proposals.front().protocol, spi_in}; }
};
// What the peer created at the same time, and the lower of the two nonces it came from (RFC 7296 2.8.1).
template <class Handle>
struct Rival {
  Handle handle{};
  Buffer lowest_nonce;
};
struct InitExchange {
  KeyExchange ke;
  Buffer cookie;
  unsigned restarts = 0;
};
struct AuthExchange {
  ChildOffer offer;
};
struct ChildExchange {
  ChildOffer offer;
  Buffer nonce;
  std::optional<KeyExchange> ke;
  std::optional<ChildHandle> replaces;
  bool hold = false;
  std::optional<Rival<ChildHandle>> rival;
  bool group_was_told = false;  // by the peer, which may say so once, or there would be no end
  bool unwanted = false;        // what it replaces was, and the peer has deleted that
};
struct RekeyExchange {
  KeyExchange ke;
  Proposals proposals;
  Buffer nonce;
  std::uint64_t spi = 0;  // ours, of the new IKE SA
  std::optional<Rival<IkeHandle>> rival;
  bool group_was_told = false;  // as above
};
// After a restart: a request that went out before it, whose secrets are gone.
struct LostExchange {
  DeleteChild child;  // that it would have created; SPI 0: it was to rekey the IKE SA
};
using Exchange = std::variant<InitExchange, AuthExchange, ChildExchange, RekeyExchange, DeleteChild, DeleteIke,
                              CheckLiveness, LostExchange>;

struct Outstanding {
  ExchangeType type{};
  std::uint32_t message_id = 0;
  Buffer bytes;
  Exchange exchange;
  unsigned tries = 1;
  std::chrono::milliseconds wait{0};
  Time again_at{};
};

// Where a key belongs in a snapshot. It is put there when the whole has its size: a buffer that grows leaves copies
// behind, which nobody wipes.
struct KeyPlace {
  std::size_t at = 0;
  Bytes key;
};

class IkeSa {
 public:
  // As initiator. start() sends IKE_SA_INIT for the child that is wanted first.
  IkeSa(World& world, std::shared_ptr<const Connection> connection, const Endpoint& local, const Endpoint& remote);
  void start(const std::string& child, Turn& turn);

  // As responder: answers an IKE_SA_INIT request, and keeps state only when it is acceptable and, under load, came with
  // its cookie.
  static void respond(World& world, const Endpoint& local, const Endpoint& remote, const Message& request,
                      Bytes datagram, Turn& turn);

  void on_message(const Endpoint& local, const Endpoint& remote, const Message& message, Bytes datagram, Turn& turn);
  void on_time(Turn& turn);
  [[nodiscard]] std::optional<Time> deadline() const;

  void enqueue(Task task, Turn& turn, Time not_before = {});
  void take_over(ChildSa& held, Turn& turn);
  void let_go(ChildSa& successor);
  void abandon(Turn& turn);  // the peer is not told, and nothing is begun again

  [[nodiscard]] IkeHandle handle() const { return handle_; }
  [[nodiscard]] IkeState state() const { return state_; }
  [[nodiscard]] bool live() const;  // not replaced, and not to be deleted by us
  [[nodiscard]] bool initiator() const { return initiator_; }
  [[nodiscard]] std::uint64_t our_spi() const { return initiator_ ? spi_i_ : spi_r_; }
  [[nodiscard]] std::uint64_t peer_spi() const { return initiator_ ? spi_r_ : spi_i_; }
  [[nodiscard]] const Endpoint& remote() const { return remote_; }
  [[nodiscard]] const Connection& connection() const { return *connection_; }
  [[nodiscard]] bool wants(std::string_view child) const;  // it is up, or asked for
  [[nodiscard]] bool used_up() const;                      // it holds no child, and may have none
  void forget(std::string_view child);                     // what is asked for and has not been requested yet
  [[nodiscard]] ChildSa* find_child(ChildHandle handle);
  [[nodiscard]] ChildSa* held_for(ChildHandle old);  // the replacement that waits
  [[nodiscard]] IkeStatus status(Time now) const;
  // Our copy of an IKE_SA_INIT request that is repeated: the stored response again.
  [[nodiscard]] bool answers_init(const Endpoint& remote, std::uint64_t spi_i) const;

  // snapshot.cpp
  void write(ByteWriter& w, std::vector<KeyPlace>& keys, Time now) const;
  static Result<std::unique_ptr<IkeSa>> read(World& world, ByteReader& r, std::chrono::milliseconds away, Time now);
  void resume(Turn& turn);

 private:
  IkeSa(World& world, std::shared_ptr<const Connection> connection);
  using Payloads = std::vector<Payload>;

  // ike_sa.cpp: the window
  [[nodiscard]] Message message(ExchangeType type, bool response, std::uint32_t id) const;
  void send_request(ExchangeType type, Payloads payloads, Exchange exchange, Turn& turn);
  void post_request(Outstanding request, Turn& turn);
  void send(const Endpoint& local, const Endpoint& remote, const Buffer& bytes, Turn& turn);
  void on_request(const Endpoint& local, const Endpoint& remote, const Header& header, const Result<Payloads>& inside,
                  Bytes datagram, Turn& turn);
  void on_response(const Header& header, const Result<Payloads>& inside, Turn& turn);
  Payloads answer(const Header& header, const Payloads& request, Turn& turn);
  void follow_peer(const Endpoint& local, const Endpoint& remote, Turn& turn);
  void later(Task task, Time not_before);  // behind what waits already
  void next(Task task, Time not_before);   // before it
  void start_next(Turn& turn);
  void retransmit(Turn& turn);
  void expire(Turn& turn);
  void give_up_exchange(Exchange& exchange, const Error& reason, Turn& turn);
  [[nodiscard]] bool leaves_none(const ChildExchange& exchange);
  void restart_later(const std::string& child, Turn& turn);
  void restart_all(Turn& turn);
  void begin_anew(Turn& turn);
  void let_all_go(const Error& reason, Turn& turn);
  void fail(const Error& reason, Turn& turn);
  void close(Turn& turn);
  void make_ciphers();
  void set_lifetime(Time now);
  [[nodiscard]] const Connection& words() const;  // of the administrator, as they are now
  [[nodiscard]] bool busy_with_children() const;
  [[nodiscard]] bool rekeying() const;

  // ike_sa_init.cpp
  void request_init(InitExchange exchange, Turn& turn);
  void on_init_response(const Message& response, Bytes datagram, Turn& turn);
  void restart_init(InitExchange exchange, const NotifyPayload& reason, Turn& turn);
  void detect_nat(const Payloads& payloads, const Endpoint& local, const Endpoint& remote);

  // ike_sa_auth.cpp
  void request_auth(Turn& turn);
  void on_auth_response(AuthExchange exchange, const Payloads& response, Turn& turn);
  Payloads answer_auth(const Payloads& request, Turn& turn);
  [[nodiscard]] Buffer auth_of(bool initiators, Bytes id_payload) const;
  void established(Turn& turn);
  void forget_older_sas(Turn& turn);

  // ike_sa_child.cpp
  [[nodiscard]] Result<ChildTerms> terms_of(const ChildConfig& config) const;
  [[nodiscard]] Result<ChildOffer> make_offer(const std::string& name, bool with_groups);
  static void add_offer(Payloads& payloads, const ChildOffer& offer);
  struct Candidate;  // a child that an offer may be answered by, the best first
  [[nodiscard]] std::vector<Candidate> candidates_for(const TrafficSelectors& ours, const TrafficSelectors& theirs,
                                                      const ChildSa* replaces) const;
  struct ChildAnswer;
  [[nodiscard]] std::variant<ChildAnswer, NotifyPayload> choose_child(const Payloads& request, bool with_groups,
                                                                      Turn& turn, const ChildSa* replaces);
  [[nodiscard]] Result<Proposal> check_child_answer(const ChildOffer& offer, const Payloads& response, ChildSa& child);
  void request_child(const CreateChild& task, Turn& turn);
  void on_child_response(ChildExchange exchange, const Payloads& response, Turn& turn);
  void on_child_refused(ChildExchange& exchange, const NotifyPayload& error, Turn& turn);
  void finish_rekey(ChildExchange& exchange, ChildSa child, ChildKeys keys, Buffer lowest_nonce, Turn& turn);
  Payloads answer_create(const Payloads& request, Turn& turn);
  Payloads answer_child(const Payloads& request, Turn& turn);
  void begin_life(ChildSa& child, const ChildConfig& words, Time now);
  void install(const ChildSa& child, ChildKeys keys, bool we_initiated, std::optional<ChildHandle> replaces,
               Turn& turn);
  void child_up(const ChildSa& child, Turn& turn);
  void child_failed(const std::string& name, const Error& reason, Turn& turn);
  void remove_child(ChildHandle handle, Turn& turn);
  void retire_child(ChildSa& child, bool replaced, Turn& turn);
  [[nodiscard]] ChildSa* find_by_spi_in(Spi spi);
  [[nodiscard]] ChildSa* find_by_spi_out(Protocol protocol, Spi spi);

  // ike_sa_rekey.cpp
  void request_rekey(const RekeyIke& task, Turn& turn);
  void on_rekey_response(RekeyExchange exchange, const Payloads& response, Turn& turn);
  void on_rekey_refused(RekeyExchange& exchange, const NotifyPayload& error, Turn& turn);
  Payloads answer_rekey(const Payloads& request, Turn& turn);
  IkeSa& succeed(bool initiator, const Proposal& proposal, const Secret& shared, const KeyContext& context, Turn& turn);
  void hand_over_to(IkeSa& successor, Turn& turn);
  void adopt_rival(Turn& turn);

  // ike_sa_inform.cpp
  void request_delete(const DeleteChild& task, Turn& turn);
  [[nodiscard]] bool gives_up_after_auth(const Payloads& request);
  Payloads answer_inform(const Payloads& request, Turn& turn);
  void on_child_deleted(const DeleteChild& task, Turn& turn);
  void on_lost_response(const LostExchange& lost, const Payloads& response, Turn& turn);
  void switch_over(ChildHandle old, Turn& turn);
  void peer_deletes(const DeletePayload& del, Payloads& response, Turn& turn);

  World& world_;
  std::shared_ptr<const Connection> connection_;  // as a responder: a guess until IKE_AUTH names the peer
  IkeHandle handle_{};
  IkeState state_ = IkeState::kConnecting;
  bool initiator_ = true;  // of this IKE SA: the original initiator, or who began the rekeying that created it
  std::uint64_t spi_i_ = 0;
  std::uint64_t spi_r_ = 0;
  Endpoint local_;
  Endpoint remote_;
  Identity local_id_;
  Identity remote_id_;
  bool local_behind_nat_ = false;
  bool remote_behind_nat_ = false;
  bool encap_ = false;

  Proposal proposal_;
  IkeKeys keys_;
  SkCipher cipher_in_;
  SkCipher cipher_out_;
  Buffer nonce_i_;  // nonces and IKE_SA_INIT messages, until AUTH has signed them
  Buffer nonce_r_;
  Buffer init_request_;
  Buffer init_response_;

  std::uint32_t next_request_ = 0;  // message ID of our next request
  std::optional<Outstanding> outstanding_;
  std::deque<Queued> queue_;
  std::uint32_t expected_request_ = 0;  // message ID of the peer's next request
  Buffer last_request_digest_;
  Buffer last_response_;
  bool close_after_reply_ = false;
  std::optional<Error> fail_after_reply_;

  std::vector<ChildSa> children_;
  bool refused_more_ = false;  // the peer said NO_ADDITIONAL_SAS; not in the snapshot: it will say so again
  Time born_{};
  Time heard_at_{};  // 2.4: a fresh message; anybody can send an old one again
  Time sent_at_{};
  std::optional<Time> rekey_at_;
  std::optional<Time> expire_at_;
};

inline constexpr std::size_t kNonceSize = 32;  // ours: at least half the key size of the largest PRF (RFC 7296 2.10)

}  // namespace sallyport::ike
