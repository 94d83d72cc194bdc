#include "runtime/kafka_error.h"
#include "runtime/bus.h"

bool kafka_is_fence(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

/* Order matters. A fence may come flagged only abortable (AddOffsets, TxnOffsetCommit, Produce), so the name is looked
 * at first. "Abortable" wins over "retriable": a transaction that must be aborted is not helped by a repeat. No flag at
 * all says nothing about what the coordinator did. */
enum err_class kafka_txn_class(rd_kafka_resp_err_t code, bool fatal, bool abortable, bool retriable)
{
    if (kafka_is_fence(code) || fatal)
        return ERR_UNKNOWN;
    if (abortable)
        return ERR_ABORT;
    return retriable ? ERR_RETRY : ERR_UNKNOWN;
}

/* Outside a transaction nothing has happened yet, so all but what only people can mend may be tried again. */
enum err_class kafka_read_class(rd_kafka_resp_err_t code)
{
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
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
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
    return false;
}

bool kafka_read_fail(rd_kafka_resp_err_t code, const char *what, const char *detail, struct err *e)
{
    enum err_class cls = kafka_read_class(code);
    return err_set(e, cls, kafka_err_code(cls, code), "%s: %s: %s", what, rd_kafka_err2name(code),
                   detail ? detail : rd_kafka_err2str(code));
}
