// SPDX-License-Identifier: Apache-2.0
#include "server/message.h"

#include <algorithm>

#include "base/check.h"

namespace oort {

namespace {

const std::string* find(const std::vector<std::pair<std::string, std::string>>& members,
                        std::string_view name) {
    const auto found = std::find_if(
        members.begin(), members.end(), [&](const auto& m) { return m.first == name; });
    return found == members.end() ? nullptr : &found->second;
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
    const std::string* value = find(headers, name);
    return value ? std::optional<std::string_view>(*value) : std::nullopt;
}

std::optional<std::string> Request::query_member(std::string_view name) const {
    const std::string* value = find(query, name);
    return value ? std::optional(*value) : std::nullopt;
}

const std::string& Request::parameter(std::string_view name) const {
    const std::string* value = find(parameters, name);
    CHECK(value != nullptr);
    return *value;
}

void Response::set(std::string_view name, std::string_view value) {
    // A line break here would let a value write headers of its own.
    CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    headers.emplace_back(name, value);
}

const std::string* Response::header(std::string_view name) const {
    return find(headers, name);
}

std::uint64_t Response::content_length() const {
    if (const auto* text = std::get_if<std::string>(&body)) return text->size();
    return std::get<FileBody>(body).length;
}

Response json_response(const Json& value, int status) {
    Response response;
    response.status = status;
    response.set("Content-Type", "application/json");
    response.body = to_text(value);
    return response;
}

Response error_response(ErrorCode code, std::string_view message) {
    const ErrorInfo& info = error_info(code);
    Response response = error_response(info.http_status, info.name, message);
    if (code == ErrorCode::unavailable) response.set("Retry-After", "1");
    return response;
}

Response error_response(int status, std::string_view code, std::string_view message) {
    return json_response(JsonObject{{"error", JsonObject{{"code", code}, {"message", message}}}},
                         status);
}

}  // namespace oort
