/* ctl_access.h - which program touches what on Kafka, derived from the descriptors of the services and the tables of the
 * doors: the least rights with which each of them works. tests/contract/secure runs the platform with exactly these.
 * Threads: main thread. */
#ifndef CLINIC_CTL_ACCESS_H
#define CLINIC_CTL_ACCESS_H
#include "runtime/svc.h"

#define ACCESS_MAX 256
#define OPERATOR "operator" /* who runs attachctl */
#define LOAD_IDS "operator-load-" /* transactional ids of registry load begin so */

extern const struct svc_def *const ctl_services[]; /* every service of the platform, along the flow; ended by NULL */
extern const struct svc_output ctl_outputs[];      /* what attachctl writes */

enum access_resource { ACCESS_TOPIC, ACCESS_GROUP, ACCESS_TXN };
enum access_operation { ACCESS_READ, ACCESS_WRITE, ACCESS_DESCRIBE, ACCESS_CREATE, ACCESS_SETTINGS }; /* read and write imply describe */

struct access {
    const char *program;
    enum access_operation operation;
    enum access_resource resource;
    bool prefixed; /* name is the beginning of the names meant */
    char name[96];
};

/* Rights of all programs, each once, by program; of the portals named too (ended by NULL). Returns how many. */
size_t access_list(const char *const *portals, struct access ret[ACCESS_MAX]);
#endif
