// What Linux has and the headers of liburing 2.3 do not know.
#pragma once

#include <liburing.h>

#include <cerrno>
#include <cstdint>

#ifndef IORING_CQE_F_BUF_MORE
#define IORING_CQE_F_BUF_MORE (1U << 4)  // the kernel goes on filling the buffer
#endif

namespace msrp::backend::kernel {

inline constexpr std::uint16_t buffers_incremental = 2;  // IOU_PBUF_RING_INC, Linux 6.12

// liburing 2.3 has no flags here; the kernel reads them where its structure has padding. Returns 0
// or an errno.
inline int register_buffers(io_uring& ring, io_uring_buf_ring* memory, unsigned entries,
                            std::uint16_t group, std::uint16_t flags) {
  io_uring_buf_reg request{};
  request.ring_addr = reinterpret_cast<std::uint64_t>(memory);
  request.ring_entries = entries;
  request.bgid = group;
  request.pad = flags;
  return -io_uring_register_buf_ring(&ring, &request, 0);
}

}  // namespace msrp::backend::kernel
