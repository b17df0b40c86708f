#include "storage/days.h"

#include "storage/messages.h"

int64_t day_of(const struct moment *now)
{
    return now->elapsed_ms / DAY_MS;
}

/* The newest day on which the time is known to have been before ts. */
static bool last_day_before(struct database *database, int64_t ts, int64_t *day)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT max(day) FROM days WHERE proven_ms<?1");
    sqlite3_bind_int64(statement, 1, ts);
    return database_number(database, statement, 0, day);
}

bool days_cutoff(struct database *database, const struct moment *now, bool is_proven,
                 int64_t age_ms, struct cutoff *cutoff)
{
    *cutoff = (struct cutoff){.day = (now->elapsed_ms - age_ms) / DAY_MS};
    if (!is_proven)
        return true;
    int64_t day;
    cutoff->ts = now->wall_ms - age_ms;
    if (!last_day_before(database, cutoff->ts, &day))
        return false;
    if (day > cutoff->day)
        cutoff->day = day;
    return true;
}

bool days_note(struct database *database, const struct moment *now)
{
    sqlite3_stmt *statement =
        database_prepare(database, "INSERT OR IGNORE INTO days(day, proven_ms) VALUES(?1,?2)");
    sqlite3_bind_int64(statement, 1, day_of(now));
    sqlite3_bind_int64(statement, 2, now->wall_ms);
    return database_run(database, statement);
}

bool days_begin(struct database *database, int64_t room_id, int64_t day, int64_t seq)
{
    sqlite3_stmt *statement = database_prepare(
        database, "INSERT OR IGNORE INTO room_days(room_id, day, first) VALUES(?1,?2,?3)");
    sqlite3_bind_int64(statement, 1, room_id);
    sqlite3_bind_int64(statement, 2, day);
    sqlite3_bind_int64(statement, 3, seq);
    return database_run(database, statement);
}

/* A day may have begun twice, after a power cut that took some elapsed time back: hence the least.
 */
bool days_end(struct database *database, int64_t room_id, int64_t day, int64_t *seq)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT coalesce((SELECT min(first) FROM room_days WHERE room_id=?1 AND"
                  " day>=?2)-1, ?3) FROM room_days WHERE room_id=?1 AND day<?2 LIMIT 1");
    sqlite3_bind_int64(statement, 1, room_id);
    sqlite3_bind_int64(statement, 2, day);
    sqlite3_bind_int64(statement, 3, SEQ_KEPT_MAX);
    return database_number(database, statement, 0, seq);
}

bool days_end_unknown(struct database *database, int64_t room_id, int64_t *seq)
{
    return days_end(database, room_id, 0, seq);
}

/* The day of the oldest entry that is left stays. */
bool days_forget(struct database *database, int64_t room_id, int64_t seq)
{
    sqlite3_stmt *statement =
        database_prepare(database, "DELETE FROM room_days WHERE room_id=?1 AND day<(SELECT max(day)"
                                   " FROM room_days WHERE room_id=?1 AND first<=?2+1)");
    sqlite3_bind_int64(statement, 1, room_id);
    sqlite3_bind_int64(statement, 2, seq);
    return database_run(database, statement);
}
