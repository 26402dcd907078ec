// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "base/error.h"
#include "store/migrations.h"
#include "store/temporary_store.h"

namespace oort {
namespace {

std::int64_t count_tags(const Database& database) {
    return database.read([](Connection& connection) {
        Statement row = connection.query("SELECT count(*) FROM workspaces");
        row.step();
        return row.integer(0);
    });
}

void add_workspace(Connection& connection, const std::string& name) {
    connection.run("INSERT INTO workspaces (name, created_at) VALUES ($1, 0)", {name});
}

unsigned mode_of(const std::filesystem::path& path) {
    struct stat info {};

    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
}

TEST(Store, IsReadableByItsOwnerOnly) {
    const TemporaryFolder folder;
    const Store store(folder.path() / "data");
    EXPECT_EQ(mode_of(folder.path() / "data"), 0700u);
    for (const char* name : {"token", "oort.sqlite", "oort.sqlite-wal", "lock"}) {
        EXPECT_EQ(mode_of(folder.path() / "data" / name), 0600u) << name;
    }
    EXPECT_EQ(mode_of(folder.path() / "data" / "blobs"), 0700u);
}

TEST(Store, BelongsToOneAtATime) {
    const TemporaryFolder folder;
    const Store first(folder.path());
    try {
        const Store second(folder.path());
        FAIL() << "a second store was opened";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::conflict);
    }
}

TEST(Store, RefusesDataOfANewerProgram) {
    const TemporaryFolder folder;
    { const Store store(folder.path()); }
    {
        Connection connection(folder.path() / "oort.sqlite", Connection::Mode::writer);
        connection.run_script("PRAGMA user_version = 1000");
    }
    try {
        const Store store(folder.path());
        FAIL() << "a newer schema was opened";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unavailable);
        EXPECT_NE(std::string(error.what()).find("schema 1000"), std::string::npos);
    }
}

TEST(Database, IsSetUpToKeepWhatItAcknowledges) {
    const TemporaryFolder folder;
    Database database(folder.path() / "rows");
    database.write([](Connection& connection) {
        const auto pragma = [&](const char* sql) {
            Statement row = connection.query(sql);
            row.step();
            return row.text(0);
        };
        EXPECT_EQ(pragma("PRAGMA journal_mode"), "wal");
        EXPECT_EQ(pragma("PRAGMA synchronous"), "2");
        EXPECT_EQ(pragma("PRAGMA foreign_keys"), "1");
        EXPECT_EQ(pragma("PRAGMA trusted_schema"), "0");
        EXPECT_EQ(pragma("PRAGMA mmap_size"), "0");
    });
    EXPECT_TRUE(database.is_sound());
}

TEST(Database, UndoesAWriteThatThrowsAndKeepsItsNeighbours) {
    const TemporaryFolder folder;
    Database database(folder.path() / "rows");
    std::atomic<int> n_failed = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 25; ++i) {
                try {
                    database.write([&](Connection& connection) {
                        add_workspace(connection, fmt::format("{}-{}", t, i));
                        if (i % 5 == 0) throw Error(ErrorCode::invalid_argument, "no");
                    });
                } catch (const Error& error) {
                    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
                    ++n_failed;
                }
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(n_failed, 8 * 5);
    EXPECT_EQ(count_tags(database), 8 * 20);
}

TEST(Database, SaysWhichRuleABrokenConstraintIs) {
    const TemporaryFolder folder;
    Database database(folder.path() / "rows");
    database.write([](Connection& connection) { add_workspace(connection, "a"); });
    try {
        database.write([](Connection& connection) { add_workspace(connection, "a"); });
        FAIL() << "a duplicate was kept";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::conflict);
    }
}

TEST(Database, ReadersCannotWrite) {
    const TemporaryFolder folder;
    Database database(folder.path() / "rows");
    EXPECT_THROW(database.read([](Connection& connection) { add_workspace(connection, "a"); }),
                 Error);
    EXPECT_EQ(count_tags(database), 0);
}

TEST(Database, AReaderSeesOneStateThroughout) {
    const TemporaryFolder folder;
    Database database(folder.path() / "rows");
    database.read([&](Connection& connection) {
        const auto count = [&] {
            Statement row = connection.query("SELECT count(*) FROM workspaces");
            row.step();
            return row.integer(0);
        };
        EXPECT_EQ(count(), 0);
        database.write([](Connection& writer) { add_workspace(writer, "a"); });
        EXPECT_EQ(count(), 0);
    });
    EXPECT_EQ(count_tags(database), 1);
}

TEST(Sqlite, ValuesAreNeverPartOfTheStatement) {
    const TemporaryFolder folder;
    Database database(folder.path() / "rows");
    const std::string name("'); DROP TABLE workspaces; --\0x", 32);
    database.write([&](Connection& connection) { add_workspace(connection, name); });
    const std::string read = database.read([](Connection& connection) {
        Statement row = connection.query("SELECT name FROM workspaces");
        row.step();
        return row.text(0);
    });
    EXPECT_EQ(read, name);
}

TEST(Access, ACodeOpensOneSessionOnce) {
    const TemporaryFolder folder;
    Store store(folder.path());
    Access& access = store.access();
    const Secret code = access.make_code();
    const auto session = access.exchange_code(code.text);
    ASSERT_TRUE(session);
    EXPECT_TRUE(access.may_enter(session->text));
    EXPECT_FALSE(access.exchange_code(code.text));
    EXPECT_FALSE(access.exchange_code(""));
    EXPECT_FALSE(access.may_enter(code.text));
    EXPECT_FALSE(access.is_api_token(session->text));
}

TEST(Access, SessionsAndTheTokenOutliveARestart) {
    const TemporaryFolder folder;
    std::string token;
    std::string session;
    {
        Store store(folder.path());
        token = store.access().api_token();
        session = store.access().make_session().text;
    }
    const Store store(folder.path());
    EXPECT_EQ(store.access().api_token(), token);
    EXPECT_TRUE(store.access().may_enter(token));
    EXPECT_TRUE(store.access().may_enter(session));
}

TEST(Access, AnEndedSessionStaysEndedAfterARestart) {
    const TemporaryFolder folder;
    std::string session;
    {
        Store store(folder.path());
        session = store.access().make_session().text;
        store.access().end_session(session);
        store.access().end_session(store.access().api_token());
        EXPECT_FALSE(store.access().may_enter(session));
    }
    const Store store(folder.path());
    EXPECT_FALSE(store.access().may_enter(session));
    EXPECT_TRUE(store.access().may_enter(store.access().api_token()));
}

TEST(Access, RemovingTheTokenFileShutsEverybodyOut) {
    const TemporaryFolder folder;
    std::string token;
    std::string session;
    {
        Store store(folder.path());
        token = store.access().api_token();
        session = store.access().make_session().text;
    }
    std::filesystem::remove(folder.path() / "token");
    const Store store(folder.path());
    EXPECT_NE(store.access().api_token(), token);
    EXPECT_FALSE(store.access().may_enter(token));
    EXPECT_FALSE(store.access().may_enter(session));
}

TEST(Access, KeepsNoSecretInTheDatabase) {
    const TemporaryFolder folder;
    Secret session;
    Secret code;
    std::string token;
    {
        Store store(folder.path());
        session = store.access().make_session();
        code = store.access().make_code();
        token = store.access().api_token();
    }
    const std::string content = read_file(folder.path() / "oort.sqlite");
    EXPECT_EQ(content.find(session.text), std::string::npos);
    EXPECT_EQ(content.find(code.text), std::string::npos);
    EXPECT_EQ(content.find(token), std::string::npos);
    EXPECT_NE(content.find("owner"), std::string::npos) << "the file was not the one written";
}

TEST(Access, RefusesATokenFileThatSomethingElseWrote) {
    const TemporaryFolder folder;
    write_file_durably(folder.path() / "token", "");
    EXPECT_THROW(Store(folder.path()), Error);
}

}  // namespace
}  // namespace oort
