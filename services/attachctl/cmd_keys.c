/* cmd_keys.c - attachctl keys new --out DIR. */
#include <string.h>
#include "services/attachctl/ctl.h"
#include "services/attachctl/keys.h"

static void print(const struct ctl *c, const char *dir)
{
    if (!c->json) {
        printf("%s/{full,seal,public,operator}.ini\n", dir);
        return;
    }
    json_t *files = json_array();
    for (size_t i = 0; keys_file(i); i++)
        json_array_append_new(files, json_string(keys_file(i)));
    ctl_print(json_pack("{s:o, s:o}", "dir", ctl_text(dir), "files", files));
}

int cmd_keys(struct ctl *c, int argc, char **argv)
{
    static const struct option longs[] = {{"out", required_argument, NULL, 'O'}, CTL_OPTIONS, {NULL}};
    const char *out = NULL;
    int opt, code;
    while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) >= 0) {
        if (opt == 'O')
            out = optarg;
        else if (!ctl_option(c, argv[0], opt, &code))
            return code;
    }
    if (!out || optind + 1 != argc || strcmp(argv[optind], "new") != 0)
        return ctl_usage(argv[0]);
    struct err e = {0};
    if (!keys_new(out, &e))
        return ctl_fail(&e);
    print(c, out);
    return CTL_OK;
}
