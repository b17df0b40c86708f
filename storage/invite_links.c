#include "storage/invite_links.h"

#include "storage/grants.h"
#include "storage/options.h"

#include <stdlib.h>
#include <string.h>

bool invite_links_remove(struct database *database, int64_t id)
{
    sqlite3_stmt *statement = database_prepare(database, "DELETE FROM invite_links WHERE id=?1");
    sqlite3_bind_int64(statement, 1, id);
    return database_run(database, statement);
}

bool invite_links_create(struct database *database, const struct job_invite_link *create)
{
    const struct invite_link *link = &create->link;
    if (create->gives_way && !invite_links_remove(database, create->gives_way))
        return false;
    sqlite3_stmt *statement = database_prepare(
        database, "INSERT INTO invite_links(id, room_id, hash, uses, until, created_ms, by_name)"
                  " VALUES(?1,?2,?3,?4,?5,?6,?7)");
    sqlite3_bind_int64(statement, 1, link->id);
    sqlite3_bind_int64(statement, 2, link->room_id);
    sqlite3_bind_blob(statement, 3, link->hash, HASH_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 4, link->uses);
    sqlite3_bind_int64(statement, 5, link->until);
    sqlite3_bind_int64(statement, 6, link->created_ms);
    bind_text(statement, 7, link->by);
    return database_run(database, statement);
}

bool invite_links_take(struct database *database, int64_t id)
{
    if (!id)
        return true;
    sqlite3_stmt *statement =
        database_prepare(database, "UPDATE invite_links SET uses=uses-1 WHERE id=?1 AND uses>0");
    sqlite3_bind_int64(statement, 1, id);
    return database_run(database, statement);
}

/* --- coming in ----------------------------------------------------------------------------------- */

static bool know(struct database *database, int64_t user_id)
{
    sqlite3_stmt *statement = database_prepare(database, "UPDATE users SET admitted=1 WHERE id=?1");
    sqlite3_bind_int64(statement, 1, user_id);
    return database_run(database, statement);
}

static bool let_into_room(struct database *database, const struct job_invite_use *use)
{
    struct grant grant;
    if (!grants_read(database, use->room_id, use->user_id, &grant))
        return false;
    grant.invited = true;
    return grants_write(database, use->room_id, use->user_id, &grant);
}

bool invite_links_use(struct database *database, struct job *job)
{
    const struct job_invite_use *use = &job->invite_use;
    int64_t exists = 1;
    sqlite3_stmt *statement = database_prepare(database, "SELECT 1 FROM rooms WHERE id=?1");
    sqlite3_bind_int64(statement, 1, use->room_id);
    if (!database_number(database, statement, 0, &exists))
        return false;
    if (use->room_id && !exists) {
        job->result = JOB_ROOM_MISSING;
        return true;
    }
    return (use->room_id ? let_into_room(database, use) : know(database, use->user_id)) &&
           invite_links_take(database, use->link_id);
}

/* --- the start ----------------------------------------------------------------------------------- */

static void read_link(sqlite3_stmt *row, struct invite_link *link)
{
    *link = (struct invite_link){.id = sqlite3_column_int64(row, 0),
                                 .room_id = sqlite3_column_int64(row, 1),
                                 .uses = sqlite3_column_int64(row, 3),
                                 .until = sqlite3_column_int64(row, 4),
                                 .created_ms = sqlite3_column_int64(row, 5)};
    if (sqlite3_column_bytes(row, 2) == HASH_BYTES)
        memcpy(link->hash, sqlite3_column_blob(row, 2), HASH_BYTES);
    text_clean(column_text(row, 6), TEXT_LINE, link->by, sizeof link->by);
}

bool invite_links_load(struct database *database, struct store_start *start)
{
    start->invite_links = calloc(INVITE_LINKS_MAX, sizeof *start->invite_links);
    if (!start->invite_links)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id, room_id, hash, uses, until, created_ms, by_name FROM invite_links"
                  " ORDER BY id LIMIT ?1");
    sqlite3_bind_int(statement, 1, INVITE_LINKS_MAX);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW &&
           start->invite_link_count < INVITE_LINKS_MAX)
        read_link(statement, &start->invite_links[start->invite_link_count++]);
    database_reset(statement);
    return step != STEP_FAILED;
}
