/* runtime_decode.c - a record of the inbox, or of the due index, as an event for the handlers. What cannot become an
 * event gets its verdict here. */
#include <ctype.h>
#include "runtime/runtime_int.h"
#include "runtime/structured.h"
#include "base/text.h"
#include "wire/msg.h"

static const char *text_of(struct arena *mem, struct bytes b)
{
    if (!b.n)
        return "";
    char *s = arena_alloc(mem, b.n + 1);
    memcpy(s, b.p, b.n);
    s[b.n] = '\0';
    return s;
}

static int digits(const char *s, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        v = v * 10 + (s[i] - '0');
    }
    return v;
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
static int64_t days_of(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* RFC 3339 in UTC with optional fraction, as ce_time is written: "2026-11-22T06:20:38.512Z"; -1 when it is not that. */
static int64_t time_of(struct bytes t)
{
    const char *s = t.p;
    if (t.n < 20 || s[4] != '-' || s[7] != '-' || (s[10] | 0x20) != 't' || s[13] != ':' || s[16] != ':' ||
        (s[t.n - 1] | 0x20) != 'z')
        return -1;
    int y = digits(s, 4), mo = digits(s + 5, 2), d = digits(s + 8, 2);
    int h = digits(s + 11, 2), mi = digits(s + 14, 2), sec = digits(s + 17, 2), ms = 0;
    if (y < 0 || mo < 1 || mo > 12 || d < 1 || d > 31 || h < 0 || h > 23 || mi < 0 || mi > 59 || sec < 0 || sec > 60)
        return -1;
    for (size_t i = 20, scale = 100; s[19] == '.' && i < t.n - 1 && scale; i++, scale /= 10) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        ms += (s[i] - '0') * (int)scale;
    }
    return ((days_of(y, mo, d) * 24 + h) * 60 + mi) * 60000 + sec * 1000 + ms;
}

static bool takes_mode(const struct runtime *rt, struct bytes content_type)
{
    enum ce_mode mode = ce_mode_of(content_type);
    return mode == CE_BINARY || (mode == CE_JSON && rt->def->structured);
}

/* What can be said of a record before its bytes are looked into; false = *why tells. */
static bool is_acceptable(const struct runtime *rt, const struct bus_rec *r, struct svc_verdict *why)
{
    if (r->value.n > rt->d.conf->record_max_bytes)
        *why = svc_rejected(SVC_REJECT_TOO_LARGE, "value is longer than record.max_bytes");
    else if (!takes_mode(rt, r->content_type))
        *why = svc_rejected(SVC_REJECT_CONTENT_MODE, rt->def->structured
                                                         ? "content-type: of the structured modes of CloudEvents only JSON is read"
                                                         : "content-type: only the binary mode of CloudEvents is read");
    else if (!r->value.p || r->value.n == 0)
        *why = svc_rejected(SVC_REJECT_EMPTY, "value: empty");
    else
        return true;
    return false;
}

static void decode_value(struct runtime *rt, struct item *it, const struct bus_rec *r)
{
    int type = r->ce_type.n ? event_by_type(r->ce_type.p, r->ce_type.n) : -1;
    const struct svc_handler *row = type < 0 ? NULL : rt->row_of[type];
    if (!row) {
        it->verdict = svc_rejected(SVC_REJECT_UNKNOWN_TYPE, r->ce_type.n ? "ce_type: not one of this inbox" : "ce_type: missing");
        return;
    }
    it->ev.type = events[type].type;
    it->ev.msg = protobuf_c_message_unpack(events[type].msg, arena_pb(rt->b.mem), r->value.n, r->value.p);
    struct err e;
    if (!it->ev.msg)
        it->verdict = svc_rejected(SVC_REJECT_UNDECODABLE, "value: not the message that ce_type names");
    else if (!msg_text_ok(it->ev.msg, &e)) /* it would go on in what we emit, where others refuse the whole record */
        it->verdict = svc_rejected(SVC_REJECT_UNDECODABLE, arena_printf(rt->b.mem, "%s: %s", e.code, e.text));
    else
        it->row = row;
}

/* Ids go on in clear, as ce_causationid. Ours are known; in one from outside, a run of digits may be somebody's number,
 * unless the whole is a UUID. */
static bool id_is_harmless(const struct bus_rec *r)
{
    const char *s = r->ce_id.p;
    size_t run = 0, longest = 0;
    uint8_t uuid[16];
    char text[37] = "";
    if (r->ce_source.n > 8 && memcmp(r->ce_source.p, "/clinic/", 8) == 0)
        return true;
    for (size_t i = 0; i < r->ce_id.n; i++) {
        run = s[i] >= '0' && s[i] <= '9' ? run + 1 : 0;
        longest = run > longest ? run : longest;
        if (!isalnum((unsigned char)s[i]) && !strchr("-_.:/", s[i]))
            return false;
    }
    if (r->ce_id.n == 36)
        memcpy(text, s, 36);
    return r->ce_id.n <= 64 && (longest < 9 || uuid_to_bytes(text, uuid));
}

/* Application ids go on in clear; anything else somebody may have written there does not. */
static const char *subject_of(struct arena *mem, struct bytes b)
{
    uint8_t uuid[16];
    const char *s = b.n == 36 ? text_of(mem, b) : "";
    return b.n == 36 && uuid_to_bytes(s, uuid) ? s : "";
}

/* Now and until when, for handlers that see no clock. A record read again after months is as old as its timestamp says, and
 * taken up now. With time.source = event the clock of the events is the only one. */
static void tell_time(const struct runtime *rt, struct svc_event *ev, const struct bus_rec *rec)
{
    int64_t told = rt->d.conf->time_from_event ? time_of(rec->ce_time) : -1;
    ev->now_ms = told >= 0 ? told : rec->time_ms;
    ev->read_ms = told < 0 && rt->b.now_ms > ev->now_ms ? rt->b.now_ms : ev->now_ms;
    if (rec->ce_expirytime.n)
        text_time_parse(rec->ce_expirytime.p, rec->ce_expirytime.n, &ev->expires_ms);
}

static struct svc_event event_of(struct runtime *rt, const struct part *p)
{
    return (struct svc_event){
        .ce_id = "", .subject = "", .partition = p->id,
        .partitions = rt->d.conf->partitions, .arena = rt->b.scratch, .conf = rt->d.svc_conf,
    };
}

/* The record as the binary mode has it: itself, nearly always. A broken envelope gets its verdict. */
static const struct bus_rec *open_record(struct runtime *rt, struct item *it, const struct bus_rec *rec)
{
    struct err e;
    if (ce_mode_of(rec->content_type) == CE_BINARY || !is_acceptable(rt, rec, &it->verdict))
        return rec;
    struct bus_rec *r = arena_alloc(rt->b.mem, sizeof *r);
    if (!structured_open(rec, rt->b.mem, r, &e))
        it->verdict = svc_rejected(SVC_REJECT_UNDECODABLE,
                                   arena_printf(rt->b.mem, "%s: %s", e.code[0] ? e.code : "value", e.text));
    return r;
}

void decode_record(struct runtime *rt, struct item *it, const struct bus_rec *rec, struct part *p)
{
    struct arena *mem = rt->b.mem;
    *it = (struct item){.rec = rec, .part = p, .due_table = -1, .ev = event_of(rt, p)};
    it->base = ARENA_CAT(mem, rt->def->name, "-", arena_i64(mem, p->id), "-", arena_i64(mem, rec->offset));
    const struct bus_rec *r = open_record(rt, it, rec);
    it->ev.key = r->key;
    it->ev.ce_id = id_is_harmless(r) ? text_of(mem, r->ce_id) : "";
    it->ev.subject = it->subject = subject_of(mem, r->ce_subject);
    it->trace = ce_trace_of(r->traceparent, r->tracestate, r->ce_traceparent, r->ce_tracestate, mem);
    tell_time(rt, &it->ev, r);
    if (p->poison && p->failed_offset == rec->offset)
        it->verdict = svc_rejected(SVC_REJECT_POISON, "the broker keeps refusing its effects");
    else if (!it->verdict.rejected && is_acceptable(rt, r, &it->verdict))
        decode_value(rt, it, r);
}

/* The record itself is read with the batch, checked against the marks; see handle_item. */
void decode_due(struct runtime *rt, struct item *it, const struct store_due *due, struct part *p, int64_t now_ms)
{
    *it = (struct item){.part = p, .due_table = due->table, .row = rt->due_row[due->table], .ev = event_of(rt, p),
                       .trace.parent = "", .subject = ""};
    it->base = arena_printf(rt->b.mem, "%s-%d-due-%.*s-%lld", rt->def->name, (int)p->id, (int)due->key.n,
                            (const char *)due->key.p, (long long)due->due_ms);
    it->ev.type = SVC_DUE;
    it->ev.key = due->key;
    it->ev.now_ms = it->ev.read_ms = now_ms;
}
