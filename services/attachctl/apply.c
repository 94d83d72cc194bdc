#include "services/attachctl/apply.h"

static bool walk(struct apply_reader *r, json_t **ret)
{
    *ret = json_incref(json_array_get(r->array, r->at++));
    r->n++;
    if (r->at == json_array_size(r->array)) {
        json_decref(r->array);
        r->array = NULL;
    }
    return true;
}

bool apply_next(struct apply_reader *r, json_t **ret, struct err *e)
{
    json_error_t je;
    *ret = NULL;
    while (!r->array) {
        int c;
        while ((c = fgetc(r->from)) == ' ' || c == '\n' || c == '\r' || c == '\t')
            ;
        if (c == EOF)
            return !ferror(r->from) || err_set(e, ERR_FATAL, "APPLY-READ", "%s cannot be read", r->name);
        ungetc(c, r->from);
        json_t *j = json_loadf(r->from, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &je);
        if (!j)
            return err_set(e, ERR_INPUT, "APPLY-JSON", "%s: object %lu, its line %d: not JSON", r->name, r->n + 1, je.line);
        if (json_is_object(j)) {
            r->n++;
            *ret = j;
            return true;
        }
        if (!json_is_array(j)) {
            json_decref(j);
            return err_set(e, ERR_INPUT, "APPLY-JSON", "%s: object %lu: neither an object nor an array", r->name, r->n + 1);
        }
        if (json_array_size(j) > 0)
            r->array = j;
        else
            json_decref(j);
    }
    return walk(r, ret);
}
