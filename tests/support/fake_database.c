#include "tests/support/fake_database.h"

#include "storage/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *grow(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 8;
    items = realloc(items, *capacity * size);
    assert(items);
    return items;
}

static char *keep(const char *text)
{
    return text ? strdup(text) : NULL;
}

static void entry_finish(struct fake_entry *kept)
{
    free((char *)kept->entry.from);
    free((char *)kept->entry.text);
    free((char *)kept->entry.nonce);
    free((char *)kept->entry.emoji);
    free(kept->original);
}

static void room_clear(struct fake_room *room)
{
    for (size_t i = 0; i < room->count; i++)
        entry_finish(&room->entries[i]);
    free(room->entries);
    room->entries = NULL;
    room->count = room->capacity = 0;
}

void fake_database_finish(struct fake_database *database)
{
    for (size_t i = 0; i < database->room_count; i++)
        room_clear(&database->rooms[i]);
    free(database->rooms);
    free(database->users);
    free(database->grants);
    memset(database, 0, sizeof *database);
}

struct fake_room *fake_database_room(struct fake_database *database, int64_t room_id)
{
    for (size_t i = 0; i < database->room_count; i++)
        if (database->rooms[i].row.id == room_id && !database->rooms[i].removed)
            return &database->rooms[i];
    return NULL;
}

static struct fake_entry *find_entry(const struct fake_room *room, int64_t seq)
{
    size_t low = 0, high = room->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (room->entries[middle].entry.seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low < room->count && room->entries[low].entry.seq == seq ? &room->entries[low] : NULL;
}

const struct fake_entry *fake_room_entry(const struct fake_room *room, int64_t seq)
{
    return find_entry(room, seq);
}

void fake_room_prune(struct fake_room *room, size_t count)
{
    room->pruned = room->pruned + count < room->count ? room->pruned + count : room->count;
    if (room->pruned > 0)
        room->row.pruned = room->entries[room->pruned - 1].entry.seq;
    room->row.first = room->pruned < room->count ? room->entries[room->pruned].entry.seq : 0;
}

static struct user_row *user_by_id(struct fake_database *database, int64_t id)
{
    for (size_t i = 0; i < database->user_count; i++)
        if (database->users[i].id == id)
            return &database->users[i];
    return NULL;
}

static struct user_row *user_by_name(struct fake_database *database, const char *folded)
{
    for (size_t i = 0; i < database->user_count; i++)
        if (strcmp(database->users[i].folded, folded) == 0)
            return &database->users[i];
    return NULL;
}

struct grant fake_database_grant(const struct fake_database *database, int64_t room_id,
                                 int64_t user_id)
{
    for (size_t i = 0; i < database->grant_count; i++)
        if (database->grants[i].room_id == room_id && database->grants[i].user_id == user_id)
            return database->grants[i].grant;
    return (struct grant){0};
}

static struct grant *grant_of(struct fake_database *database, int64_t room_id, int64_t user_id)
{
    for (size_t i = 0; i < database->grant_count; i++)
        if (database->grants[i].room_id == room_id && database->grants[i].user_id == user_id)
            return &database->grants[i].grant;
    database->grants = grow(database->grants, database->grant_count, &database->grant_capacity,
                            sizeof *database->grants);
    struct fake_grant *made = &database->grants[database->grant_count++];
    *made = (struct fake_grant){.room_id = room_id, .user_id = user_id};
    return &made->grant;
}

/* Appends a copy of entry and fills in seq and ts. */
static void append_entry(struct fake_database *database, struct fake_room *room,
                         struct entry *entry, int64_t wall_ms)
{
    database->last_ts = wall_ms > database->last_ts ? wall_ms : database->last_ts;
    entry->seq = room->row.last + 1;
    entry->ts = database->last_ts;
    room->row.last = entry->seq;
    if (!room->row.first)
        room->row.first = entry->seq;
    room->entries = grow(room->entries, room->count, &room->capacity, sizeof *room->entries);
    struct fake_entry *kept = &room->entries[room->count++];
    *kept = (struct fake_entry){.entry = *entry, .original = keep(entry->text)};
    kept->entry.from = keep(entry->from);
    kept->entry.text = keep(entry->text);
    kept->entry.nonce = keep(entry->nonce);
    kept->entry.emoji = keep(entry->emoji);
    database->written_bytes += 100;
}

static const struct fake_entry *find_nonce(const struct fake_database *database,
                                           const struct fake_room *room, const struct entry *entry)
{
    int window = database->nonce_window;
    for (size_t i = room->count; entry->nonce && i > 0 && window > 0; i--, window--) {
        const struct entry *known = &room->entries[i - 1].entry;
        if (known->user_id == entry->user_id && known->nonce &&
            strcmp(known->nonce, entry->nonce) == 0)
            return &room->entries[i - 1];
    }
    return NULL;
}

static void blank(struct fake_entry *kept)
{
    free((char *)kept->entry.text);
    kept->entry.text = NULL;
    kept->entry.deleted = true;
}

/* Takes the text of a message and of all its edits; gives the newest seq that lost one. */
static int64_t delete_message(struct fake_room *room, int64_t target)
{
    int64_t through = target;
    for (size_t i = 0; i < room->count; i++) {
        struct fake_entry *kept = &room->entries[i];
        bool is_edit = kept->entry.kind == ENTRY_KIND_EDIT && kept->entry.target == target;
        if (!is_edit && kept->entry.seq != target)
            continue;
        blank(kept);
        through = kept->entry.seq > through ? kept->entry.seq : through;
    }
    return through;
}

static enum job_result check_target(const struct fake_room *room, const struct job_append *append)
{
    const struct entry *entry = &append->entry;
    if (entry->kind == ENTRY_KIND_MESSAGE || entry->kind == ENTRY_KIND_TOPIC)
        return JOB_DONE;
    const struct fake_entry *target = find_entry(room, entry->target);
    if (!target || target < room->entries + room->pruned ||
        target->entry.kind != ENTRY_KIND_MESSAGE || target->entry.deleted)
        return JOB_MESSAGE_MISSING;
    if (entry->kind == ENTRY_KIND_REACTION || append->may_touch_others)
        return JOB_DONE;
    return entry->user_id && target->entry.user_id == entry->user_id ? JOB_DONE : JOB_NOT_OWN;
}

static enum job_result do_append(struct fake_database *database, struct job_append *append)
{
    struct fake_room *room = fake_database_room(database, append->room_id);
    if (!room)
        return JOB_ROOM_MISSING;
    const struct fake_entry *first = find_nonce(database, room, &append->entry);
    if (first) {
        append->entry.seq = first->entry.seq;
        append->entry.ts = first->entry.ts;
        return JOB_REPEATED;
    }
    enum job_result result = check_target(room, append);
    if (result != JOB_DONE)
        return result;
    if (append->entry.kind == ENTRY_KIND_DELETE)
        append->forget_through = delete_message(room, append->entry.target);
    append_entry(database, room, &append->entry, append->wall_ms);
    return JOB_DONE;
}

static enum job_result do_user_create(struct fake_database *database, const struct user_row *user)
{
    if (user_by_id(database, user->id) || user_by_name(database, user->folded))
        return JOB_NAME_TAKEN;
    database->users = grow(database->users, database->user_count, &database->user_capacity,
                           sizeof *database->users);
    database->users[database->user_count++] = *user;
    return JOB_DONE;
}

static enum job_result do_user_forget(struct fake_database *database, int64_t id)
{
    struct user_row *user = user_by_id(database, id);
    if (!user)
        return JOB_USER_MISSING;
    memset(user->key_hash, 0, sizeof user->key_hash);
    return JOB_DONE;
}

static enum job_result do_room_create(struct fake_database *database, const struct job_room *asked)
{
    for (size_t i = 0; i < database->room_count; i++)
        if (!database->rooms[i].removed &&
            strcmp(database->rooms[i].row.folded, asked->room.folded) == 0)
            return JOB_NAME_TAKEN;
    database->rooms = grow(database->rooms, database->room_count, &database->room_capacity,
                           sizeof *database->rooms);
    struct fake_room *room = &database->rooms[database->room_count++];
    *room = (struct fake_room){.row = asked->room};
    if (asked->owner_id)
        grant_of(database, room->row.id, asked->owner_id)->role = ROLE_OWNER;
    return JOB_DONE;
}

static enum job_result do_room_set(struct fake_database *database, struct job_room_set *set)
{
    struct fake_room *room = fake_database_room(database, set->room_id);
    if (!room)
        return JOB_ROOM_MISSING;
    if (set->visibility >= 0)
        room->row.visibility = (enum visibility)set->visibility;
    if (set->keep >= 0)
        room->row.keep = set->keep != 0;
    if (!set->topic)
        return JOB_DONE;
    strncpy(room->row.topic, set->topic, sizeof room->row.topic - 1);
    set->entry.kind = ENTRY_KIND_TOPIC;
    set->entry.text = set->topic;
    append_entry(database, room, &set->entry, set->wall_ms);
    return JOB_DONE;
}

static enum job_result do_room_remove(struct fake_database *database, int64_t room_id)
{
    struct fake_room *room = fake_database_room(database, room_id);
    if (!room)
        return JOB_ROOM_MISSING;
    room->removed = true; /* its entries stay, for checking */
    for (size_t i = 0; i < database->grant_count; i++)
        if (database->grants[i].room_id == room_id)
            database->grants[i].grant = (struct grant){0};
    return JOB_DONE;
}

static void change_grant(struct grant *grant, const struct job_grant *asked)
{
    switch (asked->change) {
    case GRANT_ROLE:
        grant->role = asked->role;
        break;
    case GRANT_INVITE:
        grant->invited = true;
        break;
    case GRANT_BAN:
        grant->banned_until = asked->until;
        grant->invited = false;
        break;
    case GRANT_UNBAN:
        grant->banned_until = 0;
        break;
    case GRANT_MUTE:
        grant->muted_until = asked->until;
        break;
    }
}

static enum job_result do_grant(struct fake_database *database, struct job_grant *asked)
{
    if (!fake_database_room(database, asked->room_id))
        return JOB_ROOM_MISSING;
    const struct user_row *user = user_by_name(database, asked->folded);
    if (!user)
        return JOB_USER_MISSING;
    struct grant *grant = grant_of(database, asked->room_id, user->id);
    enum role ordinary = user->account ? ROLE_MEMBER : ROLE_GUEST;
    enum role role = grant->role != ROLE_NONE ? grant->role : ordinary;
    asked->user_id = user->id;
    memcpy(asked->name, user->name, sizeof asked->name);
    if (role >= asked->actor_role && asked->change != GRANT_INVITE) {
        asked->grant = *grant;
        return JOB_OUTRANKED;
    }
    change_grant(grant, asked);
    asked->grant = *grant;
    return JOB_DONE;
}

static enum job_result do_read(struct fake_database *database, const struct job_read *read)
{
    if (!fake_database_room(database, read->room_id))
        return JOB_ROOM_MISSING;
    struct grant *grant = grant_of(database, read->room_id, read->user_id);
    grant->read = read->seq > grant->read ? read->seq : grant->read;
    return JOB_DONE;
}

static enum job_result do_import(struct fake_database *database, struct job_import *import)
{
    struct fake_room *room = fake_database_room(database, import->room_id);
    if (!room)
        return JOB_ROOM_MISSING;
    for (size_t i = 0; i < import->count; i++) {
        struct entry *entry = &import->entries[i];
        if (entry->seq <= room->row.last)
            return JOB_REFUSED;
        int64_t seq = entry->seq;
        room->row.last = seq - 1;
        append_entry(database, room, entry, entry->ts);
        import->imported++;
    }
    return JOB_DONE;
}

static void do_login(struct fake_database *database, struct job_login *login)
{
    const struct user_row *known = NULL;
    bool hashed = !login->by_key || hash_text(login->key, login->key_hash);
    for (size_t i = 0; login->by_key && i < database->user_count; i++)
        if (memcmp(database->users[i].key_hash, login->key_hash, HASH_BYTES) == 0)
            known = &database->users[i];
    const struct user_row *owner = login->folded[0] ? user_by_name(database, login->folded) : NULL;
    login->known = known != NULL;
    login->taken = owner && owner != known;
    if (known)
        login->user = *known;
    else if (owner)
        login->user = *owner;
    if (known)
        return;
    bool made = random_hex(login->key, KEY_BYTES) && hash_text(login->key, login->key_hash);
    assert(hashed && made);
}

static void find_user(struct fake_database *database, struct job_user_find *find)
{
    const struct user_row *user = user_by_name(database, find->folded);
    find->found = user != NULL;
    if (user)
        find->user = *user;
}

static enum job_result find_grant(struct fake_database *database, struct job_grant_find *find)
{
    if (!fake_database_room(database, find->room_id))
        return JOB_ROOM_MISSING;
    find->grant = fake_database_grant(database, find->room_id, find->user_id);
    return JOB_DONE;
}

/* A copy that the job owns. */
static struct entry copy_entry(struct job *job, const struct entry *entry)
{
    struct entry copy = *entry;
    copy.from = job_text(job, entry->from);
    copy.text = job_text(job, entry->text);
    copy.nonce = job_text(job, entry->nonce);
    copy.emoji = job_text(job, entry->emoji);
    return copy;
}

static size_t entry_bytes(const struct entry *entry)
{
    return (entry->text ? strlen(entry->text) : 0) + strlen(entry->from);
}

/* Where a page begins and ends among the entries: [*begin, *end). */
static void page_range(const struct fake_room *room, const struct job_page *page, size_t *begin,
                       size_t *end)
{
    size_t low = room->pruned, high = room->count, limit = (size_t)page->limit, bytes = 0;
    while (high > low && room->entries[high - 1].entry.seq > page->up_to)
        high--;
    if (page->newest) {
        for (low = high; low > room->pruned && high - low < limit; low--) {
            bytes += entry_bytes(&room->entries[low - 1].entry);
            if (page->bytes_max && bytes > page->bytes_max && low < high)
                break;
        }
    } else {
        while (low < high && room->entries[low].entry.seq <= page->after)
            low++;
        size_t last = low;
        for (; last < high && last - low < limit; last++) {
            bytes += entry_bytes(&room->entries[last].entry);
            if (page->bytes_max && bytes > page->bytes_max && last > low)
                break;
        }
        high = last;
    }
    *begin = low;
    *end = high;
}

static enum job_result do_page(struct fake_database *database, struct job *job)
{
    struct job_page *page = &job->page;
    const struct fake_room *room = fake_database_room(database, page->room_id);
    if (!room)
        return JOB_ROOM_MISSING;
    if (job->kind == JOB_JOIN) {
        page->grant = fake_database_grant(database, page->room_id, page->user_id);
        page->first = room->row.first;
        page->pruned = room->row.pruned;
    }
    size_t begin, end;
    page_range(room, page, &begin, &end);
    page->count = end - begin;
    page->entries = job_memory(job, (page->count + 1) * sizeof *page->entries);
    for (size_t i = begin; i < end; i++)
        page->entries[i - begin] = copy_entry(job, &room->entries[i].entry);
    page->complete = end == room->count || room->entries[end].entry.seq > page->up_to;
    return JOB_DONE;
}

/* A message with its edits and reactions applied. */
static struct history_entry apply(struct job *job, const struct fake_room *room,
                                  const struct fake_entry *message)
{
    struct history_entry applied = {.room_id = room->row.id,
                                    .entry = copy_entry(job, &message->entry)};
    for (size_t i = 0; i < room->count; i++) {
        const struct entry *edit = &room->entries[i].entry;
        if (edit->kind != ENTRY_KIND_EDIT || edit->target != message->entry.seq || edit->deleted)
            continue;
        applied.entry.text = job_text(job, edit->text);
        applied.edited = edit->seq;
    }
    return applied;
}

static bool is_shown(const struct fake_entry *kept)
{
    return kept->entry.kind == ENTRY_KIND_MESSAGE || kept->entry.kind == ENTRY_KIND_TOPIC;
}

static bool is_asked(const struct job_history *history, const struct fake_entry *kept)
{
    int64_t seq = kept->entry.seq;
    return is_shown(kept) && (history->before == NUMBER_ABSENT || seq < history->before) &&
           (history->after == NUMBER_ABSENT || seq > history->after) &&
           (history->up_to <= 0 || seq <= history->up_to);
}

static enum job_result do_history(struct fake_database *database, struct job *job)
{
    struct job_history *history = &job->history;
    const struct fake_room *room = fake_database_room(database, history->room_id);
    if (!room)
        return JOB_ROOM_MISSING;
    size_t asked = 0, limit = (size_t)history->limit, skip = 0;
    for (size_t i = room->pruned; i < room->count; i++)
        asked += is_asked(history, &room->entries[i]);
    history->more = asked > limit;
    history->count = asked < limit ? asked : limit;
    history->entries = job_memory(job, (history->count + 1) * sizeof *history->entries);
    if (history->after == NUMBER_ABSENT) /* the newest of them */
        skip = asked - history->count;
    for (size_t i = room->pruned, n = 0; i < room->count && n < history->count; i++)
        if (is_asked(history, &room->entries[i])) {
            if (skip > 0)
                skip--;
            else
                history->entries[n++] = apply(job, room, &room->entries[i]);
        }
    return JOB_DONE;
}

static bool may_search(const struct fake_database *database, const struct fake_room *room,
                       const struct job_search *search)
{
    struct grant grant = fake_database_grant(database, room->row.id, search->user_id);
    if (room->removed || (search->room_id && room->row.id != search->room_id))
        return false;
    if (room->row.visibility == VISIBILITY_DIRECT)
        return room->row.user_a == search->user_id || room->row.user_b == search->user_id;
    if (search->role == ROLE_ADMIN)
        return true;
    return grant.banned_until <= search->wall_ms &&
           (room->row.visibility == VISIBILITY_PUBLIC || grant.invited || grant.role != ROLE_NONE);
}

static void do_search(struct fake_database *database, struct job *job)
{
    struct job_search *search = &job->search;
    search->entries = job_memory(job, (size_t)(search->limit + 1) * sizeof *search->entries);
    for (size_t r = 0; r < database->room_count; r++) {
        const struct fake_room *room = &database->rooms[r];
        for (size_t i = room->count; may_search(database, room, search) && i > room->pruned; i--) {
            struct history_entry found = apply(job, room, &room->entries[i - 1]);
            if (!is_shown(&room->entries[i - 1]) || !found.entry.text ||
                !strstr(found.entry.text, search->query))
                continue;
            found.snippet = found.entry.text;
            search->more = search->count == (size_t)search->limit;
            if (search->more)
                return;
            search->entries[search->count++] = found;
        }
    }
}

static void do_people(struct fake_database *database, struct job *job)
{
    struct job_people *people = &job->people;
    people->people = job_memory(job, (database->grant_count + 1) * sizeof *people->people);
    for (size_t i = 0; i < database->grant_count; i++) {
        const struct fake_grant *kept = &database->grants[i];
        bool is_something = kept->grant.role || kept->grant.banned_until || kept->grant.muted_until;
        const struct user_row *user = user_by_id(database, kept->user_id);
        if (kept->room_id != people->room_id || !is_something || !user ||
            people->count == (size_t)people->limit)
            continue;
        struct person *person = &people->people[people->count++];
        *person =
            (struct person){.user_id = user->id, .account = user->account, .grant = kept->grant};
        memcpy(person->name, user->name, sizeof person->name);
    }
}

static void do_own(struct fake_database *database, struct job *job)
{
    struct job_own *own = &job->own;
    own->grants = job_memory(job, (database->grant_count + 1) * sizeof *own->grants);
    for (size_t i = 0; i < database->grant_count; i++)
        if (database->grants[i].user_id == own->user_id)
            own->grants[own->count++] =
                (struct own_grant){database->grants[i].room_id, database->grants[i].grant};
}

static void do_status(const struct fake_database *database, struct store_status *status)
{
    status->users = (int64_t)database->user_count;
    status->last_ts = database->last_ts;
    status->commits = database->commits;
    status->failures = database->failures;
    status->written_bytes = database->written_bytes;
    for (size_t i = 0; i < database->room_count; i++) {
        status->rooms += !database->rooms[i].removed;
        status->entries += (int64_t)database->rooms[i].count;
    }
    strcpy(status->journal_mode, "memory");
    strcpy(status->durability, "power_loss");
}

/* Every path works but those with "exists" in them, unless told to overwrite. */
static enum job_result do_backup(struct job *job)
{
    if (strstr(job->backup.path, "exists") && !job->backup.overwrite) {
        strcpy(job->why, "The file exists.");
        return JOB_REFUSED;
    }
    job->backup.bytes = 4096;
    return JOB_DONE;
}

static void do_read_job(struct fake_database *database, struct job *job)
{
    switch (job->kind) {
    case JOB_LOGIN:
        do_login(database, &job->login);
        break;
    case JOB_USER_FIND:
        find_user(database, &job->user_find);
        break;
    case JOB_GRANT_FIND:
        job->result = find_grant(database, &job->grant_find);
        break;
    case JOB_JOIN:
    case JOB_PAGE:
    case JOB_EXPORT:
        job->result = do_page(database, job);
        break;
    case JOB_HISTORY:
        job->result = do_history(database, job);
        break;
    case JOB_SEARCH:
        do_search(database, job);
        break;
    case JOB_PEOPLE:
        do_people(database, job);
        break;
    case JOB_OWN:
        do_own(database, job);
        break;
    case JOB_STATUS:
        do_status(database, &job->status);
        break;
    default:
        job->result = do_backup(job);
        break;
    }
}

void fake_database_do(struct fake_database *database, struct job *job)
{
    job->result = JOB_DONE;
    switch (job->kind) {
    case JOB_APPEND:
        job->result = do_append(database, &job->append);
        break;
    case JOB_USER_CREATE:
        job->result = do_user_create(database, &job->user.user);
        break;
    case JOB_USER_TOUCH:
        break;
    case JOB_USER_FORGET:
        job->result = do_user_forget(database, job->user.user.id);
        break;
    case JOB_ROOM_CREATE:
        job->result = do_room_create(database, &job->room);
        break;
    case JOB_ROOM_SET:
        job->result = do_room_set(database, &job->room_set);
        break;
    case JOB_ROOM_REMOVE:
        job->result = do_room_remove(database, job->room.room.id);
        break;
    case JOB_GRANT:
        job->result = do_grant(database, &job->grant);
        break;
    case JOB_READ:
        job->result = do_read(database, &job->read);
        break;
    case JOB_IMPORT:
        job->result = do_import(database, &job->import);
        break;
    default:
        do_read_job(database, job);
        break;
    }
}
