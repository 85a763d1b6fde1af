/* key_life.h - how long a fetched JWKS may be believed before it is looked at again: what its Cache-Control says (RFC
 * 9111 5.2.2.1), within bounds. Pure. */
#pragma once

enum { KEY_LIFE_LEAST_S = 60, KEY_LIFE_USUAL_S = 300, KEY_LIFE_MOST_S = 24 * 3600 };

/* KEY_LIFE_USUAL_S when it says nothing of it. */
long key_life_s(const char *cache_control);
