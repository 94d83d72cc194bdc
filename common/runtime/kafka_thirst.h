/* kafka_thirst.h - when to ask for more than the library fetches by itself.
 * Old versions of librdkafka look only once a second whether a queue that was full has been emptied: small queues would
 * cost speed, and large ones memory. A seek to where the reader stands makes them fetch at once; it throws away a fetch
 * that is under way, so it is done only when much was taken and nothing has come for a moment.
 * Threads: of the reader. Nothing here is needed for correctness. */
#ifndef CLINIC_KAFKA_THIRST_H
#define CLINIC_KAFKA_THIRST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thirst {                  /* of one queue; {0} = known not to be held back */
    size_t records, bytes;       /* taken since then */
    int64_t since_ms;            /* monotonic: empty since; 0 = not seen empty */
};
void thirst_note(struct thirst *t, size_t bytes); /* one record was taken */
/* How long to wait for a record, of timeout_ms: a moment only, when afterwards there is something to be asked for. */
int thirst_wait_ms(const struct thirst *t, int timeout_ms);
/* The queue was found empty after waiting so long. True: seek; t is {0} again. */
bool thirst_is_dry(struct thirst *t, int waited_ms);
#endif
