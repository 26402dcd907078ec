// SPDX-License-Identifier: Apache-2.0
#include "format/delimited.h"

#include <utility>

namespace oort {

namespace {

class Splitter {
  public:
    Splitter(std::string_view text, Quoting quoting) : text_(text), quoting_(quoting) {}

    DelimitedText split() {
        while (at_ < text_.size()) {
            if (result_.cells.size() >= max_cells) {
                result_.is_cut = true;
                break;
            }
            read_row();
        }
        return std::move(result_);
    }

  private:
    void read_row() {
        DelimitedRow row{.first_cell = result_.cells.size(), .n_cells = 0, .is_blank = false};
        do {
            read_cell();
        } while (take('\t'));
        row.n_cells = result_.cells.size() - row.first_cell;
        const Cell& first = result_.cells[row.first_cell];
        row.is_blank = row.n_cells == 1 && first.text.empty() && !first.was_quoted;
        result_.rows.push_back(row);
        take_line_end();
    }

    void read_cell() {
        const bool quoted = quoting_ == Quoting::csv && at_ < text_.size() && text_[at_] == '"';
        if (quoted) {
            read_quoted();
            return;
        }
        result_.cells.push_back({.text = rest_of_cell(), .was_quoted = false});
    }

    // Up to the next TAB or line end.
    std::string_view rest_of_cell() {
        std::size_t end = at_;
        while (end < text_.size() && text_[end] != '\t' && text_[end] != '\n') ++end;
        std::string_view cell = text_.substr(at_, end - at_);
        if (cell.ends_with('\r') && (end == text_.size() || text_[end] == '\n'))
            cell.remove_suffix(1);
        at_ += cell.size();
        return cell;
    }

    void read_quoted() {
        std::string content;
        ++at_;
        for (;;) {
            const std::size_t quote = text_.find('"', at_);
            content += text_.substr(at_, quote - at_);
            if (quote == std::string_view::npos) {
                at_ = text_.size();
                result_.ends_in_quotes = true;
                break;
            }
            at_ = quote + 1;
            if (!take('"')) break;
            content.push_back('"');
        }
        content += rest_of_cell();  // what stands behind the closing quote, as Python's csv does
        result_.unquoted.push_back(std::move(content));
        result_.cells.push_back({.text = result_.unquoted.back(), .was_quoted = true});
    }

    bool take(char c) {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    void take_line_end() {
        take('\r');
        take('\n');
    }

    std::string_view text_;
    Quoting quoting_;
    std::size_t at_ = 0;
    DelimitedText result_;
};

}  // namespace

DelimitedText split_delimited(std::string_view text, Quoting quoting) {
    return Splitter(text, quoting).split();
}

}  // namespace oort
