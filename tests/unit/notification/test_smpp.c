/* SMPP without a network: PDUs to bytes and back, broken ones, receipts in every habit, and the parts of a notice. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "sender/smpp_flight.h"
#include "sender/smpp_pdu.h"

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* A PDU of a command with a body. */
static size_t make(uint8_t *out, uint32_t command, uint32_t status, uint32_t seq, const void *body, size_t n)
{
    put32(out, (uint32_t)(16 + n));
    put32(out + 4, command);
    put32(out + 8, status);
    put32(out + 12, seq);
    memcpy(out + 16, body, n);
    return 16 + n;
}

static void a_submit_says_what_it_should(void **state)
{
    uint8_t out[SMPP_PDU_MAX];
    struct smpp_submit s = {.from = "UMIAS", .to = "+79990000017", .ucs2 = true, .udh = true,
                            .octets = (const uint8_t *)"\x05\x00\x03\x01\x02\x01\x04\x4f", .n = 8};
    (void)state;
    size_t n = smpp_encode_submit(out, 77, &s);
    static const uint8_t body[] = "\0\5\0UMIAS\0\1\1" "79990000017\0\x40\0\0\0\0\1\0\x08\0\x08\5\0\3\1\2\1\4\x4f";
    assert_int_equal(n, 16 + sizeof body - 1);
    assert_int_equal(smpp_frame(out, n), n);
    assert_memory_equal(out + 16, body, sizeof body - 1);
    assert_int_equal(out[15], 77);
}

static void a_bind_that_does_not_fit_is_refused(void **state)
{
    uint8_t out[SMPP_PDU_MAX];
    (void)state;
    assert_int_equal(smpp_encode_bind(out, 1, &(struct smpp_bind){"platform", "123456789", ""}), 0);
    assert_int_equal(smpp_encode_bind(out, 1, &(struct smpp_bind){"1234567890123456", "x", ""}), 0);
    size_t n = smpp_encode_bind(out, 1, &(struct smpp_bind){"platform", "12345678", ""});
    assert_int_equal(n, 16 + 9 + 9 + 1 + 3 + 1);
}

static void frames(void **state)
{
    uint8_t p[32] = {0};
    (void)state;
    put32(p, 20);
    assert_int_equal(smpp_frame(p, 3), 0);
    assert_int_equal(smpp_frame(p, 19), 0);
    assert_int_equal(smpp_frame(p, 25), 20);
    put32(p, 15);
    assert_int_equal(smpp_frame(p, 32), -1);
    put32(p, SMPP_PDU_MAX + 1);
    assert_int_equal(smpp_frame(p, 32), -1);
}

static void an_answer_gives_its_id(void **state)
{
    uint8_t p[64];
    struct smpp_pdu pdu;
    (void)state;
    assert_true(smpp_decode(p, make(p, SMPP_SUBMIT_RESP, 0, 9, "abc-1", 6), &pdu));
    assert_string_equal(pdu.message_id, "abc-1");
    assert_int_equal(pdu.seq, 9);
    assert_true(smpp_decode(p, make(p, SMPP_SUBMIT_RESP, SMPP_THROTTLED, 9, "", 0), &pdu));
    assert_int_equal(pdu.status, SMPP_THROTTLED);
    assert_string_equal(pdu.message_id, "");
}

/* Every beginning of every PDU, and every byte of it changed: never beyond the buffer (run under ASan as well). */
static void broken_pdus_do_no_harm(void **state)
{
    static const uint8_t deliver[] = "\0\1\1" "79990000017\0\5\0UMIAS\0\4\0\0\0\0\0\0\0\0\x16id:1 stat:DELIVRD x:yz"
                                     "\0\x1e\0\2" "1\0\4\x27\0\1\2";
    uint8_t whole[256];
    struct smpp_pdu pdu;
    (void)state;
    size_t n = make(whole, SMPP_DELIVER, 0, 1, deliver, sizeof deliver - 1);
    assert_true(smpp_decode(whole, n, &pdu));
    assert_string_equal(pdu.message_id, "1");
    for (size_t cut = 16; cut < n; cut++) {
        uint8_t *part = malloc(cut);
        memcpy(part, whole, cut);
        put32(part, (uint32_t)cut);
        smpp_decode(part, cut, &pdu);
        free(part);
    }
    for (size_t i = 16; i < n; i++) {
        uint8_t *bad = malloc(n);
        memcpy(bad, whole, n);
        bad[i] ^= 0xff;
        smpp_decode(bad, n, &pdu);
        free(bad);
    }
}

static bool receipt_of(const char *text, const char *tlv_id, uint8_t state, struct smpp_receipt *ret)
{
    struct smpp_pdu pdu = {.command = SMPP_DELIVER, .esm_class = 4, .message_state = state};
    strcpy(pdu.text, text);
    strcpy(pdu.message_id, tlv_id);
    return smpp_receipt(&pdu, ret);
}

static void receipts_in_every_habit(void **state)
{
    static const struct {
        const char *text, *tlv_id;
        uint8_t tlv_state;
        bool final, delivered;
        const char *id, *state;
    } rows[] = {
        {"id:77 sub:001 dlvrd:001 submit date:2609211413 done date:2609211413 stat:DELIVRD err:000 text:", "", 0, true, true,
         "77", "DELIVRD"},
        {"id:77 stat:UNDELIV err:001", "", 0, true, false, "77", "UNDELIV"},
        {"id:77 stat:EXPIRED", "", 0, true, false, "77", "EXPIRED"},
        {"id:77 stat:ENROUTE", "", 0, false, false, "", ""},
        {"id:77 stat:ACCEPTD", "", 0, false, false, "", ""},
        {"", "abc", 2, true, true, "abc", "DELIVRD"},
        {"id:1 stat:UNDELIV", "abc", 8, true, false, "abc", "REJECTD"},
        {"nothing", "", 0, false, false, "", ""},
        {"stat:DELIVRD", "", 0, false, false, "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct smpp_receipt r;
        assert_int_equal(receipt_of(rows[i].text, rows[i].tlv_id, rows[i].tlv_state, &r), rows[i].final);
        if (!rows[i].final)
            continue;
        assert_string_equal(r.message_id, rows[i].id);
        assert_string_equal(r.state, rows[i].state);
        assert_int_equal(r.delivered, rows[i].delivered);
    }
    struct smpp_pdu letter = {.command = SMPP_DELIVER, .esm_class = 0, .text = "id:1 stat:DELIVRD"};
    struct smpp_receipt r;
    assert_false(smpp_receipt(&letter, &r)); /* an SMS from a subscriber */
}

static void ids_in_another_base(void **state)
{
    char other[66];
    (void)state;
    assert_true(smpp_other_id("255", 0, other));
    assert_string_equal(other, "ff");
    assert_true(smpp_other_id("ff", 1, other));
    assert_string_equal(other, "255");
    assert_false(smpp_other_id("x1", 1, other));
    assert_false(smpp_other_id("", 0, other));
}

/* --- the parts of a notice --- */

static struct flight flight_of(size_t parts)
{
    return (struct flight){.sms = {.parts_n = parts}};
}

static void send(struct flight *f, uint32_t seq)
{
    struct flight_part *p = flight_waiting(f);
    assert_non_null(p);
    p->state = PART_SENT;
    p->seq = seq;
}

static void accepted_when_every_part_is(void **state)
{
    struct flight f = flight_of(2);
    struct outcome o;
    (void)state;
    send(&f, 1);
    send(&f, 2);
    flight_answered(&f, flight_sent(&f, 2), SMPP_OK, "b");
    assert_false(flight_done(&f, &o));
    flight_answered(&f, flight_sent(&f, 1), SMPP_OK, "a");
    assert_true(flight_done(&f, &o));
    assert_int_equal(o.result, PB_SEND(ACCEPTED));
    assert_null(flight_sent(&f, 1));
}

static void one_refused_part_refuses_the_notice(void **state)
{
    struct flight f = flight_of(3);
    struct outcome o;
    (void)state;
    send(&f, 1);
    send(&f, 2);
    flight_answered(&f, flight_sent(&f, 1), SMPP_OK, "a");
    flight_answered(&f, flight_sent(&f, 2), 0x0b, "");
    assert_null(flight_waiting(&f)); /* the third is spared */
    assert_true(flight_done(&f, &o));
    assert_int_equal(o.result, PB_SEND(REJECTED));
    assert_string_equal(o.cause, "smpp_0x0b");
}

static void throttled_before_anything_was_taken_is_retry(void **state)
{
    struct flight f = flight_of(1);
    struct outcome o;
    (void)state;
    send(&f, 1);
    flight_answered(&f, flight_sent(&f, 1), SMPP_QUEUE_FULL, "");
    assert_true(flight_done(&f, &o));
    assert_int_equal(o.result, PB_SEND(RETRY));
}

static void throttled_after_another_part_was_taken_goes_again(void **state)
{
    struct flight f = flight_of(2);
    struct outcome o;
    (void)state;
    send(&f, 1);
    send(&f, 2);
    flight_answered(&f, flight_sent(&f, 1), SMPP_OK, "a");
    flight_answered(&f, flight_sent(&f, 2), SMPP_THROTTLED, "");
    assert_false(flight_done(&f, &o));
    send(&f, 3);
    flight_answered(&f, flight_sent(&f, 3), SMPP_OK, "b");
    assert_true(flight_done(&f, &o));
    assert_int_equal(o.result, PB_SEND(ACCEPTED));
}

static void a_lost_part_makes_it_unknown(void **state)
{
    struct flight f = flight_of(2);
    struct outcome o;
    (void)state;
    send(&f, 1);
    flight_lost(&f, flight_sent(&f, 1));
    assert_true(flight_done(&f, &o));
    assert_int_equal(o.result, PB_SEND(UNKNOWN));
}

static void a_session_that_ends_cuts_what_is_on_its_way(void **state)
{
    struct flight fresh = flight_of(1), touched = flight_of(2);
    (void)state;
    assert_int_equal(flight_cut(&fresh).result, PB_SEND(RETRY));
    send(&touched, 1);
    assert_int_equal(flight_cut(&touched).result, PB_SEND(UNKNOWN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_submit_says_what_it_should),
        cmocka_unit_test(a_bind_that_does_not_fit_is_refused),
        cmocka_unit_test(frames),
        cmocka_unit_test(an_answer_gives_its_id),
        cmocka_unit_test(broken_pdus_do_no_harm),
        cmocka_unit_test(receipts_in_every_habit),
        cmocka_unit_test(ids_in_another_base),
        cmocka_unit_test(accepted_when_every_part_is),
        cmocka_unit_test(one_refused_part_refuses_the_notice),
        cmocka_unit_test(throttled_before_anything_was_taken_is_retry),
        cmocka_unit_test(throttled_after_another_part_was_taken_goes_again),
        cmocka_unit_test(a_lost_part_makes_it_unknown),
        cmocka_unit_test(a_session_that_ends_cuts_what_is_on_its_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
