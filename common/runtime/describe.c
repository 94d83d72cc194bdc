#include "runtime/describe.h"
#include <jansson.h>
#include <stdlib.h>
#include "runtime/options.h"
#include "runtime/runtime_metrics.h"

static json_t *topic(enum topic_id t, const char *role)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "name", topics[t].name, "role", role, "cleanup",
                     topics[t].cleanup == 'C' ? "compact" : "delete", "key", topics[t].key);
}

static json_t *topics_of(const struct svc_def *def)
{
    json_t *list = json_array();
    json_array_append_new(list, topic(def->inbox, "inbox"));
    json_array_append_new(list, topic(def->facts, "facts"));
    json_array_append_new(list, topic(def->dlq, "dead letters"));
    for (const enum topic_id *t = def->outputs; *t != TOPIC_N; t++)
        json_array_append_new(list, topic(*t, "output"));
    for (const struct svc_table *t = def->tables; t->name; t++)
        if (t->source >= 0)
            json_array_append_new(list, topic((enum topic_id)t->source, "register"));
    return list;
}

static json_t *handlers_of(const struct svc_def *def)
{
    json_t *list = json_array();
    for (const struct svc_handler *h = def->handlers; h->handle; h++) {
        if (h->due_table >= 0)
            json_array_append_new(list, json_pack("{s:s, s:s}", "due", def->tables[h->due_table].name, "message",
                                                  events[def->tables[h->due_table].type].msg->name));
        else
            json_array_append_new(list, json_pack("{s:s, s:s}", "type", events[h->type].type, "message",
                                                  events[h->type].msg->name));
    }
    return list;
}

static json_t *tables_of(const struct svc_def *def)
{
    json_t *list = json_array();
    for (const struct svc_table *t = def->tables; t->name; t++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:b}", "name", t->name, "message", events[t->type].msg->name, "source",
                            topics[t->source < 0 ? def->facts : (enum topic_id)t->source].name, "timed",
                            t->due_ms != NULL));
    return list;
}

static void add_options(json_t *list, const struct conf_opt *o)
{
    for (; o && o->name; o++)
        json_array_append_new(list, json_pack("{s:s, s:s?, s:b, s:s}", "name", o->name, "default", o->def, "secret",
                                              o->secret, "help", o->help));
}

static json_t *metrics_of(const struct svc_def *def)
{
    static const char *const kinds[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    json_t *list = json_array();
    for (const struct rt_metric *m = rt_metrics; m->name; m++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:s}", "name", m->name, "kind", kinds[m->kind],
                                              "label", m->label, "help", m->help));
    for (const struct svc_metric *m = def->metrics; m && m->name; m++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:s}", "name", m->name, "kind", "counter", "label",
                                              m->label, "help", m->help));
    return list;
}

static json_t *describe(const struct svc_def *def)
{
    json_t *options = json_array();
    add_options(options, common_options);
    add_options(options, def->options);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "service", def->name, "summary", def->summary,
                     "version", CLINIC_VERSION, "topics", topics_of(def), "handles", handlers_of(def), "tables",
                     tables_of(def), "options", options, "metrics", metrics_of(def));
}

void describe_json(const struct svc_def *def, FILE *to)
{
    json_t *j = describe(def);
    json_dumpf(j, to, JSON_INDENT(2) | JSON_SORT_KEYS);
    fputc('\n', to);
    json_decref(j);
}

/* A list of objects, one line each: the values in the order they were put. */
static void print_list(const json_t *list, FILE *to)
{
    size_t i;
    json_t *row, *v;
    const char *k;
    json_array_foreach(list, i, row)
    {
        int at = 0;
        json_object_foreach(row, k, v)
        {
            const char *s = json_is_true(v) ? k : json_is_string(v) ? json_string_value(v) : NULL;
            if (s && *s)
                fprintf(to, at++ ? "  %s" : "  %-40s", s);
        }
        fputc('\n', to);
    }
}

void describe_text(const struct svc_def *def, FILE *to)
{
    static const char *const sections[] = {"topics", "handles", "tables", "options", "metrics"};
    json_t *j = describe(def);
    fprintf(to, "%s %s - %s\n", def->name, CLINIC_VERSION, def->summary);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        fprintf(to, "\n%s\n", sections[i]);
        print_list(json_object_get(j, sections[i]), to);
    }
    json_decref(j);
}
