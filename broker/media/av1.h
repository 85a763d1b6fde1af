/* av1.h - the AV1 aggregation header: AV1 RTP specification 4.4. */
#pragma once

#include "media/video.h"

/* Temporal layers are unknown. A picture starts, to us, where no unit (OBU) is continued: browsers send a picture as
 * one. Filled on OK only. */
enum status av1_read(struct bytes payload, struct video_packet *);
