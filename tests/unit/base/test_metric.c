#include "tests/unit/help.h"
#include <pthread.h>
#include <time.h>
#include "base/metric.h"

static char *text_now(void)
{
    size_t n;
    char *text = metric_render(&n);
    assert_int_equal(strlen(text), n);
    return text;
}

static void assert_shown(const char *part)
{
    char *text = text_now();
    if (!strstr(text, part))
        fail_msg("not shown: %s\n%s", part, text);
    free(text);
}

static void counter_without_label_starts_at_zero(void **state)
{
    (void)state;
    struct metric *m = metric_new(METRIC_COUNTER, "clinic_plain_total", NULL, "Things counted.");
    assert_shown("# HELP clinic_plain_total Things counted.\n"
                 "# TYPE clinic_plain_total counter\nclinic_plain_total 0\n");
    metric_add(m, NULL, 2);
    metric_add(m, NULL, 0.5);
    assert_shown("\nclinic_plain_total 2.5\n");
}

static void labels_make_series(void **state)
{
    (void)state;
    struct metric *m = metric_new(METRIC_COUNTER, "clinic_labelled_total", "outcome", "By outcome.");
    metric_add(m, "ok", 1);
    metric_add(m, "bad", 3);
    metric_add(m, "ok", 1);
    assert_shown("clinic_labelled_total{outcome=\"ok\"} 2\nclinic_labelled_total{outcome=\"bad\"} 3\n");
}

static void text_is_escaped(void **state)
{
    (void)state;
    struct metric *m = metric_new(METRIC_GAUGE, "clinic_escaped", "l", "back\\slash and\nline \"quote\".");
    metric_set(m, "a\"b\\c\nd", -1.25);
    assert_shown("# HELP clinic_escaped back\\\\slash and\\nline \"quote\".\n");
    assert_shown("clinic_escaped{l=\"a\\\"b\\\\c\\nd\"} -1.25\n");
}

static void gauge_is_set(void **state)
{
    (void)state;
    struct metric *m = metric_new(METRIC_GAUGE, "clinic_level", NULL, "Level.");
    metric_set(m, NULL, 5);
    metric_add(m, NULL, -2);
    assert_shown("\nclinic_level 3\n");
    metric_set(m, NULL, 1.0 / 0.0);
    assert_shown("\nclinic_level +Inf\n");
    metric_set(m, NULL, 123456789012.0);
    assert_shown("\nclinic_level 123456789012\n");
}

static void histogram_is_cumulative(void **state)
{
    (void)state;
    struct metric *m = metric_new(METRIC_HISTOGRAM, "clinic_turn_seconds", "stage", "Time of a turn.");
    metric_observe(m, "a", 0.001);
    metric_observe(m, "a", 0.0011);
    metric_observe(m, "a", 70);
    assert_shown("clinic_turn_seconds_bucket{stage=\"a\",le=\"0.001\"} 1\n"
                 "clinic_turn_seconds_bucket{stage=\"a\",le=\"0.0025\"} 2\n");
    assert_shown("clinic_turn_seconds_bucket{stage=\"a\",le=\"60\"} 2\n"
                 "clinic_turn_seconds_bucket{stage=\"a\",le=\"+Inf\"} 3\n"
                 "clinic_turn_seconds_sum{stage=\"a\"} 70.0021\n"
                 "clinic_turn_seconds_count{stage=\"a\"} 3\n");
    metric_new(METRIC_HISTOGRAM, "clinic_bare_seconds", NULL, "No label.");
    assert_shown("clinic_bare_seconds_bucket{le=\"+Inf\"} 0\nclinic_bare_seconds_sum 0\nclinic_bare_seconds_count 0\n");
}

static void series_are_bounded(void **state)
{
    (void)state;
    struct metric *m = metric_new(METRIC_COUNTER, "clinic_many_total", "v", "Many.");
    char value[16];
    for (int i = 0; i < 200; i++) {
        snprintf(value, sizeof value, "v%d", i);
        metric_add(m, value, 1);
    }
    assert_shown("clinic_many_total{v=\"v62\"} 1\nclinic_many_total{v=\"other\"} 137\n");
}

static void same_name_is_same_metric(void **state)
{
    (void)state;
    struct metric *m = metric_new(METRIC_COUNTER, "clinic_same_total", "l", "Same.");
    assert_ptr_equal(m, metric_new(METRIC_COUNTER, "clinic_same_total", "l", "Same."));
}

static double value_of(const char *text, const char *name)
{
    const char *at = text;
    size_t n = strlen(name);
    while (at && !(strncmp(at, name, n) == 0 && at[n] == ' '))
        at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL;
    assert_non_null(at);
    return strtod(at + n, NULL);
}

static void process_metrics_are_sane(void **state)
{
    (void)state;
    char *text = text_now();
    double now = (double)time(NULL), start = value_of(text, "process_start_time_seconds");
    assert_true(value_of(text, "process_resident_memory_bytes") > 100000);
    assert_true(value_of(text, "process_cpu_seconds_total") >= 0);
    assert_true(start > now - 86400 && start <= now + 2);
    free(text);
}

static struct metric *shared;

static void *count(void *arg)
{
    char value[8];
    for (int i = 0; i < 10000; i++) {
        snprintf(value, sizeof value, "%d", i % 40);
        metric_add(shared, value, 1);
    }
    return arg;
}

static void threads_lose_nothing(void **state)
{
    (void)state;
    pthread_t t[4];
    shared = metric_new(METRIC_COUNTER, "clinic_threads_total", "v", "Threads.");
    for (size_t i = 0; i < N(t); i++)
        assert_int_equal(pthread_create(&t[i], NULL, count, NULL), 0);
    for (size_t i = 0; i < N(t); i++)
        pthread_join(t[i], NULL);
    char *text = text_now(), line[64];
    size_t shown = 0;
    for (const char *at = text; (at = strstr(at, "\nclinic_threads_total{")); at++)
        shown++;
    assert_int_equal(shown, 40);
    for (int i = 0; i < 40; i++) {
        snprintf(line, sizeof line, "\nclinic_threads_total{v=\"%d\"} 1000\n", i);
        assert_non_null(strstr(text, line));
    }
    free(text);
}

static void promtool_accepts(void **state)
{
    (void)state;
    if (system("command -v promtool >/dev/null 2>&1") != 0)
        skip();
    metric_add(metric_new(METRIC_COUNTER, "clinic_final_total", "l", "Final."), "x", 1);
    char path[32], command[96], *text = text_now();
    snprintf(command, sizeof command, "promtool check metrics <%s", file_with(text, path));
    assert_int_equal(system(command), 0);
    unlink(path);
    free(text);
}

static void other_kind(void)
{
    metric_new(METRIC_COUNTER, "clinic_kind_total", NULL, "Kind.");
    metric_new(METRIC_GAUGE, "clinic_kind_total", NULL, "Kind.");
}

static void misuse_aborts(void **state)
{
    (void)state;
    assert_true(aborts(other_kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counter_without_label_starts_at_zero), cmocka_unit_test(labels_make_series),
        cmocka_unit_test(text_is_escaped),      cmocka_unit_test(gauge_is_set),
        cmocka_unit_test(histogram_is_cumulative), cmocka_unit_test(series_are_bounded),
        cmocka_unit_test(same_name_is_same_metric), cmocka_unit_test(process_metrics_are_sane),
        cmocka_unit_test(threads_lose_nothing), cmocka_unit_test(promtool_accepts),
        cmocka_unit_test(misuse_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
