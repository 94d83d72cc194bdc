#include "services/intake/intake.h"

int main(int argc, char **argv) { return svc_main(&intake_svc, argc, argv); }
