#include "train/record.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "base/path.h"
#include "file/event_file.h"
#include "file/json.h"
#include "file/json_write.h"
#include "suan/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct sn_record {
    char *folder;
    int metrics;
    sn_event_file *events;
    sn_record_line *lines;
    int64_t n, capacity;
};

/* ---- metrics.jsonl ---- */

static sn_status keep(sn_record *r, const sn_record_line *line) {
    if (r->n == r->capacity) {
        int64_t capacity = r->capacity ? 2 * r->capacity : 256;
        sn_record_line *lines = sn_realloc(r->lines, (size_t)capacity * sizeof *lines);
        if (!lines) return sn_fail_memory("a run's records");
        r->lines = lines;
        r->capacity = capacity;
    }
    r->lines[r->n++] = *line;
    return SN_OK;
}

static sn_status read_line(const char *text, size_t size, sn_record_line *line) {
    sn_json_doc *doc;
    bool found;
    *line = (sn_record_line){.loss = NAN, .grad_norm = NAN, .val_loss = NAN};
    SN_TRY(sn_json_parse("metrics.jsonl", text, size, NULL, &doc));
    const sn_json *root = sn_json_root(doc);
    sn_status status = sn_json_get_i64(root, "step", &line->step, NULL);
    if (status == SN_OK) status = sn_json_get_i64(root, "tokens", &line->tokens, &found);
    if (status == SN_OK) status = sn_json_get_f64(root, "loss", &line->loss, &found);
    if (status == SN_OK) status = sn_json_get_f64(root, "rate", &line->rate, &found);
    if (status == SN_OK) status = sn_json_get_f64(root, "grad_norm", &line->grad_norm, &found);
    if (status == SN_OK) status = sn_json_get_f64(root, "seconds", &line->seconds, &found);
    if (status == SN_OK) status = sn_json_get_f64(root, "val_loss", &line->val_loss, &found);
    sn_json_free(doc);
    return status;
}

/* Takes in the lines up to `step` and gives the bytes they take. A line cut short by a crash ends them. */
static sn_status read_lines(sn_record *r, const sn_map *map, int64_t step, size_t *kept) {
    const char *data = (const char *)map->data;
    *kept = 0;
    while (*kept < map->size) {
        const char *begin = data + *kept, *end = memchr(begin, '\n', map->size - *kept);
        sn_record_line line;
        if (!end || read_line(begin, (size_t)(end - begin), &line) != SN_OK || line.step > step) return SN_OK;
        SN_TRY(keep(r, &line));
        *kept += (size_t)(end - begin) + 1;
    }
    return SN_OK;
}

static sn_status take_back(sn_record *r, const char *path, int64_t step) {
    sn_map map;
    size_t kept;
    if (access(path, F_OK) != 0) return SN_OK;
    SN_TRY(sn_map_open(path, &map));
    sn_status status = read_lines(r, &map, step, &kept);
    if (status == SN_OK && kept < map.size) status = sn_file_write(path, map.data, kept);
    sn_map_close(&map);
    return status;
}

static void put_number(sn_json_out *w, const char *key, double value) {
    if (!isnan(value)) sn_json_put_f64(w, key, value);
}

static sn_status append(int fd, const char *what, const char *text, size_t size) {
    while (size > 0) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return sn_fail(SN_ERR_IO, "cannot write \"%s\": %s", what, strerror(errno));
        text += n;
        size -= (size_t)n;
    }
    return SN_OK;
}

static sn_status write_line(const sn_record *r, const sn_record_line *line) {
    sn_json_out w = {.lines = 0};
    sn_text text;
    sn_json_begin_object(&w, NULL);
    sn_json_put_i64(&w, "step", line->step);
    put_number(&w, "loss", line->loss);
    put_number(&w, "rate", line->rate);
    put_number(&w, "grad_norm", line->grad_norm);
    sn_json_put_i64(&w, "tokens", line->tokens);
    put_number(&w, "seconds", line->seconds);
    put_number(&w, "val_loss", line->val_loss);
    sn_status status = sn_json_finish(&w, &text);
    char buffer[512];
    if (status == SN_OK) {
        int size = snprintf(buffer, sizeof buffer, "%.*s\n", (int)text.size, text.data);
        status = append(r->metrics, "metrics.jsonl", buffer, (size_t)size);
    }
    sn_json_out_free(&w);
    return status;
}

static sn_status write_events(const sn_record *r, const sn_record_line *line) {
    struct timespec now;
    sn_event_scalar scalars[4];
    int n = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    if (!isnan(line->loss)) scalars[n++] = (sn_event_scalar){"train/loss", line->loss};
    if (!isnan(line->rate)) scalars[n++] = (sn_event_scalar){"train/rate", line->rate};
    if (!isnan(line->grad_norm)) scalars[n++] = (sn_event_scalar){"train/grad_norm", line->grad_norm};
    if (!isnan(line->val_loss)) scalars[n++] = (sn_event_scalar){"validation/loss", line->val_loss};
    return sn_event_file_put(r->events, (double)now.tv_sec + 1e-9 * (double)now.tv_nsec, line->step, scalars, n);
}

sn_status sn_record_put(sn_record *r, const sn_record_line *line) {
    SN_TRY(keep(r, line));
    SN_TRY(write_line(r, line));
    return write_events(r, line);
}

/* ---- Opening and closing ---- */

static sn_status open_all(sn_record *r, const char *folder, int64_t step) {
    char path[SN_PATH_SIZE];
    r->folder = sn_strdup(folder);
    if (!r->folder) return sn_fail_memory("a run's records");
    SN_TRY(sn_path_join(r->folder, "metrics.jsonl", path));
    SN_TRY(take_back(r, path, step));
    r->metrics = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (r->metrics < 0) return sn_fail(SN_ERR_IO, "cannot write \"%s\": %s", path, strerror(errno));
    return sn_event_file_open(folder, (double)time(NULL), step, &r->events);
}

sn_status sn_record_open(const char *folder, int64_t step, sn_record **out) {
    sn_record *r = sn_calloc(1, sizeof *r);
    if (!r) return sn_fail_memory("a run's records");
    r->metrics = -1;
    sn_status status = open_all(r, folder, step);
    if (status == SN_OK)
        *out = r;
    else
        (void)sn_record_close(r);
    return status;
}

sn_status sn_record_close(sn_record *r) {
    if (!r) return SN_OK;
    sn_status status = sn_event_file_close(r->events);
    if (r->metrics >= 0 && close(r->metrics) != 0 && status == SN_OK)
        status = sn_fail(SN_ERR_IO, "cannot write \"%s/metrics.jsonl\": %s", r->folder, strerror(errno));
    sn_free(r->lines);
    sn_free(r->folder);
    sn_free(r);
    return status;
}

void sn_record_best(const sn_record *r, double *val_loss, int64_t *step) {
    *val_loss = NAN;
    *step = 0;
    for (int64_t i = 0; i < r->n; i++) {
        if (isnan(r->lines[i].val_loss) || (*step && r->lines[i].val_loss >= *val_loss)) continue;
        *val_loss = r->lines[i].val_loss;
        *step = r->lines[i].step;
    }
}

sn_record_line sn_record_last(const sn_record *r) {
    return r->n ? r->lines[r->n - 1] : (sn_record_line){.loss = NAN, .grad_norm = NAN, .val_loss = NAN};
}

sn_status sn_record_sample(sn_record *r, int64_t step, const char *text) {
    char path[SN_PATH_SIZE], head[64];
    SN_TRY(sn_path_join(r->folder, "samples.txt", path));
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) return sn_fail(SN_ERR_IO, "cannot write \"%s\": %s", path, strerror(errno));
    int size = snprintf(head, sizeof head, "--- step %lld\n", (long long)step);
    sn_status status = append(fd, path, head, (size_t)size);
    if (status == SN_OK) status = append(fd, path, text, strlen(text));
    if (status == SN_OK) status = append(fd, path, "\n", 1);
    close(fd);
    return status;
}

/* ---- The picture ---- */

enum { MOST_POINTS = 2000 };
typedef struct curve {
    double x[MOST_POINTS + 1], y[MOST_POINTS + 1];
    int64_t n;
} curve;

/* At most MOST_POINTS of the lines that have the value, evenly, the last among them. */
static void fill_curve(const sn_record *r, bool validation, curve *c) {
    int64_t all = 0, seen = 0;
    for (int64_t i = 0; i < r->n; i++) all += isfinite(validation ? r->lines[i].val_loss : r->lines[i].loss);
    int64_t stride = all / MOST_POINTS + 1;
    c->n = 0;
    for (int64_t i = 0; i < r->n; i++) {
        double y = validation ? r->lines[i].val_loss : r->lines[i].loss;
        if (!isfinite(y)) continue;
        if (++seen % stride != 0 && seen != all) continue;
        c->x[c->n] = (double)r->lines[i].step;
        c->y[c->n++] = y;
    }
}

static sn_status draw(const sn_record *r, const char *title, curve *training, curve *validation) {
    char path[SN_PATH_SIZE];
    sn_plot_series series[2];
    int n = 0;
    fill_curve(r, false, training);
    fill_curve(r, true, validation);
    if (training->n > 0)
        series[n++] =
            (sn_plot_series){.name = "training", .x = training->x, .y = training->y, .n = training->n, .style = 1};
    if (validation->n > 0)
        series[n++] = (sn_plot_series){
            .name = "validation", .x = validation->x, .y = validation->y, .n = validation->n, .style = 2};
    if (n == 0) return SN_OK;
    sn_plot_panel panel = {
        .x = {.label = "step"}, .y = {.label = "loss (nats/token)"}, .series = series, .n_series = n};
    sn_plot plot = {.title = title, .panels = &panel, .n_panels = 1};
    SN_TRY(sn_path_join(r->folder, "loss.png", path));
    if (sn_plot_check_path(path) == SN_ERR_UNSUPPORTED) SN_TRY(sn_path_join(r->folder, "loss.svg", path));
    return sn_plot_write(&plot, path);
}

sn_status sn_record_draw(const sn_record *r, const char *title) {
    curve *curves = sn_alloc(2 * sizeof *curves);
    if (!curves) return sn_fail_memory("a picture");
    sn_status status = draw(r, title, &curves[0], &curves[1]);
    sn_free(curves);
    return status;
}
