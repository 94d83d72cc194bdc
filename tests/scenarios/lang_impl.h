/* lang_impl.h - what the two files of the reader share. */
#ifndef CLINIC_SCENARIO_LANG_IMPL_H
#define CLINIC_SCENARIO_LANG_IMPL_H
#include "lang.h"

#define SCN_WORDS_MAX 64

struct scn_reader {
    struct arena *mem;
    struct scn *scn;
    const char *path;
    int line;
    const char *words[SCN_WORDS_MAX]; /* of the line */
    size_t words_n, at;
    size_t best_at;                   /* how far the form went that fits best, */
    char best[160];                   /* and why it fits no further */
    struct err *e;
};

const char *scn_next(struct scn_reader *r); /* NULL at the end of the line */
void scn_rewind(struct scn_reader *r);
bool scn_fail(struct scn_reader *r, const char *fmt, ...) PRINTF(2, 3); /* always false */
/* want = "+c", "$p", ...: introduce or find the name and note its index in s. */
bool scn_name(struct scn_reader *r, struct scn_stmt *s, const char *want, const char *name);
bool scn_date_ok(const char *text);
bool scn_recipient_ok(const char *text);
bool scn_read_stmt(struct scn_reader *r, struct scn_stmt *s);
#endif
