#include "about.h"
#include "gateway.h"
#include "runtime/describe.h"
#include "runtime/options.h"
#include "runtime/runtime_metrics.h"
#include "services/attachment/attachment.h"
#include "services/capacity/capacity.h"
#include "services/intake/intake.h"

const char gw_summary[] = "takes applications over HTTP; shows their status, attachments and clinics";

const struct conf_opt gw_options[] = {
    {"http.listen", CONF_STR, "127.0.0.1:8080", 0, 0, false, "address of the HTTP door, host:port; port 0 = any free one"},
    {"http.port_file", CONF_STR, "", 0, 0, false, "file to write the HTTP port to; empty = none"},
    {"http.threads", CONF_INT, "2", 1, 64, false, "threads that read requests and write answers"},
    {"http.workers", CONF_INT, "4", 1, 256, false, "threads that do the work, each with its own connections to Redis"},
    {"http.queue", CONF_INT, "2000", 1, 1000000, false, "requests waiting for a worker; beyond it 503"},
    {"http.connections", CONF_INT, "2000", 1, 1000000, false, "open connections"},
    {"http.per_address", CONF_INT, "0", 0, 1000000, false, "open connections of one address; 0 = no limit, behind a proxy"},
    {"http.idle", CONF_MS, "30s", 1000, 3600000, false, "a silent connection is closed after this"},
    {"publish.timeout", CONF_MS, "5s", 100, 120000, false, "longest wait for the broker, then 503"},
    {"retry.after", CONF_MS, "5s", 1000, 3600000, false, "what Retry-After says"},
    {"idempotency.term", CONF_MS, "24h", 1000, 0x7fffffffffLL, false, "how long the answer of an Idempotency-Key is kept"},
    {"clinics.age", CONF_MS, "5s", 0, 3600000, false, "age at which the list of clinics is read anew"},
    {0},
};

const struct svc_output gw_outputs[] = {
    {TOPIC_INTAKE_INBOX, EV_APPLICATION_SUBMITTED},
    {TOPIC_INTAKE_INBOX, EV_APPLICATION_WITHDRAWAL},
    {TOPIC_N},
};

const struct svc_def *const gw_reads[] = {&intake_svc, &attachment_svc, &capacity_svc, NULL};

const struct metric_row gw_metrics[] = {
    [GW_REQUESTS] = {METRIC_COUNTER, "clinic_gateway_requests_total", "answer", "Requests by endpoint and status"},
    [GW_SECONDS] = {METRIC_HISTOGRAM, "clinic_gateway_request_seconds", "endpoint", "Time to the answer"},
    [GW_PUBLISHES] = {METRIC_COUNTER, "clinic_gateway_publishes_total", "result",
                      "Records given to the broker: acknowledged, failed, timeout, queue_full, broker_down"},
    {0},
};

static json_t *reads_json(void)
{
    json_t *list = json_array();
    for (const struct svc_def *const *d = gw_reads; *d; d++)
        json_array_append_new(list, json_string((*d)->name));
    return list;
}

static json_t *routes_json(void)
{
    json_t *list = json_array();
    for (const struct gw_route *r = gw_routes; r->handle; r++)
        json_array_append_new(list, json_sprintf("%s %s", r->method, r->path));
    return list;
}

static json_t *outputs_json(void)
{
    enum topic_id to[TOPIC_N + 1];
    json_t *list = json_array();
    svc_output_topics(gw_outputs, to);
    for (const enum topic_id *t = to; *t != TOPIC_N; t++)
        json_array_append_new(list, json_string(topics[*t].name));
    return list;
}

json_t *gw_describe(void)
{
    json_t *options = json_array(), *metrics = json_array(), *sends = json_array();
    describe_options(options, common_options);
    describe_options(options, gw_options);
    describe_metrics(metrics, build_metric);
    describe_metrics(metrics, gw_metrics);
    describe_outputs(sends, gw_outputs);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "name", "gateway", "version", CLINIC_VERSION, "summary",
                     gw_summary, "outputs", outputs_json(), "reads", reads_json(), "routes", routes_json(), "sends", sends,
                     "options", options, "metrics", metrics);
}
