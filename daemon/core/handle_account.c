/* handle_account.c - hello and what belongs to it. */
#include "daemon/core/room_list.h"
#include "daemon/core/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- welcome ---------------------------------------------------------------------------------- */

static void fill_bounds(const struct config *config, struct record_bounds *bounds)
{
    bounds->frame_bytes = config->limits.frame_bytes;
    bounds->text_bytes = config->limits.text_bytes;
    bounds->text_characters = config->limits.text_characters;
    bounds->name_characters = config->limits.name_characters;
    bounds->rooms_per_session = config->limits.rooms_per_session;
    bounds->presence_members = config->limits.presence_members;
    bounds->nonce_window = config->limits.nonce_window;
}

static void welcome(struct gateway *gateway, struct session *session, const struct ref *ref,
                    const char *key, const struct job_own *own)
{
    const struct user *user = session->user;
    struct room_list list = {0};
    struct reply_welcome reply = {
        .user = {.name = user->name, .account = user->account, .role = role_name(user->role)},
        .session = key,
        .server = {.name = gateway->config->server.name, .version = HEARTH_VERSION},
        .time = gateway->now.wall_ms,
    };
    fill_bounds(gateway->config, &reply.limits);
    if (room_list_fill(&list, gateway, session, own)) {
        reply.rooms = (struct message_list){list.lines, list.count};
        session_reply(session, ref, REPLY_welcome, &reply);
    } else {
        session_fail(session, ref, ERROR_internal, NULL, "The gateway has no memory for this.");
    }
    room_list_finish(&list);
}

/* The session is this user's from now on. */
static void become(struct session *session, struct user *user)
{
    session_no_stranger(session);
    user_attach(user, session);
    session->has_hello = true;
}

/* --- asking ----------------------------------------------------------------------------------- */

static bool check_name(struct gateway *gateway, const char *name, struct user_row *row,
                       struct refusal *refusal)
{
    size_t most = (size_t)gateway->config->limits.name_characters;
    enum name_result result = name_normalise(name, most, row->name);
    if (result == NAME_OK && !name_fold(row->name, row->folded))
        result = NAME_TOO_LONG;
    if (result == NAME_OK && name_is_reserved(row->folded))
        result = NAME_RESERVED;
    if (result == NAME_OK)
        return true;
    refuse(refusal, ERROR_name_invalid, "name", "%s", name_result_sentence(result));
    return false;
}

/* A name that nobody here has; whether somebody away has it is seen at the next hello. */
static void refuse_taken(struct gateway *gateway, const struct user_row *row,
                         struct refusal *refusal)
{
    char free_name[NAME_BYTES_MAX + 32], folded[NAME_BYTES_MAX + 1], kept[NAME_BYTES_MAX + 1];
    size_t most = (size_t)gateway->config->limits.name_characters;
    for (int number = 2; number < 100; number++) {
        snprintf(free_name, sizeof free_name, "%s-%d", row->name, number);
        if (name_normalise(free_name, most, kept) != NAME_OK || !name_fold(kept, folded))
            break;
        if (user_find(gateway, folded))
            continue;
        refuse(refusal, ERROR_name_taken, "name", "This name is in use here. Try %s.", kept);
        return;
    }
    refuse(refusal, ERROR_name_taken, "name", "This name is in use here. Try another.");
}

/* With a key, the name counts only if the key is not known. */
static struct job *create_login(const char *key, const struct user_row *row)
{
    struct job *job = job_create(JOB_LOGIN);
    if (!job)
        return NULL;
    job->login.by_key = key != NULL;
    if (key)
        memcpy(job->login.key, key, strlen(key) + 1);
    memcpy(job->login.folded, row->folded, sizeof job->login.folded);
    job->login.user = *row;
    if (!key || hash_text(key, job->login.key_hash))
        return job;
    job_destroy(job);
    return NULL;
}

static bool may_say_hello(const struct session *session, const struct request_hello *hello,
                          struct refusal *refusal)
{
    if (session->has_hello) {
        refuse(refusal, ERROR_bad_request, NULL, "Hello has been said on this connection.");
        return false;
    }
    if (hello->password) {
        refuse(refusal, ERROR_unauthorized, "password", "There are no accounts here.");
        return false;
    }
    if (!hello->name && !hello->session && !hello->token) {
        refuse(refusal, ERROR_bad_request, "name", "name is missing; it must be a string.");
        return false;
    }
    return true;
}

/* A known user: the rooms' grants are asked for, then comes welcome. */
static void greet_known(struct gateway *gateway, struct session *session,
                        const struct asker *asker, const char *key, struct user *user)
{
    struct job *job = job_create(JOB_OWN);
    if (job) {
        job->own.user_id = user->id;
        /* The key comes back with the answer: job_own has no place for it but the job's memory. */
        job->own.key = job_text(job, key);
    }
    bool was_here = user->sessions != NULL;
    if (!gateway_submit_next(gateway, session, asker, job)) {
        user_release(gateway, user);
        return;
    }
    become(session, user);
    if (!was_here && !user->is_creating)
        user_touch(gateway, user);
}

/* The user of this key, if storage does not have it yet. */
static struct user *find_creating(const struct gateway *gateway, const char *key)
{
    uint8_t hash[HASH_BYTES];
    if (gateway->users_creating == 0 || !hash_text(key, hash))
        return NULL;
    for (size_t i = 0; i < gateway->users.slot_count; i++)
        for (struct table_link *link = gateway->users.slots[i]; link; link = link->next) {
            struct user *user = TABLE_ITEM(link, struct user, by_id);
            if (user->is_creating && memcmp(user->key_hash, hash, HASH_BYTES) == 0)
                return user;
        }
    return NULL;
}

static void refuse_unknown_key(struct session *session, const struct ref *ref)
{
    session_fail(session, ref, ERROR_unauthorized, "session",
                 "This key is not known; say hello with a name.");
}

void handle_hello(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct request_hello *hello = &request->as_hello;
    const char *key = hello->session ? hello->session : hello->token;
    struct user_row row = {0};
    struct refusal refusal;
    if (!may_say_hello(session, hello, &refusal) ||
        (hello->name && !check_name(gateway, hello->name, &row, &refusal))) {
        session_refuse(session, &request->ref, &refusal);
        return;
    }
    if (key && strlen(key) != KEY_TEXT_BYTES)
        key = NULL;
    if (!key && !hello->name) {
        refuse_unknown_key(session, &request->ref);
        return;
    }
    struct user *user = key ? find_creating(gateway, key) : NULL;
    struct asker asker = {
        .session = session->id, .request = request->type, .ref = request->ref};
    if (user)
        greet_known(gateway, session, &asker, key, user);
    else
        (void)gateway_submit(gateway, session, request, create_login(key, &row));
}

/* --- answering -------------------------------------------------------------------------------- */

static void greet_new(struct gateway *gateway, struct session *session, const struct job *login)
{
    static const struct job_own nothing = {0};
    const struct ref *ref = &login->asker.ref;
    struct user_row row = login->login.user;
    struct refusal refusal;
    if (login->login.taken || user_find(gateway, row.folded)) {
        refuse_taken(gateway, &row, &refusal);
        session_refuse(session, ref, &refusal);
        return;
    }
    row.id = gateway->user_id_last + 1;
    row.role = ROLE_GUEST;
    row.account = false;
    memcpy(row.key_hash, login->login.key_hash, sizeof row.key_hash);
    struct user *user = user_create(gateway, &row);
    struct job *job = user ? job_create(JOB_USER_CREATE) : NULL;
    if (job)
        job->user = (struct job_user){.user = row, .wall_ms = gateway->now.wall_ms};
    if (!user || !gateway_submit_alone(gateway, job)) {
        if (user)
            user_release(gateway, user);
        session_fail(session, ref, ERROR_storage_unavailable, NULL, NULL);
        return;
    }
    gateway->user_id_last = row.id;
    user->is_creating = true;
    gateway->users_creating++;
    become(session, user);
    welcome(gateway, session, ref, login->login.key, &nothing);
}

static void answer_known(struct gateway *gateway, struct session *session, struct job *job)
{
    struct user *user = user_find_id(gateway, job->login.user.id);
    if (!user)
        user = user_create(gateway, &job->login.user);
    if (user && memcmp(user->key_hash, job->login.key_hash, HASH_BYTES) != 0)
        refuse_unknown_key(session, &job->asker.ref); /* logged out meanwhile */
    else if (user)
        greet_known(gateway, session, &job->asker, job->login.key, user);
    else
        session_fail(session, &job->asker.ref, ERROR_internal, NULL,
                     "The gateway has no memory for this.");
}

static void answer_login(struct gateway *gateway, struct session *session, struct job *job)
{
    if (job->login.known)
        answer_known(gateway, session, job);
    else if (job->login.folded[0])
        greet_new(gateway, session, job);
    else
        refuse_unknown_key(session, &job->asker.ref);
}

static void count_owned(struct user *user, const struct job_own *own)
{
    size_t count = 0;
    for (size_t i = 0; i < own->count; i++)
        count += own->grants[i].grant.role == ROLE_OWNER;
    user->owned_count = count < UINT16_MAX ? (uint16_t)count : UINT16_MAX;
}

void answer_hello(struct gateway *gateway, struct session *session, struct job *job)
{
    if (!session || session->is_closing)
        return;
    if (job->result != JOB_DONE) {
        session_fail_job(session, job);
        if (session->user)
            session_close(session, 1013, "The gateway cannot read just now; come back soon");
    } else if (job->kind == JOB_LOGIN) {
        answer_login(gateway, session, job);
    } else if (session->user) {
        count_owned(session->user, &job->own);
        welcome(gateway, session, &job->asker.ref, job->own.key, &job->own);
    }
}

/* --- the rest --------------------------------------------------------------------------------- */

void handle_ping(struct gateway *gateway, struct session *session, const struct request *request)
{
    struct reply_pong pong = {.time = gateway->now.wall_ms};
    session_reply(session, &request->ref, REPLY_pong, &pong);
}

void handle_register(struct gateway *gateway, struct session *session,
                     const struct request *request)
{
    (void)gateway;
    session_fail(session, &request->ref, ERROR_forbidden, NULL,
                 "This gateway has no accounts yet.");
}

void handle_password(struct gateway *gateway, struct session *session,
                     const struct request *request)
{
    handle_register(gateway, session, request);
}

/* --- logout ----------------------------------------------------------------------------------- */

static void log_out(struct session *session, const struct ref *ref)
{
    session_ok(session, ref);
    session_close(session, 1000, "Logged out");
}

void handle_logout(struct gateway *gateway, struct session *session,
                   const struct request *request)
{
    if (!session->user) {
        log_out(session, &request->ref);
        return;
    }
    struct job *job = job_create(JOB_USER_FORGET);
    if (job)
        job->user.user.id = session->user->id;
    (void)gateway_submit(gateway, session, request, job);
}

/* The key was theirs too. */
static void log_others_out(struct user *user, const struct session *asker)
{
    memset(user->key_hash, 0, sizeof user->key_hash);
    for (struct session *session = user->sessions; session; session = session->next)
        if (session != asker)
            session_close(session, 4001, "Logged out on another connection");
}

void answer_logout(struct gateway *gateway, struct session *session, struct job *job)
{
    struct user *user = user_find_id(gateway, job->user.user.id);
    bool is_unknown = job->result == JOB_USER_MISSING && !(user && user->is_creating);
    if (job->result == JOB_DONE || is_unknown) {
        if (session)
            log_out(session, &job->asker.ref);
        if (user)
            log_others_out(user, session);
    } else if (session) {
        session_fail(session, &job->asker.ref, ERROR_storage_unavailable, NULL, NULL);
    }
}
