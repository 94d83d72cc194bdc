/* room.c - see room.h. */
#include "services/attachment/room.h"
#include "wire/seal.h"

/* One application, one spelling: ids are compared as texts and as bytes. */
static bool parse_id(const char *text, uint8_t ret[16])
{
    char canonical[37];
    if (!uuid_to_bytes(text, ret))
        return false;
    uuid_to_text(ret, canonical);
    return strcmp(canonical, text) == 0;
}

/* The record must lie on the partition that owns the person, else two owners would decide about one person. */
static const char *malformed(const struct svc_event *ev, const char *person_ref, const char *application_id,
                             uint8_t ret_id[16])
{
    if (strlen(person_ref) != PERSON_REF_LEN)
        return "person_ref: must be a pseudonym of 16 characters";
    if (!bytes_eq(ev->key, bytes_str(person_ref)))
        return "person_ref: must be the key of the record";
    if (wire_partition(ev->key, ev->partitions) != ev->partition)
        return "person_ref: the record lies on another person's partition";
    if (application_id && !parse_id(application_id, ret_id))
        return "application_id: must be a UUID in lower case";
    return NULL;
}

static person_t *nothing_known(struct arena *mem)
{
    person_t *s = arena_alloc(mem, sizeof *s);
    clinic__attach__v1__person_state__init(s);
    return s;
}

bool att_open(const struct svc_event *ev, struct svc_call *c, const char *person_ref, const char *application_id,
              struct att *ret, const char **ret_why)
{
    *ret = (struct att){.ev = ev, .c = c, .conf = ev->conf};
    *ret_why = malformed(ev, person_ref, application_id, ret->id);
    if (*ret_why)
        return false;
    ret->key = bytes_str(person_ref);
    ret->now = svc_get(c, ATT_PERSON, ret->key);
    if (!ret->now)
        ret->now = nothing_known(ev->arena);
    return true;
}

person_t *att_state(const struct att *a)
{
    person_t *s = svc_take(a->c, ATT_PERSON, a->key);
    return s ? s : nothing_known(a->ev->arena);
}

void att_save(const struct att *a, const person_t *s) { svc_put(a->c, ATT_PERSON, a->key, s); }

void att_close(const struct att *a, person_t *s, const PB(Case) *k, const struct ending *e)
{
    static const char *const labels[] = {"unspecified", "approved", "refused", "returned",
                                         "withdrawn",   "gated",    "expired"};
    if (!e->begun) /* an approval is known by the attachment that rests on it */
        person_close(s, a->id, e->outcome, a->ev->arena);
    att_save(a, s);
    att_announce(a->ev, a->c, k, e);
    svc_count(a->c, ATT_M_CLOSED, labels[e->outcome]);
}

/* Why capacity need not be told that an application became an attachment. A place is held in the name of an application
 * from Reserve (or Occupy) until Cancel or Release of the same name and clinic. No late Cancel takes it from an
 * attachment, by order alone:
 * - nobody else sends these commands, and all about one place have one key, the clinic: one partition of capacity.inbox
 *   has them in the order of the transactions here;
 * - Cancel leaves with a state in which the application is neither in flight at that clinic nor the basis of an
 *   attachment, Release with one in which its attachment has just been replaced;
 * - the way to an attachment leads through the lock, which is taken with Reserve; while it is held Reserve may be
 *   repeated, but nothing else is said of this place;
 * - an application is of one person: source and number are its identity, and intake refuses them with other content.
 * So of every place that an attachment rests on the last command is Reserve or Occupy (test_order.c). */
void att_cancel(const struct att *a, const char *application_id, const char *clinic_id)
{
    PB(Cancel) m = CLINIC__ATTACH__V1__CANCEL__INIT;
    m.application_id = (char *)application_id;
    m.clinic_id = (char *)clinic_id;
    svc_emit(a->c, TOPIC_CAPACITY_INBOX, bytes_str(clinic_id), EV_CANCEL, &m, application_id);
}

void att_release(const struct att *a, const PB(Attachment) *ended)
{
    char text[37];
    must(ended->basis.len == 16);
    uuid_to_text(ended->basis.data, text);
    PB(Release) m = CLINIC__ATTACH__V1__RELEASE__INIT;
    m.application_id = arena_strdup(a->ev->arena, text);
    m.clinic_id = ended->clinic_id;
    svc_emit(a->c, TOPIC_CAPACITY_INBOX, bytes_str(ended->clinic_id), EV_RELEASE, &m, m.application_id);
}
