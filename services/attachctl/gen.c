/* gen.c - the files of the synthetic region. */
#include "services/attachctl/gen.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "base/text.h"
#include "services/attachctl/gen_impl.h"

#define FILE_BUFFER (1 << 18)
#define CLINICS_MAX 9999 /* four digits after the region */

static const char *short_enum(const ProtobufCEnumDescriptor *d, int value, const char *prefix)
{
    const char *name = protobuf_c_enum_descriptor_get_value(d, value)->name;
    return name + strlen(prefix);
}
static const char *form_name(int v) { return short_enum(&clinic__attach__v1__policy_form__descriptor, v, "POLICY_FORM_"); }
static const char *profile_text(int v) { return short_enum(&clinic__attach__v1__profile__descriptor, v, "PROFILE_"); }

static void write_person(FILE *f, const struct gen_person *p)
{
    char district[16];
    gen_district(p->district, district);
    fprintf(f, "%s;%s;%s;%s;%s;%s;%s;%s;%s;%s;%s;%s;%s;%d\n", form_name(p->form), p->policy_series, p->policy_number,
            p->surname, p->name, p->patronymic, p->birth_date, p->sex == PB_SEX(FEMALE) ? "F" : "M", p->snils,
            p->doc_type == PB_DOC(BIRTH_CERT_RF) ? "BIRTH_CERT_RF" : "RF_PASSPORT", p->doc_series, p->doc_number,
            district, p->military);
}

static void write_policy(FILE *f, const struct gen_person *p)
{
    char until[TEXT_DAY_BYTES] = "";
    if (p->valid_until)
        text_day(p->valid_until, until);
    fprintf(f, "%s;%s;%s;%s;%02d;%02d00%d;%s;%s;%s;%s;%s\n", form_name(p->form), p->policy_series, p->policy_number,
            short_enum(&clinic__attach__v1__policy_status__descriptor, p->status, "POLICY_STATUS_"), p->region, p->region,
            (int)(p->i % 5) + 1, until, p->surname, p->name, p->patronymic, p->birth_date);
}

static void write_attachments(struct gen *g, FILE *f, const struct gen_person *p, struct gen_sum *sum)
{
    static const PB(Profile) profiles[] = {PB_PROFILE(ADULT_THERAPEUTIC), PB_PROFILE(CHILD), PB_PROFILE(ADULT_DENTAL)};
    for (size_t k = 0; k < sizeof profiles / sizeof *profiles; k++) {
        struct gen_attachment a;
        gen_attachment(g, p, profiles[k], &a);
        if (!a.is)
            continue;
        char from[TEXT_DAY_BYTES];
        text_day(a.from, from);
        fprintf(f, "%s;%s;%s;%s;%02d%04d;%u;%s;%d\n", form_name(p->form), p->policy_series, p->policy_number,
                profile_text(profiles[k]), g->conf.region, (int)a.clinic + 1, a.doctor, from, a.counted);
        g->used[a.clinic * GEN_DOCTORS_MAX + a.doctor]++;
        sum->attachments++;
    }
}

static void write_clinic(const struct gen *g, FILE *f, const struct gen_clinic *c, uint64_t child_at)
{
    char district[16];
    fprintf(f, "%s;Поликлиника № %d;г. Учебный, ул. %s, д. %d;%02d;%s;%s;%d;", c->id, (int)c->i + 1,
            gen_street(gen_random(g, USE_CONTACT, c->i, 2)), (int)c->i % 90 + 1, g->conf.region,
            short_enum(&clinic__attach__v1__clinic_kind__descriptor, c->kind, "CLINIC_KIND_"),
            short_enum(&clinic__attach__v1__ownership__descriptor, c->ownership, "OWNERSHIP_"), c->in_chi);
    for (int p = 0; p < c->profiles_n; p++)
        fprintf(f, "%s%s", p ? "|" : "", profile_text(c->profiles[p]));
    fputc(';', f);
    gen_district(c->district, district);
    fputs(district, f);
    const struct gen_list *children = &g->of[PB_PROFILE(CHILD)];
    for (uint64_t d = 1 + child_at; c->profiles[0] == PB_PROFILE(CHILD) && d <= g->districts; d += children->n) {
        gen_district(d, district);
        fprintf(f, "%s%s", d > 1 + child_at ? "|" : "", district);
    }
    fprintf(f, ";;+7000%07d;%d\n", 9000000 + (int)c->i, c->tinao);
}

static void write_doctors(const struct gen *g, FILE *f, const struct gen_clinic *c, struct gen_sum *sum)
{
    for (uint32_t d = 1; d <= gen_doctors(c); d++) {
        PB(Profile) profile = c->profiles[gen_profile_of_doctor(c, d)];
        char district[16] = "";
        if (profile == PB_PROFILE(ADULT_THERAPEUTIC))
            gen_district(c->district, district);
        bool accepts = d == 1 || gen_chance(g, USE_ACCEPTS, c->i * GEN_DOCTORS_MAX + d, 970);
        fprintf(f, "%s;%u;%s;%u;%d;%s\n", c->id, d, profile_text(profile), gen_norm(g, c, d, profile), accepts, district);
        sum->doctors++;
    }
}

static void write_clinics(const struct gen *g, FILE *clinics, FILE *doctors, struct gen_sum *sum)
{
    fputs("clinic_id;name;address;region;kind;ownership;in_chi_register;profiles;districts;insurers;phone;tinao\n", clinics);
    fputs("clinic_id;doctor_id;profile;norm;accepts_new;district_id\n", doctors);
    uint64_t child_at = 0;
    for (uint64_t i = 0; i < g->conf.clinics; i++) {
        struct gen_clinic c;
        gen_clinic(g, i, &c);
        write_clinic(g, clinics, &c, child_at);
        child_at += c.profiles[0] == PB_PROFILE(CHILD);
        write_doctors(g, doctors, &c, sum);
        sum->clinics++;
    }
}

static void write_persons(struct gen *g, FILE *persons, FILE *policies, FILE *attachments, struct gen_sum *sum)
{
    fputs("policy_form;policy_series;policy_number;surname;name;patronymic;birth_date;sex;snils;doc_type;doc_series;doc_number;"
          "residence_district;military\n", persons);
    fputs("policy_form;policy_series;policy_number;status;region;insurer_id;valid_until;surname;name;patronymic;birth_date\n",
          policies);
    fputs("policy_form;policy_series;policy_number;profile;clinic_id;doctor_id;effective_from;counted_change\n", attachments);
    for (uint64_t i = 0; i < g->conf.persons; i++) {
        struct gen_person p;
        gen_person(g, i, &p);
        write_person(persons, &p);
        write_policy(policies, &p);
        write_attachments(g, attachments, &p, sum);
        sum->persons++;
        sum->policies++;
    }
}

enum { F_PERSONS, F_POLICIES, F_CLINICS, F_DOCTORS, F_ATTACHMENTS, F_APPLICATIONS, F_CASES, F_WITHDRAWALS, F_N };
static const char *const names[F_N] = {"persons.csv", "policies.csv", "clinics.csv", "doctors.csv", "attachments.csv",
                                       "applications.jsonl", "cases.csv", "withdrawals.jsonl"};

static bool open_all(FILE *f[F_N], const char *dir, struct err *e)
{
    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        return err_set(e, ERR_FATAL, "GEN-DIR", "%s: %s", dir, strerror(errno));
    for (int i = 0; i < F_N; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        f[i] = fopen(path, "we");
        if (!f[i])
            return err_set(e, ERR_FATAL, "GEN-FILE", "%s: %s", path, strerror(errno));
        setvbuf(f[i], NULL, _IOFBF, FILE_BUFFER);
    }
    return true;
}

static bool close_all(FILE *f[F_N], struct err *e)
{
    bool good = true;
    for (int i = 0; i < F_N; i++)
        if (f[i] && fclose(f[i]) != 0 && good)
            good = err_set(e, ERR_FATAL, "GEN-FILE", "%s: %s", names[i], strerror(errno));
    return good;
}

static bool sizes_ok(const struct gen *g, struct err *e)
{
    const struct gen_conf *c = &g->conf;
    if (c->clinics < 2 || c->clinics > CLINICS_MAX)
        return err_set(e, ERR_INPUT, "clinics", "from 2 to %d", CLINICS_MAX);
    if (c->persons < 1 || c->persons / g->days + 1 > 99999)
        return err_set(e, ERR_INPUT, "persons", "from 1 to %llu", 99998ULL * g->days);
    return true;
}

bool gen_write(struct gen *g, const char *dir, struct gen_sum *ret, struct err *e)
{
    FILE *f[F_N] = {NULL};
    *ret = (struct gen_sum){0};
    if (!sizes_ok(g, e))
        return false;
    bool good = open_all(f, dir, e);
    if (good) {
        write_persons(g, f[F_PERSONS], f[F_POLICIES], f[F_ATTACHMENTS], ret);
        write_clinics(g, f[F_CLINICS], f[F_DOCTORS], ret); /* norms follow from the attached */
        if (!gen_write_applications(g, f[F_APPLICATIONS], f[F_CASES], f[F_WITHDRAWALS], ret))
            good = err_set(e, ERR_INPUT, "applications", "more than the region has fitting persons for");
    }
    return close_all(f, good ? e : &(struct err){0}) && good;
}
