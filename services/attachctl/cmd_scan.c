#include "services/attachctl/ctl.h"
int cmd_scan(struct ctl *c, int argc, char **argv) { (void)c; (void)argc; (void)argv; return CTL_FAILED; }
