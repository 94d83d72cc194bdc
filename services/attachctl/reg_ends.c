/* reg_ends.c - ends of attachments told by rows of a load. Of policies only a digest is kept. */
#include <stdio.h>
#include <string.h>
#include "services/attachctl/reg_impl.h"

struct end {
    uint8_t key[16];
    int32_t day; /* last one told */
};

static void key_of(const struct reg_row *r, uint8_t ret[16])
{
    char text[POLICY_NORMAL_MAX + 40];
    snprintf(text, sizeof text, "%s/%.32s", r->policy, r->v[RF_CLINIC_ID]);
    htab_digest(bytes_str(text), ret);
    explicit_bzero(text, sizeof text);
}

void reg_ends_init(struct reg_ends *e) { htab_init(&e->of, sizeof(struct end), 16); }
void reg_ends_free(struct reg_ends *e) { htab_free(&e->of); }

void reg_ends_add(struct reg_ends *e, const struct reg_row *r)
{
    uint8_t key[16];
    bool is_new;
    key_of(r, key);
    struct end *end = htab_put(&e->of, key, &is_new);
    if (is_new || end->day < r->detached)
        end->day = r->detached;
}

/* One that began after the end is another one: the person came back. */
bool reg_ends_has(const struct reg_ends *e, const struct reg_row *r)
{
    uint8_t key[16];
    if (e->of.n == 0)
        return false;
    key_of(r, key);
    const struct end *end = htab_get(&e->of, key);
    return end && r->from <= end->day;
}
