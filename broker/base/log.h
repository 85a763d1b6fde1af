/* log.h - levelled lines to a sink that is handed in. Opaque ids and counts only: never a name, a token or content. */
#pragma once

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_ERROR,
};

struct log {
    void (*write)(void *context, enum log_level, const char *line); /* one line without its newline; NULL is silence */
    void *context;
    enum log_level least; /* lines below are not formatted */
};

/* A line over 500 characters is cut. */
void log_line(const struct log *, enum log_level, const char *format, ...) __attribute__((format(printf, 3, 4)));
const char *log_level_name(enum log_level);

#define log_debug(log, ...) log_line(log, LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(log, ...) log_line(log, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(log, ...) log_line(log, LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(log, ...) log_line(log, LOG_LEVEL_ERROR, __VA_ARGS__)
