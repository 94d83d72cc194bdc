/* gen_json.c - an application of the synthetic region as a line of JSON, the form that portals send. */
#include "services/attachctl/gen_impl.h"

static void print_papers(FILE *to, const struct gen_app *a)
{
    const char *kind = a->desk ? "EVIDENCE_KIND_ORIGINAL_SEEN" : "EVIDENCE_KIND_DATA_ONLY";
    const char *policy = a->p->form == PB_FORM(TEMP_CERT) ? "CHI_TEMP_CERT" : "CHI_POLICY";
    fprintf(to, "\"evidence\":[{\"type\":\"DOCUMENT_TYPE_RF_PASSPORT\",\"kind\":\"%s\"%s},", kind,
            a->damaged ? ",\"damaged\":true" : "");
    fprintf(to, "{\"type\":\"DOCUMENT_TYPE_%s\",\"kind\":\"%s\"}", policy, kind);
    if (a->snils[0])
        fprintf(to, ",{\"type\":\"DOCUMENT_TYPE_SNILS\",\"kind\":\"%s\"}", kind);
    if (a->desk)
        fprintf(to, ",{\"type\":\"DOCUMENT_TYPE_APPLICATION\",\"kind\":\"%s\"}", kind);
    if (a->move_proof)
        fprintf(to, ",{\"type\":\"DOCUMENT_TYPE_MOVE_PROOF\",\"kind\":\"EVIDENCE_KIND_COPY\"}");
    fputs("],", to);
}

static void print_contacts(const struct gen *g, FILE *to, const struct gen_person *p)
{
    static const char *const domains[] = {"example.org", "example.com", "example.net"};
    if (gen_chance(g, USE_CONTACT, p->i, 900))
        fprintf(to, ",\"phone\":\"+7000%07llu\"", (unsigned long long)(p->i % 10000000));
    if (gen_chance(g, USE_CONTACT, p->i + (1ULL << 62), 950))
        fprintf(to, ",\"email\":\"person%llu@%s\"", (unsigned long long)p->i, domains[p->i % 3]);
}

static void print_personal(const struct gen *g, FILE *to, const struct gen_app *a)
{
    const struct gen_person *p = a->p;
    fprintf(to, "\"personal\":{\"surname\":\"%s\",\"name\":\"%s\",", a->surname, p->name);
    if (p->patronymic[0])
        fprintf(to, "\"patronymic\":\"%s\",", p->patronymic);
    fprintf(to, "\"birth_date\":\"%s\",\"sex\":\"SEX_%s\",", a->birth_date, p->sex == PB_SEX(FEMALE) ? "FEMALE" : "MALE");
    if (a->snils[0])
        fprintf(to, "\"snils\":\"%s\",", a->snils);
    const ProtobufCEnumValue *form =
        protobuf_c_enum_descriptor_get_value(&clinic__attach__v1__policy_form__descriptor, p->form);
    fprintf(to, "\"policy_form\":\"%s\",", form->name);
    if (p->policy_series[0])
        fprintf(to, "\"policy_series\":\"%s\",", p->policy_series);
    fprintf(to, "\"policy_number\":\"%s\",", a->policy_number);
    fprintf(to, "\"document\":{\"type\":\"DOCUMENT_TYPE_RF_PASSPORT\",\"series\":\"%s\",\"number\":\"%s\"}", p->doc_series,
            p->doc_number);
    print_contacts(g, to, p);
    if (p->district)
        fprintf(to, ",\"registration_address\":\"г. Учебный, ул. %s, д. %d\"", gen_street(gen_random(g, USE_CONTACT, p->i, 1)),
                (int)(p->i % 150) + 1);
    fputs("}}\n", to);
}

void gen_print_app(const struct gen *g, FILE *to, const struct gen_app *a)
{
    char district[16];
    gen_district(a->p->district, district);
    fprintf(to, "{\"source\":\"%s\",\"external_ref\":\"%s\",\"kind\":\"%s\",\"profile\":\"PROFILE_ADULT_THERAPEUTIC\",", a->source,
            a->ref, a->kind);
    fprintf(to, "\"region\":\"%s\",\"clinic_id\":\"%s\",", g->conf.rule_set, a->clinic);
    if (a->reason)
        fprintf(to, "\"reason\":\"%s\",", a->reason);
    if (a->account)
        fprintf(to, "\"account_level\":\"%s\",", a->account);
    if (a->acknowledged)
        fputs("\"acknowledged_data\":true,", to);
    if (a->p->military)
        fputs("\"category\":\"CATEGORY_MILITARY\",", to);
    if (district[0])
        fprintf(to, "\"residence_district\":\"%s\",", district);
    if (a->tinao)
        fputs("\"residence_tinao\":true,", to);
    print_papers(to, a);
    print_personal(g, to, a);
}
