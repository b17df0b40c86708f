#include "storage/reactions.h"

#include <stdio.h>

#include "protocol/emoji.h"
#include "storage/messages.h"

enum { NAMES_BYTES_MAX = 4096 }; /* names told under one message, as they go out */

/* With U+FE0F or without, it is the same reaction. */
#define SAME_EMOJI "replace(?2,char(65039),'')"
/* A user may be called otherwise since; whom a bridge brought is told by the name. */
#define BY_SAME "user_id=?3 AND (name=?4 OR ?5)"
#define REACTED "SELECT 1 FROM reactions WHERE target=?1 AND emoji=" SAME_EMOJI " AND " BY_SAME

static sqlite3_stmt *bind_reaction(sqlite3_stmt *statement, int64_t target,
                                   const struct entry *entry)
{
    sqlite3_bind_int64(statement, 1, target);
    bind_text(statement, 2, entry->emoji);
    sqlite3_bind_int64(statement, 3, entry->user_id);
    bind_text(statement, 4, entry->from ? entry->from : "");
    sqlite3_bind_int(statement, 5, entry->user_id != 0 && !entry->via);
    return statement;
}

/* What there is under the message already. */
struct found {
    bool has_it;                  /* this very reaction */
    bool has_kind;                /* one of its kind */
    int64_t kind_count, own_count; /* own: of whoever reacts now */
};

/* Of each kind it is looked whether the user is among them: as many look-ups as there are kinds. */
static bool find(struct database *database, int64_t target, const struct entry *entry,
                 struct found *found)
{
    sqlite3_stmt *statement = bind_reaction(
        database_prepare(database,
                         "SELECT EXISTS(" REACTED "), EXISTS(SELECT 1 FROM reaction_kinds WHERE"
                         " target=?1 AND emoji=" SAME_EMOJI "), count(*), total(EXISTS(SELECT 1 FROM"
                         " reactions r WHERE r.target=?1 AND r.emoji=k.emoji AND r." BY_SAME "))"
                         " FROM reaction_kinds k WHERE target=?1"),
        target, entry);
    if (database_step(database, statement) != STEP_ROW)
        return false;
    found->has_it = sqlite3_column_int(statement, 0) != 0;
    found->has_kind = sqlite3_column_int(statement, 1) != 0;
    found->kind_count = sqlite3_column_int64(statement, 2);
    found->own_count = sqlite3_column_int64(statement, 3);
    database_reset(statement);
    return true;
}

static const char *reason_against(const struct found *found)
{
    if (found->has_it)
        return NULL;
    if (!found->has_kind && found->kind_count >= REACTION_KINDS_MAX)
        return "There are 20 kinds of reactions under this message already.";
    if (found->own_count >= REACTIONS_USER_MAX)
        return "You have put 5 reactions under this message already.";
    return NULL;
}

bool reactions_judge(struct database *database, int64_t target, const struct entry *entry,
                     struct job *job)
{
    struct found found;
    if (!entry->on)
        return true;
    if (!find(database, target, entry, &found))
        return false;
    const char *reason = reason_against(&found);
    if (reason) {
        job->result = JOB_REFUSED;
        snprintf(job->why, sizeof job->why, "%s", reason);
    }
    return true;
}

bool reactions_apply(struct database *database, int64_t target, const struct entry *entry)
{
    struct found found;
    if (!entry->on)
        return database_run(database, bind_reaction(database_prepare(database,
                                          "DELETE FROM reactions WHERE target=?1 AND"
                                          " emoji=" SAME_EMOJI " AND " BY_SAME), target, entry));
    if (!find(database, target, entry, &found))
        return false;
    if (found.has_it || reason_against(&found))
        return true;
    return database_run(database, bind_reaction(database_prepare(database,
                                      "INSERT OR IGNORE INTO reactions(target,emoji,user_id,name)"
                                      " VALUES(?1," SAME_EMOJI ",?3,?4)"), target, entry));
}

/* As somebody is called now; whom a bridge brought has the name that it gave. */
#define NAME_NOW                                                                                   \
    "coalesce((SELECT u.name FROM users u WHERE u.id=user_id AND NOT EXISTS"                       \
    " (SELECT 1 FROM tokens t WHERE t.user_id=u.id)), name)"
#define OF_KIND "SELECT user_id, name FROM reactions WHERE target=?1 AND emoji=?2 AND user_id"

/* The first of them while there is place for names, before all the reader's own: whatever one has put
 * is known to be one's own. bytes is what the names of the message take until now. */
static bool read_names(struct database *database, struct job *job, const struct history_entry *history,
                       const char *stored, struct reaction *line, size_t *bytes)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT " NAME_NOW " FROM (SELECT * FROM (" OF_KIND "=?4 LIMIT ?3) UNION ALL SELECT * FROM"
                  " (" OF_KIND "<>?4 ORDER BY user_id, name LIMIT ?3) LIMIT ?3)");
    sqlite3_bind_int64(statement, 1, row_id(history->room_id, history->entry.seq));
    bind_text(statement, 2, stored);
    sqlite3_bind_int(statement, 3, REACTION_NAMES_MAX);
    sqlite3_bind_int64(statement, 4, history->reader_id);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW) {
        const char *name = job_clean_text(job, column_text(statement, 0), TEXT_LINE);
        *bytes += name ? json_string_bytes(name) : 0;
        if (*bytes <= NAMES_BYTES_MAX)
            line->names[line->name_count++] = name;
    }
    return step != STEP_FAILED;
}

/* However it was spelled when it was stored, it is told as one. */
static void name_kind(struct job *job, const char *stored, struct reaction *line)
{
    char emoji[TEXT_CLEAN_MAX(EMOJI_BYTES_MAX)];
    if (!emoji_normalise(stored, emoji))
        text_clean(stored, TEXT_LINE, emoji, sizeof emoji);
    line->emoji = job_text(job, emoji);
    line->names = job_memory(job, REACTION_NAMES_MAX * sizeof *line->names);
}

bool reactions_read(struct database *database, struct job *job, struct history_entry *history)
{
    int64_t target = row_id(history->room_id, history->entry.seq);
    size_t bytes = 0;
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT emoji, count FROM reaction_kinds WHERE target=?1 ORDER BY emoji LIMIT ?2");
    sqlite3_bind_int64(statement, 1, target);
    sqlite3_bind_int(statement, 2, REACTION_KINDS_MAX);
    enum step step;
    bool ok = true;
    while (ok && (step = database_step(database, statement)) == STEP_ROW) {
        if (!history->reactions)
            history->reactions =
                job_memory(job, REACTION_KINDS_MAX * sizeof *history->reactions);
        if (job_failed(job))
            break;
        struct reaction *line = &history->reactions[history->reaction_count++];
        line->count = sqlite3_column_int64(statement, 1);
        name_kind(job, column_text(statement, 0), line);
        ok = !job_failed(job) &&
             read_names(database, job, history, column_text(statement, 0), line, &bytes);
    }
    database_reset(statement);
    if (job_failed(job))
        return database_failed(database, SQLITE_NOMEM);
    return ok && step == STEP_DONE;
}
