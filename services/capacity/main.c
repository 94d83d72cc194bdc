#include "services/capacity/capacity.h"

int main(int argc, char **argv) { return svc_main(&capacity_svc, argc, argv); }
