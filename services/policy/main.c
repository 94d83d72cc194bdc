#include "services/policy/policy.h"

int main(int argc, char **argv) { return svc_main(&policy_svc, argc, argv); }
