/* programs/courier_wire.h - one frame: 4-byte big-endian length, then that many bytes. */
#pragma once
#include "base/base.h"

/* faults FAULT_PARTNER when the connection ends or the frame is longer than size */
RESULT frame_read(int fd, uint8_t *buffer, size_t size, struct bytes *out);
RESULT frame_write(int fd, struct bytes frame);
