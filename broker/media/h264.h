/* h264.h - H.264 in RTP, packetization-mode 1: single NAL units, STAP-A, FU-A (RFC 6184 5.4). */
#pragma once

#include "media/video.h"

/* A keyframe starts with its sequence parameter set: browsers send one ahead of each IDR picture, and to somebody new
 * an IDR picture without one shows nothing. Temporal layers are unknown. Filled on OK only. */
enum status h264_read(struct bytes payload, struct video_packet *);
