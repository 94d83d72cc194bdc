/* records.h - the input of a service target: records for its topics, one after the other.
 *   kind (1) | flags (1) | length of the key (1) | key | length of the value (2, little endian) | value
 * kind is an event_id (value = its message, packed) or one of RECORD_*. What a mutation broke is cut to what is there.
 * Pure; borrows the input. */
#ifndef CLINIC_FUZZ_RECORDS_H
#define CLINIC_FUZZ_RECORDS_H
#include "base/bytes.h"
#include "wire/wire.h"

#define RECORDS_MAX 32

enum record_kind {
    RECORD_ADVANCE = 0xF0, /* time passes: value = seconds (4 bytes), none = until the next record becomes due */
    RECORD_RESTART = 0xF1, /* the process is killed and started again, or its store loses everything: see svc.c */
    RECORD_TYPE = 0xF2,    /* value = ce_type, and the value of the record */
};
enum record_flag {
    RECORD_STORED_KEY = 1,  /* the key as it is here; else the one the message asks for */
    RECORD_KEEP_PLAIN = 2,  /* personal data of a case stay in clear; else they are sealed */
    RECORD_ASTRAY = 4,      /* on another partition than its key's */
    RECORD_WITH_NEXT = 8,   /* in one batch with the next one */
    RECORD_NO_VALUE = 16,   /* a tombstone */
    RECORD_BARE = 32,       /* no header but ce_type */
};
struct record {
    uint8_t kind, flags;
    struct bytes key, value;
};

size_t records_read(struct bytes in, struct record ret[RECORDS_MAX]);
/* Whole records that fit in max bytes; returns the bytes written. */
size_t records_write(const struct record *r, size_t n, uint8_t *to, size_t max);
#endif
