// For tests: the server's side of a handler, without sockets.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "env/mutex.h"
#include "http/handler.h"

namespace audit::api {

// Keeps the answer to one request. Outlives the exchange it gives out.
class RecordedAnswer final : public http::Responder {
 public:
  http::Exchange exchange() { return http::Exchange(*this); }

  void Respond(const http::Response& response) override {
    ++answers;
    status = response.status;
    content_type = response.content_type;
    body = response.body;
    for (const http::Header& header : response.headers) headers[std::string(header.name)] = header.value;
  }
  void Drop() override { dropped = true; }

  int answers = 0;
  bool dropped = false;
  int status = 0;
  std::string content_type;
  std::string body;
  std::map<std::string, std::string> headers;
};

// Runs what was posted when it is told to. Post: any thread.
class ManualIoThread final : public http::IoThread {
 public:
  void Post(std::function<void()> task) override {
    const env::MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  // Runs what was posted before the call and says how many tasks it was.
  std::size_t RunPosted() {
    std::vector<std::function<void()>> tasks;
    {
      const env::MutexLock lock(mutex_);
      tasks.swap(tasks_);
    }
    for (const auto& task : tasks) task();
    return tasks.size();
  }

 private:
  env::Mutex mutex_;
  std::vector<std::function<void()>> tasks_ GUARDED_BY(mutex_);
};

}  // namespace audit::api
