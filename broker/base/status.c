#include "base/status.h"

const char *status_name(enum status status)
{
    switch (status) {
    case OK:
        return "ok";
    case ERR_MALFORMED:
        return "malformed";
    case ERR_UNSUPPORTED:
        return "unsupported";
    case ERR_UNKNOWN:
        return "unknown";
    case ERR_FORBIDDEN:
        return "forbidden";
    case ERR_EXPIRED:
        return "expired";
    case ERR_STATE:
        return "out of order";
    case ERR_AUTH:
        return "not authentic";
    case ERR_FULL:
        return "full";
    case ERR_NO_MEMORY:
        return "no memory";
    case ERR_SYSTEM:
        return "system";
    }
    return "?";
}
