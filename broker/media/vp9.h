/* vp9.h - the VP9 payload descriptor: RFC 9628 4.2. */
#pragma once

#include "media/video.h"

/* *opens: bits of the temporal layers that may be joined after this picture. Both are filled on OK only. */
enum status vp9_read(struct bytes payload, struct video_packet *, uint8_t *opens);
