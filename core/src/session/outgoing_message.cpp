#include "session/outgoing_message.hpp"

#include "session/session.hpp"

namespace msrp {

OutgoingMessage::OutgoingMessage(const MessageSpec& spec, Body source)
    : success_report(spec.success_report),
      failure_report(spec.failure_report),
      content_type(spec.content_type),
      body(std::move(source)) {
  std::size_t bytes = 0;
  for (const HeaderField& field : spec.extra) bytes += field.name.size() + field.value.size();
  extra_text.reserve(bytes);
  const auto keep = [this](std::string_view text) {
    const std::size_t at = extra_text.size();
    extra_text.append(text);
    return std::string_view(extra_text).substr(at);
  };
  for (const HeaderField& field : spec.extra) {
    const std::string_view name = keep(field.name);
    extra.push_back(HeaderField{field.id, name, keep(field.value)});
  }
}

bool OutgoingMessage::small() const noexcept {
  if (!is_send()) return true;
  return body.finished() && body.total_bytes() <= interruptible_bytes && ordered_bytes == 0;
}

}  // namespace msrp
