/* runtime_decode.c - a record of the inbox, or of the due index, as an item of the batch, and as an event for the handlers,
 * whenever one is called. What cannot become an event gets its verdict here. */
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

static void find_row(struct runtime *rt, struct item *it)
{
    struct bytes name = it->open->ce_type;
    int type = name.n ? event_by_type(name.p, name.n) : -1;
    it->row = type < 0 ? NULL : rt->row_of[type];
    if (!it->row)
        it->verdict = svc_rejected(SVC_REJECT_UNKNOWN_TYPE, name.n ? "ce_type: not one of this inbox" : "ce_type: missing");
}

bool decode_is_good(struct runtime *rt, struct item *it, const struct svc_event *ev)
{
    struct err e;
    if (!ev->msg)
        it->verdict = svc_rejected(SVC_REJECT_UNDECODABLE, "value: not the message that ce_type names");
    else if (!msg_text_ok(ev->msg, &e)) /* it would go on in what we emit, where others refuse the whole record */
        it->verdict = svc_rejected(SVC_REJECT_UNDECODABLE, arena_printf(rt->b.mem, "%s: %s", e.code, e.text));
    return !it->verdict.rejected;
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

/* Up to a zero byte, which no header of ours has. */
static struct bytes cause_of(const struct bus_rec *r)
{
    return bytes_of(r->ce_id.p, r->ce_id.n && id_is_harmless(r) ? strnlen(r->ce_id.p, r->ce_id.n) : 0);
}

/* Application ids go on in clear; anything else somebody may have written there does not. */
static const char *subject_of(struct arena *mem, struct bytes b)
{
    uint8_t uuid[16];
    const char *s = b.n == 36 ? text_of(mem, b) : "";
    return b.n == 36 && uuid_to_bytes(s, uuid) ? s : "";
}

/* Now, for handlers that see no clock. With time.source = event the clock of the events is the only one. */
static int64_t told_ms(const struct runtime *rt, const struct bus_rec *rec)
{
    return rt->d.conf->time_from_event ? time_of(rec->ce_time) : -1;
}

/* Until when. A record read again after months is as old as its timestamp says, and taken up now. */
static void tell_time(const struct runtime *rt, struct svc_event *ev, const struct bus_rec *rec)
{
    if (told_ms(rt, rec) < 0 && rt->b.now_ms > ev->now_ms)
        ev->read_ms = rt->b.now_ms;
    if (rec->ce_expirytime.n)
        text_time_parse(rec->ce_expirytime.p, rec->ce_expirytime.n, &ev->expires_ms);
}

/* What the record itself says, into *ev. */
static void tell_record(struct runtime *rt, const struct item *it, struct svc_event *ev)
{
    struct arena *mem = rt->b.scratch;
    const struct bus_rec *r = it->open;
    ev->type = events[it->row->type].type;
    ev->key = r->key;
    ev->ce_id = text_of(mem, it->cause);
    ev->msg = protobuf_c_message_unpack(events[it->row->type].msg, arena_pb(mem), r->value.n, r->value.p);
    tell_time(rt, ev, r);
}

struct svc_event decode_event(struct runtime *rt, const struct item *it)
{
    struct svc_event ev = {
        .type = SVC_DUE, .ce_id = "", .subject = it->subject, .partition = it->part->id, .now_ms = it->now_ms, .read_ms = it->now_ms,
        .partitions = rt->d.conf->partitions, .arena = rt->b.scratch, .conf = rt->d.svc_conf,
    };
    if (it->due)
        ev.key = it->due->key;
    else
        tell_record(rt, it, &ev);
    return ev;
}

/* A broken envelope gets its verdict. */
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
    *it = (struct item){.rec = rec, .part = p};
    it->base = ARENA_CAT(mem, rt->def->name, "-", arena_i64(mem, p->id), "-", arena_i64(mem, rec->offset));
    const struct bus_rec *r = it->open = open_record(rt, it, rec);
    int64_t told = told_ms(rt, r);
    it->now_ms = told >= 0 ? told : rec->time_ms;
    it->cause = cause_of(r);
    it->subject = subject_of(mem, r->ce_subject);
    it->trace = ce_trace_of(r->traceparent, r->tracestate, r->ce_traceparent, r->ce_tracestate);
    if (p->poison && p->failed_offset == rec->offset)
        it->verdict = svc_rejected(SVC_REJECT_POISON, "the broker keeps refusing its effects");
    else if (!it->verdict.rejected && is_acceptable(rt, r, &it->verdict))
        find_row(rt, it);
}

/* The record itself is read with the batch, checked against the marks; see handle_item. */
void decode_due(struct runtime *rt, struct item *it, const struct store_due *due, struct part *p)
{
    *it = (struct item){.due = due, .part = p, .row = rt->due_row[due->table], .now_ms = rt->b.now_ms, .subject = ""};
    it->base = arena_printf(rt->b.mem, "%s-%d-due-%.*s-%lld", rt->def->name, (int)p->id, (int)due->key.n,
                            (const char *)due->key.p, (long long)due->due_ms);
}
