// Where a chunk's head ends, and where its lines do. Knows nothing of what they say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "msrp/error.hpp"
#include "msrp/parser.hpp"

namespace msrp {

// Goes on where it stopped when more of the same head has come, so that a peer that dribbles costs
// no more than one that does not. Offsets count from the "M" of "MSRP".
class HeadScanner {
 public:
  enum class Step : std::uint8_t {
    more,        // the head goes on behind the text
    blank_line,  // it ends with an empty line, at head_bytes()
    end_line,    // it ends with a whole end-line, at head_bytes()
    lost,        // error(), at error_offset()
  };

  // Precondition: text begins with what it began with before. Notes the header lines in the table's
  // names as far as it has room, without their CRLF.
  Step scan(std::string_view text, const ParserLimits& limits, HeaderTable& table) noexcept;

  std::string_view transaction_id(std::string_view text) const noexcept {
    return text.substr(id_begin, id_bytes_);
  }
  // The start line behind the transaction id.
  std::string_view start(std::string_view text) const noexcept {
    return text.substr(start_, start_bytes_);
  }
  std::size_t header_lines() const noexcept { return lines_; }
  // A Content-Type among the lines for which the table had no room.
  bool content_type_beyond_table() const noexcept { return content_type_beyond_table_; }
  std::size_t head_bytes() const noexcept { return line_start_; }
  Errc error() const noexcept { return error_; }
  std::size_t error_offset() const noexcept { return searched_; }

 private:
  static constexpr std::size_t id_begin = 5;  // behind "MSRP "

  // "MSRP" and the transaction id; nullopt: they are there.
  std::optional<Step> scan_start(std::string_view text) noexcept;
  // How the line at line_start_ ends the head; nullopt: it does not, it is a header line.
  std::optional<Step> look_at_line(std::string_view text) const noexcept;
  void note_beyond_table(std::string_view line) noexcept;
  Step lose(Errc code, std::size_t at) noexcept;

  std::size_t searched_ = 0;
  std::size_t id_bytes_ = 0;
  std::size_t start_ = 0;  // 0: not reached
  std::size_t start_bytes_ = 0;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
  bool content_type_beyond_table_ = false;
  bool start_line_done_ = false;
  Errc error_{};
};

}  // namespace msrp
