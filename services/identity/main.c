#include "services/identity/identity.h"

int main(int argc, char **argv) { return svc_main(&identity_svc, argc, argv); }
