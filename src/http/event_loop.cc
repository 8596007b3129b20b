#include "http/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <span>
#include <utility>

namespace audit::http {
namespace {

constexpr std::size_t kEventsPerRound = 512;

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::Create() {
  Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return Error::FromErrno(errno, "epoll_create1");
  Descriptor wakeup(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wakeup.valid()) return Error::FromErrno(errno, "eventfd");
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wakeup.get(), &event) != 0) return Error::FromErrno(errno, "epoll_ctl");
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(wakeup)));
}

bool EventLoop::Watch(int descriptor, Pollable& pollable, Trigger trigger) {
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &pollable}};
  if (trigger == Trigger::kEdge) event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void EventLoop::Unwatch(int descriptor) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr); }

void EventLoop::Post(std::function<void()> task) {
  {
    env::MutexLock lock(mutex_);
    if (closed_) return;
    posted_.push_back(std::move(task));
    if (posted_.size() > 1) return;  // whoever posted the first has rung
  }
  // Edge-triggered, each write is a new edge: the counter need never be read.
  ::eventfd_write(wakeup_.get(), 1);
}

void EventLoop::RunRound(std::chrono::milliseconds timeout) {
  std::array<epoll_event, kEventsPerRound> events;
  const auto wait = std::min<std::chrono::milliseconds::rep>(timeout.count(), std::numeric_limits<int>::max());
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerRound, static_cast<int>(wait));
  now_ = std::chrono::steady_clock::now();
  bool rung = false;
  for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(std::max(count, 0)))) {
    if (event.data.ptr == nullptr) {
      rung = true;
      continue;
    }
    static_cast<Pollable*>(event.data.ptr)
        ->OnReady({.readable = (event.events & (EPOLLIN | EPOLLRDHUP)) != 0,
                   .ended = (event.events & EPOLLRDHUP) != 0,
                   .writable = (event.events & EPOLLOUT) != 0,
                   .broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0});
  }
  if (rung) RunPosted();
}

void EventLoop::RunPosted() {
  std::vector<std::function<void()>> tasks;
  {
    env::MutexLock lock(mutex_);
    tasks.swap(posted_);
  }
  for (const auto& task : tasks) task();
}

void EventLoop::Close() {
  std::vector<std::function<void()>> dropped;  // destroyed without the lock: a task may own anything
  env::MutexLock lock(mutex_);
  closed_ = true;
  dropped.swap(posted_);
}

}  // namespace audit::http
