#include "runtime/describe.h"
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
    enum topic_id outputs[TOPIC_N + 1];
    svc_output_topics(def->outputs, outputs);
    for (const enum topic_id *t = outputs; *t != TOPIC_N; t++)
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

void describe_options(json_t *list, const struct conf_opt *o)
{
    for (; o && o->name; o++)
        json_array_append_new(list, json_pack("{s:s, s:s?, s:b, s:s}", "name", o->name, "default", o->def, "secret",
                                              o->secret, "help", o->help));
}

void describe_metrics(json_t *list, const struct metric_row *m)
{
    static const char *const kinds[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    for (; m && m->name; m++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:s}", "name", m->name, "kind", kinds[m->kind],
                                              "label", m->label, "help", m->help));
}

static json_t *metrics_of(const struct svc_def *def)
{
    json_t *list = json_array();
    describe_metrics(list, build_metric);
    describe_metrics(list, rt_metrics);
    for (const struct svc_metric *m = def->metrics; m && m->name; m++) {
        const struct metric_row row[] = {{METRIC_COUNTER, m->name, m->label, m->help}, {0}};
        describe_metrics(list, row);
    }
    describe_metrics(list, def->outbound ? def->outbound->metrics : NULL);
    return list;
}

static void message(json_t *list, enum topic_id topic, enum event_id type)
{
    json_array_append_new(list, json_pack("{s:s, s:s}", "topic", topics[topic].name, "type", events[type].type));
}

void describe_outputs(json_t *list, const struct svc_output *o)
{
    for (; o->topic != TOPIC_N; o++)
        message(list, o->topic, o->type);
}

/* Events, reports of the outbound side, facts, dead letters. */
static json_t *sends_of(const struct svc_def *def)
{
    json_t *list = json_array();
    describe_outputs(list, def->outputs);
    for (const enum event_id *t = def->reports; t && *t != EV_N; t++)
        message(list, def->inbox, *t);
    for (const struct svc_table *t = def->tables; t->name; t++)
        if (t->source < 0)
            message(list, def->facts, t->type);
    message(list, def->dlq, EV_DEAD_LETTER);
    return list;
}

static json_t *receives_of(const struct svc_def *def)
{
    json_t *list = json_array();
    for (const struct svc_handler *h = def->handlers; h->handle; h++)
        if (h->due_table < 0)
            message(list, def->inbox, h->type);
    for (const struct svc_table *t = def->tables; t->name; t++)
        message(list, t->source < 0 ? def->facts : (enum topic_id)t->source, t->type);
    return list;
}

json_t *describe_service(const struct svc_def *def)
{
    json_t *options = json_array();
    describe_options(options, common_options);
    describe_options(options, def->options);
    return json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "service", def->name, "summary", def->summary,
                     "version", CLINIC_VERSION, "structured", def->structured, "topics", topics_of(def), "sends",
                     sends_of(def), "receives", receives_of(def), "handles", handlers_of(def), "tables",
                     tables_of(def), "options", options, "metrics", metrics_of(def));
}

void describe_json(const struct svc_def *def, FILE *to)
{
    json_t *j = describe_service(def);
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
    static const char *const sections[] = {"topics", "sends", "handles", "tables", "options", "metrics"};
    json_t *j = describe_service(def);
    fprintf(to, "%s %s - %s\n", def->name, CLINIC_VERSION, def->summary);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        fprintf(to, "\n%s\n", sections[i]);
        print_list(json_object_get(j, sections[i]), to);
    }
    json_decref(j);
}
