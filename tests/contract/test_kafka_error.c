/* The classing of errors, against what was measured with injected broker errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include "runtime/bus_kafka_impl.h"
#include "runtime/kafka_conf.h"
#include "runtime/kafka_error.h"
#include <cmocka.h>

#define F true, false, false
#define A false, true, false
#define R false, false, true
#define NO false, false, false
#define E(name) RD_KAFKA_RESP_ERR_##name

static void classes_decide_by_name_and_flags(void **state)
{
    static const struct {
        rd_kafka_resp_err_t code;
        bool fatal, abortable, retriable;
        enum err_class cls;
    } rows[] = {
        /* fences, whatever the flag: AddOffsets and Produce give them only as abortable */
        {E(_FENCED), F, ERR_UNKNOWN},
        {E(_FENCED), A, ERR_UNKNOWN},
        {E(PRODUCER_FENCED), A, ERR_UNKNOWN},
        {E(INVALID_PRODUCER_EPOCH), A, ERR_UNKNOWN},
        {E(INVALID_PRODUCER_EPOCH), R, ERR_UNKNOWN},
        /* fatal: the handle is dead */
        {E(INVALID_TXN_STATE), F, ERR_UNKNOWN},
        {E(OUT_OF_ORDER_SEQUENCE_NUMBER), F, ERR_UNKNOWN},
                /* the transaction is lost, the producer is not */
        {E(ILLEGAL_GENERATION), A, ERR_ABORT},
        {E(UNKNOWN_MEMBER_ID), A, ERR_ABORT},
        {E(REBALANCE_IN_PROGRESS), A, ERR_ABORT},
        {E(FENCED_INSTANCE_ID), A, ERR_ABORT},
        {E(UNKNOWN_PRODUCER_ID), A, ERR_ABORT},
        {E(INVALID_PRODUCER_ID_MAPPING), A, ERR_ABORT},
        {E(MSG_SIZE_TOO_LARGE), A, ERR_ABORT},
        {E(_TIMED_OUT), false, true, true, ERR_ABORT},
        /* rights: only people can mend that */
        {E(TOPIC_AUTHORIZATION_FAILED), A, ERR_FATAL},
        {E(GROUP_AUTHORIZATION_FAILED), A, ERR_FATAL},
        {E(TRANSACTIONAL_ID_AUTHORIZATION_FAILED), F, ERR_FATAL},
        /* the same call again */
        {E(_TIMED_OUT), R, ERR_RETRY},
        {E(COORDINATOR_LOAD_IN_PROGRESS), R, ERR_RETRY},
        /* no flag says nothing */
        {E(_STATE), NO, ERR_UNKNOWN},
        {E(UNKNOWN), NO, ERR_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum err_class cls = kafka_txn_class(rows[i].code, rows[i].fatal, rows[i].abortable, rows[i].retriable);
        if (cls != rows[i].cls)
            print_error("%s: %s\n", rd_kafka_err2name(rows[i].code), err_class_name(cls));
        assert_int_equal(cls, rows[i].cls);
    }
}

static void codes_name_what_the_runtime_looks_for(void **state)
{
    (void)state;
    assert_string_equal(kafka_err_code(ERR_UNKNOWN, E(PRODUCER_FENCED)), "BUS-FENCED");
    assert_string_equal(kafka_err_code(ERR_ABORT, E(MSG_SIZE_TOO_LARGE)), BUS_RECORD_REFUSED);
    assert_string_equal(kafka_err_code(ERR_ABORT, E(INVALID_RECORD)), BUS_RECORD_REFUSED);
    assert_string_equal(kafka_err_code(ERR_ABORT, E(ILLEGAL_GENERATION)), "BUS-ABORT");
    /* a clock more than an hour ahead: no record may become a dead letter for it */
    assert_string_equal(kafka_err_code(ERR_ABORT, E(INVALID_TIMESTAMP)), "BUS-ABORT");
    assert_string_equal(kafka_err_code(ERR_RETRY, E(_TIMED_OUT)), "BUS-RETRY");
}

static void outside_transactions_only_people_can_mend_some(void **state)
{
    struct err e = {0};
    (void)state;
    assert_int_equal(kafka_read_class(E(_TRANSPORT)), ERR_RETRY);
    assert_int_equal(kafka_read_class(E(UNKNOWN_TOPIC_OR_PART)), ERR_RETRY);
    assert_int_equal(kafka_read_class(E(UNSTABLE_OFFSET_COMMIT)), ERR_RETRY);
    assert_int_equal(kafka_read_class(E(_AUTO_OFFSET_RESET)), ERR_FATAL);
    assert_int_equal(kafka_read_class(E(GROUP_AUTHORIZATION_FAILED)), ERR_FATAL);
    assert_int_equal(kafka_read_class(E(FENCED_INSTANCE_ID)), ERR_FENCED);
    assert_false(kafka_read_fail(E(TOPIC_AUTHORIZATION_FAILED), "inbox", NULL, &e));
    assert_int_equal(e.cls, ERR_FATAL);
    assert_string_equal(e.code, "BUS-FATAL");
    assert_non_null(strstr(e.text, "inbox"));
}

/* What the broker refuses shows to calls as a timeout; the words of the refusal make it final. Last of the tests: what was
 * noted stays for a while. */
static void a_refusal_makes_timeouts_final(void **state)
{
    struct err e = {0};
    (void)state;
    assert_false(kafka_note_error(E(_TRANSPORT), "connection refused"));
    assert_false(kafka_note_error(E(_SSL), "SSL handshake failed: Disconnected"));
    assert_false(kafka_read_fail(E(_TIMED_OUT), "metadata", NULL, &e));
    assert_int_equal(e.cls, ERR_RETRY);
    assert_true(kafka_note_error(E(_AUTHENTICATION), "invalid credentials"));
    assert_false(kafka_note_error(E(_SSL), "certificate verify failed")); /* noted, but no news */
    assert_false(kafka_read_fail(E(_TIMED_OUT), "metadata", NULL, &e));
    assert_int_equal(e.cls, ERR_FATAL);
    assert_string_equal(e.code, "BUS-DENIED");
    assert_string_equal(e.text, "metadata: certificate verify failed");
}

static bool takes(const char *name, const char *value, struct err *e)
{
    static const struct conf_opt none[] = {{NULL}};
    static const struct conf_opt *const tables[] = {none, NULL};
    struct conf *c = conf_new(tables);
    bool ok = conf_set(c, name, value, "test", e) && kafka_conf_check(c, e);
    conf_free(c);
    return ok;
}

static void wrong_options_are_named(void **state)
{
    static const char *const rows[][2] = {{"kafka.ssl.ca.location", "/nonexistent/ca.pem"},
                                          {"kafka.ssl.key.location", "/nonexistent/key.pem"},
                                          {"kafka.ssl.certificate.location", "/nonexistent/cert.pem"},
                                          {"kafka.security.protocol", "secret"},
                                          {"kafka.group.id", "mine"},
                                          {"kafka.no.such.property", "1"}};
    struct err e = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_false(takes(rows[i][0], rows[i][1], &e));
        assert_int_equal(e.cls, ERR_FATAL);
        assert_non_null(strstr(e.text, rows[i][0]));
    }
    assert_true(takes("kafka.ssl.ca.location", "probe", &e));
    assert_true(takes("kafka.linger.ms", "3", &e));
}

static bool is_valid(int32_t generation, const char *member)
{
    rd_kafka_consumer_group_metadata_t *md =
        rd_kafka_consumer_group_metadata_new_with_genid("group", generation, member, NULL);
    bool ok = bus_kafka_member_is_valid(md);
    rd_kafka_consumer_group_metadata_destroy(md);
    return ok;
}

/* A broker may take an offset commit in a transaction from nobody in particular; we never send one. */
static void metadata_without_a_place_in_the_group_are_refused(void **state)
{
    (void)state;
    assert_true(is_valid(0, "member"));
    assert_true(is_valid(17, "m"));
    assert_false(is_valid(-1, "member"));
    assert_false(is_valid(3, ""));
    assert_false(is_valid(-1, ""));
    assert_false(bus_kafka_member_is_valid(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_decide_by_name_and_flags),
        cmocka_unit_test(codes_name_what_the_runtime_looks_for),
        cmocka_unit_test(outside_transactions_only_people_can_mend_some),
        cmocka_unit_test(metadata_without_a_place_in_the_group_are_refused),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(a_refusal_makes_timeouts_final),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
