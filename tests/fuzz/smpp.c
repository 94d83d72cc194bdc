/* smpp.c - what an SMSC may send: a stream of PDUs, cut anywhere, into frames, messages and delivery receipts; and what we
 * send, made of any texts. First byte: 0 and even = a stream, odd = texts of a submit. */
#include "fuzz.h"
#include "services/notification/sender/smpp_pdu.h"
#include "services/notification/sender/sms_text.h"

static bool is_closed(const char *s, size_t n) { return memchr(s, '\0', n) != NULL; }

static void check_receipt(const struct smpp_pdu *pdu)
{
    struct smpp_receipt r = {0};
    char other[66];
    if (!smpp_receipt(pdu, &r))
        return;
    EXPECT(is_closed(r.message_id, sizeof r.message_id) && is_closed(r.state, sizeof r.state) && r.message_id[0]);
    for (int which = 0; which < 3; which++)
        if (smpp_other_id(r.message_id, which, other))
            EXPECT(is_closed(other, sizeof other) && other[0]);
}

static void check_pdu(const uint8_t *p, size_t n)
{
    struct smpp_pdu pdu;
    memset(&pdu, 0xee, sizeof pdu);
    if (!smpp_decode(p, n, &pdu))
        return;
    EXPECT(is_closed(pdu.message_id, sizeof pdu.message_id) && is_closed(pdu.text, sizeof pdu.text));
    if (pdu.command == SMPP_DELIVER)
        check_receipt(&pdu);
}

static void read_stream(struct bytes in)
{
    const uint8_t *p = fuzz_copy(in);
    for (size_t n = in.n; n > 0;) {
        int len = smpp_frame(p, n);
        EXPECT(len <= SMPP_PDU_MAX && (len < 0 || (size_t)len <= n));
        if (len <= 0)
            return;
        check_pdu(fuzz_copy(bytes_of(p, (size_t)len)), (size_t)len);
        p += len;
        n -= (size_t)len;
    }
}

/* What we encode is one whole PDU of that command. */
static void check_encoded(const uint8_t *out, size_t n, uint32_t command)
{
    struct smpp_pdu pdu;
    if (n == 0)
        return;
    EXPECT(smpp_frame(out, n) == (int)n);
    if (command == SMPP_SUBMIT)
        return;
    EXPECT(smpp_decode(out, n, &pdu) && pdu.command == command && pdu.seq == 7);
}

static void send_text(const char *text, uint8_t ref, const char *from, const char *to)
{
    static uint8_t out[SMPP_PDU_MAX];
    struct sms sms;
    memset(&sms, 0xee, sizeof sms);
    bool fits = sms_split(text, ref, &sms);
    size_t parts = sms_parts(text);
    EXPECT(sms.parts_n <= SMS_PARTS_MAX && (fits ? parts == sms.parts_n : parts > SMS_PARTS_MAX));
    for (size_t i = 0; i < sms.parts_n; i++) {
        EXPECT(sms.parts[i].n <= SMS_PART_BYTES && (sms.parts_n > 1) == sms.udh);
        struct smpp_submit s = {from, to, sms.ucs2, sms.udh, sms.parts[i].octets, sms.parts[i].n};
        check_encoded(out, smpp_encode_submit(out, 7, &s), SMPP_SUBMIT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static uint8_t out[SMPP_PDU_MAX];
    struct fuzz_in in = fuzz_begin(data, n);
    uint8_t how = fuzz_u8(&in);
    if (how % 2 == 0) {
        read_stream(fuzz_rest(&in));
        return 0;
    }
    const char *from = fuzz_line(&in), *to = fuzz_line(&in), *third = fuzz_line(&in);
    struct smpp_bind b = {from, to, third};
    check_encoded(out, smpp_encode_bind(out, 7, &b), SMPP_BIND);
    check_encoded(out, smpp_encode_simple(out, SMPP_ENQUIRE_RESP, 7, how), SMPP_ENQUIRE_RESP);
    check_encoded(out, smpp_encode_deliver_resp(out, 7, how), SMPP_DELIVER_RESP);
    send_text(fuzz_text(fuzz_rest(&in)), how, from, to);
    return 0;
}
