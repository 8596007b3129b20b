// One I/O thread's way from a request to its answer.
#pragma once

#include "api/answers.h"
#include "api/ingest.h"
#include "api/pages.h"
#include "http/handler.h"

namespace audit::api {

class Service;

class Handler final : public http::Handler {
 public:
  // Both outlive it.
  Handler(Service& service, http::IoThread& thread);

  void OnRequest(const http::Request& request, http::Exchange exchange) override;
  http::Response OnFault(http::Fault fault) override;
  void OnRoundEnd() override;

 private:
  Answers answers_;
  Ingest ingest_;
  Pages pages_;
};

}  // namespace audit::api
