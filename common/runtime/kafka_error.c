#include "runtime/kafka_error.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "runtime/bus.h"

bool kafka_is_fence(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

static bool is_denied(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
           code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED ||
           code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

/* Rights are missing: only people can mend that, whatever the flags say; the open transaction ends with the process.
 * Order matters. A fence may come flagged only abortable (AddOffsets, TxnOffsetCommit, Produce), so the name is looked
 * at first. "Abortable" wins over "retriable": a transaction that must be aborted is not helped by a repeat. No flag at
 * all says nothing about what the coordinator did. */
enum err_class kafka_txn_class(rd_kafka_resp_err_t code, bool fatal, bool abortable, bool retriable)
{
    if (kafka_is_fence(code) || fatal)
        return is_denied(code) ? ERR_FATAL : ERR_UNKNOWN;
    if (is_denied(code))
        return ERR_FATAL;
    if (abortable)
        return ERR_ABORT;
    return retriable ? ERR_RETRY : ERR_UNKNOWN;
}

/* Outside a transaction nothing has happened yet, so all but what only people can mend may be tried again. */
enum err_class kafka_read_class(rd_kafka_resp_err_t code)
{
    if (is_denied(code))
        return ERR_FATAL;
    switch (code) {
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        return ERR_FENCED;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET: /* the offset asked for is not in the log: never skip silently */
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
        return ERR_FATAL;
    default:
        return ERR_RETRY;
    }
}

/* --- refusals --- */
enum { REFUSAL_AGE_MS = 30000, TEXT_MAX = 400 };
static pthread_mutex_t refusal_lock = PTHREAD_MUTEX_INITIALIZER;
static char refusal[TEXT_MAX];
static int64_t refused_ms;

static int64_t mono_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Old versions send a wrong nonce, which Kafka 4 refuses whatever the password. */
static const char *scram_hint(void)
{
    return rd_kafka_version() < 0x020601ff ? "librdkafka before 2.6.1 cannot log in by SCRAM at Kafka 4, PLAIN over TLS can; "
                                           : "";
}

/* A handshake that breaks off may be a broker that restarts; one that ends at the certificate will not get better. */
bool kafka_note_error(int code, const char *text)
{
    bool final = code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
                 (code == RD_KAFKA_RESP_ERR__SSL && strstr(text, "certificate"));
    if (!final)
        return false;
    pthread_mutex_lock(&refusal_lock);
    bool first = !refusal[0] || mono_ms() - refused_ms > REFUSAL_AGE_MS;
    snprintf(refusal, sizeof refusal, "%s%s", strstr(text, "SCRAM") ? scram_hint() : "", text);
    refused_ms = mono_ms();
    pthread_mutex_unlock(&refusal_lock);
    return first;
}

bool kafka_is_refused(const char *what, struct err *e)
{
    pthread_mutex_lock(&refusal_lock);
    bool refused = refusal[0] && mono_ms() - refused_ms < REFUSAL_AGE_MS;
    if (refused)
        err_set(e, ERR_FATAL, "BUS-DENIED", "%s: %s", what, refusal);
    pthread_mutex_unlock(&refusal_lock);
    return refused;
}

/* Makes a failure final when a refusal is behind it. */
static bool with_refusal(const char *what, struct err *e)
{
    if (e->cls == ERR_RETRY)
        (void)kafka_is_refused(what, e);
    return false;
}

bool kafka_done(rd_kafka_t *rk, rd_kafka_resp_err_t code, const char *what, struct err *e)
{
    if (!code)
        return true;
    rd_kafka_poll(rk, 0);
    return kafka_read_fail(code, what, NULL, e);
}

const char *kafka_err_code(enum err_class cls, rd_kafka_resp_err_t code)
{
    static const char *const codes[] = {
        [ERR_RETRY] = "BUS-RETRY",   [ERR_ABORT] = "BUS-ABORT", [ERR_UNKNOWN] = "BUS-UNKNOWN",
        [ERR_FENCED] = "BUS-FENCED", [ERR_FATAL] = "BUS-FATAL",
    };
    if (kafka_is_fence(code))
        return "BUS-FENCED";
    /* An invalid timestamp is not among them: our own clock runs ahead, and the input record must wait for a true one. */
    if (cls == ERR_ABORT && (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_INVALID_RECORD ||
                             code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE))
        return BUS_RECORD_REFUSED;
    return codes[cls];
}

bool kafka_txn_fail(rd_kafka_error_t *ke, const char *what, struct err *e)
{
    rd_kafka_resp_err_t code = rd_kafka_error_code(ke);
    enum err_class cls = kafka_txn_class(code, rd_kafka_error_is_fatal(ke), rd_kafka_error_txn_requires_abort(ke),
                                         rd_kafka_error_is_retriable(ke));
    err_set(e, cls, kafka_err_code(cls, code), "%s: %s: %s", what, rd_kafka_error_name(ke),
            rd_kafka_error_string(ke));
    rd_kafka_error_destroy(ke);
    return with_refusal(what, e);
}

bool kafka_read_fail(rd_kafka_resp_err_t code, const char *what, const char *detail, struct err *e)
{
    enum err_class cls = kafka_read_class(code);
    err_set(e, cls, kafka_err_code(cls, code), "%s: %s: %s", what, rd_kafka_err2name(code),
            detail ? detail : rd_kafka_err2str(code));
    return with_refusal(what, e);
}
