/* ports_member.h - a member of a group under test: follows its assignment and does one relay step at a time.
 * Threads: one. Memory: fixed; records are copied out. */
#ifndef CLINIC_TESTS_PORTS_MEMBER_H
#define CLINIC_TESTS_PORTS_MEMBER_H
#include "ports.h"

#define MEMBER_PARTS 16
#define TEXT_MAX 200

struct seen {               /* one record polled or read, copied */
    int32_t part;
    int64_t offset, time_ms;
    char key[TEXT_MAX], value[TEXT_MAX], type[TEXT_MAX];
    bool has_value;
    size_t headers_n;
};
struct member {
    struct bus *bus;
    bool owned[MEMBER_PARTS];
    int owned_n, assigned_n, revoked_n, lost_n;
    bool in_poll;           /* callbacks are allowed now */
    int inbox, facts, out;
    enum topic_id outputs[4];
};
/* service = group; two members of one service with different instances share the partitions. */
void member_open(struct member *m, const char *service, const char *instance, int inbox, int facts, int out);
void member_close(struct member *m);
/* In the running test: a service (group) of its own, and its first member, with every partition. */
extern char ports_service[64];
void ports_open_one(struct member *m, const char *instance);
/* One poll of at most `max` records, copied. */
size_t member_poll(struct member *m, int timeout_ms, struct seen *out, size_t max);
/* Poll until `parts` partitions are owned; other, if given, is polled too. */
void member_await(struct member *m, int parts, struct member *other);
/* From offset on, running. */
void member_run(struct member *m, int32_t part, int64_t from);
/* Poll until n records have come. */
void member_take(struct member *m, struct seen *out, size_t n);
/* One record, in a transaction or not; value NULL = tombstone. */
struct bus_out member_out(int topic, int32_t part, const char *key, const char *value);
void member_produce(struct member *m, int topic, int32_t part, const char *key, const char *value);
void member_begin(struct member *m);
void member_offsets(struct member *m, int32_t part, int64_t next);
void member_commit(struct member *m);
int64_t member_high(struct member *m, int topic, int32_t part);
/* The same once it has reached an offset: the markers of a transaction are written after commit has returned. */
int64_t member_high_from(struct member *m, int topic, int32_t part, int64_t at_least);
int64_t member_committed(struct member *m, int32_t part);
/* Everything committed in a log from an offset on, until `until`; returns how many; *ret_next as log_read. */
size_t log_all(struct bus *b, int topic, int32_t part, int64_t from, int64_t until, struct seen *out, size_t max,
               int64_t *ret_next);
void publish(int topic, int32_t part, const char *key, const char *value);

/* ports_bus_records.c */
void tombstones_are_absent_values_and_empty_values_are_not(void **state);
void records_have_their_own_headers(void **state);

/* ports_bus_dead.c */
void a_zombie_with_our_transactional_id_commits_nothing(void **state);
void a_zombie_of_every_producer_commits_nothing(void **state);
void a_death_in_one_transaction_leaves_the_one_before(void **state);
void a_zombie_of_an_old_generation_commits_nothing(void **state);
void offsets_of_a_dead_transaction_are_waited_out(void **state);
void catch_up_waits_past_the_open_transaction_of_a_dead_producer(void **state);
void a_crash_inside_commit_is_all_or_nothing(void **state);
void closing_ends_an_open_transaction(void **state);
#endif
