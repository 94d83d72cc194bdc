/* ctl.h - what the commands of attachctl share: options, exit codes, output, reading of topics.
 * Role:    the program around the pure core; one file a command (cmd_*.c), one row a command in main.c.
 * Threads: the main thread; records delivered are counted by the producer's thread.
 * Memory:  freed by the process's end where it lives as long. */
#ifndef CLINIC_CTL_H
#define CLINIC_CTL_H
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include "base/conf.h"
#include "runtime/bus_kafka.h"
#include "runtime/pub.h"
#include "wire/seal.h"

/* Exit codes; the same for every command. */
enum ctl_exit {
    CTL_OK = 0,
    CTL_FOUND = 1,  /* the command worked and has bad news: bad rows, findings, nothing found, refused */
    CTL_USAGE = 2,  /* wrong arguments or configuration */
    CTL_FAILED = 3, /* Kafka, a file or the gateway failed: nothing can be said */
};

struct ctl {
    struct conf *conf;
    bool json; /* -o json */
};

struct ctl_command {
    const char *name, *args, *help;
    int (*run)(struct ctl *c, int argc, char **argv); /* argv[0] = name */
};
extern const struct ctl_command ctl_commands[]; /* ended by .name == NULL */
extern const struct conf_opt ctl_options[];     /* likewise */

int cmd_acls(struct ctl *c, int argc, char **argv);
int cmd_apply(struct ctl *c, int argc, char **argv);
int cmd_audit(struct ctl *c, int argc, char **argv);
int cmd_describe(struct ctl *c, int argc, char **argv);
int cmd_generate(struct ctl *c, int argc, char **argv);
int cmd_keys(struct ctl *c, int argc, char **argv);
int cmd_registry(struct ctl *c, int argc, char **argv);
int cmd_rules(struct ctl *c, int argc, char **argv);
int cmd_scan(struct ctl *c, int argc, char **argv);
int cmd_tail(struct ctl *c, int argc, char **argv);
int cmd_timeline(struct ctl *c, int argc, char **argv);
int cmd_topics(struct ctl *c, int argc, char **argv);

/* Options every command takes: -o table|json, --json, -h. With -o json standard output is JSON whatever the command. */
#define CTL_OPTIONS {"output", required_argument, NULL, 'o'}, {"json", no_argument, NULL, 'J'}, {"help", no_argument, NULL, 'h'}
/* True: done with it. False: *ret_exit is how to end (usage was printed). */
bool ctl_option(struct ctl *c, const char *command, int opt, int *ret_exit);
int ctl_usage(const char *command);                       /* prints, CTL_USAGE */
int ctl_fail(const struct err *e);                        /* prints; CTL_USAGE for ERR_INPUT, else CTL_FAILED */
bool ctl_number(const char *option, const char *text, int64_t min, int64_t max, int64_t *ret); /* prints when wrong */
bool ctl_keyring(struct ctl *c, struct keyring **ret, struct err *e) MUST_CHECK; /* gives */
/* Printing a result of -o json: one document, or one of many lines. Both take j. */
void ctl_print(json_t *j);
void ctl_line(json_t *j);
json_t *ctl_text(const char *s);                          /* gives; what is not UTF-8 (a name of a file) is shown as "?" */
int64_t ctl_now_ms(void);
double ctl_seconds(void); /* monotonic */

/* --- reading topics --- */
/* Where to stop is asked once, at the start. fn answers false to stop early. Records live until fn returns. */
typedef bool ctl_rec_fn(void *ctx, const struct bus_rec *r);
bool ctl_read(struct bus *b, int topic, int32_t part, int64_t from, ctl_rec_fn *fn, void *ctx, int64_t *ret_high,
              struct err *e) MUST_CHECK;
/* All partitions, one after another; partition_end (may be NULL) after each. ret_ends: where each was left, or NULL. */
struct ctl_reader {
    ctl_rec_fn *rec;
    void (*partition_end)(void *ctx, int topic);
    void *ctx;
};
bool ctl_read_topic(struct bus *b, int topic, const struct ctl_reader *r, int64_t *ret_ends, struct err *e) MUST_CHECK;
int64_t ctl_rec_time(const struct bus_rec *r);            /* ce_time, else the record's */
int ctl_rec_event(const struct bus_rec *r);               /* event_id, -1 unknown */
/* The record as its service reads it: in the structured mode, where the service takes that and the envelope is whole, with the
 * attributes and the value of its event, in the arena; else r itself. */
const struct bus_rec *ctl_rec_open(const struct bus_rec *r, struct arena *mem);

/* ctl_kafka.c: what the reader's port does not offer; repeated as retry.h tells. */
int32_t ctl_partitions(struct bus *b, int topic, struct err *e); /* -1 on error */
/* replication > 0: with the settings that differ, too. */
bool ctl_topics_plan(const struct conf *c, int replication, struct topic_plan ret[TOPIC_N], struct err *e) MUST_CHECK;
/* Next offset that the service's group will read, -1 = none committed; ret has one for each partition. */
bool ctl_committed(const struct conf *c, const char *service, int topic, int32_t parts, int64_t *ret, struct err *e) MUST_CHECK;
/* First offset whose record is not older than ms; the end when all are. */
bool ctl_offset_at(const struct conf *c, int topic, int32_t part, int64_t ms, int64_t *ret, struct err *e) MUST_CHECK;
#endif
