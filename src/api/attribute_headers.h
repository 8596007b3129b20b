// The ce- headers of a request in CloudEvents binary mode, as attributes of its event.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "event/parser.h"
#include "http/request.h"

namespace audit::api {

// Keeps its memory from request to request.
class AttributeHeaders {
 public:
  // False: a value is not percent-encoded UTF-8; violation() says which. Names and what is said
  // twice are the parser's to check.
  bool Read(const http::Request& request);

  // Of the last Read; "datacontenttype" is the request's Content-Type. Views into the request and
  // this object, until the next Read.
  [[nodiscard]] std::span<const event::Parser::Attribute> attributes() const { return attributes_; }
  [[nodiscard]] const event::Violation& violation() const { return violation_; }

 private:
  struct Decoded {
    std::string name;
    std::string value;
  };
  std::vector<Decoded> decoded_;
  std::vector<event::Parser::Attribute> attributes_;
  event::Violation violation_;
};

}  // namespace audit::api
