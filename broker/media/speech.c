#include "media/speech.h"

/* RFC 6464 3: "The audio level is expressed in -dBov, with values from 0 to 127". V, where the sender has looked for
 * voice, makes a quieter sound count. */
enum {
    LEVEL_V = 0x80,
    LEVEL_LEAST = 127,
    STEPS = 16,
    VOICE_DBOV = 50,
    NOISE_DBOV = 35,
    ONGOING_DB = 10, /* who speaks already may drop by so much */
    RISE = 2,
    FALL = 8,
};
#define PACKET_LEAST_US (10 * USEC_PER_MSEC) /* no codec setting in use sends more often */
#define PACKET_MOST_US (60 * USEC_PER_MSEC)
#define BACK 2 /* what was spoken is forgotten at half the pace */

static bool is_on(const struct speech *s, usec_t now_us)
{
    return s->voice_us != 0 && now_us < s->voice_us + SPEECH_HANG_US;
}

static void smooth(struct speech *s, uint8_t level)
{
    unsigned loudness = (unsigned)(LEVEL_LEAST - (level & LEVEL_LEAST)) * STEPS;
    if (loudness > s->loudness)
        s->loudness += (loudness - s->loudness) / RISE;
    else
        s->loudness -= (s->loudness - loudness) / FALL;
}

static bool has_voice(const struct speech *s, uint8_t level, bool ongoing)
{
    int least = LEVEL_LEAST - (level & LEVEL_V ? VOICE_DBOV : NOISE_DBOV) - (ongoing ? ONGOING_DB : 0);
    return s->loudness >= (unsigned)least * STEPS;
}

usec_t speech_talk(const struct speech *s, usec_t now_us)
{
    usec_t forgotten = (now_us - s->at_us) / BACK;
    return s->talk_us > forgotten ? s->talk_us - forgotten : 0;
}

bool speech_packet(struct speech *s, usec_t now_us, uint8_t level)
{
    usec_t since = now_us - s->at_us;
    if (s->at_us && since < PACKET_LEAST_US)
        return false;
    bool ongoing = is_on(s, now_us);
    smooth(s, level);
    bool voice = has_voice(s, level, ongoing);
    s->talk_us =
        voice ? sooner(s->talk_us + sooner(since, PACKET_MOST_US), SPEECH_TALK_MAX_US) : speech_talk(s, now_us);
    s->at_us = now_us;
    if (!voice)
        return false;
    s->voice_us = now_us;
    if (!ongoing)
        s->since_us = now_us;
    if (s->talk_us >= SPEECH_TAKE_US)
        s->turn_us = now_us;
    bool news = !ongoing || now_us >= s->reminded_us + SPEECH_REMIND_US;
    if (news)
        s->reminded_us = now_us;
    return news;
}

enum speech_rank speech_rank(const struct speech *s, usec_t now_us)
{
    if (!is_on(s, now_us))
        return SPEECH_SILENT;
    return now_us - s->since_us < SPEECH_UNBROKEN_US ? SPEECH_SPEAKS : SPEECH_UNBROKEN;
}

bool speech_is_lately(const struct speech *s, usec_t now_us)
{
    return s->turn_us != 0 && now_us < s->turn_us + SPEECH_LATELY_US;
}

bool speech_takes_floor(const struct speech *s, const struct speech *holder, usec_t now_us)
{
    usec_t talk = speech_talk(s, now_us);
    return talk >= SPEECH_TAKE_US && (!holder || talk >= speech_talk(holder, now_us) + SPEECH_AHEAD_US);
}
