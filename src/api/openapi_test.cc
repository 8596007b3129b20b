// docs/openapi.json says what the server does, no more and no less.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <tuple>

#include "api/api_harness.h"
#include "api/embedded_files.h"
#include "api/routes.h"
#include "build_info/build_info.h"

namespace audit::api {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

class OpenApi : public testing::Test {
 protected:
  OpenApi() : text_(Inflate(*FindEmbeddedFile("openapi.json"))), root_(parser_.parse(text_)) {}

  // What "$ref" points to, or the element itself.
  element Resolve(element node) {
    object fields;
    std::string_view pointer;
    if (node.get(fields) == simdjson::SUCCESS && fields["$ref"].get(pointer) == simdjson::SUCCESS) {
      return root_.at_pointer(pointer.substr(1));
    }
    return node;
  }

  static std::string Serialized(element node) {
    std::ostringstream out;
    out << simdjson::minify(node);
    return out.str();
  }

  simdjson::dom::parser parser_;
  std::string text_;
  element root_;
};

std::set<std::string_view> CatalogueCodes() {
  std::set<std::string_view> codes;
  for (std::size_t number = 1; number < kCodeSlots; ++number) codes.insert(Name(static_cast<Code>(number)));
  codes.erase("AUD-000");  // a number that is none
  return codes;
}

using Operation = std::tuple<std::string, std::string, std::string>;  // path, method, status

TEST_F(OpenApi, DescribesEveryRouteMethodAndStatusAndNoOther) {
  std::set<Operation> described;
  for (const auto [path, methods] : object(root_["paths"])) {
    for (const auto [method, operation] : object(methods)) {
      for (const auto [status, response] : object(operation["responses"])) {
        described.emplace(path, method, status);
      }
    }
  }
  std::set<Operation> served;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Route::kOther); ++i) {
    if (static_cast<Route>(i) == Route::kDocsFile) continue;  // parts of the page
    const RouteInfo& info = InfoOf(static_cast<Route>(i));
    const std::string method = info.post ? "post" : "get";
    for (const int status : info.statuses) served.emplace(info.path, method, std::to_string(status));
    // What the server refuses before a route is known (http::Fault), for callers who send bodies by its status.
    served.emplace(info.path, method, "default");
    if (info.post) served.emplace(info.path, method, "408");
  }
  EXPECT_EQ(described, served);
}

TEST_F(OpenApi, IsServedFromTheBasePath) {
  EXPECT_EQ(std::string_view(root_["servers"].at(0)["url"]), kBasePath);
  EXPECT_EQ(std::string_view(root_["openapi"]).substr(0, 3), "3.1");
}

TEST_F(OpenApi, HasTheVersionOfTheBuild) {
  EXPECT_EQ(std::string_view(root_["info"]["version"]), ThisBuild().service_version);
}

TEST_F(OpenApi, ExampleEventsAreAccepted) {
  int examples = 0;
  for (const auto [path, methods] : object(root_["paths"])) {
    element content;
    if (methods["post"]["requestBody"]["content"].get(content) != simdjson::SUCCESS) continue;
    for (const auto [type, media] : object(content)) {
      for (const auto [name, example] : object(media["examples"])) {
        SCOPED_TRACE(std::string(path) + " " + std::string(type) + " " + std::string(name));
        ApiHarness api;
        api.Open();
        const RecordedAnswer& answer =
            api.Post(std::string(kBasePath) + std::string(path), Serialized(example["value"]), type);
        EXPECT_EQ(answer.status, 202) << answer.body;
        ++examples;
      }
    }
  }
  EXPECT_GE(examples, 6);
}

TEST_F(OpenApi, ExampleHeadersAndDataAreAcceptedInBinaryMode) {
  std::vector<http::Header> headers;
  for (const element parameter : simdjson::dom::array(root_["paths"]["/events"]["post"]["parameters"])) {
    const std::string_view name = parameter["name"];
    // The example's time is one of the past.
    if (name.starts_with("ce-") && name != "ce-time") headers.push_back({name, std::string_view(parameter["example"])});
  }
  ASSERT_GE(headers.size(), 5U);
  headers.push_back({"Content-Type", "application/json"});
  const element event =
      root_["paths"]["/events"]["post"]["requestBody"]["content"]["application/json"]["examples"]["smallest"]["value"];
  ApiHarness api;
  api.Open();
  const RecordedAnswer& answer =
      api.Send(http::Method::kPost, std::string(kBasePath) + "/events", headers, Serialized(event["data"]));
  EXPECT_EQ(answer.status, 202) << answer.body;
}

// Every example answer, wherever it stands, has the envelope; those of errors have codes of the catalogue.
TEST_F(OpenApi, ExampleAnswersHaveTheEnvelope) {
  const std::set<std::string_view> codes = CatalogueCodes();
  int examples = 0;
  const auto check = [&](element response) {
    element example;
    if (response["content"]["application/json"]["example"].get(example) != simdjson::SUCCESS) return;
    ++examples;
    std::set<std::string_view> members;
    for (const auto [name, value] : object(example)) members.insert(name);
    EXPECT_EQ(members, (std::set<std::string_view>{"id", "version", "responsetime", "response", "errors"}));
    EXPECT_EQ(example["response"].is_null(), simdjson::dom::array(example["errors"]).size() != 0);
    for (const element error : simdjson::dom::array(example["errors"])) {
      const std::string_view code = error["errorCode"];
      EXPECT_TRUE(codes.contains(code)) << code;
      EXPECT_FALSE(std::string_view(error["message"]).empty());
    }
  };
  for (const auto [path, methods] : object(root_["paths"])) {
    for (const auto [method, operation] : object(methods)) {
      for (const auto [status, response] : object(operation["responses"])) check(Resolve(response));
    }
  }
  EXPECT_GE(examples, 20);
}

// The codes that the description lists are those of the catalogue.
TEST_F(OpenApi, ListsTheCodesOfTheCatalogue) {
  std::set<std::string_view> listed;
  for (const element code :
       simdjson::dom::array(root_["components"]["schemas"]["Error"]["properties"]["errorCode"]["enum"])) {
    listed.insert(code);
  }
  EXPECT_EQ(listed, CatalogueCodes());
}

}  // namespace
}  // namespace audit::api
