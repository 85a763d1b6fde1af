#include "load/load_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

enum option_kind { TEXT, NUMBER, SECONDS, YES_NO };

static const struct option {
    const char *name;
    enum option_kind kind;
    size_t at;
    unsigned least, most;
    const char *fallback; /* NULL: must be given; "": may be left out */
    const char *help;
} options[] = {
#define FIELD(name) offsetof(struct load_config, name)
    { "url", TEXT, FIELD(url), 0, 0, NULL, "the server, such as wss://127.0.0.1:8443" },
    { "keys", TEXT, FIELD(keys), 0, 0, NULL, "the clinic's key file (JWK), with which tokens are signed" },
    { "issuer", TEXT, FIELD(issuer), 0, 0, "kinroom", "issuer that the tokens name" },
    { "ca", TEXT, FIELD(ca), 0, 0, "", "PEM file with the CA of the server's certificate; else the machine's own" },
    { "insecure", YES_NO, FIELD(insecure), 0, 0, "no", "takes any certificate, such as one that is self-made" },
    { "rooms", NUMBER, FIELD(rooms), 1, 10000, "1", "sessions at once; where a search begins" },
    { "people", NUMBER, FIELD(people), 2, 1000, "3", "people in each" },
    { "senders", NUMBER, FIELD(senders), 0, 1000, "0", "how many of these send, the others watch; 0: all" },
    { "video-kbps", NUMBER, FIELD(video_kbps), 16, 20000, "1000", "each sender's picture" },
    { "fps", NUMBER, FIELD(fps), 0, 120, "30", "pictures a second; 0: none" },
    { "sound", YES_NO, FIELD(sound), 0, 0, "yes", "whether senders send sound, 50 packets a second" },
    { "feedback", YES_NO, FIELD(feedback), 0, 0, "yes", "transport-wide feedback both ways, as browsers give it" },
    { "seconds", SECONDS, FIELD(seconds), 1, 86400, "10", "how long is measured" },
    { "warmup", SECONDS, FIELD(warmup_s), 0, 3600, "5", "seconds before that, with everybody there" },
    { "join-rate", NUMBER, FIELD(join_rate), 1, 1000, "20", "people who come a second" },
    { "joins", NUMBER, FIELD(joins), 0, 10000, "0",
      "viewers who join afterwards, one by one, into running rooms; their times are printed" },
    { "sample", NUMBER, FIELD(sample_every), 1, 100000, "16", "one received packet of so many is opened and read" },
    { "server-pid", NUMBER, FIELD(server_pid), 0, 1 << 30, "0",
      "the server's process on this machine, whose CPU time and memory are read" },
    { "search", YES_NO, FIELD(search), 0, 0, "no",
      "how many rooms does it hold? Doubles them, then halves the step, until one more is too many" },
    { "latency-limit", NUMBER, FIELD(latency_limit_ms), 1, 10000, "50", "p99 in ms that a search calls too long" },
    { "busy-limit", NUMBER, FIELD(busy_limit), 1, 100, "90",
      "percent of a processor that a search calls full, of the server's busiest thread" },
#undef FIELD
};

enum { OPTIONS = sizeof options / sizeof *options };

static bool set_number(const struct option *o, const char *value, unsigned *field)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);
    bool good = *value >= '0' && *value <= '9' && !*end && number >= o->least && number <= o->most;
    if (good)
        *field = (unsigned)number;
    return good;
}

/* Such as 0.5. */
static bool set_seconds(const struct option *o, const char *value, double *field)
{
    char *end;
    double number = strtod(value, &end);
    bool good = *value >= '0' && *value <= '9' && !*end && number >= o->least && number <= o->most;
    if (good)
        *field = number;
    return good;
}

static bool set_yes(const char *value, bool *field)
{
    bool yes = strcmp(value, "yes") == 0;
    if (yes || strcmp(value, "no") == 0)
        *field = yes;
    return yes || strcmp(value, "no") == 0;
}

static bool set(const struct option *o, const char *value, struct load_config *config)
{
    char *field = (char *)config + o->at;
    switch (o->kind) {
    case NUMBER:
        return set_number(o, value, (unsigned *)field);
    case SECONDS:
        return set_seconds(o, value, (double *)field);
    case YES_NO:
        return set_yes(value, (bool *)field);
    case TEXT:
        *(const char **)field = *value ? value : NULL;
        return true;
    }
    return false;
}

static const struct option *find(const char *word)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (strncmp(word, "--", 2) == 0 && strcmp(word + 2, options[i].name) == 0)
            return &options[i];
    return NULL;
}

static bool complain(const char *format, const char *name)
{
    fprintf(stderr, format, name);
    return false;
}

bool load_command_read(int count, char **words, struct load_config *config)
{
    *config = (struct load_config){ 0 };
    for (size_t i = 0; i < OPTIONS; i++)
        if (options[i].fallback)
            set(&options[i], options[i].fallback, config);
    for (int i = 0; i < count; i += 2) {
        const struct option *o = find(words[i]);
        if (!o || i + 1 == count)
            return complain("kinroom: '%.60s' should be an option of 'load' and its value: --name value\n", words[i]);
        if (!set(o, words[i + 1], config))
            return complain("kinroom: --%s: out of range; 'kinroom help' says more\n", o->name);
    }
    for (size_t i = 0; i < OPTIONS; i++)
        if (!options[i].fallback && !*(const char **)((char *)config + options[i].at))
            return complain("kinroom: --%s must be given\n", options[i].name);
    if (config->senders == 0)
        config->senders = config->people;
    if (config->senders > config->people)
        return complain("kinroom: more --senders than %s\n", "--people");
    if (!config->fps && !config->sound)
        return complain("kinroom: --fps 0 and --sound %s: nothing would be sent\n", "no");
    return true;
}

void load_command_help(struct writer *w)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *o = &options[i];
        write_format(w, "  --%-24s %s", o->name, o->help);
        if (o->fallback && o->fallback[0])
            write_format(w, " (%s)", o->fallback);
        write_text(w, "\n");
    }
    write_u8(w, '\0');
}

int load_command(int count, char **words)
{
    struct load_config config;
    if (!load_command_read(count, words, &config))
        return EXIT_USAGE;
    return load_run(config, &signalling_kinroom);
}
