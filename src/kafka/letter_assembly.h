// Makes letters of the messages of a dead-letter topic, putting those together that were cut.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kafka/dead_letter_topic.h"
#include "kafka/fetched_events.h"

namespace audit::kafka {

class LetterAssembly {
 public:
  using Each = std::function<bool(const TopicLetter&)>;

  // The next message of its partition. Calls `each` with the letter that it completes, and first with
  // one that it shows to be incomplete; false as soon as `each` says false.
  bool Add(const MessageView& message, const Each& each);
  // Nothing more comes: what is incomplete is told as it is.
  bool Finish(const Each& each);

 private:
  // Owns what the views of a message show.
  struct Cut {
    LetterName name;
    std::int64_t behind = 0;
    time::UnixMicros dead_at;
    time::UnixMicros ingested_at;
    std::string reason;
    std::string origin;
    std::int32_t partition = -1;
    std::uint64_t offset = 0;
    std::optional<std::string> key;
    std::string value;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
    std::size_t next_part = 1;
  };
  static bool Tell(const Cut& cut, bool complete, const Each& each);

  // Of each partition of the dead-letter topic, by the letter's own partition and offset: parts of
  // several letters may lie between each other.
  using Key = std::tuple<std::int32_t, std::string, std::int32_t, std::uint64_t>;
  std::map<Key, Cut> cuts_;
};

}  // namespace audit::kafka
