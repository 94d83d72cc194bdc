/* runner.c - plays scenario files: in memory, or on a running platform.
 *   scenario_runner FILE...
 *   scenario_runner --live --bootstrap HOST:PORT --redis URL --keyring FILE [--pids DIR] [--partitions N] [--deadline MS] FILE...
 * The services of a live platform have to run with time.source=event, so that the fixed clock of a scenario is theirs.
 * Due work goes by the wall clock even then: the dates of the scenarios lie ahead of it, so that nothing falls due.
 * One line a scenario; exit 0 when all of them hold, 1 when one does not, 2 when it could not be played. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"
#include "stage.h"
#include "support/keyring_test.h"

struct args {
    bool live;
    struct stage_live_conf lc;
    const char *keyring;
    char **files;
    int files_n;
};

static bool read_args(int argc, char **argv, struct args *a)
{
    static const struct option longs[] = {
        {"live", no_argument, NULL, 'l'},         {"bootstrap", required_argument, NULL, 'b'},
        {"redis", required_argument, NULL, 'r'},  {"keyring", required_argument, NULL, 'k'},
        {"pids", required_argument, NULL, 'i'},
        {"deadline", required_argument, NULL, 'd'}, {"partitions", required_argument, NULL, 'p'},
        {0},
    };
    *a = (struct args){.lc = {.deadline_ms = 30000}};
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (c == 'l')
            a->live = true;
        else if (c == 'b')
            a->lc.bootstrap = optarg;
        else if (c == 'r')
            a->lc.redis = optarg;
        else if (c == 'k')
            a->keyring = optarg;
        else if (c == 'd')
            a->lc.deadline_ms = atoi(optarg);
        else if (c == 'i')
            a->lc.pids = optarg;
        else if (c == 'p')
            a->lc.partitions = atoi(optarg);
        else
            return false;
    }
    a->files = argv + optind;
    a->files_n = argc - optind;
    return a->files_n > 0 && (!a->live || (a->lc.bootstrap && a->lc.redis && a->keyring));
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One file. In memory every scenario has a platform of its own; a live platform takes them one after the other. */
static bool play_file(const struct args *a, struct stage *live, const char *keyring_file, const struct keyring *keys,
                      const char *path, struct err *e)
{
    struct arena *mem = arena_new((size_t)1 << 30, 1 << 16);
    struct stage *st = live;
    struct scn scn;
    double began = now_s();
    unsigned run = a->live ? (unsigned)time(NULL) : 0;
    bool ok = scn_load(path, mem, &scn, e) && (st || stage_memory_open(SOURCE_DIR, keyring_file, &st, e)) &&
              play(st, &scn, keys, run, mem, e);
    if (ok)
        printf("ok    %-6s %s (%.0f ms)\n", scn.name, scn.title, (now_s() - began) * 1000);
    else
        printf("FAIL  %s\n", e->text);
    fflush(stdout);
    if (!live && st)
        st->ops->close(st);
    arena_free(mem);
    return ok;
}

static int play_all(const struct args *a, const char *keyring_file)
{
    struct keyring *keys = NULL;
    struct stage *live = NULL;
    struct err e;
    int failed = 0;
    if (!keyring_load(keyring_file, &keys, &e) || (a->live && !stage_live_open(&a->lc, &live, &e))) {
        fprintf(stderr, "%s\n", e.text);
        keyring_free(keys);
        return 2;
    }
    for (int i = 0; i < a->files_n; i++)
        failed += !play_file(a, live, keyring_file, keys, a->files[i], &e);
    printf("%d scenarios, %d failed\n", a->files_n, failed);
    if (live)
        live->ops->close(live);
    keyring_free(keys);
    return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct args a;
    struct err e;
    char temp[64];
    log_open("scenario", LOG_ERROR);
    if (!read_args(argc, argv, &a)) {
        fprintf(stderr, "usage: scenario_runner [--live --bootstrap HOST:PORT --redis URL --keyring FILE "
                        "[--pids DIR] [--partitions N] [--deadline MS]] FILE...\n");
        return 2;
    }
    if (a.keyring)
        return play_all(&a, a.keyring);
    if (!keyring_test_temp(temp, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return 2;
    }
    int rc = play_all(&a, temp);
    unlink(temp);
    return rc;
}
