/* plot.h - a picture of one scene as SVG: the rates over time, and below them the queue and the layers. */
#pragma once

#include "sim/estimate_scene.h"

/* Writes FOLDER/NAME.svg, where NAME is the scene's. False: it could not be written. */
bool plot_write(const struct record *, const char *folder);
