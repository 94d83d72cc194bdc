#include "smpp_pdu.h"
#include <netinet/in.h>
#include <pthread.h>
#include <smpp34.h>
#include <smpp34_heap.h>
#include <smpp34_structs.h>
#include <smpp34_params.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 16
#define SPARE_BYTES  1100 /* zeros behind a PDU: more than the longest field the library may run into */

static uint32_t word_at(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }

int smpp_frame(const uint8_t *p, size_t n)
{
    if (n < 4)
        return 0;
    uint32_t len = word_at(p);
    if (len < HEADER_BYTES || len > SMPP_PDU_MAX)
        return -1;
    return n < len ? 0 : (int)len;
}

/* The library forgets optional fields of a PDU that turns out broken: what it allocates is kept in a list and freed after
 * every decoding. */
struct block {
    struct block *next;
    max_align_t data[];
};
static _Thread_local struct block *blocks;

static void *block_new(size_t n)
{
    struct block *b = calloc(1, sizeof *b + n);
    if (!b)
        return NULL;
    b->next = blocks;
    blocks = b;
    return b->data;
}

static void *block_resize(void *p, size_t n)
{
    (void)p;
    (void)n;
    return NULL; /* never asked for by decoding */
}

static void block_keep(void *p) { (void)p; }

static void blocks_free(void)
{
    while (blocks) {
        struct block *b = blocks;
        blocks = b->next;
        free(b);
    }
}

static void use_blocks(void)
{
    static const struct smpp34_memory_functions functions = {block_new, block_resize, block_keep};
    smpp34_set_memory_functions(&functions);
}

static void copy_octets(char *to, size_t max, const uint8_t *from, size_t n)
{
    n = n < max - 1 ? n : max - 1;
    memcpy(to, from, n);
    to[n] = '\0';
}

static void copy_tlvs(const deliver_sm_t *d, struct smpp_pdu *ret)
{
    for (tlv_t *t = d->tlv; t; t = t->next) {
        if (t->tag == TLVID_receipted_message_id)
            copy_octets(ret->message_id, sizeof ret->message_id, t->value.octet, t->length);
        else if (t->tag == TLVID_message_state)
            ret->message_state = t->value.val08;
        else if (t->tag == TLVID_message_payload && !*ret->text)
            copy_octets(ret->text, sizeof ret->text, t->value.octet, t->length);
    }
}

static bool decode_deliver(const uint8_t *padded, size_t n, struct smpp_pdu *ret)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    deliver_sm_t d;
    memset(&d, 0, sizeof d);
    pthread_once(&once, use_blocks);
    bool ok = smpp34_unpack2(&d, padded, (int)n) == 0;
    if (ok) {
        ret->esm_class = d.esm_class;
        copy_octets(ret->text, sizeof ret->text, d.short_message, d.sm_length);
        copy_tlvs(&d, ret);
    }
    blocks_free();
    return ok;
}

static bool decode_submit_resp(const uint8_t *padded, size_t n, struct smpp_pdu *ret)
{
    submit_sm_resp_t r;
    memset(&r, 0, sizeof r);
    if (ret->status != SMPP_OK || n == HEADER_BYTES) /* a refusal may come without a body */
        return true;
    if (smpp34_unpack2(&r, padded, (int)n) != 0)
        return false;
    copy_octets(ret->message_id, sizeof ret->message_id, r.message_id, strnlen((char *)r.message_id, sizeof r.message_id));
    return true;
}

bool smpp_decode(const uint8_t *p, size_t n, struct smpp_pdu *ret)
{
    uint8_t padded[SMPP_PDU_MAX + SPARE_BYTES];
    if (n < HEADER_BYTES || n > SMPP_PDU_MAX)
        return false;
    memcpy(padded, p, n);
    memset(padded + n, 0, SPARE_BYTES);
    *ret = (struct smpp_pdu){.command = word_at(p + 4), .status = word_at(p + 8), .seq = word_at(p + 12)};
    if (ret->command == SMPP_DELIVER)
        return decode_deliver(padded, n, ret);
    return ret->command == SMPP_SUBMIT_RESP ? decode_submit_resp(padded, n, ret) : true;
}

static size_t pack(uint8_t *out, void *pdu)
{
    int n = 0;
    memset(out, 0, SMPP_PDU_MAX);
    return smpp34_pack2(out, SMPP_PDU_MAX, &n, pdu) == 0 && n >= HEADER_BYTES ? (size_t)n : 0;
}

/* False: the text is longer than the field with its closing zero. */
static bool set_field(uint8_t *field, size_t max, const char *text)
{
    size_t n = strlen(text);
    if (n >= max)
        return false;
    memcpy(field, text, n + 1);
    return true;
}
#define SET(field, text) set_field((field), sizeof(field), (text))

size_t smpp_encode_bind(uint8_t *out, uint32_t seq, const struct smpp_bind *b)
{
    bind_transceiver_t pdu;
    memset(&pdu, 0, sizeof pdu);
    pdu.command_id = SMPP_BIND;
    pdu.sequence_number = seq;
    pdu.interface_version = 0x34;
    if (!SET(pdu.system_id, b->system_id) || !SET(pdu.password, b->password) || !SET(pdu.system_type, b->system_type))
        return 0;
    return pack(out, &pdu);
}

/* A name is alphanumeric, a number with + international, any other number of the network's own. */
static uint8_t source_ton(const char *from)
{
    if (*from == '+')
        return TON_International;
    return strspn(from, "0123456789") == strlen(from) ? TON_Network_Specific : TON_Alphanumeric;
}

size_t smpp_encode_submit(uint8_t *out, uint32_t seq, const struct smpp_submit *s)
{
    submit_sm_t pdu;
    memset(&pdu, 0, sizeof pdu);
    pdu.command_id = SMPP_SUBMIT;
    pdu.sequence_number = seq;
    pdu.source_addr_ton = source_ton(s->from);
    pdu.source_addr_npi = pdu.source_addr_ton == TON_International ? NPI_ISDN_E163_E164 : NPI_Unknown;
    pdu.dest_addr_ton = TON_International;
    pdu.dest_addr_npi = NPI_ISDN_E163_E164;
    pdu.esm_class = s->udh ? SMPP34_UDHI_IND : 0;
    pdu.registered_delivery = SMPP34_DELIVERY_RECEIPT_ON;
    pdu.data_coding = s->ucs2 ? 8 : 0;
    if (!SET(pdu.source_addr, s->from + (*s->from == '+')) || !SET(pdu.destination_addr, s->to + (*s->to == '+')) ||
        s->n > sizeof pdu.short_message)
        return 0;
    pdu.sm_length = (uint8_t)s->n;
    memcpy(pdu.short_message, s->octets, s->n);
    return pack(out, &pdu);
}

size_t smpp_encode_deliver_resp(uint8_t *out, uint32_t seq, uint32_t status)
{
    deliver_sm_resp_t pdu;
    memset(&pdu, 0, sizeof pdu);
    pdu.command_id = SMPP_DELIVER_RESP;
    pdu.command_status = status;
    pdu.sequence_number = seq;
    return pack(out, &pdu);
}

/* Header only: four big-endian words; nothing for the library to do. */
size_t smpp_encode_simple(uint8_t *out, enum smpp_command command, uint32_t seq, uint32_t status)
{
    uint32_t words[] = {htonl(HEADER_BYTES), htonl((uint32_t)command), htonl(status), htonl(seq)};
    memcpy(out, words, HEADER_BYTES);
    return HEADER_BYTES;
}

/* Value of "name:" in the customary text of a receipt (SMPP 3.4 appendix B). */
static void receipt_field(const char *text, const char *name, char *ret, size_t max)
{
    const char *at = strstr(text, name);
    size_t n = at ? strcspn(at + strlen(name), " \r\n") : 0;
    copy_octets(ret, max, (const uint8_t *)(at ? at + strlen(name) : ""), n);
}

static const char *state_name(uint8_t state)
{
    static const char *const names[] = {"",        "ENROUTE", "DELIVRD", "EXPIRED", "DELETED",
                                        "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"};
    return state < sizeof names / sizeof names[0] ? names[state] : "";
}

bool smpp_receipt(const struct smpp_pdu *pdu, struct smpp_receipt *ret)
{
    static const char *const on_the_way[] = {"", "ENROUTE", "ACCEPTD", "UNKNOWN"};
    if (pdu->command != SMPP_DELIVER || (pdu->esm_class & 0x3c) != SMPP34_DELIVERY_RECEIPT)
        return false;
    snprintf(ret->message_id, sizeof ret->message_id, "%s", pdu->message_id);
    if (!*ret->message_id)
        receipt_field(pdu->text, "id:", ret->message_id, sizeof ret->message_id);
    receipt_field(pdu->text, "stat:", ret->state, sizeof ret->state);
    if (pdu->message_state)
        snprintf(ret->state, sizeof ret->state, "%s", state_name(pdu->message_state));
    for (size_t i = 0; i < sizeof on_the_way / sizeof on_the_way[0]; i++)
        if (strcmp(ret->state, on_the_way[i]) == 0)
            return false;
    ret->delivered = strcmp(ret->state, "DELIVRD") == 0;
    return *ret->message_id != '\0';
}

bool smpp_other_id(const char *id, int which, char ret[66])
{
    const char *digits = which == 0 ? "0123456789" : "0123456789abcdefABCDEF";
    if (which > 2 || !*id || strlen(id) > 16 || strspn(id, digits) != strlen(id))
        return false;
    unsigned long long v = strtoull(id, NULL, which == 0 ? 10 : 16);
    snprintf(ret, 66, which == 0 ? "%llx" : which == 1 ? "%llu" : "%llX", v);
    return strcmp(ret, id) != 0;
}
