/* cmd_keys.c - attachctl keys new --out DIR. */
#include <string.h>
#include "services/attachctl/ctl.h"
#include "services/attachctl/keys.h"

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
    printf("%s/{full,seal,public,operator}.ini\n", out);
    return CTL_OK;
}
