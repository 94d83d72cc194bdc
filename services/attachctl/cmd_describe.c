/* cmd_describe.c - attachctl describe: every program, topic and message of the platform as JSON. deploy/documents makes
 * proto/asyncapi.yaml and deploy/reference.md of it. Asks no broker. */
#include "domain/reason.h"
#include "runtime/describe.h"
#include "services/attachctl/ctl.h"
#include "services/attachctl/ctl_access.h"
#include "services/gateway/about.h"
#include "wire/ce.h"

#define REPLICATION 3 /* of a cluster; on one node min.insync.replicas is 1 */

static json_t *settings_of(int topic)
{
    struct topic_setting s[TOPIC_SETTINGS_MAX];
    json_t *all = json_object();
    size_t n = kafka_topic_settings(topic, REPLICATION, s);
    for (size_t i = 0; i < n; i++)
        json_object_set_new(all, s[i].name, json_string(s[i].value));
    return all;
}

static json_t *all_topics(void)
{
    json_t *list = json_array();
    for (int i = 0; i < TOPIC_N; i++) {
        json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "name", topics[i].name, "key", topics[i].key, "settings",
                                              settings_of(i)));
    }
    return list;
}

static json_t *all_messages(void)
{
    json_t *list = json_array();
    for (int i = 0; i < EV_N; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:i}", "type", events[i].type, "message", events[i].msg->name,
                                              "dataschema", ce_dataschema((enum event_id)i), "dataclassification",
                                              events[i].data_class, "days", events[i].days));
    return list;
}

static json_t *all_reasons(void)
{
    json_t *list = json_array();
    for (int i = REASON_NONE + 1; i < REASON_N; i++) {
        const char cls[] = {(char)reasons[i].cls, '\0'};
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "code", reasons[i].code, "class", cls, "text",
                                              reasons[i].text, "law", reasons[i].law));
    }
    return list;
}

static json_t *all_commands(void)
{
    json_t *list = json_array();
    for (const struct ctl_command *c = ctl_commands; c->name; c++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", c->name, "args", c->args, "help", c->help));
    return list;
}

static json_t *tool(void)
{
    json_t *options = json_array(), *sends = json_array();
    describe_options(options, ctl_options);
    describe_outputs(sends, ctl_outputs);
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", "attachctl", "summary", "the operator's tool", "sends", sends,
                     "options", options, "commands", all_commands());
}

static json_t *all_services(void)
{
    json_t *list = json_array();
    for (const struct svc_def *const *d = ctl_services; *d; d++)
        json_array_append_new(list, describe_service(*d));
    return list;
}

int cmd_describe(struct ctl *c, int argc, char **argv)
{
    static const struct option longs[] = {CTL_OPTIONS, {NULL}};
    int opt, code;
    while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) >= 0)
        if (!ctl_option(c, argv[0], opt, &code))
            return code;
    if (optind != argc)
        return ctl_usage(argv[0]);
    json_t *j = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "version", CLINIC_VERSION, "topics", all_topics(), "messages",
                          all_messages(), "services", all_services(), "gateway", gw_describe(), "attachctl", tool(), "reasons", all_reasons());
    ctl_print(j);
    return CTL_OK;
}
