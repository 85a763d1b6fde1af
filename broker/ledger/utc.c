#include "ledger/utc.h"

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return month == 1 && is_leap(year) ? 29 : days[month];
}

void utc_write(struct writer *w, int64_t unix_us)
{
    int64_t seconds = unix_us / 1000000, days = seconds / 86400;
    int us = (int)(unix_us % 1000000), of_day = (int)(seconds % 86400);
    /* 400 years are 146097 days; 1970 + 400 n are alike. */
    int year = 1970 + (int)(days / 146097) * 400, month = 0;
    int day = (int)(days % 146097);
    for (; day >= 365 + is_leap(year); year++)
        day -= 365 + is_leap(year);
    for (; day >= days_of_month(year, month); month++)
        day -= days_of_month(year, month);
    write_format(w, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", year, month + 1, day + 1, of_day / 3600, of_day / 60 % 60,
                 of_day % 60, us);
}
