#include "domain/reason.h"
#include <stdio.h>
#include <string.h>
#include "domain/date.h"
#include "domain/document.h"

#define REASON(code, cls, appeal, text, law) [REASON_##code] = {#code, REASON_##cls, APPEAL_##appeal, text, law},
const struct reason_info reasons[REASON_N] = {
    [REASON_NONE] = {"", REASON_HOLD, APPEAL_NONE, "", ""},
#include "domain/reason.def"
};
#undef REASON

struct finding finding_of(enum reason_id id, const char *detail)
{
    struct finding f = {.id = id};
    snprintf(f.detail, sizeof f.detail, "%s", detail ? detail : "");
    return f;
}

const struct reason_info *reason_find(const char *code)
{
    for (int i = REASON_NONE + 1; i < REASON_N; i++)
        if (strcmp(reasons[i].code, code) == 0)
            return &reasons[i];
    return NULL;
}

PB(Outcome) reason_outcome(enum reason_id id)
{
    if (id == REASON_NONE)
        return PB_OUTCOME(UNSPECIFIED);
    switch (reasons[id].cls) {
    case REASON_GATE: return PB_OUTCOME(GATED);
    case REASON_REFUSAL: return PB_OUTCOME(REFUSED);
    case REASON_BACK: return PB_OUTCOME(RETURNED);
    case REASON_OK: return PB_OUTCOME(APPROVED);
    case REASON_HOLD: break;
    }
    return PB_OUTCOME(UNSPECIFIED);
}

bool reason_is_forbidden(const char *code)
{
    static const char *const codes[] = {"NO_REGISTRATION", "POLICY_EXPIRED", "NOT_RESIDENT"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return false;
}

const char *reason_appeal_text(enum reason_appeal a)
{
    static const char *const texts[] = {
        [APPEAL_NONE] = "",
        [APPEAL_REGISTRY] = "Обратитесь в регистратуру поликлиники.",
        [APPEAL_INSURER] = "Отказ можно обжаловать в вашей страховой медицинской организации, затем в территориальном фонде ОМС.",
        [APPEAL_HEAD] = "Обратитесь к главному врачу поликлиники.",
    };
    return texts[a];
}

PB(Reason) * reason_msg(struct arena *mem, struct finding f)
{
    PB(Reason) *m = arena_alloc(mem, sizeof *m);
    clinic__attach__v1__reason__init(m);
    m->code = (char *)reasons[f.id].code; /* static, never written through */
    m->detail = arena_strdup(mem, f.detail);
    return m;
}

/* What a person reads for a detail: the title of a paper, a date as DD.MM.YYYY, else the detail itself. */
static const char *detail_text(struct arena *mem, const char *detail)
{
    struct date d;
    if (!*detail)
        return "—";
    if (date_parse(detail, &d))
        return arena_printf(mem, "%02d.%02d.%04d", d.d, d.m, d.y);
    for (int t = 1; t < (int)PB_DOC_N; t++)
        if (strcmp(document_code((PB(DocumentType))t), detail) == 0)
            return document_title((PB(DocumentType))t);
    return detail;
}

const char *reason_text(struct arena *mem, struct finding f)
{
    const char *text = reasons[f.id].text, *hole = strstr(text, "%s");
    if (!hole)
        return text;
    return arena_printf(mem, "%.*s%s%s", (int)(hole - text), text, detail_text(mem, f.detail), hole + 2);
}
