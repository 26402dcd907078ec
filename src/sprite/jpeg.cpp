// SPDX-License-Identifier: Apache-2.0
#include "sprite/jpeg.h"

// jpeglib.h wants FILE declared before it.
#include <cstdio>
//
#include <fmt/format.h>
#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <string>

#include "base/error.h"

namespace oort {

namespace {

// A progressive file may repeat cheap scans over a large image without end; real ones have about
// ten.
constexpr int max_scans = 100;

struct Decoder {
    jpeg_decompress_struct jpeg;
    jpeg_error_mgr errors;
    jpeg_progress_mgr progress;
    std::jmp_buf failed;
    char message[JMSG_LENGTH_MAX];
};

Decoder& decoder_of(j_common_ptr jpeg) {
    return *static_cast<Decoder*>(jpeg->client_data);
}

[[noreturn]] void on_error(j_common_ptr jpeg) {
    Decoder& decoder = decoder_of(jpeg);
    jpeg->err->format_message(jpeg, decoder.message);
    std::longjmp(decoder.failed, 1);
}

void on_message(j_common_ptr jpeg, int level) {
    // Other warnings are about bytes too many; this one about pixels that libjpeg would make up.
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF) on_error(jpeg);
}

void on_progress(j_common_ptr jpeg) {
    if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number > max_scans) {
        jpeg->err->msg_code = JERR_BAD_PROGRESSION;
        on_error(jpeg);
    }
}

// The frame of this function holds nothing with a destructor: longjmp may leave it anywhere. False
// on failure, with the reason in decoder.message.
bool decode_into(Decoder& decoder, std::span<const std::byte> bytes, Image& image) {
    jpeg_decompress_struct& jpeg = decoder.jpeg;
    if (setjmp(decoder.failed)) {
        jpeg_destroy_decompress(&jpeg);
        return false;
    }
    jpeg_create_decompress(&jpeg);
    jpeg.progress = &decoder.progress;
    jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&jpeg, TRUE);
    if (jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK) {
        jpeg.err->msg_code = JERR_CONVERSION_NOTIMPL;
        on_error(reinterpret_cast<j_common_ptr>(&jpeg));
    }
    jpeg.out_color_space = JCS_EXT_RGBA;
    jpeg_start_decompress(&jpeg);
    if (static_cast<int>(jpeg.output_width) != image.width ||
        static_cast<int>(jpeg.output_height) != image.height) {
        jpeg.err->msg_code = JERR_BAD_LENGTH;
        on_error(reinterpret_cast<j_common_ptr>(&jpeg));
    }
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row =
            image.rgba.data() + std::size_t{4} * jpeg.output_width * jpeg.output_scanline;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    return true;
}

}  // namespace

Image decode_jpeg(std::span<const std::byte> bytes, const ImageInfo& info) {
    Decoder decoder{};
    decoder.jpeg.err = jpeg_std_error(&decoder.errors);
    decoder.jpeg.client_data = &decoder;
    decoder.errors.error_exit = on_error;
    decoder.errors.emit_message = on_message;
    decoder.progress.progress_monitor = on_progress;
    Image image{.width = info.width, .height = info.height, .rgba = {}};
    image.rgba.resize(4 * static_cast<std::size_t>(info.width) *
                      static_cast<std::size_t>(info.height));
    if (!decode_into(decoder, bytes, image)) {
        throw Error(ErrorCode::corrupt,
                    fmt::format("the JPEG cannot be decoded: {}", decoder.message));
    }
    return image;
}

}  // namespace oort
