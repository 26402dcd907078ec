// SPDX-License-Identifier: Apache-2.0
#include "sprite/png_writer.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/check.h"
#include "sprite/strips.h"

namespace oort {

namespace {

// Large enough that a strip's fresh window and flush cost nothing, small enough to share among
// cores.
constexpr std::size_t strip_bytes = std::size_t{1} << 20;

void put_u32(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

const Bytef* zlib_bytes(const char* text) {
    return reinterpret_cast<const Bytef*>(text);
}

std::string chunk(std::string_view type, std::string_view content) {
    std::string out;
    out.reserve(content.size() + 12);
    put_u32(out, static_cast<std::uint32_t>(content.size()));
    out += type;
    out += content;
    const auto crc = ::crc32_z(0, zlib_bytes(out.data() + 4), out.size() - 4);
    put_u32(out, static_cast<std::uint32_t>(crc));
    return out;
}

int n_channels(PngColor color) {
    switch (color) {
        case PngColor::rgb: return 3;
        case PngColor::gray_alpha: return 2;
        case PngColor::rgba: return 4;
        default: return 1;
    }
}

// How unlike zero the bytes are, read as signed: the usual guess at what compresses best
// (section 12.8).
std::uint64_t roughness(std::span<const std::uint8_t> bytes) {
    std::uint64_t sum = 0;
    for (const std::uint8_t byte : bytes) {
        sum += static_cast<unsigned>(std::abs(static_cast<std::int8_t>(byte)));
    }
    return sum;
}

// Filters rows of direct colour; indices and low bit depths do best as they are.
class RowFilter {
  public:
    RowFilter(std::size_t row_bytes, std::size_t pixel_bytes)
        : pixel_bytes_(pixel_bytes), sub_(row_bytes), up_(row_bytes) {}

    void append(std::string& out,
                std::span<const std::uint8_t> above,
                std::span<const std::uint8_t> row) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            const int left = i < pixel_bytes_ ? 0 : row[i - pixel_bytes_];
            sub_[i] = static_cast<std::uint8_t>(row[i] - left);
            up_[i] = static_cast<std::uint8_t>(row[i] - above[i]);
        }
        const std::uint64_t none = roughness(row);
        const std::uint64_t sub = roughness(sub_);
        const std::uint64_t up = roughness(up_);
        const int type = up <= sub && up < none ? 2 : sub < none ? 1 : 0;
        const std::span<const std::uint8_t> chosen = type == 2 ? std::span<const std::uint8_t>(up_)
                                                     : type == 1
                                                         ? std::span<const std::uint8_t>(sub_)
                                                         : row;
        out.push_back(static_cast<char>(type));
        out.append(reinterpret_cast<const char*>(chosen.data()), chosen.size());
    }

  private:
    std::size_t pixel_bytes_;
    std::vector<std::uint8_t> sub_;
    std::vector<std::uint8_t> up_;
};

// Rows [begin, end) with their filter bytes: what is to be deflated.
std::string filtered_rows(const PngForm& form,
                          const PngRows& rows,
                          std::uint32_t begin,
                          std::uint32_t end) {
    const std::size_t size = row_size(form);
    std::string out;
    out.reserve((size + 1) * (end - begin));
    std::vector<std::uint8_t> row(size);
    std::vector<std::uint8_t> above(size);
    const int channels = n_channels(form.color);
    RowFilter filter(channels > 1 ? size : 0, static_cast<std::size_t>(channels));
    if (channels > 1 && begin > 0) rows(begin - 1, above);
    for (std::uint32_t y = begin; y < end; ++y) {
        rows(y, row);
        if (channels > 1) {
            filter.append(out, above, row);
            std::swap(row, above);
        } else {
            out.push_back(0);
            out.append(reinterpret_cast<const char*>(row.data()), size);
        }
    }
    return out;
}

std::string deflate_strip(const std::string& raw, int flush) {
    z_stream stream{};
    CHECK(::deflateInit2(&stream, 1, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(::deflateBound(&stream, raw.size()) + 16, '\0');
    stream.next_in = const_cast<Bytef*>(zlib_bytes(raw.data()));
    stream.avail_in = static_cast<uInt>(raw.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = ::deflate(&stream, flush);
    const bool complete = stream.avail_in == 0 && stream.avail_out > 0;
    out.resize(stream.total_out);
    ::deflateEnd(&stream);
    CHECK(complete && result == (flush == Z_FINISH ? Z_STREAM_END : Z_OK));
    return out;
}

std::string header(const PngForm& form) {
    std::string out = "\x89PNG\r\n\x1a\n";
    std::string ihdr;
    put_u32(ihdr, form.width);
    put_u32(ihdr, form.height);
    ihdr.push_back(static_cast<char>(form.bit_depth));
    ihdr.push_back(static_cast<char>(form.color));
    ihdr.append(3, '\0');  // deflate, the five filters, not interlaced
    out += chunk("IHDR", ihdr);
    if (form.palette.empty()) return out;
    std::string plte;
    std::string trns;
    for (const Color color : form.palette) {
        for (int shift = 0; shift < 24; shift += 8)
            plte.push_back(static_cast<char>(color >> shift));
        if (alpha_of(color) < 255) trns.push_back(static_cast<char>(alpha_of(color)));
    }
    out += chunk("PLTE", plte);
    if (!trns.empty()) out += chunk("tRNS", trns);
    return out;
}

}  // namespace

std::size_t row_size(const PngForm& form) {
    const std::size_t bits = static_cast<std::size_t>(n_channels(form.color) * form.bit_depth);
    return (std::size_t{form.width} * bits + 7) / 8;
}

std::string write_png(const PngForm& form, const PngRows& rows) {
    CHECK(form.width > 0 && form.height > 0);
    const auto rows_per_strip =
        static_cast<std::uint32_t>(std::max<std::size_t>(1, strip_bytes / (row_size(form) + 1)));
    const std::size_t n_strips = (form.height + rows_per_strip - 1) / rows_per_strip;

    struct Strip {
        std::string chunk;
        uLong adler = 0;
        std::size_t raw_size = 0;
    };

    std::vector<Strip> strips(n_strips);
    for_each_strip(n_strips, [&](std::size_t i) {
        const auto begin = static_cast<std::uint32_t>(i) * rows_per_strip;
        const std::uint32_t end = std::min(form.height, begin + rows_per_strip);
        const std::string raw = filtered_rows(form, rows, begin, end);
        std::string content = deflate_strip(raw, i + 1 == n_strips ? Z_FINISH : Z_SYNC_FLUSH);
        if (i == 0) content.insert(0, "\x78\x01");  // zlib: 32 KiB window, fastest level
        strips[i] = {.chunk = chunk("IDAT", content),
                     .adler = ::adler32_z(1, zlib_bytes(raw.data()), raw.size()),
                     .raw_size = raw.size()};
    });
    std::string out = header(form);
    std::size_t size = out.size() + 32;
    for (const Strip& strip : strips) size += strip.chunk.size();
    out.reserve(size);
    uLong adler = 1;
    for (Strip& strip : strips) {
        out += strip.chunk;
        adler = ::adler32_combine(adler, strip.adler, static_cast<z_off_t>(strip.raw_size));
        std::string().swap(strip.chunk);
    }
    std::string checksum;
    put_u32(checksum, static_cast<std::uint32_t>(adler));
    out += chunk("IDAT", checksum);
    out += chunk("IEND", {});
    return out;
}

}  // namespace oort
