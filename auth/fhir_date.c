#include "auth/fhir_date.h"

enum { DAY_S = 86400, EASTMOST_S = 14 * 3600, WESTMOST_S = 12 * 3600 };

/* What is left of the text; failure is sticky. */
struct scan {
    const char *at;
    bool bad;
};

static int digits(struct scan *s, int count, int least, int most)
{
    int value = 0;
    for (int i = 0; i < count && !s->bad; i++) {
        s->bad = *s->at < '0' || *s->at > '9';
        if (!s->bad)
            value = value * 10 + (*s->at++ - '0');
    }
    s->bad = s->bad || value < least || value > most;
    return s->bad ? least : value;
}

static bool take(struct scan *s, char c)
{
    if (s->bad || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01 to the first of a month, in the proleptic Gregorian calendar. */
static int64_t days_to(int year, int month)
{
    int64_t before = year - 1;
    int64_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;
    for (int m = 1; m < month; m++)
        days += days_in(year, m);
    return days;
}

/* "Z" or "+hh:mm": seconds east of UTC. */
static int zone(struct scan *s)
{
    if (take(s, 'Z'))
        return 0;
    int sign = take(s, '-') ? -1 : 1;
    s->bad = s->bad || (sign == 1 && !take(s, '+'));
    int hours = digits(s, 2, 0, 14);
    s->bad = s->bad || !take(s, ':');
    int minutes = digits(s, 2, 0, 59);
    s->bad = s->bad || (hours == 14 && minutes > 0);
    return sign * (hours * 3600 + minutes * 60);
}

/* The rest after the 'T'. An instant within a second: it begins in the next whole one and ends with the one before. */
static struct fhir_date instant(struct scan *s, int64_t midnight)
{
    int hour = digits(s, 2, 0, 23);
    s->bad = s->bad || !take(s, ':');
    int minute = digits(s, 2, 0, 59);
    s->bad = s->bad || !take(s, ':');
    int second = digits(s, 2, 0, 60); /* R4 allows the leap second */
    bool fraction = take(s, '.');
    if (fraction)
        digits(s, 1, 0, 9);
    while (fraction && *s->at >= '0' && *s->at <= '9')
        s->at++;
    int64_t at = midnight + hour * 3600 + minute * 60 + second;
    at -= zone(s);
    return (struct fhir_date){ .earliest = at, .latest = at + fraction, .ends_earliest = at, .ends_latest = at + 1 };
}

bool fhir_date_parse(const char *text, struct fhir_date *date)
{
    struct scan s = { .at = text };
    int year = digits(&s, 4, 1, 9999), month = 0, day = 0;
    if (take(&s, '-'))
        month = digits(&s, 2, 1, 12);
    if (month && take(&s, '-'))
        day = digits(&s, 2, 1, days_in(year, month));
    if (s.bad)
        return false;
    int64_t first = (days_to(year, month ? month : 1) + (day ? day - 1 : 0)) * DAY_S;
    int64_t length = day ? 1 : month ? days_in(year, month) : 365 + is_leap(year);
    struct fhir_date found = { .earliest = first - EASTMOST_S, .latest = first + WESTMOST_S };
    found.ends_earliest = found.earliest + length * DAY_S;
    found.ends_latest = found.latest + length * DAY_S;
    if (day && take(&s, 'T'))
        found = instant(&s, first);
    if (s.bad || *s.at)
        return false;
    *date = found;
    return true;
}
