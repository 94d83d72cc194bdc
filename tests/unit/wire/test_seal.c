#include "tests/unit/help.h"
#include <sodium.h>
#include "wire/seal.h"

typedef Clinic__Attach__V1__Personal Personal;
typedef Clinic__Attach__V1__Sealed Sealed;

/* Keys of 32 equal bytes: 1, 2 and 3. */
#define KEY1 "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define KEY2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define KEY3 "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
#define APP "8e03978e-40d5-43e8-bc93-6894a57f9324"
#define OTHER_APP "8e03978e-40d5-43e8-bc93-6894a57f9325"

static struct arena *mem;
static char public3[64]; /* public key of the secret KEY3 */

static int prepare(void **state)
{
    (void)state;
    uint8_t secret[32], pub[32];
    if (sodium_init() < 0)
        return -1;
    memset(secret, 3, sizeof secret);
    crypto_scalarmult_base(pub, secret);
    sodium_bin2base64(public3, sizeof public3, pub, sizeof pub, sodium_base64_VARIANT_ORIGINAL);
    mem = arena_new(16 << 20, 1 << 20);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

/* Keyring of the sections given and a dead-letter public key. */
static struct keyring *ring(const char *sections)
{
    struct err e = {0};
    struct keyring *k = NULL;
    char text[1024], path[32];
    snprintf(text, sizeof text, "%s\n[deadletter]\nid = d1\npublic = %s\n", sections, public3);
    if (!keyring_load(file_with(text, path), &k, &e))
        fail_msg("%s", e.text);
    unlink(path);
    return k;
}

static Personal someone(void)
{
    static char surname[] = "Тестов", number[] = "9900000000000001";
    Personal p = CLINIC__ATTACH__V1__PERSONAL__INIT;
    p.surname = surname;
    p.policy_number = number;
    return p;
}

static bool same_sealed(const Sealed *a, const Sealed *b)
{
    return strcmp(a->key_id, b->key_id) == 0 &&
           bytes_eq(bytes_of(a->nonce.data, a->nonce.len), bytes_of(b->nonce.data, b->nonce.len)) &&
           bytes_eq(bytes_of(a->box.data, a->box.len), bytes_of(b->box.data, b->box.len));
}

static void opens_what_it_sealed(void **state)
{
    (void)state;
    struct err e = {0};
    struct keyring *k = ring("[seal]\ncurrent=k1\nk1=" KEY1);
    Personal p = someone(), *back = NULL;
    Sealed *s = seal_personal(k, &p, APP, mem);
    assert_string_equal(s->key_id, "k1");
    assert_int_equal(s->nonce.len, 24);
    assert_null(memmem(s->box.data, s->box.len, p.policy_number, strlen(p.policy_number)));
    assert_true(seal_open(k, s, APP, mem, &back, &e));
    assert_string_equal(back->surname, p.surname);
    assert_string_equal(back->policy_number, p.policy_number);
    keyring_free(k);
}

static void same_input_same_bytes(void **state)
{
    (void)state;
    struct keyring *k = ring("[seal]\ncurrent=k1\nk1=" KEY1), *again = ring("[seal]\ncurrent=k1\nk1=" KEY1);
    Personal p = CLINIC__ATTACH__V1__PERSONAL__INIT, q = CLINIC__ATTACH__V1__PERSONAL__INIT;
    p.surname = (char[]){"A"};
    q.surname = (char[]){"B"};
    Sealed *first = seal_personal(k, &p, APP, mem);
    assert_true(same_sealed(first, seal_personal(again, &p, APP, mem)));
    const Sealed *other_text = seal_personal(k, &q, APP, mem), *other_app = seal_personal(k, &p, OTHER_APP, mem);
    assert_memory_not_equal(first->nonce.data, other_text->nonce.data, 24);
    assert_memory_not_equal(first->nonce.data, other_app->nonce.data, 24);
    keyring_free(k);
    keyring_free(again);
}

static void does_not_open(const struct keyring *k, const Sealed *s, const char *app, const char *code)
{
    struct err e = {0};
    Personal *back = NULL;
    assert_false(seal_open(k, s, app, mem, &back, &e));
    assert_null(back);
    assert_int_equal(e.cls, ERR_INPUT);
    assert_string_equal(e.code, code);
}

static void wrong_key_or_application(void **state)
{
    (void)state;
    struct keyring *k = ring("[seal]\ncurrent=k1\nk1=" KEY1), *other = ring("[seal]\ncurrent=k1\nk1=" KEY2);
    struct keyring *none = ring("");
    Personal p = someone();
    Sealed *s = seal_personal(k, &p, APP, mem);
    does_not_open(other, s, APP, "/sealed/box");
    does_not_open(k, s, OTHER_APP, "/sealed/box");
    does_not_open(none, s, APP, "/sealed/key_id");
    does_not_open(NULL, s, APP, "/sealed/key_id");
    s->key_id = (char[]){"k9"};
    does_not_open(k, s, APP, "/sealed/key_id");
    keyring_free(k);
    keyring_free(other);
    keyring_free(none);
}

static void any_changed_bit_is_noticed(void **state)
{
    (void)state;
    struct keyring *k = ring("[seal]\ncurrent=k1\nk1=" KEY1);
    Personal p = someone();
    Sealed *s = seal_personal(k, &p, APP, mem);
    for (size_t i = 0; i < s->box.len * 8; i++) {
        s->box.data[i / 8] ^= (uint8_t)(1 << i % 8);
        does_not_open(k, s, APP, "/sealed/box");
        s->box.data[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t i = 0; i < s->nonce.len * 8; i++) {
        s->nonce.data[i / 8] ^= (uint8_t)(1 << i % 8);
        does_not_open(k, s, APP, "/sealed/box");
        s->nonce.data[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    size_t full = s->box.len;
    for (s->box.len = 0; s->box.len < full; s->box.len++)
        does_not_open(k, s, APP, s->box.len < 16 ? "/sealed" : "/sealed/box");
    s->nonce.len = 23;
    does_not_open(k, s, APP, "/sealed");
    keyring_free(k);
}

static void rotation_keeps_old_boxes_readable(void **state)
{
    (void)state;
    struct err e = {0};
    struct keyring *before = ring("[seal]\ncurrent=k1\nk1=" KEY1);
    struct keyring *after = ring("[seal]\ncurrent=k2\nk1=" KEY1 "\nk2=" KEY2);
    Personal p = someone(), *back = NULL;
    Sealed *old = seal_personal(before, &p, APP, mem), *new = seal_personal(after, &p, APP, mem);
    assert_string_equal(new->key_id, "k2");
    assert_true(seal_open(after, old, APP, mem, &back, &e));
    assert_true(seal_open(after, new, APP, mem, &back, &e));
    does_not_open(before, new, APP, "/sealed/key_id");
    keyring_free(before);
    keyring_free(after);
}

/* Expected values were computed with hashlib.blake2b of Python: a changed formula would orphan every register. */
static void names_are_stable(void **state)
{
    (void)state;
    struct keyring *k = ring("[pseudonym]\nkey=" KEY1), *other = ring("[pseudonym]\nkey=" KEY2);
    char ref[PERSON_REF_LEN + 1];
    uint8_t digest[8], second[8];
    person_ref_of(k, "9912345678901234", ref);
    assert_string_equal(ref, "RZmLS7nirSC_lWkc");
    person_ref_of(k, "T:123456789", ref);
    assert_string_equal(ref, "PwbgFwQjsyMmIiLo");
    person_ref_of(k, "O:AB 123456", ref);
    assert_string_equal(ref, "ohYqVHmXZrY1YHJu");
    person_ref_of(other, "9912345678901234", ref);
    assert_string_not_equal(ref, "RZmLS7nirSC_lWkc");
    digest8(k, "surname", bytes_str("иванов"), digest);
    assert_memory_equal(digest, "\x28\xd5\x1c\x90\xf7\x68\xee\xeb", 8);
    digest8(k, "name", bytes_str("иванов"), second);
    assert_memory_not_equal(digest, second, 8);
    digest8(k, "surname", bytes_of(NULL, 0), second);
    assert_memory_not_equal(digest, second, 8);
    keyring_free(k);
    keyring_free(other);
}

static void abilities_follow_the_sections(void **state)
{
    (void)state;
    struct keyring *sealing = ring("[seal]\ncurrent=k1\nk1=" KEY1), *naming = ring("[pseudonym]\nkey=" KEY1);
    assert_true(keyring_can_seal(sealing));
    assert_false(keyring_can_name(sealing));
    assert_false(keyring_can_seal(naming));
    assert_true(keyring_can_name(naming));
    assert_false(keyring_can_seal(NULL));
    assert_false(keyring_can_name(NULL));
    keyring_free(sealing);
    keyring_free(naming);
    keyring_free(NULL);
}

static void dead_letters_open_with_the_secret_only(void **state)
{
    (void)state;
    struct err e = {0};
    struct keyring *service = ring(""), *operator = ring("[deadletter]\nsecret=" KEY3 "\n");
    struct bytes box = deadletter_box(service, bytes_str("a record"), mem), back = {0};
    assert_string_equal(deadletter_key_id(service), "d1");
    assert_null(memmem(box.p, box.n, "record", 6));
    assert_false(deadletter_open(service, box, mem, &back, &e));
    assert_int_equal(e.cls, ERR_FATAL);
    assert_true(deadletter_open(operator, box, mem, &back, &e));
    assert_true(bytes_eq(back, bytes_str("a record")));
    uint8_t *bad = arena_dup(mem, box.p, box.n);
    bad[box.n - 1] ^= 1;
    assert_false(deadletter_open(operator, bytes_of(bad, box.n), mem, &back, &e));
    assert_int_equal(e.cls, ERR_INPUT);
    assert_false(deadletter_open(operator, bytes_of(bad, 3), mem, &back, &e));
    assert_true(deadletter_open(operator, deadletter_box(service, bytes_of("", 0), mem), mem, &back, &e));
    assert_int_equal(back.n, 0);
    keyring_free(service);
    keyring_free(operator);
}

static void bad_keyrings_name_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } table[] = {
        {"", "[deadletter] needs id and public"},
        {"[deadletter]\nid=d1\n", "[deadletter] needs id and public"},
        {"[deadletter]\npublic=" KEY1 "\n", "[deadletter] needs id and public"},
        {"[deadletter]\nid=d1\npublic=" KEY1 "\nsecret=" KEY2 "\n", "secret does not belong to public"},
        {"[deadletter]\nid=d1\nid=d2\n", ":3: id is empty, too long or given twice"},
        {"[deadletter]\npublic=" KEY1 "\npublic=" KEY1 "\n", ":3: public is given twice"},
        {"[seal]\ncurrent=k1\n", "[seal] current names no key"},
        {"[seal]\nk1=" KEY1 "\n", "[seal] current names no key"},
        {"[seal]\ncurrent=k2\nk1=" KEY1 "\n", "[seal] current names no key"},
        {"[seal]\nk1=AAAA\n", ":2: k1 is not 32 bytes in base64"},
        {"[seal]\nk1=AA!A\n", ":2: k1 is not 32 bytes in base64"},
        {"[seal]\nk1=" KEY1 "AQEB\n", ":2: k1 is not 32 bytes in base64"},
        {"[seal]\nk1=" KEY1 "\nk1=" KEY2 "\n", ":3: k1 has a name too long or given twice"},
        {"[seal]\nabcdefghijklmnopqrst=" KEY1 "\n", "has a name too long"},
        {"[pseudonym]\nword=" KEY1 "\n", ":2: word is not a key of a keyring"},
        {"key=" KEY1 "\n", ":1: key is not a key of a keyring"},
        {"[pseudonym]\nkey=" KEY1 "\nkey=" KEY1 "\n", ":3: key is given twice"},
    };
    char path[32];
    for (size_t i = 0; i < N(table); i++) {
        struct err e = {0};
        struct keyring *k = NULL;
        assert_false(keyring_load(file_with(table[i].text, path), &k, &e));
        unlink(path);
        assert_null(k);
        assert_int_equal(e.cls, ERR_FATAL);
        if (!strstr(e.text, table[i].says) || strncmp(e.text, path, strlen(path)) != 0 || strstr(e.text, "AQEB"))
            fail_msg("row %zu: %s", i, e.text);
    }
}

static void seal_without_key(void)
{
    Personal p = CLINIC__ATTACH__V1__PERSONAL__INIT;
    seal_personal(NULL, &p, APP, mem);
}

static void name_without_key(void)
{
    char ref[PERSON_REF_LEN + 1];
    person_ref_of(NULL, "1", ref);
}

static void use_without_keys_aborts(void **state)
{
    (void)state;
    assert_true(aborts(seal_without_key));
    assert_true(aborts(name_without_key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_what_it_sealed),      cmocka_unit_test(same_input_same_bytes),
        cmocka_unit_test(wrong_key_or_application),  cmocka_unit_test(any_changed_bit_is_noticed),
        cmocka_unit_test(rotation_keeps_old_boxes_readable), cmocka_unit_test(names_are_stable),
        cmocka_unit_test(abilities_follow_the_sections), cmocka_unit_test(dead_letters_open_with_the_secret_only),
        cmocka_unit_test(bad_keyrings_name_their_line), cmocka_unit_test(use_without_keys_aborts),
    };
    return cmocka_run_group_tests(tests, prepare, finish);
}
