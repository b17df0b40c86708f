#include "storage/writer.h"

#include "storage/blocks.h"
#include "storage/days.h"
#include "storage/files/files.h"
#include "storage/messages.h"
#include "storage/users.h"
#include "storage/origins.h"
#include "storage/reactions.h"
#include "storage/repeats.h"
#include "storage/search/search.h"
#include "storage/target.h"

/* What an edit, a deletion or a reaction needs to know of the message that it changes. */
struct changed {
    bool is_live; /* a message that is there and not deleted */
    struct target author;
    int64_t last_edit; /* seq; 0 none */
};

static bool read_changed(struct database *database, int64_t id, struct changed *changed)
{
    *changed = (struct changed){.author.role = ROLE_GUEST};
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT m.user_id, " NEWEST_EDIT("?1") ", m.name, u.role, u.account FROM messages m"
                  " LEFT JOIN users u ON u.id=m.user_id WHERE m.id=?1 AND m.kind=0 AND (m.flags & 4)=0");
    sqlite3_bind_int64(statement, 1, id);
    enum step step = database_step(database, statement);
    if (step != STEP_ROW)
        return step == STEP_DONE;
    changed->is_live = true;
    changed->author.user_id = sqlite3_column_int64(statement, 0);
    changed->last_edit = row_seq(sqlite3_column_int64(statement, 1));
    text_clean(column_text(statement, 2), TEXT_LINE, changed->author.name, sizeof changed->author.name);
    if (sqlite3_column_type(statement, 3) != SQLITE_NULL)
        changed->author.role = (enum role)sqlite3_column_int(statement, 3);
    changed->author.account = sqlite3_column_int(statement, 4) != 0;
    database_reset(statement);
    return true;
}

/* Of somebody else's message. The audit tells whose it was. False as in target_find. */
static bool judge_moderator(struct database *database, struct job *job, const struct target *author)
{
    const struct actor *moderator = job->append.moderator;
    bool is_below;
    if (!moderator) {
        job->result = JOB_NOT_OWN;
        return false;
    }
    if (!target_is_below(database, job, moderator, job->append.room_id, author, &is_below))
        return false;
    if (!is_below)
        job->result = JOB_OUTRANKED;
    if (job->audit && !(job->audit->user = job_text(job, author->name)))
        return database_failed(database, SQLITE_NOMEM);
    return is_below;
}

/* False as in target_find. */
static bool judge(struct database *database, struct job *job, const struct changed *changed)
{
    const struct entry *entry = &job->append.entry;
    bool is_own = entry->user_id != 0 && entry->user_id == changed->author.user_id;
    if (!changed->is_live)
        job->result = JOB_MESSAGE_MISSING;
    else if (entry->kind != ENTRY_KIND_REACTION && !is_own)
        return judge_moderator(database, job, &changed->author);
    else
        job->audit = NULL;
    return changed->is_live;
}

bool append_entry(struct writer *writer, struct log *log, int64_t room_id, struct entry *entry)
{
    entry->seq = log_take_seq(&writer->logs, log);
    if (!log_begin_day(&writer->database, log, day_of(&writer->now), entry->seq) ||
        !messages_insert(&writer->database, room_id, entry))
        return false;
    if (entry->nonce)
        log_add_nonce(&writer->logs, log, entry);
    return true;
}

static bool append_message(struct writer *writer, struct log *log, struct job_append *append)
{
    const struct entry *entry = &append->entry;
    writer->appended++;
    return append_entry(writer, log, append->room_id, &append->entry) &&
           files_attach(&writer->database, append->room_id, entry) &&
           (!entry->user_id || append->has_spoken ||
            users_note_spoken(&writer->database, entry->user_id, entry->ts));
}

/* Edits, deletions and reactions: the entry, and what it does to its target. */
static bool append_change(struct writer *writer, struct log *log, struct job *job)
{
    struct job_append *append = &job->append;
    struct entry *entry = &append->entry;
    int64_t target_id = row_id(append->room_id, entry->target);
    struct changed changed;
    if (!read_changed(&writer->database, target_id, &changed))
        return false;
    if (!judge(&writer->database, job, &changed))
        return job->result != JOB_DONE;
    if (entry->kind == ENTRY_KIND_REACTION &&
        !reactions_judge(&writer->database, target_id, entry, job))
        return false;
    if (job->result != JOB_DONE)
        return true;
    bool text_changes = entry->kind != ENTRY_KIND_REACTION && writer->search;
    if (text_changes && !search_forget(&writer->database, target_id))
        return false;
    if (entry->kind == ENTRY_KIND_DELETE) {
        append->forget_through = changed.last_edit ? changed.last_edit : entry->target;
        writer->needs_wal_truncation = true;
    }
    if (!append_entry(writer, log, append->room_id, entry) ||
        !messages_apply(&writer->database, append->room_id, entry))
        return false;
    return entry->kind != ENTRY_KIND_EDIT || !text_changes ||
           search_again(&writer->database, target_id);
}

/* What is brought again from elsewhere: seq and ts are the first one's. */
static bool find_origin(struct writer *writer, struct job_append *append, bool *repeated)
{
    struct entry *entry = &append->entry;
    int64_t seq, ts;
    if (!origins_find(&writer->database, append->room_id, entry->user_id, entry->origin, &seq, &ts))
        return false;
    *repeated = seq != 0;
    if (*repeated) {
        entry->seq = seq;
        entry->ts = ts;
    }
    return true;
}

/* Whether this was said before: among the newest nonces, and where the sender says since when, among
 * what lies before them, too. JOB_DONE: it is new. */
static bool judge_repeat(struct writer *writer, struct log *log, struct job *job)
{
    struct job_append *append = &job->append;
    struct entry *entry = &append->entry;
    bool repeated = false;
    if (entry->origin && !find_origin(writer, append, &repeated))
        return false;
    if (!repeated && entry->nonce &&
        !log_find_nonce(&writer->logs, &writer->database, log, entry, &repeated))
        return false;
    if (repeated)
        job->result = JOB_REPEATED;
    return repeated || !entry->nonce || !append->first_said ||
           repeats_find(&writer->database, append, &job->result);
}

/* What a bridge could not know: its target's seq, and whether a user has the name that it brings. An
 * answer to what is not there is a message all the same. */
static bool resolve_bridged(struct writer *writer, struct job_append *append)
{
    struct entry *entry = &append->entry;
    struct database *database = &writer->database;
    int64_t ts, is_user = 0;
    if (append->target_origin && !entry->target &&
        !origins_find(database, append->room_id, entry->user_id, append->target_origin,
                      &entry->target, &ts))
        return false;
    if (!append->alias)
        return true;
    sqlite3_stmt *statement = database_prepare(database, "SELECT 1 FROM users WHERE folded=?1");
    bind_text(statement, 1, append->folded);
    if (!database_number(database, statement, 0, &is_user))
        return false;
    if (is_user)
        entry->from = append->alias;
    return true;
}

bool append_run(struct writer *writer, struct job *job)
{
    struct job_append *append = &job->append;
    struct entry *entry = &append->entry;
    struct log *log;
    enum log_result found = logs_find(&writer->logs, &writer->database, append->room_id, &log);
    if (found != LOG_FOUND) {
        job->result = JOB_ROOM_MISSING;
        return found == LOG_NO_ROOM;
    }
    bool is_blocked = false;
    if (append->peer_id &&
        !blocks_find(&writer->database, append->peer_id, entry->user_id, &is_blocked))
        return false;
    if (is_blocked) {
        job->result = JOB_BLOCKED;
        return true;
    }
    if (!judge_repeat(writer, log, job) || !resolve_bridged(writer, append) ||
        (job->result == JOB_DONE && entry->file_count > 0 && !files_judge(&writer->database, job, append->room_id, entry)))
        return false;
    if (job->result != JOB_DONE)
        return true;
    entry->ts = log_take_ts(&writer->logs, log, &append->at);
    entry->clock_unset = append->at.clock == CLOCK_UNSET;
    bool is_plain = entry->kind == ENTRY_KIND_MESSAGE || entry->kind == ENTRY_KIND_TOPIC;
    return is_plain ? append_message(writer, log, append) : append_change(writer, log, job);
}
