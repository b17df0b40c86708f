/* ask.h - one request being answered, from dispatch to its one reply.
 *
 *   dispatch -> ask_run: room, grant, member, permission -> the handler -> a reply: ANSWERED
 *                  ^                |                           |
 *                  |                | the grant is read         | ask_submit: AWAITS
 *                  +----------------+                           v
 *                                              the job's answer handler -> a reply, or another job
 *
 * A handler is called once, when everything that its row names is there and allowed. What of an ask
 * outlives the turn lies in its job's memory, and is bounded with it. Loop thread. */
#ifndef HEARTH_CORE_ASK_H
#define HEARTH_CORE_ASK_H

#include "daemon/core/limit.h"
#include "daemon/core/permission.h"
#include "daemon/core/submit.h"
#include "protocol/message.h"
#include "storage/job.h"

struct gateway;
struct session;
struct room;
struct member;

enum who {
    WHO_ANYBODY,      /* may come before hello */
    WHO_READER,       /* hello, or an administrator, or anonymous HTTP */
    WHO_USER,         /* hello, or an administrator */
    WHO_ADMINISTRATOR /* came through the admin socket */
};

enum order {
    ORDER_PIPELINED,
    ORDER_BLOCKING /* the session's next request is dispatched after the reply only */
};

/* What a request is about, and so what its handler finds in the ask. Each has all before it. */
enum scope {
    SCOPE_NONE,  /* the gateway; the operation is checked against the role there */
    SCOPE_ROOM,  /* room: it exists and is not a direct one of others. Nothing is checked yet: the
                    handler's own job reads the grant, and its answer calls access_allows */
    SCOPE_GRANT, /* grant: what the room remembers about the user; the operation is allowed. A field
                    room that is OPTIONAL and absent is no room, and nothing is checked */
    SCOPE_MEMBER /* member: the session is in the room. An administrator need not be, nor a session
                    that was opened for this one request: then NULL */
};

enum outcome {
    ANSWERED, /* the one reply was given, or none is due */
    AWAITS    /* a job is under way whose answer handler goes on */
};

struct ask {
    struct gateway *gateway;
    struct session *session;   /* in an answer: NULL when it has gone or is closing */
    const struct row *row;
    struct request request;    /* owned by whoever runs the ask; in an answer only its ref, unless
                                  the job was submitted with ask_submit_whole */
    struct room *room;         /* these three as the row's scope says, and never in an answer */
    const struct grant *grant; /* never NULL in a scope that has it */
    struct member *member;
    int64_t checked;           /* the log has no entry with the request's nonce up to here: see repeat.h;
                                  0: it was not looked through */
};

/* Answers a request with one reply, or with a job whose answer handler will. The session is there
 * until the handler returns, also when it closes it. */
typedef enum outcome request_handler(struct ask *ask);

/* Goes on with a finished job. Also when the session has gone: what was stored is told to the others
 * all the same. The job is destroyed by the caller. */
typedef enum outcome answer_handler(struct ask *ask, struct job *job);

#define COST_NONE LIMIT_KIND_COUNT

/* Made of requests.def. */
struct row {
    request_handler *handle;
    enum who who;
    enum order order;
    enum scope scope;
    enum operation operation;
    enum limit_kind cost; /* or COST_NONE */
    size_t room_offset;   /* of the field room in struct request; but SCOPE_NONE */
};

/* Resolves, checks and handles: everything after who may ask and how often. */
enum outcome ask_run(struct ask *ask);

/* --- jobs ------------------------------------------------------------------------------------- */

/* The context of a job that answers a request. A handler that has to remember more puts this first in a
 * struct of its own: see submit_context. */
struct request_context {
    struct job_context job;
    answer_handler *answer;
    const struct row *row;
    uint64_t session;
    struct ref ref;
    int64_t checked;
    struct request *request; /* of ask_submit_whole */
};

/* Takes the job and submits it; answer goes on with it. When storage does not take it, or job is NULL
 * or lacks memory, the request is answered storage_unavailable: ANSWERED, else AWAITS. */
enum outcome ask_submit(struct ask *ask, struct job *job, answer_handler *answer);

/* The same, and answer finds the whole request in its ask again. */
enum outcome ask_submit_whole(struct ask *ask, struct job *job, answer_handler *answer);

/* --- replies: all give ANSWERED, and do nothing when the session has gone ----------------------- */

enum outcome ask_reply(struct ask *ask, enum message_type type, const void *fields);
enum outcome ask_ok(struct ask *ask);
enum outcome ask_refuse(struct ask *ask, const struct refusal *refusal);
/* format may be NULL for the code's own sentence. */
enum outcome ask_fail(struct ask *ask, enum error_code code, const char *field, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));
/* What a job's result means for who asked: JOB_UNAVAILABLE is storage_unavailable and so on. */
enum outcome ask_fail_job(struct ask *ask, const struct job *job);
/* The one or the other. */
enum outcome ask_answer(struct ask *ask, const struct job *job);

/* --- the handlers, by requests.def ------------------------------------------------------------- */

#define IN_GATEWAY(request, who, order, operation, cost) request_handler handle_##request;
#define IN_ROOM(request, who, order, scope, operation, cost) request_handler handle_##request;
#include "daemon/core/requests.def"

/* Of send, edit, delete, react and direct: told to all, also when who asked has gone. */
answer_handler answer_append;

#endif
