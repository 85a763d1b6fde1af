#include "sim/plot.h"

#include <stdio.h>

/* Everything is in SVG's own units; one is a pixel when it is shown at its size. */
enum {
    WIDTH = 960,
    HEIGHT = 560,
    LEFT = 70,
    RIGHT = 190, /* the legend's */
    TOP = 56,
    RATES_HEIGHT = 260,
    GAP = 40,
    LOWER_HEIGHT = 130,
    PLOT_WIDTH = WIDTH - LEFT - RIGHT,
};

/* Told apart by those who don't see red and green apart (Okabe and Ito). */
#define CAPACITY "#666666"
static const char *const COLOURS[SCENE_FLOWS_MAX] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7" };
#define SENT "#e69f00"
#define RIVAL "#000000"
#define QUEUE "#555555"

struct axis {
    double top; /* of the values: 0 is at the bottom */
    int y, height;
    double seconds;
};

typedef double (*of_sample)(const struct sample *, unsigned which);

static double capacity(const struct sample *s, unsigned which)
{
    (void)which;
    return s->capacity_bps / 1e6;
}

static double estimate(const struct sample *s, unsigned which)
{
    return s->flows[which].estimate_bps / 1e6;
}

static double sent(const struct sample *s, unsigned which)
{
    return s->flows[which].sent_bps / 1e6;
}

static double rival(const struct sample *s, unsigned which)
{
    (void)which;
    return s->rival_bps / 1e6;
}

static double queue(const struct sample *s, unsigned which)
{
    (void)which;
    return s->queue_ms;
}

/* The sizes of a flow's pictures: 0 none, 3 the best. */
static double size(const struct sample *s, unsigned which)
{
    return (s->flows[which / FLOW_PICTURES_MAX].options[which % FLOW_PICTURES_MAX] + 1) / 2;
}

static double x_of(const struct axis *axis, double second)
{
    return LEFT + second / axis->seconds * PLOT_WIDTH;
}

static double y_of(const struct axis *axis, double value)
{
    return axis->y + axis->height - (value < axis->top ? value : axis->top) / axis->top * axis->height;
}

static unsigned begins(const struct record *record, of_sample of, unsigned which)
{
    return of == estimate ? (unsigned)(record->scene->flows[which].starts_us * SAMPLES_PER_SECOND / USEC_PER_SEC) : 0;
}

/* Samples in groups, each of which is its mean; a step is drawn as one. */
static void draw_line(FILE *f, const struct record *record, const struct axis *axis, of_sample of, unsigned which,
                      const char *style, unsigned group, bool steps)
{
    double before = -1;
    unsigned first = begins(record, of, which);
    fprintf(f, "<path %s d=\"", style);
    for (unsigned i = first; i + group <= record->count; i += group) {
        double value = 0;
        for (unsigned k = 0; k < group; k++)
            value += of(&record->samples[i + k], which) / group;
        double x = x_of(axis, (double)i / SAMPLES_PER_SECOND), y = y_of(axis, value);
        if (!steps)
            fprintf(f, "%s%.1f %.1f", i > first ? "L" : "M", x, y);
        else if (i == first)
            fprintf(f, "M%.1f %.1f", x, y);
        else if (value != before)
            fprintf(f, "H%.1fV%.1f", x, y);
        before = value;
    }
    if (steps)
        fprintf(f, "H%d", LEFT + PLOT_WIDTH);
    fputs("\"/>\n", f);
}

static void draw_axis(FILE *f, const struct axis *axis, double step, const char *label, bool seconds)
{
    for (double value = 0; value <= axis->top + step / 100; value += step) {
        double y = y_of(axis, value);
        fprintf(f, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, y, LEFT + PLOT_WIDTH);
        fprintf(f, "<text class=\"end\" x=\"%d\" y=\"%.1f\">%g</text>\n", LEFT - 8, y + 4, value);
    }
    fprintf(f, "<text class=\"middle\" transform=\"translate(22 %d) rotate(-90)\">%s</text>\n",
            axis->y + axis->height / 2, label);
    unsigned every = axis->seconds > 100 ? 20 : 10;
    for (unsigned s = 0; s <= axis->seconds; s += every) {
        double x = x_of(axis, s);
        fprintf(f, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>", x, axis->y, axis->y + axis->height);
        if (seconds)
            fprintf(f, "<text class=\"middle\" x=\"%.1f\" y=\"%d\">%u</text>\n", x, axis->y + axis->height + 18, s);
    }
    if (seconds)
        fprintf(f, "<text class=\"middle\" x=\"%d\" y=\"%d\">time (s)</text>\n", LEFT + PLOT_WIDTH / 2,
                axis->y + axis->height + 38);
}

static void draw_key(FILE *f, int *y, const char *style, const char *text)
{
    int x = LEFT + PLOT_WIDTH + 16;
    fprintf(f, "<path %s d=\"M%d %dh26\"/><text x=\"%d\" y=\"%d\">%s</text>\n", style, x, *y, x + 34, *y + 4, text);
    *y += 22;
}

#define LINE(colour, more) "class=\"line\" stroke=\"" colour "\" " more

static double most(const struct record *record, of_sample of, double least)
{
    for (unsigned i = 0; i < record->count; i++)
        for (unsigned k = 0; k < record->scene->flow_count; k++)
            if (of(&record->samples[i], k) > least)
                least = of(&record->samples[i], k);
    return least;
}

static void draw_rates(FILE *f, const struct record *record)
{
    const struct scene *scene = record->scene;
    double top = most(record, capacity, most(record, estimate, 0.5)) * 1.05;
    struct axis axis = { top, TOP, RATES_HEIGHT, scene->seconds };
    int key = TOP + 8;
    char style[96], text[64];
    draw_axis(f, &axis, top > 3 ? 1 : top > 1 ? 0.5 : 0.1, "rate (Mbit/s)", false);
    draw_line(f, record, &axis, capacity, 0, LINE(CAPACITY, "stroke-dasharray=\"6 3\""), 1, true);
    draw_key(f, &key, LINE(CAPACITY, "stroke-dasharray=\"6 3\""), "capacity");
    if (scene->flow_count == 1) {
        draw_line(f, record, &axis, sent, 0, LINE(SENT, "stroke-opacity=\".75\""), 5, false);
        draw_key(f, &key, LINE(SENT, ""), "sent");
    }
    if (scene->rival_at_s) {
        draw_line(f, record, &axis, rival, 0, LINE(RIVAL, "stroke-opacity=\".5\""), 5, false);
        draw_key(f, &key, LINE(RIVAL, "stroke-opacity=\".5\""), "the download");
    }
    for (unsigned i = 0; i < scene->flow_count; i++) {
        snprintf(style, sizeof style, "class=\"line strong\" stroke=\"%s\"", COLOURS[i]);
        snprintf(text, sizeof text, scene->flow_count == 1 ? "estimate" : "estimate, room %u", i + 1);
        draw_line(f, record, &axis, estimate, i, style, 2, false);
        draw_key(f, &key, style, text);
    }
}

static const char *const WHO[FLOW_PICTURES_MAX] = { "therapist", "client", "loved one", "another" };

/* One receiver: how large each picture is. Each has a strip of its own. */
static void draw_layers(FILE *f, const struct record *record)
{
    unsigned pictures = record->scene->flows[0].pictures;
    int y = TOP + RATES_HEIGHT + GAP, height = LOWER_HEIGHT / (int)pictures;
    for (unsigned i = 0; i < pictures; i++) {
        struct axis axis = { 3.3, y + (int)i * height, height - 6, record->scene->seconds };
        fprintf(f, "<rect class=\"strip\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", LEFT, axis.y, PLOT_WIDTH,
                axis.height);
        fprintf(f, "<text x=\"%d\" y=\"%d\">%s</text>\n", LEFT + PLOT_WIDTH + 16, axis.y + axis.height / 2 + 4, WHO[i]);
        draw_line(f, record, &axis, size, i, LINE("#009e73", ""), 1, true);
    }
    fprintf(f, "<text class=\"middle\" transform=\"translate(22 %d) rotate(-90)\">size sent</text>\n",
            y + LOWER_HEIGHT / 2);
    fprintf(f, "<text class=\"end\" x=\"%d\" y=\"%d\">large</text><text class=\"end\" x=\"%d\" y=\"%d\">none</text>\n",
            LEFT - 8, y + 10, LEFT - 8, y + height - 6);
    for (unsigned s = 0; s <= record->scene->seconds; s += record->scene->seconds > 100 ? 20 : 10)
        fprintf(f, "<text class=\"middle\" x=\"%.1f\" y=\"%d\">%u</text>\n",
                LEFT + (double)s / record->scene->seconds * PLOT_WIDTH, y + LOWER_HEIGHT + 14, s);
    fprintf(f, "<text class=\"middle\" x=\"%d\" y=\"%d\">time (s)</text>\n", LEFT + PLOT_WIDTH / 2,
            y + LOWER_HEIGHT + 34);
}

/* Several: how long the queue is that they share. */
static void draw_queue(FILE *f, const struct record *record)
{
    double top = most(record, queue, 50) * 1.1;
    struct axis axis = { top, TOP + RATES_HEIGHT + GAP, LOWER_HEIGHT, record->scene->seconds };
    int key = axis.y + 8;
    draw_axis(f, &axis, top > 200 ? 100 : top > 100 ? 50 : 20, "queue (ms)", true);
    draw_line(f, record, &axis, queue, 0, LINE(QUEUE, ""), 2, false);
    draw_key(f, &key, LINE(QUEUE, ""), "shared queue");
}

bool plot_write(const struct record *record, const char *folder)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.svg", folder, record->scene->name);
    FILE *f = fopen(path, "w");
    if (!f)
        return false;
    fprintf(
        f, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n",
        WIDTH, HEIGHT, WIDTH, HEIGHT);
    fprintf(
        f,
        "<title>%s</title>\n<style>text{font:13px sans-serif;fill:#222}.end{text-anchor:end}"
        ".middle{text-anchor:middle}.head{font-size:17px;font-weight:bold}.line{fill:none;stroke-width:1.4}"
        ".strong{stroke-width:2}.grid{stroke:#ddd;fill:none}.strip{fill:#f4f4f4}</style>\n"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text class=\"head\" x=\"%d\" y=\"32\">%s</text>\n",
        record->scene->title, LEFT, record->scene->title);
    draw_rates(f, record);
    if (record->scene->flow_count == 1)
        draw_layers(f, record);
    else
        draw_queue(f, record);
    fputs("</svg>\n", f);
    return fclose(f) == 0;
}
