/* answer.h - answers of the gateway: JSON of success and application/problem+json (RFC 9457) of everything else.
 * Role:      the one list of problem types, so that proto/openapi.yaml and the clients' code have one source.
 * Threads:   any; a request belongs to its caller. Memory: bodies are malloc'd and freed with the request. */
#ifndef CLINIC_GATEWAY_ANSWER_H
#define CLINIC_GATEWAY_ANSWER_H
#include "gateway.h"

/* X(id, status, name in the type URI, title) */
#define GW_PROBLEMS(X)                                                                                               \
    X(MALFORMED, 400, "malformed", "Тело запроса не читается")                                                       \
    X(BAD_REQUEST, 400, "bad-request", "Запрос неверен")                                                             \
    X(NOT_FOUND, 404, "not-found", "Не найдено")                                                                     \
    X(METHOD, 405, "method-not-allowed", "Метод не поддерживается")                                                  \
    X(RUNNING, 409, "request-running", "Такой же запрос ещё выполняется")                                            \
    X(REF_REUSED, 409, "external-ref-reused", "Под этим номером уже есть другое заявление")                          \
    X(CLOSED, 409, "application-closed", "Заявление уже закрыто")                                                    \
    X(TOO_LARGE, 413, "too-large", "Тело запроса слишком велико")                                                    \
    X(MEDIA_TYPE, 415, "unsupported-media-type", "Тип содержимого не поддерживается")                                \
    X(INVALID, 422, "invalid-field", "Заявление заполнено неверно")                                                  \
    X(KEY_REUSED, 422, "idempotency-key-reused", "Ключ идемпотентности уже использован для другого запроса")         \
    X(INTERNAL, 500, "internal", "Внутренняя ошибка")                                                                \
    X(BROKER_DOWN, 503, "broker-unavailable", "Приём заявлений временно недоступен")                                 \
    X(STORE_DOWN, 503, "store-unavailable", "Сведения временно недоступны")                                          \
    X(REBUILDING, 503, "rebuilding", "Сведения восстанавливаются")                                                   \
    X(BUSY, 503, "busy", "Слишком много запросов")
enum gw_problem {
#define X(id, status, name, title) GW_PROBLEM_##id,
    GW_PROBLEMS(X)
#undef X
    GW_PROBLEM_N
};
#define GW_PROBLEM_TYPE "urn:clinic:attach:problem:"

/* takes body. */
void gw_answer_json(struct gw_req *r, int status, json_t *body);
/* detail: what is wrong, never personal data; may be NULL. */
void gw_answer_problem(struct gw_req *r, enum gw_problem p, const char *detail);
/* With its errors array [{pointer, code, message}]; takes errors. */
void gw_answer_errors(struct gw_req *r, enum gw_problem p, const char *detail, json_t *errors);
/* One element of errors; gives. */
json_t *gw_field_error(const char *pointer, const char *code, const char *message);
/* 503 with Retry-After. */
void gw_answer_later(const struct gw *gw, struct gw_req *r, enum gw_problem p, const char *detail);
/* A projection that could not be read: it is away, or being rebuilt, so that what it lacks is not known yet. 503. */
void gw_answer_unread(const struct gw *gw, struct gw_req *r, const struct err *e);
void gw_answer_clear(struct gw_answer *a);

/* RFC 3339 in UTC with milliseconds, for example 2026-11-22T06:20:38.512Z; gives. */
json_t *gw_json_time(int64_t ms);
#endif
