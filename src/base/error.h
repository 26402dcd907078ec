// SPDX-License-Identifier: Apache-2.0
// The one exception type. It is thrown where a fault is found and caught at four doors only: the
// HTTP wrapper, the job runner, main, and the Python binding.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace oort {

enum class ErrorCode {
    invalid_argument,
    unauthenticated,
    forbidden,
    not_found,
    conflict,
    too_large,
    corrupt,
    cancelled,
    internal,
    unavailable,
};

/// How one code shows itself at each door.
struct ErrorInfo {
    ErrorCode code;
    std::string_view name;  ///< in JSON bodies: {"error": {"code": name, …}}
    int http_status;
    std::string_view python_exception;  ///< class raised by the Python binding
    int exit_code;                      ///< of the command line
};

const ErrorInfo& error_info(ErrorCode code) noexcept;

/// A fault with a sentence for the person: what, the offending value, what was expected; private
/// data last.
class Error : public std::runtime_error {
  public:
    Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

    ErrorCode code() const noexcept { return code_; }

  private:
    ErrorCode code_;
};

}  // namespace oort
