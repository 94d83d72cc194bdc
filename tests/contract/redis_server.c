#include "redis_server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/err.h"
#include "ports.h"

static pid_t child;
static int port;
static char dir[64], url[64], unix_url[128];

static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 && getsockname(fd, (struct sockaddr *)&a, &n) == 0);
    close(fd);
    return ntohs(a.sin_port);
}

static void become_server(const char *const *more)
{
    char number[12], sock[128];
    const char *argv[40] = {"redis-server", "--port", number, "--bind", "127.0.0.1", "--unixsocket", sock,
                            "--save", "", "--appendonly", "no", "--dir", dir, "--loglevel", "warning", "--logfile",
                            "redis.log"};
    int n = 17;
    snprintf(number, sizeof number, "%d", port);
    snprintf(sock, sizeof sock, "%s/redis.sock", dir);
    for (int i = 0; more && more[i] && n < 39; i++)
        argv[n++] = more[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static redisContext *dial(void)
{
    redisContext *c = redisConnect("127.0.0.1", port);
    if (c && c->err) {
        redisFree(c);
        return NULL;
    }
    return c;
}

/* Until it takes connections; false when it ended instead. */
static bool await_server(void)
{
    int64_t deadline = ports_mono_ms() + 20000;
    redisContext *c;
    while (!(c = dial())) {
        must(ports_mono_ms() < deadline);
        if (waitpid(child, NULL, WNOHANG) == child) {
            child = 0;
            return false;
        }
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    redisFree(c);
    return true;
}

bool redis_server_start(const char *const *more)
{
    if (!dir[0]) {
        snprintf(dir, sizeof dir, "/tmp/clinic-redis-XXXXXX");
        must(mkdtemp(dir));
        atexit(redis_server_stop);
        port = free_port();
        snprintf(url, sizeof url, "redis://127.0.0.1:%d/1", port);
        snprintf(unix_url, sizeof unix_url, "unix://%s/redis.sock", dir);
    }
    child = fork();
    must(child >= 0);
    if (child == 0)
        become_server(more);
    return await_server();
}

void redis_server_kill(void)
{
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        child = 0;
    }
}

void redis_server_stop(void)
{
    char path[128];
    redis_server_kill();
    if (!dir[0])
        return;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, (const char *[]){"redis.sock", "redis.log"}[i]);
        unlink(path);
    }
    rmdir(dir);
    dir[0] = '\0';
}

const char *redis_server_url(void) { return url; }
const char *redis_server_unix_url(void) { return unix_url; }
int redis_server_port(void) { return port; }

void redis_server_do(const char *command)
{
    char text[200], *save = NULL;
    const char *argv[16];
    int n = 0;
    snprintf(text, sizeof text, "%s", command);
    for (char *t = strtok_r(text, " ", &save); t && n < 16; t = strtok_r(NULL, " ", &save))
        argv[n++] = t;
    redisContext *c = dial();
    must(c);
    redisReply *r = redisCommandArgv(c, n, argv, NULL);
    must(r);
    if (r->type == REDIS_REPLY_ERROR)
        fprintf(stderr, "%s: %s\n", command, r->str);
    must(r->type != REDIS_REPLY_ERROR);
    freeReplyObject(r);
    redisFree(c);
}
