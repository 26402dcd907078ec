// SPDX-License-Identifier: Apache-2.0
// api/ is the promise: the recorded exchanges are replayed against a real server, and openapi.yaml
// lists exactly the routes there are.
#include <fstream>
#include <set>

#include "server/routes.h"
#include "server/server_fixture.h"

namespace oort {
namespace {

const std::filesystem::path api_folder =
    std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() / "api";

// "<any>" in a recorded answer stands for any value.
bool agrees(const Json& recorded, const Json& actual) {
    if (recorded.is_string() && recorded.get_string() == "<any>") return true;
    if (recorded.is_object() && actual.is_object()) {
        if (recorded.get_object().size() != actual.get_object().size()) return false;
        for (const auto& member : recorded.get_object()) {
            const Json* other = actual.get_object().if_contains(member.key());
            if (!other || !agrees(member.value(), *other)) return false;
        }
        return true;
    }
    if (recorded.is_array() && actual.is_array()) {
        const auto& a = recorded.get_array();
        const auto& b = actual.get_array();
        return a.size() == b.size() &&
               std::equal(a.begin(), a.end(), b.begin(), [](const Json& x, const Json& y) {
                   return agrees(x, y);
               });
    }
    return recorded == actual;
}

class Exchanges : public ServerTest {
  protected:
    void replay(const JsonObject& exchange, const std::string& where) const {
        const JsonObject& request = exchange.at("request").as_object();
        const JsonObject& expected = exchange.at("response").as_object();
        Headers headers;
        if (const Json* given = request.if_contains("headers")) {
            for (const auto& member : given->as_object()) {
                headers.emplace_back(std::string_view(member.key()),
                                     std::string_view(member.value().as_string()));
            }
        }
        std::string body;
        if (const Json* json = request.if_contains("json")) body = to_text(*json);
        if (const Json* text = request.if_contains("text"))
            body = std::string_view(text->as_string());
        const Reply reply = ask(std::string_view(request.at("method").as_string()),
                                std::string_view(request.at("path").as_string()),
                                headers,
                                body);
        EXPECT_EQ(reply.status, expected.at("status").as_int64()) << where << "\n" << reply.body;
        if (const Json* given = expected.if_contains("headers")) {
            for (const auto& member : given->as_object()) {
                std::string name(std::string_view(member.key()));
                EXPECT_EQ(reply.header(name), std::string_view(member.value().as_string()))
                    << where;
            }
        }
        if (const Json* json = expected.if_contains("json")) {
            EXPECT_TRUE(agrees(*json, reply.json())) << where << "\n" << reply.body;
        }
        if (const Json* text = expected.if_contains("text")) {
            EXPECT_EQ(reply.body, std::string_view(text->as_string())) << where;
        }
        if (const Json* size = expected.if_contains("n_bytes")) {
            EXPECT_EQ(reply.body.size(), static_cast<std::size_t>(size->as_int64())) << where;
        }
    }
};

TEST_F(Exchanges, AreAnsweredAsRecorded) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(api_folder / "exchanges")) {
        files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    ASSERT_FALSE(files.empty());
    for (const auto& file : files) {
        const Json json = parse_json(read_file(file), file.filename().string());
        std::size_t i = 0;
        for (const Json& exchange : json.at("exchanges").as_array()) {
            replay(exchange.as_object(),
                   fmt::format("{} exchange {}", file.filename().string(), i++));
        }
    }
}

struct Operation {
    std::string method;
    std::string path;
    std::string entrance;

    auto operator<=>(const Operation&) const = default;
};

// Enough of YAML for our own file: paths stand at two spaces, methods at four, an operation's keys
// at six.
std::set<Operation> documented_operations() {
    std::set<Operation> operations;
    std::ifstream file(api_folder / "openapi.yaml");
    std::string path;
    Operation current;
    const auto keep = [&] {
        if (!current.method.empty()) operations.insert(current);
        current = {};
    };
    for (std::string line; std::getline(file, line);) {
        if (line == "components:") break;
        if (line.starts_with("  /") && line.ends_with(":")) {
            keep();
            path = line.substr(2, line.size() - 3);
        }
        for (const std::string method : {"get", "put", "post", "patch", "head", "delete"}) {
            if (line != fmt::format("    {}:", method)) continue;
            keep();
            current = {.method = method, .path = path, .entrance = "token"};
        }
        if (line == "      security: []") current.entrance = "open";
        if (line == "      security: [{worker: []}]") current.entrance = "worker";
    }
    keep();
    return operations;
}

TEST(OpenApi, DescribesExactlyTheRoutesThereAre) {
    std::set<Operation> expected;
    for (const Route& route : routes()) {
        if (route.entrance == Entrance::page) continue;
        std::string method(route.method);
        std::transform(method.begin(), method.end(), method.begin(), [](char c) {
            return static_cast<char>(c + ('a' - 'A'));
        });
        expected.insert({.method = method,
                         .path = std::string(route.pattern),
                         .entrance = std::string(to_name(route.entrance))});
    }
    const auto documented = documented_operations();
    for (const Operation& operation : expected) {
        EXPECT_TRUE(documented.contains(operation))
            << operation.method << " " << operation.path << " is not in openapi.yaml as it is";
    }
    for (const Operation& operation : documented) {
        EXPECT_TRUE(expected.contains(operation))
            << operation.method << " " << operation.path << " is in openapi.yaml but no such route";
    }
}

}  // namespace
}  // namespace oort
