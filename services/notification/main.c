#include "notification.h"

int main(int argc, char **argv) { return svc_main(&notification_svc, argc, argv); }
