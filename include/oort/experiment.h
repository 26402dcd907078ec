// SPDX-License-Identifier: Apache-2.0
// Oort's C++ client: what a training program logs, and how it gets to the server.
//
// Nothing here waits for the network. Every call writes to a spool in the user's data directory
// (`$OORT_HOME`, else `$XDG_DATA_HOME/oort`, else `~/.local/share/oort`) and returns; a background
// thread sends it. If the server is away, or the program dies, the spool stays and `oort upload`
// sends it later.
//
//     oort::Experiment experiment({.project_name = "digits"});
//     experiment.log_embedding(vectors, 784, oort::Labels::of(names), {.title = "test images"});
//     experiment.end();
//
// Errors: std::exception with a sentence naming argument, value and rule, thrown before anything is
// written. A full disk or spool is no exception: it is said on standard error and the call returns
// nothing, for a log must not end a training run. All functions may be called from any thread. In a
// child made by fork() an Experiment of the parent logs nothing; make one there with the parent's
// key() instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#if defined(__GNUC__)
#define OORT_API __attribute__((visibility("default")))
#else
#define OORT_API
#endif

namespace oort {

struct ExperimentOptions {
    std::string project_name = "general";
    std::string workspace = "default";

    /// 32 hexadecimal digits: an experiment to go on with, or the key that a new one shall have.
    /// Empty: a new experiment with a new key.
    std::string experiment_key = {};

    std::string name = {};  ///< shown in lists; empty: none
    std::string url = {};   ///< of the server; empty: `OORT_URL`, else the server on this machine
    std::string api_key =
        {};                 ///< empty: `OORT_API_KEY`, else the key of the server on this machine
    bool disabled = false;  ///< every call then does nothing

    /// How long end() waits, in seconds, while nothing at all gets through to the server.
    double patience_s = 30;

    /// How many bytes may wait for the server before calls are refused, loudly. 0: as many as the
    /// disk holds.
    std::uint64_t max_spool_bytes = std::uint64_t{10} << 30;
};

/// One colour, 0..255 each.
struct Color {
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;

    bool operator==(const Color&) const = default;
};

/// The labels of n points: text by column. An empty cell is a missing value.
struct Labels {
    std::vector<std::string> names = {};                 ///< one a column, or empty: a plain list
    std::vector<std::vector<std::string>> columns = {};  ///< n_columns x n; empty: no labels

    /// One label a point.
    static Labels of(std::vector<std::string> labels) { return {.columns = {std::move(labels)}}; }
};

/// Someone else's pixels, row-major from the top left, channels last, without gaps.
struct Picture {
    std::span<const std::uint8_t> bytes = {};  ///< height x width x channels
    int width = 0;
    int height = 0;
    int channels = 1;  ///< 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA
};

/// The pictures of n points, and the tiles that they are fitted to (aspect kept, centred).
struct EmbeddingImages {
    std::vector<Picture> pictures = {};  ///< n
    int tile_width = 0;                  ///< pixels
    int tile_height = 0;

    /// Pixels of exactly this colour become transparent.
    std::optional<Color> transparent = std::nullopt;

    /// Then the tile of each index is laid on a ground of this colour. Called in index order, in
    /// the calling thread.
    std::function<Color(std::size_t)> background = {};

    /// n pictures that lie one after the other, each its own tile.
    /// Throws if bytes is not n * height * width * channels long for a whole n.
    static OORT_API EmbeddingImages of(std::span<const std::uint8_t> bytes,
                                       int width,
                                       int height,
                                       int channels);
};

struct EmbeddingOptions {
    std::string title = "Comet Embedding";

    /// The template's name. Empty: one made up. Not used with a group.
    std::string template_filename = {};

    /// Embeddings of one group share one template, to be chosen there by their titles. Empty: none.
    std::string group = {};

    /// Not copied: must live until the call returns. Unset: no pictures, or those of image_url.
    const EmbeddingImages* images = nullptr;

    /// From create_embedding_image of the same experiment; needs the tile size it was made with.
    std::string image_url = {};
    int tile_width = 0;
    int tile_height = 0;
};

/// Something logged. Urls are empty while no server is known; all is empty if nothing was logged.
struct LoggedAsset {
    std::string asset_id = {};
    std::string web_url = {};  ///< a page for people
    std::string api_url = {};  ///< the content
};

struct AssetOptions {
    std::string name = {};  ///< empty: made from the file's name or the kind of asset
    std::string type = "asset";
    std::string content_type = {};           ///< empty: application/octet-stream
    std::optional<std::int64_t> step = {};   ///< unset: the current one
    std::optional<std::int64_t> epoch = {};  ///< unset: the current one
    std::string metadata_json = {};          ///< a JSON object; empty: none
};

struct MetricOptions {
    std::optional<std::int64_t> step =
        {};  ///< unset: the current one, which a set step also becomes
    std::optional<std::int64_t> epoch = {};   ///< unset: the current one
    std::optional<std::string> context = {};  ///< as "train"; unset: the current one
};

/// The value of a parameter or of anything else worth a line.
using Value = std::variant<bool, std::int64_t, double, std::string>;

class OORT_API Experiment {
  public:
    /// Opens a spool and begins sending. Throws for a malformed key, name or url.
    explicit Experiment(const ExperimentOptions& options = {});

    /// Ends the experiment if end() was not called.
    ~Experiment();
    Experiment(Experiment&&) noexcept;
    Experiment& operator=(Experiment&&) noexcept;

    /// Logs n points for the projector: vectors (n x n_dims float32, row-major, NaN and infinity
    /// allowed and kept), labels, pictures, and the template that names them. Throws if n is 0, the
    /// numbers of rows differ or a colour or size is wrong. Writes 4 * n * n_dims bytes and hashes
    /// them; 70,000 x 784 takes about 0.2 s on two cores.
    LoggedAsset log_embedding(std::span<const float> vectors,
                              std::size_t n_dims,
                              const Labels& labels,
                              const EmbeddingOptions& options = {});

    /// Logs the pictures alone. The web_url (without a server: a path) may be given to
    /// log_embedding as image_url, any number of times. png, if not null, receives the picture as a
    /// PNG.
    LoggedAsset create_embedding_image(const EmbeddingImages& images, std::string* png = nullptr);

    /// Logs a sprite that exists as a PNG, tiles in rows of ceil(sqrt(n)).
    LoggedAsset log_embedding_image(std::string_view png);

    LoggedAsset log_asset(const std::string& path, const AssetOptions& options = {});
    LoggedAsset log_asset_data(std::span<const std::byte> data, const AssetOptions& options);
    LoggedAsset log_asset_data(std::string_view text, const AssetOptions& options);

    /// Logs an encoded picture (PNG, JPEG, WebP or GIF). Throws if it is none of these.
    LoggedAsset log_image(std::span<const std::byte> encoded, AssetOptions options = {});

    /// Logs pixels, as a PNG.
    LoggedAsset log_image(const Picture& picture, AssetOptions options = {});

    LoggedAsset log_text(std::string_view text, AssetOptions options = {});

    /// NaN and infinity are kept.
    void log_metric(std::string_view name, double value, const MetricOptions& options = {});
    void log_metrics(std::span<const std::pair<std::string, double>> metrics,
                     const MetricOptions& options = {});
    void log_parameter(std::string_view name, const Value& value);
    void log_parameters(std::span<const std::pair<std::string, Value>> parameters);
    void log_other(std::string_view key, const Value& value);
    void add_tag(std::string_view tag);
    void add_tags(std::span<const std::string> tags);
    void set_name(std::string_view name);

    /// What later calls are marked with. Unset: nothing.
    void set_step(std::optional<std::int64_t> step);
    void set_epoch(std::optional<std::int64_t> epoch);
    void set_context(std::string_view context);

    std::string key() const;  ///< 32 hexadecimal digits; empty if disabled
    std::string name() const;
    std::string url() const;  ///< the experiment's page; empty while no server is known
    bool is_alive() const;    ///< neither disabled nor ended

    /// Sends what is left, showing progress on a terminal, and removes the spool. If nothing gets
    /// through for patience_s, or keep_waiting (called ten times a second) says no, it says where
    /// the spool is and returns; nothing is lost. Later calls do nothing.
    void end(const std::function<bool()>& keep_waiting = {});

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace oort
