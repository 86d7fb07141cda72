// SPDX-License-Identifier: Apache-2.0
// An engine and a peer who knows every secret and means harm: what it sends in the clear, and what it sends sealed
// under the right keys, before and after it is authenticated, to a responder and to an initiator.
//
// The input begins with a byte of choices (who initiates, how far both get before the harm); then come records: kind,
// exchange, length (8 bits), bytes. A sealed record's bytes are payloads: type, length (8 bits), body. An AUTH payload
// whose body is empty gets the right one.
#include "host/ike/engine.hpp"
#include "host/ike/keys.hpp"
#include "host/ike/notify.hpp"
#include "host/ike/sa_payload.hpp"
#include "host/ike/sk_cipher.hpp"
#include "host/ike/test_wire.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

using namespace ike;

constexpr std::uint8_t kWeInitiate = 1;  // in the byte of choices: the engine answers
constexpr std::uint8_t kInitDone = 2;    // both have keys
constexpr std::uint8_t kAuthDone = 4;    // and are authenticated
constexpr std::uint8_t kRekeying = 8;    // and the engine has a request under way
constexpr std::uint8_t kSealed = 1;      // in a record's kind
constexpr std::uint8_t kResponse = 2;
constexpr std::uint8_t kOldId = 4;
constexpr std::uint8_t kTimePasses = 8;
constexpr std::size_t kMostRecords = 12;

const char* const kIkeProposal = "aes128gcm16-prfsha256-x25519";

// The engine is the fixture's b; the peer is written here, and uses the engine's parts but not the engine.
class Adversary : public test::Wire {
 public:
  void TestBody() override {}

  void run(Bytes input) {
    ByteReader r(input);
    const std::uint8_t choices = r.u8();
    initiator_ = (choices & kWeInitiate) != 0;
    Connection words = connection(b, a);
    words.ike_proposals = parse_proposals(Protocol::kIke, kIkeProposal).value();
    words.children[0].proposals = parse_proposals(Protocol::kEsp, "aes128gcm16").value();
    ChildConfig ends;
    ends.name = "ends";
    ends.proposals = parse_proposals(Protocol::kAh, "sha256").value();
    ends.mode = Mode::kTransport;
    ends.local_ts = ends.remote_ts = test::selectors({"192.0.2.0/24", "::/0"});
    words.children.push_back(ends);
    connect(b, words);
    if (!initiator_) b.take(b.engine->initiate("lab", "net", now));
    drain();
    if ((choices & (kInitDone | kAuthDone)) != 0) exchange_init();
    if ((choices & kAuthDone) != 0 && cipher_) authenticate();
    if ((choices & kRekeying) != 0 && b.current.contains("net")) {
      b.take(b.engine->rekey(b.current.at("net"), now));
      drain();
    }
    for (std::size_t i = 0; i < kMostRecords && r.left() > 0; ++i) {
      const std::uint8_t kind = r.u8();
      const std::uint8_t exchange = r.u8();
      const Bytes bytes = r.take(std::min<std::size_t>(r.u8(), r.left()));
      if ((kind & kTimePasses) != 0) pass_time();
      if ((kind & kSealed) == 0) {
        send(Buffer(bytes.begin(), bytes.end()));
      } else if (cipher_) {
        send_sealed(kind, exchange, payloads_of(bytes));
      }
    }
    for (int i = 0; i < 30 && b.engine->next_deadline(); ++i) pass_time();
    must(b.children.size() <= 64, "the card is not filled");
    // What is left is told and taken away in good order.
    b.take(b.engine->terminate_all(now));
    for (int i = 0; i < 400 && !b.engine->idle(); ++i) pass_time();
    must(b.engine->idle(), "it comes to an end");
    must(b.children.empty() && b.spis.taken.empty(), "every SA and every SPI is given back");
  }

 private:
  Endpoint ours() const { return {a.address, kIkePort}; }
  Endpoint theirs() const { return {b.address, kIkePort}; }

  void send(Buffer datagram) {
    b.take(b.engine->on_datagram(theirs(), ours(), datagram, now));
    drain();
  }
  // Remembers the last datagram and the message ID of the engine's last request.
  void drain() {
    for (const auto& flight : b.outbox) {
      heard_ = flight.bytes;
      if (const auto header = Header::parse(heard_); header && !header->response) their_id_ = header->message_id;
    }
    b.outbox.clear();
  }
  void pass_time() {
    now = std::max(now + std::chrono::seconds(1), b.engine->next_deadline().value_or(now));
    b.take(b.engine->on_time(now));
    drain();
  }

  // ---- the good part ----
  void exchange_init() {
    auto key = KeyExchange::generate(DhGroup::kCurve25519);
    must(key.has_value(), "a key pair");
    const auto proposals = parse_proposals(Protocol::kIke, kIkeProposal).value();
    Message m;
    m.header.exchange = ExchangeType::kIkeSaInit;
    m.header.from_initiator = initiator_;
    m.header.response = !initiator_;
    Message other;
    if (!initiator_) other = Message::parse(heard_).value_or(Message());
    m.header.spi_i = initiator_ ? kOurSpi : other.header.spi_i;
    m.header.spi_r = initiator_ ? 0 : kOurSpi;
    m.add(PayloadType::kSa, SaPayload::offer(proposals, {}).serialise());
    m.add(PayloadType::kKe, KePayload{DhGroup::kCurve25519, key->public_value()}.serialise());
    m.add(PayloadType::kNonce, nonce_);
    our_init_ = m.serialise();
    send(our_init_);
    if (initiator_) other = Message::parse(heard_).value_or(Message());
    const Payload* ke = other.find(PayloadType::kKe);
    const Payload* nonce = other.find(PayloadType::kNonce);
    if (ke == nullptr || nonce == nullptr) return;
    const auto shared = key->shared_secret(KePayload::parse(ke->body).value().public_value);
    must(shared.has_value(), "a shared secret");
    their_nonce_ = nonce->body;
    spi_i_ = initiator_ ? kOurSpi : other.header.spi_i;
    spi_r_ = initiator_ ? other.header.spi_r : kOurSpi;
    keys_ = derive_ike_keys(proposals[0], *shared,
                            {initiator_ ? nonce_ : their_nonce_, initiator_ ? their_nonce_ : nonce_, spi_i_, spi_r_});
    cipher_.emplace(proposals[0], initiator_ ? keys_.ei : keys_.er, initiator_ ? keys_.ai : keys_.ar, b.random);
    our_id_ = initiator_ ? 1 : 0;
  }

  void authenticate() {
    const auto ours_ts = test::selectors({"10.1.0.0/24"});
    const auto theirs_ts = test::selectors({"10.2.0.0/24"});
    const auto esp = parse_proposals(Protocol::kEsp, "aes128gcm16").value();
    send_sealed(kSealed | (initiator_ ? 0 : kResponse), static_cast<std::uint8_t>(ExchangeType::kIkeAuth),
                {{initiator_ ? PayloadType::kIdI : PayloadType::kIdR, false, id_},
                 {PayloadType::kAuth, false, {}},
                 {PayloadType::kSa, false, SaPayload::offer(esp, spi_bytes(Spi{0x77001})).serialise()},
                 {PayloadType::kTsI, false, serialise_ts(initiator_ ? ours_ts : theirs_ts)},
                 {PayloadType::kTsR, false, serialise_ts(initiator_ ? theirs_ts : ours_ts)}});
  }

  // ---- the other part ----
  static std::vector<Payload> payloads_of(Bytes bytes) {
    std::vector<Payload> out;
    ByteReader r(bytes);
    while (r.left() >= 2) {
      const std::uint8_t type = r.u8();
      const Bytes body = r.take(std::min<std::size_t>(r.u8(), r.left()));
      out.push_back({PayloadType{type}, false, Buffer(body.begin(), body.end())});
    }
    return out;
  }

  void send_sealed(std::uint8_t kind, std::uint8_t exchange, std::vector<Payload> payloads) {
    Message m;
    m.header.spi_i = spi_i_;
    m.header.spi_r = spi_r_;
    m.header.exchange = ExchangeType{exchange};
    m.header.from_initiator = initiator_;
    m.header.response = (kind & kResponse) != 0;
    m.header.message_id = m.header.response ? their_id_ : our_id_;
    if ((kind & kOldId) != 0) --m.header.message_id;
    if (!m.header.response && (kind & kOldId) == 0) ++our_id_;
    for (Payload& p : payloads) {
      if (p.type == PayloadType::kAuth && p.body.empty()) p.body = right_auth();
    }
    m.payloads = std::move(payloads);
    send(cipher_->seal(m));
  }

  Buffer right_auth() const {
    const Secret proof = psk_auth(Prf::kHmacSha256, Secret(as_bytes("a secret that both know")), our_init_,
                                  their_nonce_, initiator_ ? keys_.pi : keys_.pr, id_);
    return AuthPayload{kAuthSharedKey, {proof.reveal().begin(), proof.reveal().end()}}.serialise();
  }

  static constexpr std::uint64_t kOurSpi = 0x1111111122222222;
  bool initiator_ = true;  // the peer is, and the engine answers
  Buffer nonce_ = Buffer(32, 0x5a);
  Buffer their_nonce_;
  Buffer our_init_;
  Buffer heard_;
  Buffer id_ = Identity::parse("a.example").value().payload();
  std::uint64_t spi_i_ = 0;
  std::uint64_t spi_r_ = 0;
  std::uint32_t our_id_ = 0;
  std::uint32_t their_id_ = 0;
  IkeKeys keys_;
  std::optional<SkCipher> cipher_;
};

void add(Buffer& out, std::uint8_t kind, ExchangeType exchange, Bytes bytes) {
  out.push_back(kind);
  out.push_back(static_cast<std::uint8_t>(exchange));
  out.push_back(static_cast<std::uint8_t>(bytes.size()));
  out.insert(out.end(), bytes.begin(), bytes.end());
}
Buffer payloads(const std::vector<std::pair<PayloadType, Buffer>>& all) {
  Buffer out;
  for (const auto& [type, body] : all) {
    out.push_back(static_cast<std::uint8_t>(type));
    out.push_back(static_cast<std::uint8_t>(body.size()));
    out.insert(out.end(), body.begin(), body.end());
  }
  return out;
}

}  // namespace

std::vector<Buffer> seeds() {
  const auto esp = parse_proposals(Protocol::kEsp, "aes128gcm16").value();
  const auto ike = parse_proposals(Protocol::kIke, kIkeProposal).value();
  const Buffer near = serialise_ts(test::selectors({"10.1.0.0/24"}));
  const Buffer far = serialise_ts(test::selectors({"10.2.0.0/24"}));
  const Buffer id = Identity::parse("a.example").value().payload();
  const Buffer nonce(32, 3);
  const Buffer offer = SaPayload::offer(esp, spi_bytes(Spi{0x77002})).serialise();
  const Buffer rekey = NotifyPayload{Protocol::kEsp, spi_bytes(Spi{0x77001}), NotifyType::kRekeySa, {}}.serialise();
  const Buffer ike_spi = {9, 9, 9, 9, 9, 9, 9, 9};
  const Buffer ke = KePayload{DhGroup::kCurve25519, Buffer(32, 9)}.serialise();

  Message init;
  init.header.spi_i = 5;
  init.header.exchange = ExchangeType::kIkeSaInit;
  init.header.from_initiator = true;
  init.add(PayloadType::kSa, SaPayload::offer(ike, {}).serialise());
  init.add(PayloadType::kKe, ke);
  init.add(PayloadType::kNonce, nonce);

  std::vector<Buffer> out;
  for (const std::uint8_t role : {kWeInitiate, std::uint8_t{0}}) {
    const std::uint8_t response = role == kWeInitiate ? 0 : kResponse;
    Buffer clear = {role};
    add(clear, 0, ExchangeType::kIkeSaInit, init.serialise());
    out.push_back(clear);

    Buffer auth = {static_cast<std::uint8_t>(role | kInitDone)};
    add(auth, kSealed | response, ExchangeType::kIkeAuth,
        payloads({{role == kWeInitiate ? PayloadType::kIdI : PayloadType::kIdR, id},
                  {PayloadType::kAuth, {}},
                  {PayloadType::kSa, offer},
                  {PayloadType::kTsI, role == kWeInitiate ? near : far},
                  {PayloadType::kTsR, role == kWeInitiate ? far : near}}));
    out.push_back(auth);

    Buffer later = {static_cast<std::uint8_t>(role | kInitDone | kAuthDone)};
    add(later, kSealed, ExchangeType::kCreateChildSa,
        payloads({{PayloadType::kNotify, rekey},
                  {PayloadType::kSa, offer},
                  {PayloadType::kNonce, nonce},
                  {PayloadType::kTsI, near},
                  {PayloadType::kTsR, far}}));
    add(later, kSealed, ExchangeType::kInformational,
        payloads({{PayloadType::kDelete, DeletePayload{Protocol::kEsp, {Spi{0x77001}}}.serialise()}}));
    add(later, kSealed, ExchangeType::kCreateChildSa,
        payloads({{PayloadType::kSa, SaPayload::offer(ike, ike_spi).serialise()},
                  {PayloadType::kNonce, nonce},
                  {PayloadType::kKe, ke}}));
    add(later, kSealed | kTimePasses, ExchangeType::kInformational,
        payloads({{PayloadType::kDelete, DeletePayload{Protocol::kIke, {}}.serialise()}}));
    out.push_back(later);

    const Buffer ah =
        SaPayload::offer(parse_proposals(Protocol::kAh, "sha256").value(), spi_bytes(Spi{0x77001})).serialise();
    Buffer transport = {static_cast<std::uint8_t>(role | kInitDone | kAuthDone)};
    add(transport, kSealed, ExchangeType::kCreateChildSa,
        payloads({{PayloadType::kNotify, refusal(NotifyType::kUseTransportMode).serialise()},
                  {PayloadType::kSa, ah},
                  {PayloadType::kNonce, nonce},
                  {PayloadType::kTsI, serialise_ts(test::selectors({"192.0.2.1", "2001:db8::1"}))},
                  {PayloadType::kTsR, serialise_ts(test::selectors({"0.0.0.0/0", "::/0"}))}}));
    add(transport, kSealed, ExchangeType::kInformational,
        payloads({{PayloadType::kDelete, DeletePayload{Protocol::kAh, {Spi{0x77001}}}.serialise()}}));
    out.push_back(transport);

    Buffer answers = {static_cast<std::uint8_t>(role | kInitDone | kAuthDone | kRekeying)};
    add(answers, kSealed | kResponse, ExchangeType::kCreateChildSa,
        payloads({{PayloadType::kSa, offer},
                  {PayloadType::kNonce, nonce},
                  {PayloadType::kTsI, far},
                  {PayloadType::kTsR, near}}));
    add(answers, kSealed | kResponse, ExchangeType::kInformational, payloads({}));
    out.push_back(answers);
  }
  return out;
}

void run(Bytes input) { Adversary().run(input); }

}  // namespace sallyport::fuzz
