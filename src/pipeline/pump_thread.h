// The thread that drives a pump in a real process, and the only waiting there is in this room.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "pipeline/pump.h"

namespace audit::pipeline {

class PumpThread {
 public:
  // Starts at once. `pump` outlives it. `name` shows in tools that list threads; 15 characters of it count.
  PumpThread(Pump& pump, const std::string& name);
  // As Stop with no time to drain.
  ~PumpThread();
  PumpThread(const PumpThread&) = delete;
  PumpThread& operator=(const PumpThread&) = delete;

  // The source may have more. Cheap; any thread.
  void Notify();

  // Goes on until the pump has nothing more to do, at most for `drain`, then ends the thread; a
  // step under way is finished. True: it was idle at the end. Again calls change nothing.
  bool Stop(std::chrono::milliseconds drain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace audit::pipeline
