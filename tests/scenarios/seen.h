/* seen.h - what became visible on the topics about one scenario, and whether a statement holds by it.
 * Role: test support. Memory: the arena given. Threads: one. */
#ifndef CLINIC_SCENARIO_SEEN_H
#define CLINIC_SCENARIO_SEEN_H
#include "world.h"

struct seen;
struct seen *seen_new(const struct world *w, struct arena *mem);
/* A committed record of a topic, oldest first; what does not concern the scenario is passed over. */
void seen_add(struct seen *s, int topic, struct bytes key, const char *type, size_t type_len, struct bytes value);

/* A then statement. False: why in text. */
bool seen_holds(const struct seen *s, const struct scn_stmt *st, char *why, size_t cap);
/* What must hold at the end whatever the scenario says: one outcome an application at most and no status after it, no notice twice on a channel,
 * places used = places held by doctor, every attachment holds its place and every place an attachment. */
bool seen_sound(const struct seen *s, char *why, size_t cap);
/* Attachment given to a person has arrived in the attachment service and its place in capacity. */
bool seen_given(const struct seen *s, const struct scn_stmt *st, char *why, size_t cap);
#endif
