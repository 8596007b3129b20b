// A spool directory whose bytes were changed in arbitrary places: opening it says that it is damaged or
// yields a log whose records come in order, that takes new records and gives back exactly those, also
// after the next start.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "env/manual_clock.h"
#include "env/memory_file_system.h"
#include "env/random.h"
#include "spool/inspect.h"
#include "spool/reader.h"
#include "spool/spool.h"

namespace {

using audit::spool::AppendStatus;
using audit::spool::Reader;
using audit::spool::Sequence;
using audit::spool::Spool;

constexpr std::size_t kRecords = 12;
constexpr std::string_view kDirectory = "spool";

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

class FuzzedSpool {
 public:
  FuzzedSpool() {
    options_.directory = kDirectory;
    options_.segment_bytes = 16U << 10;
    options_.max_bytes = 1U << 20;
    options_.readers = {"persister"};
  }

  std::unique_ptr<Spool> Open() {
    auto opened = Spool::Open(files_, clock_, *random_, options_, nullptr);
    return opened ? std::move(*opened) : nullptr;
  }

  // Appends of one and of several records, over two segments, the first few dealt with.
  void Fill() {
    const auto spool = Open();
    const auto reader = spool->OpenReader("persister").value();
    for (std::size_t i = 0; i < kRecords; ++i) {
      const std::string payload(100 + i * 200, static_cast<char>('a' + i));
      const std::vector<std::string_view> payloads(1 + i % 3, payload);
      Require(spool->Append(payloads).status == AppendStatus::kAccepted, "a new spool refuses");
      if (i % 2 == 0) Require(spool->Flush().ok(), "a new spool does not flush");
    }
    Require(spool->Flush().ok(), "a new spool does not flush");
    Require(reader->Commit({2}).ok(), "a new position is not written");
  }

  // The changes come from the end of the input, so that what is left of it lands in a file as it is.
  void Damage(FuzzedDataProvider& fuzzed) {
    std::vector<std::string*> targets;
    const std::vector<std::string> names = files_.List(std::string(kDirectory)).value();
    for (const std::string& name : names) {
      if (std::string* bytes = files_.Bytes(std::string(kDirectory) + "/" + name)) targets.push_back(bytes);
    }
    const std::size_t changes = fuzzed.ConsumeIntegralInRange<std::size_t>(0, 8);
    for (std::size_t i = 0; i < changes; ++i) {
      std::string& bytes = *fuzzed.PickValueInArray({targets[0], targets[1 % targets.size()], targets.back()});
      if (fuzzed.ConsumeBool()) {
        bytes.resize(fuzzed.ConsumeIntegralInRange<std::size_t>(0, bytes.size()));
      } else if (!bytes.empty()) {
        bytes[fuzzed.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1)] ^= fuzzed.ConsumeIntegral<char>();
      }
    }
    std::string& bytes = *targets[fuzzed.ConsumeIntegralInRange<std::size_t>(0, targets.size() - 1)];
    const std::size_t at = fuzzed.ConsumeIntegralInRange<std::size_t>(0, bytes.size());
    const std::string raw = fuzzed.ConsumeRemainingBytesAsString();
    bytes.replace(at, std::min(raw.size(), bytes.size() - at), raw);
  }

  void Inspect() { (void)audit::spool::Inspect(files_, std::string(kDirectory)); }

 private:
  audit::env::MemoryFileSystem files_;
  audit::env::ManualClock clock_{audit::time::UnixMicros{1'700'000'000'000'000}};
  std::unique_ptr<audit::env::Random> random_ = audit::env::NewSeededRandom(1);
  audit::spool::Options options_;
};

// Everything that is left, in order. The last payload, or nothing.
std::string Drain(Reader& reader) {
  std::string last;
  Sequence before = reader.committed();
  while (true) {
    const auto views = reader.Read(3, 1U << 20);
    Require(views.ok(), "a reader fails on bytes that can be read");
    if (views->empty()) break;
    for (const audit::spool::RecordView& view : *views) {
      Require(view.sequence > before, "records come out of order");
      before = view.sequence;
      last = view.payload;
    }
  }
  if (before > reader.committed()) Require(reader.Commit(before).ok(), "a position cannot be committed");
  return last;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider fuzzed(data, size);
  FuzzedSpool files;
  files.Fill();
  files.Damage(fuzzed);
  files.Inspect();
  for (const std::string_view payload : {"first start", "second start"}) {
    const auto spool = files.Open();
    if (spool == nullptr) return 0;
    const auto reader = spool->OpenReader("persister");
    Require(reader.ok(), "the reader cannot be opened");
    Drain(**reader);
    Require(spool->Append({&payload, 1}).status == AppendStatus::kAccepted, "an opened spool refuses");
    Require(spool->Flush().ok(), "an opened spool does not flush");
    Require(Drain(**reader) == payload, "what was appended is not read");
    Require(spool->Maintain().ok(), "an opened spool is not maintained");
  }
  files.Inspect();
  return 0;
}
