/* vp8.h - the VP8 payload descriptor: RFC 7741 4.2. */
#pragma once

#include "media/video.h"

/* *opens: bit t when this picture's layer is t and may be joined with it. Both are filled on OK only. */
enum status vp8_read(struct bytes payload, struct video_packet *, uint8_t *opens);
