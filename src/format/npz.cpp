// SPDX-License-Identifier: Apache-2.0
#include "format/npz.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.h"

namespace oort {

namespace {

constexpr std::uint32_t local_mark = 0x04034B50;
constexpr std::uint32_t central_mark = 0x02014B50;
constexpr std::uint32_t end_mark = 0x06054B50;
constexpr std::uint32_t end64_mark = 0x06064B50;
constexpr std::uint32_t end64_place_mark = 0x07064B50;
constexpr std::size_t local_size = 30;
constexpr std::size_t central_size = 46;
constexpr std::size_t end_size = 22;
constexpr std::size_t end64_size = 56;
constexpr std::size_t end64_place_size = 20;
constexpr std::uint64_t full32 = 0xFFFFFFFF;
constexpr std::uint16_t zip64_field = 1;
constexpr std::uint16_t version_zip64 = 45;
constexpr std::uint16_t stored = 0;
constexpr std::uint16_t deflated = 8;
constexpr std::uint16_t first_of_1980 = 0x21;  // no archive of ours tells when it was made

// DEFLATE cannot pack tighter than this, so a larger promise is a lie.
constexpr std::uint64_t most_inflation = 1032;

Error damaged(std::string_view name) {
    return {ErrorCode::corrupt, fmt::format("{} is no .npz archive, or damaged", name)};
}

/// Little-endian numbers out of bytes, none beyond the end.
class Reader {
  public:
    Reader(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

    std::span<const std::byte> part(std::uint64_t at, std::uint64_t size) const {
        if (at > bytes_.size() || size > bytes_.size() - at) throw damaged(name_);
        return bytes_.subspan(at, size);
    }

    std::uint64_t number(std::uint64_t at, std::size_t size) const {
        std::uint64_t value = 0;
        const auto digits = part(at, size);
        for (std::size_t i = size; i-- > 0;) {
            value = value << 8 | std::to_integer<std::uint64_t>(digits[i]);
        }
        return value;
    }

    std::string text(std::uint64_t at, std::uint64_t size) const {
        const auto letters = part(at, size);
        return {reinterpret_cast<const char*>(letters.data()), letters.size()};
    }

    std::size_t size() const noexcept { return bytes_.size(); }

    std::string_view name() const noexcept { return name_; }

  private:
    std::span<const std::byte> bytes_;
    std::string_view name_;
};

struct Member {
    std::string name;
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    std::uint32_t crc = 0;
    std::uint64_t packed_size = 0;
    std::uint64_t size = 0;
    std::uint64_t header_at = 0;
};

struct Directory {
    std::uint64_t n_members = 0;
    std::uint64_t at = 0;
};

Directory find_directory(const Reader& archive) {
    if (archive.size() < end_size) throw damaged(archive.name());
    // The end record is last but for a comment of at most 65,535 bytes.
    const std::uint64_t last = archive.size() - end_size;
    const std::uint64_t first = last > 0xFFFF ? last - 0xFFFF : 0;
    std::uint64_t end = last;
    while (archive.number(end, 4) != end_mark) {
        if (end == first) throw damaged(archive.name());
        --end;
    }
    Directory directory{archive.number(end + 10, 2), archive.number(end + 16, 4)};
    const bool is_large = directory.n_members == 0xFFFF || directory.at == full32;
    if (is_large && end >= end64_place_size &&
        archive.number(end - end64_place_size, 4) == end64_place_mark) {
        const std::uint64_t end64 = archive.number(end - end64_place_size + 8, 8);
        if (archive.number(end64, 4) != end64_mark) throw damaged(archive.name());
        directory = {archive.number(end64 + 32, 8), archive.number(end64 + 48, 8)};
    }
    return directory;
}

/// Sizes that do not fit 32 bits stand in a field of their own, those alone, in this order.
void read_zip64(const Reader& archive, std::uint64_t at, std::uint64_t size, Member& member) {
    const std::uint64_t end = at + size;
    while (end - at >= 4) {
        const std::uint64_t id = archive.number(at, 2);
        const std::uint64_t length = archive.number(at + 2, 2);
        at += 4;
        if (id == zip64_field) {
            std::uint64_t value_at = at;
            for (std::uint64_t* value : {&member.size, &member.packed_size, &member.header_at}) {
                if (*value != full32) continue;
                if (value_at + 8 > at + length) throw damaged(archive.name());
                *value = archive.number(value_at, 8);
                value_at += 8;
            }
            return;
        }
        if (length > end - at) return;
        at += length;
    }
}

std::vector<Member> members_of(const Reader& archive) {
    const Directory directory = find_directory(archive);
    if (directory.n_members > archive.size() / central_size) throw damaged(archive.name());
    std::vector<Member> members;
    std::uint64_t at = directory.at;
    for (std::uint64_t i = 0; i < directory.n_members; ++i) {
        if (archive.number(at, 4) != central_mark) throw damaged(archive.name());
        const std::uint64_t name_size = archive.number(at + 28, 2);
        const std::uint64_t extra_size = archive.number(at + 30, 2);
        const std::uint64_t comment_size = archive.number(at + 32, 2);
        Member member{.name = archive.text(at + central_size, name_size),
                      .flags = static_cast<std::uint16_t>(archive.number(at + 8, 2)),
                      .method = static_cast<std::uint16_t>(archive.number(at + 10, 2)),
                      .crc = static_cast<std::uint32_t>(archive.number(at + 16, 4)),
                      .packed_size = archive.number(at + 20, 4),
                      .size = archive.number(at + 24, 4),
                      .header_at = archive.number(at + 42, 4)};
        read_zip64(archive, at + central_size + name_size, extra_size, member);
        at += central_size + name_size + extra_size + comment_size;
        members.push_back(std::move(member));
    }
    return members;
}

std::string key_of(const Member& member) {
    constexpr std::string_view ending = ".npy";
    std::string key = member.name;
    if (key.ends_with(ending)) key.resize(key.size() - ending.size());
    return key;
}

std::span<const std::byte> packed_bytes(const Reader& archive, const Member& member) {
    if (archive.number(member.header_at, 4) != local_mark) throw damaged(archive.name());
    const std::uint64_t name_size = archive.number(member.header_at + 26, 2);
    const std::uint64_t extra_size = archive.number(member.header_at + 28, 2);
    return archive.part(member.header_at + local_size + name_size + extra_size, member.packed_size);
}

/// Of `bytes` that come after others with the checksum `before`.
std::uint32_t checksum(std::span<const std::byte> bytes, std::uint32_t before = 0) {
    if (bytes.empty()) return before;  // zlib takes a null pointer as the wish to begin anew
    return static_cast<std::uint32_t>(
        ::crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// zlib's inflate() ends with the object.
class Inflater {
  public:
    explicit Inflater(std::string_view name) {
        if (::inflateInit2(&stream_, -MAX_WBITS) != Z_OK) {
            throw Error(ErrorCode::unavailable, fmt::format("no memory to inflate {}", name));
        }
    }

    ~Inflater() { ::inflateEnd(&stream_); }

    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    /// Whether `from` fills `to` exactly.
    bool run(std::span<const std::byte> from, std::span<std::byte> to) {
        // zlib counts in 32 bits, so both go in by parts.
        constexpr std::size_t most = std::size_t{1} << 30;
        std::size_t n_in = 0;
        std::size_t n_out = 0;
        int result = Z_OK;
        std::byte beyond{};  // where a stream that is longer than it says would go
        while (result == Z_OK) {
            const std::size_t in = std::min(most, from.size() - n_in);
            const std::size_t out = std::min(most, to.size() - n_out);
            stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(from.data() + n_in));
            stream_.avail_in = static_cast<uInt>(in);
            stream_.next_out = reinterpret_cast<Bytef*>(out > 0 ? to.data() + n_out : &beyond);
            stream_.avail_out = static_cast<uInt>(std::max<std::size_t>(out, 1));
            result = ::inflate(&stream_, Z_NO_FLUSH);
            const std::size_t used = in - stream_.avail_in;
            const std::size_t made = std::max<std::size_t>(out, 1) - stream_.avail_out;
            if (made > out || (result == Z_OK && used == 0 && made == 0)) return false;
            n_in += used;
            n_out += made;
        }
        return result == Z_STREAM_END && n_out == to.size();
    }

  private:
    z_stream stream_{};
};

/// Little-endian numbers as bytes.
class Writer {
  public:
    Writer& number(std::uint64_t value, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i) {
            bytes_ += static_cast<char>(value & 0xFF);
            value >>= 8;
        }
        return *this;
    }

    Writer& text(std::string_view letters) {
        bytes_ += letters;
        return *this;
    }

    const std::string& bytes() const noexcept { return bytes_; }

  private:
    std::string bytes_;
};

/// The fields that local and central headers share, from "version needed" to the extra length.
/// Sizes always stand in the ZIP64 field, as numpy.savez writes them.
void write_common(Writer& writer, const Member& member, std::size_t extra_size) {
    writer.number(version_zip64, 2)
        .number(0, 2)
        .number(stored, 2)
        .number(0, 2)
        .number(first_of_1980, 2)
        .number(member.crc, 4)
        .number(full32, 4)
        .number(full32, 4)
        .number(member.name.size(), 2)
        .number(extra_size, 2);
}

std::string local_header(const Member& member) {
    constexpr std::size_t extra_size = 20;
    Writer writer;
    writer.number(local_mark, 4);
    write_common(writer, member, extra_size);
    writer.text(member.name).number(zip64_field, 2).number(extra_size - 4, 2);
    writer.number(member.size, 8).number(member.packed_size, 8);
    return writer.bytes();
}

std::string central_header(const Member& member) {
    constexpr std::size_t extra_size = 28;
    Writer writer;
    writer.number(central_mark, 4).number(version_zip64, 2);
    write_common(writer, member, extra_size);
    writer.number(0, 2).number(0, 2).number(0, 2).number(0, 4).number(full32, 4);
    writer.text(member.name).number(zip64_field, 2).number(extra_size - 4, 2);
    writer.number(member.size, 8).number(member.packed_size, 8).number(member.header_at, 8);
    return writer.bytes();
}

std::string end_of_archive(std::size_t n_members, std::uint64_t at, std::uint64_t size) {
    Writer writer;
    writer.number(end64_mark, 4).number(end64_size - 12, 8);
    writer.number(version_zip64, 2).number(version_zip64, 2).number(0, 4).number(0, 4);
    writer.number(n_members, 8).number(n_members, 8).number(size, 8).number(at, 8);
    writer.number(end64_place_mark, 4).number(0, 4).number(at + size, 8).number(1, 4);
    writer.number(end_mark, 4).number(0, 2).number(0, 2);
    writer.number(n_members, 2).number(n_members, 2);
    writer.number(full32, 4).number(full32, 4).number(0, 2);
    return writer.bytes();
}

}  // namespace

std::vector<std::string> npz_keys(std::span<const std::byte> archive, std::string_view name) {
    std::vector<std::string> keys;
    for (const Member& member : members_of(Reader(archive, name))) keys.push_back(key_of(member));
    return keys;
}

NpzMember read_npz(const std::shared_ptr<const MappedFile>& file,
                   std::string_view key,
                   std::string_view name) {
    const Reader archive(file->bytes(), name);
    const std::vector<Member> members = members_of(archive);
    const auto found = std::find_if(
        members.begin(), members.end(), [&](const Member& m) { return key_of(m) == key; });
    if (found == members.end()) {
        throw Error(ErrorCode::not_found,
                    fmt::format("{} has no array {}: it has {}",
                                name,
                                key,
                                fmt::join(npz_keys(file->bytes(), name), ", ")));
    }
    const Member& member = *found;
    if ((member.flags & 1) != 0 || (member.method != stored && member.method != deflated)) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("{} in {} is encrypted or packed in a way that is not read", key, name));
    }
    const auto packed = packed_bytes(archive, member);
    if (member.method == stored) {
        if (member.size != packed.size() || checksum(packed) != member.crc) throw damaged(name);
        return {file, packed};
    }
    if (member.size / most_inflation > packed.size()) throw damaged(name);
    std::vector<std::byte> bytes(member.size);
    if (!Inflater(name).run(packed, bytes) || checksum(bytes) != member.crc) throw damaged(name);
    return NpzMember(std::move(bytes));
}

void write_npz(File& file, std::span<const NpzArray> arrays) {
    std::string central;
    std::uint64_t at = 0;
    for (const NpzArray& array : arrays) {
        Member member;
        member.name = array.key + ".npy";
        member.size = array.header.size() + array.elements.size();
        member.packed_size = member.size;
        member.header_at = at;
        member.crc = checksum(array.elements, checksum(std::as_bytes(std::span(array.header))));
        const std::string header = local_header(member);
        file.write(header);
        file.write(array.header);
        file.write(array.elements);
        central += central_header(member);
        at += header.size() + member.size;
    }
    file.write(central);
    file.write(end_of_archive(arrays.size(), at, central.size()));
}

}  // namespace oort
