#include "services/attachment/attachment.h"

int main(int argc, char **argv) { return svc_main(&attachment_svc, argc, argv); }
