#include "msrp/chunk.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "msrp/assert.hpp"

namespace msrp {
namespace {

constexpr std::array<std::string_view, 20> names{"",
                                                 "To-Path",
                                                 "From-Path",
                                                 "Message-ID",
                                                 "Success-Report",
                                                 "Failure-Report",
                                                 "Byte-Range",
                                                 "Status",
                                                 "Expires",
                                                 "Min-Expires",
                                                 "Max-Expires",
                                                 "Use-Path",
                                                 "WWW-Authenticate",
                                                 "Authorization",
                                                 "Authentication-Info",
                                                 "Use-Nickname",
                                                 "Content-Type",
                                                 "Content-ID",
                                                 "Content-Description",
                                                 "Content-Disposition"};

constexpr std::string_view canonical(HeaderId id) noexcept {
  return names[static_cast<std::size_t>(id)];
}

// A name as words of the machine: a comparison without case is one "or" and one compare a word.
// Only letters get the bit that makes them small, so that nothing but a name is taken for it.
template <class Word>
struct Pattern {
  // Where the words are in a name of that size; they may overlap.
  static constexpr std::size_t middle(std::size_t size) noexcept {
    return size < 2 * sizeof(Word) ? size - sizeof(Word) : sizeof(Word);
  }
  static constexpr std::size_t last(std::size_t size) noexcept { return size - sizeof(Word); }

  struct Part {
    Word letters = 0, octets = 0;
  };
  Part first_part, middle_part, last_part;

  constexpr explicit Pattern(std::string_view name) noexcept
      : first_part(part(name, 0)),
        middle_part(part(name, middle(name.size()))),
        last_part(part(name, last(name.size()))) {}

  static constexpr Part part(std::string_view name, std::size_t at) noexcept {
    std::array<unsigned char, sizeof(Word)> letters{}, octets{};
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
      const char c = name[at + i];
      letters[i] = c == '-' ? 0x00 : 0x20;
      octets[i] = static_cast<unsigned char>(static_cast<unsigned char>(c) | letters[i]);
    }
    return {std::bit_cast<Word>(letters), std::bit_cast<Word>(octets)};
  }
};

template <class Word>
Word load(const char* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// Whether a name of the size of `id`'s canonical name is that name.
template <HeaderId id>
bool is(const char* name) noexcept {
  constexpr std::size_t size = canonical(id).size();
  using Word = std::conditional_t<(size < 8), std::uint32_t, std::uint64_t>;
  constexpr Pattern<Word> pattern(canonical(id));
  const auto fits = [name](std::size_t at, const typename Pattern<Word>::Part& part) {
    return (load<Word>(name + at) | part.letters) == part.octets;
  };
  return fits(0, pattern.first_part) && fits(Pattern<Word>::last(size), pattern.last_part) &&
         (size <= 2 * sizeof(Word) || fits(Pattern<Word>::middle(size), pattern.middle_part));
}

template <HeaderId... ids>
HeaderId one_of(const char* name) noexcept {
  HeaderId found = HeaderId::other;
  static_cast<void>(((is<ids>(name) && (found = ids, true)) || ...));
  return found;
}

}  // namespace

std::string_view name_of(HeaderId id) noexcept {
  return canonical(id);
}

HeaderId header_id(std::string_view name) noexcept {
  using enum HeaderId;
  const char* const text = name.data();
  switch (name.size()) {
    case 6:
      return one_of<status>(text);
    case 7:
      return one_of<to_path, expires>(text);
    case 8:
      return one_of<use_path>(text);
    case 9:
      return one_of<from_path>(text);
    case 10:
      return one_of<message_id, byte_range, content_id>(text);
    case 11:
      return one_of<min_expires, max_expires>(text);
    case 12:
      return one_of<content_type, use_nickname>(text);
    case 13:
      return one_of<authorization>(text);
    case 14:
      return one_of<success_report, failure_report>(text);
    case 16:
      return one_of<www_authenticate>(text);
    case 19:
      return one_of<content_disposition, content_description, authentication_info>(text);
    default:
      return other;
  }
}

const HeaderField* HeadView::find(HeaderId id) const noexcept {
  for (const HeaderField& field : headers) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

void HeadView::rebase(const char* new_text, std::span<HeaderField> new_headers) noexcept {
  MSRP_ASSERT(new_headers.size() >= headers.size());
  const char* const old_text = text.data();
  const auto move = [old_text, new_text](std::string_view& view) {
    if (view.data() != nullptr) view = {new_text + (view.data() - old_text), view.size()};
  };
  for (std::string_view* view :
       {&transaction_id, &method_text, &comment, &message_id, &content_type}) {
    move(*view);
  }
  if (status_header) move(status_header->comment);
  if (!to_path.empty()) to_path.rebase(old_text, new_text);
  if (!from_path.empty()) from_path.rebase(old_text, new_text);
  const std::span<HeaderField> fields = new_headers.first(headers.size());
  for (HeaderField& field : fields) {
    move(field.name);
    move(field.value);
  }
  headers = fields;
  text = {new_text, text.size()};
}

}  // namespace msrp
