#include "storage/unread.h"

#include <string.h>

#include "protocol/mention.h"
#include "storage/row.h"

enum { LONGER_NAMES_MAX = 64 };

/* Folded names that begin with the user's own, of others that the room knows. */
struct longer {
    bool is_read;
    size_t count;
    char names[LONGER_NAMES_MAX][NAME_BYTES_MAX + 1];
    const char *pointers[LONGER_NAMES_MAX];
};

bool unread_begin(struct unread_reader *reader, struct database *database, int64_t user_id,
                  int64_t rows_max)
{
    *reader = (struct unread_reader){.user_id = user_id, .rows_left = rows_max};
    sqlite3_stmt *statement = database_prepare(database, "SELECT folded FROM users WHERE id=?1");
    sqlite3_bind_int64(statement, 1, user_id);
    enum step step = database_step(database, statement);
    if (step == STEP_ROW) {
        const char *folded = column_text(statement, 0);
        if (strlen(folded) <= NAME_BYTES_MAX)
            memcpy(reader->folded, folded, strlen(folded) + 1);
        database_reset(statement);
    }
    return step != STEP_FAILED;
}

static bool read_longer(const struct unread_reader *reader, struct database *database,
                        int64_t room_id, struct longer *longer)
{
    if (longer->is_read)
        return true;
    longer->is_read = true;
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT u.folded FROM users u CROSS JOIN grants g ON g.room_id=?1 AND"
                  " g.user_id=u.id WHERE u.folded>?2 AND u.folded<?2||char(1114111) LIMIT ?3");
    sqlite3_bind_int64(statement, 1, room_id);
    bind_text(statement, 2, reader->folded);
    sqlite3_bind_int(statement, 3, LONGER_NAMES_MAX);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW) {
        const char *folded = column_text(statement, 0);
        if (strlen(folded) > NAME_BYTES_MAX)
            continue;
        char *kept = longer->names[longer->count];
        memcpy(kept, folded, strlen(folded) + 1);
        longer->pointers[longer->count++] = kept;
    }
    return step == STEP_DONE;
}

/* One row: the text as it stands, and whom it answers. */
static bool calls(const struct unread_reader *reader, struct database *database, sqlite3_stmt *row,
                  int64_t room_id, struct longer *longer, bool *is_called)
{
    const char *text = column_text(row, 0);
    *is_called = sqlite3_column_int64(row, 1) == reader->user_id;
    if (*is_called || !strchr(text, '@'))
        return true;
    if (!read_longer(reader, database, room_id, longer))
        return false;
    *is_called = mention_calls(text, reader->folded, longer->pointers, longer->count);
    return true;
}

static sqlite3_stmt *unread_statement(struct database *database, const struct unread_reader *reader,
                                      const struct own_grant *own)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT coalesce(" TEXT_NOW ", ''),"
                  " (SELECT t.user_id FROM messages t WHERE t.id=(?6|m.target))"
                  " FROM messages m WHERE m.id>?1 AND m.id<?2 AND m.kind=0 AND m.user_id<>?3"
                  " AND m.flags&?4=0 ORDER BY m.id DESC LIMIT ?5");
    int64_t most = reader->rows_left < UNREAD_MAX ? reader->rows_left : UNREAD_MAX;
    sqlite3_bind_int64(statement, 1, row_id(own->room_id, own->grant.read));
    sqlite3_bind_int64(statement, 2, row_id(own->room_id + 1, 0));
    sqlite3_bind_int64(statement, 3, reader->user_id);
    sqlite3_bind_int(statement, 4, FLAG_DELETED);
    sqlite3_bind_int64(statement, 5, most);
    sqlite3_bind_int64(statement, 6, row_id(own->room_id, 0));
    return statement;
}

bool unread_count(struct unread_reader *reader, struct database *database, struct own_grant *own)
{
    struct longer longer = {.is_read = false};
    own->grant.unread = own->grant.mentioned = 0;
    if (reader->rows_left <= 0)
        return true;
    sqlite3_stmt *statement = unread_statement(database, reader, own);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW) {
        bool is_called;
        own->grant.unread++;
        reader->rows_left--;
        if (!calls(reader, database, statement, own->room_id, &longer, &is_called)) {
            database_reset(statement);
            return false;
        }
        own->grant.mentioned += is_called;
    }
    return step == STEP_DONE;
}
