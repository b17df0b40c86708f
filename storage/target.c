#include "storage/target.h"

#include <stdio.h>

#include "storage/grants.h"

static enum step find_target(struct database *database, const char *folded, struct target *target)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT id, name, role, account FROM users WHERE folded=?1");
    bind_text(statement, 1, folded);
    enum step step = database_step(database, statement);
    if (step == STEP_ROW) {
        target->user_id = sqlite3_column_int64(statement, 0);
        text_clean(column_text(statement, 1), TEXT_LINE, target->name, sizeof target->name);
        target->role = (enum role)sqlite3_column_int(statement, 2);
        target->account = sqlite3_column_int(statement, 3) != 0;
        database_reset(statement);
    }
    return step;
}

bool target_find(struct database *database, struct job *job, const char *folded, int64_t client_id,
                 struct target *target)
{
    *target = (struct target){.role = ROLE_GUEST};
    if (!folded[0]) {
        snprintf(target->name, sizeof target->name, "client-%lld", (long long)client_id);
        return true;
    }
    enum step step = find_target(database, folded, target);
    if (step == STEP_DONE)
        job->result = JOB_USER_MISSING;
    return step == STEP_ROW;
}

static bool read_room(struct database *database, struct job *job, int64_t room_id,
                      enum visibility *visibility, bool *is_orphaned)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT visibility, orphaned FROM rooms WHERE id=?1");
    sqlite3_bind_int64(statement, 1, room_id);
    enum step step = database_step(database, statement);
    if (step == STEP_DONE)
        job->result = JOB_ROOM_MISSING;
    if (step != STEP_ROW)
        return false;
    *visibility = (enum visibility)sqlite3_column_int(statement, 0);
    *is_orphaned = sqlite3_column_int(statement, 1) != 0;
    database_reset(statement);
    return true;
}

bool target_roles(struct database *database, struct job *job, const struct actor *actor,
                  int64_t room_id, const struct target *target, enum role *of_actor,
                  enum role *of_target)
{
    struct grant grant = {0}, own = {0};
    enum visibility visibility;
    bool is_orphaned;
    *of_actor = actor->role;
    *of_target = target->role;
    if (!room_id)
        return true;
    if (!read_room(database, job, room_id, &visibility, &is_orphaned) ||
        !grants_read(database, room_id, actor->user_id, &own) ||
        !grants_read(database, room_id, target->user_id, &grant))
        return false;
    *of_actor = role_in_room(actor->role, actor->account, visibility, is_orphaned, &own);
    *of_target = role_in_room(target->role, target->account, visibility, is_orphaned, &grant);
    return true;
}

bool target_is_below(struct database *database, struct job *job, const struct actor *actor,
                     int64_t room_id, const struct target *target, bool *is_below)
{
    enum role of_actor, of_target;
    *is_below = actor->user_id == 0 && actor->role == ROLE_ADMIN;
    if (*is_below)
        return true;
    if (!target_roles(database, job, actor, room_id, target, &of_actor, &of_target))
        return false;
    *is_below = of_target < of_actor;
    return true;
}
