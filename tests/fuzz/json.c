/* json.c - bodies of the HTTP door: JSON to a message of any kind and back, and for applications everything that is asked
 * of their fields before they are taken. First byte: the kind of message, EV_APPLICATION_SUBMITTED from EV_N on. */
#include <string.h>
#include "base/text.h"
#include "domain/digest.h"
#include "domain/gate.h"
#include "domain/papers.h"
#include "domain/policy.h"
#include "domain/validate.h"
#include "fuzz.h"
#include "wire/json.h"
#include "wire/msg.h"
#include "wire/wire.h"

static struct bytes pack(const ProtobufCMessage *m)
{
    uint8_t *to = arena_alloc(fuzz_mem(), protobuf_c_message_get_packed_size(m) + 1);
    return bytes_of(to, protobuf_c_message_pack(m, to));
}

/* What was read is text, decodes, and comes back the same from its own JSON. */
static void check_message(const ProtobufCMessage *m, const ProtobufCMessageDescriptor *d)
{
    struct err e = {0};
    struct bytes packed = pack(m);
    ProtobufCMessage *again = NULL;
    EXPECT(msg_text_ok(m, &e));
    EXPECT(protobuf_c_message_unpack(d, arena_pb(fuzz_mem()), packed.n, packed.p));
    json_t *j = json_of_msg(m, false), *masked = json_of_msg(m, true);
    EXPECT(j && masked && json_to_msg(j, d, fuzz_mem(), &again, &e));
    EXPECT(bytes_eq(packed, pack(again)));
    json_decref(masked);
    json_decref(j);
}

/* An application that is valid has all that the rules, the seal and the digests ask for. */
static void check_application(const PB(Application) * app)
{
    struct err e = {0};
    const PB(Personal) *p =
        app->personal_block_case == CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL ? app->personal : NULL;
    char id[37], normal[POLICY_NORMAL_MAX];
    uint8_t print[DIGEST_BYTES];
    struct person_digest person;
    struct policy_digest policy;
    struct date birth;
    if (!validate_application(fuzz_rules(), app, p, date_of_ms(FUZZ_NOW_MS, 180), &e)) {
        EXPECT(e.cls == ERR_INPUT && e.code[0] && e.text[0] && text_utf8_ok(e.text, strlen(e.text)));
        return;
    }
    struct rule_ctx at = rules_for(ruleset_find(fuzz_rules(), app->region), FUZZ_NOW_MS, app);
    application_id_of(app->source, app->external_ref, id);
    EXPECT(date_parse(p->birth_date, &birth));
    EXPECT(person_digests(fuzz_keys(), p, fuzz_mem(), &person, &e) && policy_digests(fuzz_keys(), p, fuzz_mem(), &policy, &e));
    application_fingerprint(fuzz_keys(), app, p, fuzz_mem(), print);
    struct finding gate = gate_check(&at, app, p);
    bool has_number = policy_normal(p->policy_form, p->policy_series, p->policy_number, normal, NULL, NULL);
    EXPECT(gate.id != REASON_NONE || has_number); /* what has no pseudonym of its own does not get in */
    PB(Category) category = papers_category(&at, app, p, birth);
    papers_check(&at, app, p, category, birth);
    papers_profile(app->profile, date_age(birth, date_of_days(at.day)), p->sex);
    EXPECT(reason_msg(fuzz_mem(), gate));
    Clinic__Attach__V1__Sealed *s = seal_personal(fuzz_keys(), p, id, fuzz_mem());
    PB(Personal) *opened;
    EXPECT(seal_open(fuzz_keys(), s, id, fuzz_mem(), &opened, &e) && bytes_eq(pack(&opened->base), pack(&p->base)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_in in = fuzz_begin(data, n);
    unsigned kind = fuzz_u8(&in);
    const ProtobufCMessageDescriptor *d = events[kind < EV_N ? kind : EV_APPLICATION_SUBMITTED].msg;
    struct bytes body = fuzz_rest(&in);
    json_t *j = json_loadb(fuzz_copy(body), body.n, JSON_REJECT_DUPLICATES, NULL);
    ProtobufCMessage *m = NULL;
    struct err e = {0};
    if (!j)
        return 0;
    if (!json_to_msg(j, d, fuzz_mem(), &m, &e)) {
        EXPECT(e.cls == ERR_INPUT && e.text[0] && text_utf8_ok(e.code, strlen(e.code)) && text_utf8_ok(e.text, strlen(e.text)));
    } else {
        check_message(m, d);
        if (d == &clinic__attach__v1__application__descriptor)
            check_application((const PB(Application) *)m);
    }
    json_decref(j);
    return 0;
}
