// SPDX-License-Identifier: Apache-2.0
// Work that several ask for at the same time and that is done once.
#pragma once

#include <exception>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace oort {

/// Returns find() if it finds something, else the value that make() gives to the first who asks for
/// this key; those who ask meanwhile wait for it, and for its exception. find() runs under `mutex`,
/// which also guards `under_way`; make() runs without it and must leave its value where find()
/// finds it.
template <class Value, class Find, class Make>
Value single_flight(std::mutex& mutex,
                    std::map<std::string, std::shared_future<Value>>& under_way,
                    const std::string& key,
                    const Find& find,
                    const Make& make) {
    std::promise<Value> promise;
    std::unique_lock lock(mutex);
    if (Value found = find()) return found;
    if (const auto other = under_way.find(key); other != under_way.end()) {
        const std::shared_future<Value> future = other->second;
        lock.unlock();
        return future.get();
    }
    under_way.emplace(key, promise.get_future().share());
    lock.unlock();
    try {
        Value value = make();
        promise.set_value(value);
        lock.lock();
        under_way.erase(key);
        return value;
    } catch (...) {
        promise.set_exception(std::current_exception());
        if (!lock.owns_lock()) lock.lock();
        under_way.erase(key);
        throw;
    }
}

}  // namespace oort
