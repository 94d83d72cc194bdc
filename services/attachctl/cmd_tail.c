#include "services/attachctl/ctl.h"
int cmd_tail(struct ctl *c, int argc, char **argv) { (void)c; (void)argc; (void)argv; return CTL_FAILED; }
