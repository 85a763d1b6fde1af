/* signallings.h - the servers beside Kinroom that the benchmark drives. */
#pragma once

#include "load/signalling.h"

extern const struct signalling_ops signalling_janus;
extern const struct signalling_ops signalling_floor;
