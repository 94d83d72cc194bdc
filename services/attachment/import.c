/* import.c - attachments that existed before the platform did. The same import names the same basis, so a file may be
 * loaded again; an import older than what is known is no news. */
#include "domain/channel.h"
#include "services/attachment/room.h"
#include "wire/seal.h"

/* Basis of an import: a name in a range that no portal writes into, for source UNSPECIFIED is refused at the door. */
static void basis_of(const PB(AttachmentImported) *m, struct arena *mem, uint8_t ret[16])
{
    char text[37];
    const char *name = arena_printf(mem, "import/%s/%d/%s/%lld", m->person_ref, (int)m->profile, m->clinic_id,
                                    (long long)m->effective_from_ms);
    application_id_of(CLINIC__ATTACH__V1__SOURCE__SOURCE_UNSPECIFIED, name, text);
    must(uuid_to_bytes(text, ret));
}

static PB(Attachment) *imported(const struct att *a, const PB(AttachmentImported) *m)
{
    PB(Attachment) *x = arena_alloc(a->ev->arena, sizeof *x);
    clinic__attach__v1__attachment__init(x);
    x->profile = m->profile;
    x->clinic_id = m->clinic_id;
    x->doctor_id = m->doctor_id;
    x->basis = person_id_bytes(a->id, a->ev->arena);
    x->effective_from_s = (uint32_t)(m->effective_from_ms / 1000);
    x->scope = CLINIC__ATTACH__V1__PROGRAMME_SCOPE__PROGRAMME_SCOPE_BASIC_AND_TERRITORIAL;
    return x;
}

static void occupy(const struct att *a, const PB(AttachmentImported) *m)
{
    char text[37];
    uuid_to_text(a->id, text);
    PB(Occupy) o = CLINIC__ATTACH__V1__OCCUPY__INIT;
    o.application_id = arena_strdup(a->ev->arena, text);
    o.clinic_id = m->clinic_id;
    o.profile = m->profile;
    o.doctor_id = m->doctor_id;
    svc_emit(a->c, TOPIC_CAPACITY_INBOX, bytes_str(m->clinic_id), EV_OCCUPY, &o, o.application_id);
}

/* Only a replaced attachment is worth an event: a fresh import is not news to anybody. */
static void announce(const struct att *a, const PB(AttachmentImported) *m, const PB(Attachment) *ended)
{
    char text[37];
    uuid_to_text(a->id, text);
    PB(AttachmentChanged) x = CLINIC__ATTACH__V1__ATTACHMENT_CHANGED__INIT;
    x.person_ref = m->person_ref;
    x.profile = m->profile;
    x.application_id = arena_strdup(a->ev->arena, text);
    x.new_clinic_id = m->clinic_id;
    x.new_doctor_id = m->doctor_id;
    x.old_clinic_id = ended->clinic_id;
    x.effective_from_ms = m->effective_from_ms;
    x.counted = m->counted_change;
    svc_emit(a->c, TOPIC_ATTACHMENT, a->key, EV_ATTACHMENT_CHANGED, &x, x.application_id);
}

static void replace(const struct att *a, const PB(AttachmentImported) *m)
{
    person_t *s = att_state(a);
    const PB(Attachment) *ended = person_attachment(s, m->profile);
    PB(Attachment) *fresh = imported(a, m);
    person_attach(s, fresh, a->ev->arena);
    if (m->counted_change)
        person_add_change(s, m->profile, fresh->effective_from_s, a->id, a->ev->arena);
    att_prune(a, s);
    occupy(a, m);
    if (ended) {
        att_release(a, ended);
        announce(a, m, ended);
    }
    att_save(a, s);
}

struct svc_verdict att_on_imported(const struct svc_event *ev, struct svc_call *c)
{
    const PB(AttachmentImported) *m = ev->msg;
    struct att a;
    const char *why;
    if (!att_open(ev, c, m->person_ref, NULL, &a, &why))
        return svc_rejected(SVC_REJECT_INVALID, why);
    if (!profile_name(m->profile)[0])
        return svc_rejected(SVC_REJECT_INVALID, "profile: must be a known one");
    if (!m->clinic_id[0])
        return svc_rejected(SVC_REJECT_INVALID, "clinic_id: required");
    if (m->effective_from_ms <= 0 || m->effective_from_ms / 1000 > UINT32_MAX)
        return svc_rejected(SVC_REJECT_INVALID, "effective_from_ms: must lie between 1970 and 2106");
    basis_of(m, ev->arena, a.id);
    if (person_standing(a.now, a.id) != STANDING_UNKNOWN)
        return SVC_DONE;
    const PB(Attachment) *now = person_attachment(a.now, m->profile);
    if (!now || (int64_t)now->effective_from_s < m->effective_from_ms / 1000)
        replace(&a, m);
    return SVC_DONE;
}
