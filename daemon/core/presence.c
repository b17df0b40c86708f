#include "daemon/core/presence.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

struct presence_user {
    struct table_link by_user;
    int64_t user;
    size_t connections;      /* 0: gone, and told so in the next turn */
    int64_t typing_until_ms; /* 0: not typing */
    bool told_here;          /* what the room was told last */
    bool is_changed;         /* in presence.changed */
    struct presence_user *changed_prev, *changed_next;
    struct presence_user *typing_prev, *typing_next;
    char *name; /* owned */
};

static struct presence_user *person_of(const struct table_link *link)
{
    return TABLE_ITEM(link, struct presence_user, by_user);
}

static struct presence_user *find(const struct presence *presence, int64_t user)
{
    struct table_link *link = table_first(&presence->people, table_hash_number((uint64_t)user));
    for (; link; link = table_next(link)) {
        struct presence_user *person = person_of(link);
        if (person->user == user)
            return person;
    }
    return NULL;
}

static void free_person(struct presence_user *person)
{
    free(person->name);
    free(person);
}

static struct presence_user *add(struct presence *presence, int64_t user, const char *name)
{
    struct presence_user *person = calloc(1, sizeof *person);
    if (!person)
        return NULL;
    person->user = user;
    person->name = strdup(name);
    if (person->name &&
        table_insert(&presence->people, &person->by_user, table_hash_number((uint64_t)user)))
        return person;
    free_person(person);
    return NULL;
}

/* The caller frees the person. A room that is empty again takes no memory. */
static void take_out(struct presence *presence, struct presence_user *person)
{
    table_remove(&presence->people, &person->by_user);
    if (presence->people.count == 0)
        table_finish(&presence->people);
}

static void unmark(struct presence *presence, struct presence_user *person)
{
    if (person->is_changed)
        DL_DELETE2(presence->changed, person, changed_prev, changed_next);
    person->is_changed = false;
}

/* Puts person among the changed, or takes it out when it is as it was told. */
static void mark(struct presence *presence, struct presence_user *person, int64_t now_ms)
{
    bool is_news = person->told_here != (person->connections > 0);
    if (!presence->changed && !presence->typing_changed)
        presence->changed_ms = now_ms;
    if (is_news && !person->is_changed)
        DL_APPEND2(presence->changed, person, changed_prev, changed_next);
    else if (!is_news)
        unmark(presence, person);
    person->is_changed = is_news;
}

static void stop_typing(struct presence *presence, struct presence_user *person, int64_t now_ms)
{
    if (!person->typing_until_ms)
        return;
    if (!presence->changed && !presence->typing_changed)
        presence->changed_ms = now_ms;
    DL_DELETE2(presence->typing, person, typing_prev, typing_next);
    person->typing_until_ms = 0;
    presence->typing_changed = true;
}

bool presence_enter(struct presence *presence, int64_t user, const char *name, int64_t now_ms)
{
    struct presence_user *person = find(presence, user);
    if (!person)
        person = add(presence, user, name);
    if (!person)
        return false;
    if (person->connections++ == 0) {
        presence->members++;
        mark(presence, person, now_ms);
    }
    return true;
}

void presence_leave(struct presence *presence, int64_t user, int64_t now_ms)
{
    struct presence_user *person = find(presence, user);
    if (!person || person->connections == 0 || --person->connections > 0)
        return;
    presence->members--;
    stop_typing(presence, person, now_ms);
    mark(presence, person, now_ms);
    if (!person->is_changed) { /* nobody was told of it */
        take_out(presence, person);
        free_person(person);
    }
}

void presence_rename(struct presence *presence, int64_t user, const char *name)
{
    struct presence_user *person = find(presence, user);
    char *copy = person ? strdup(name) : NULL;
    if (!copy)
        return;
    free(person->name);
    person->name = copy;
}

void presence_type(struct presence *presence, int64_t user, bool on, int64_t now_ms)
{
    struct presence_user *person = find(presence, user);
    if (!person || person->connections == 0)
        return;
    if (!on) {
        stop_typing(presence, person, now_ms);
        return;
    }
    if (!person->typing_until_ms) {
        if (!presence->changed && !presence->typing_changed)
            presence->changed_ms = now_ms;
        DL_APPEND2(presence->typing, person, typing_prev, typing_next);
        presence->typing_changed = true;
    }
    person->typing_until_ms = now_ms + TYPING_LAPSES_MS;
}

bool presence_is_here(const struct presence *presence, int64_t user)
{
    const struct presence_user *person = find(presence, user);
    return person && person->connections > 0;
}

const struct presence_user *presence_next(const struct presence *presence,
                                          const struct presence_user *person)
{
    const struct table_link *link = table_step(&presence->people, person ? &person->by_user : NULL);
    while (link && person_of(link)->connections == 0)
        link = table_step(&presence->people, link);
    return link ? person_of(link) : NULL;
}

int64_t presence_user_id(const struct presence_user *person)
{
    return person->user;
}

const char *presence_user_name(const struct presence_user *person)
{
    return person->name;
}

/* Those who type are few; whoever went on typing is not in the order of lapsing. */
static int64_t next_lapse_ms(const struct presence *presence)
{
    int64_t next_ms = INT64_MAX;
    for (const struct presence_user *person = presence->typing; person;
         person = person->typing_next)
        if (person->typing_until_ms < next_ms)
            next_ms = person->typing_until_ms;
    return next_ms;
}

int64_t presence_due_ms(const struct presence *presence)
{
    int64_t change_ms = presence->changed || presence->typing_changed ? presence->changed_ms
                                                                      : next_lapse_ms(presence);
    if (change_ms == INT64_MAX || !presence->told_ms)
        return change_ms;
    int64_t turn_ms = presence->told_ms + PRESENCE_TURN_MS;
    return change_ms > turn_ms ? change_ms : turn_ms;
}

static void lapse(struct presence *presence, int64_t now_ms)
{
    struct presence_user *person, *next;
    DL_FOREACH_SAFE2(presence->typing, person, next, typing_next)
    if (person->typing_until_ms <= now_ms)
        stop_typing(presence, person, now_ms);
}

static bool make_lists(const struct presence *presence, struct presence_news *news)
{
    size_t joined = 0, left = 0;
    const struct presence_user *person;
    DL_FOREACH2(presence->changed, person, changed_next)
    *(person->connections > 0 ? &joined : &left) += 1;
    news->joined = malloc((joined + 1) * sizeof *news->joined);
    news->left = malloc((left + 1) * sizeof *news->left);
    if (news->joined && news->left)
        return true;
    presence_news_finish(news);
    return false;
}

static void take_person(struct presence *presence, struct presence_user *person,
                        struct presence_news *news)
{
    bool is_here = person->connections > 0;
    unmark(presence, person);
    person->told_here = is_here;
    if (news->joined && is_here)
        news->joined[news->joined_count++] = person->name;
    if (news->left && !is_here)
        news->left[news->left_count++] = person->name;
    if (is_here)
        return;
    take_out(presence, person);
    person->changed_next = news->gone;
    news->gone = person;
}

static void take_typing(struct presence *presence, struct presence_news *news)
{
    news->typing_changed = presence->typing_changed;
    presence->typing_changed = false;
    const struct presence_user *person;
    DL_FOREACH2(presence->typing, person, typing_next)
    {
        if (news->typing_count == TYPING_NAMES_MAX)
            break;
        news->typing[news->typing_count++] = person->name;
    }
}

bool presence_take(struct presence *presence, size_t names_max, int64_t now_ms,
                   struct presence_news *news)
{
    *news = (struct presence_news){.members = presence->members};
    lapse(presence, now_ms);
    news->presence_changed = presence->changed != NULL;
    bool with_names = presence->members <= names_max && presence->members_told <= names_max;
    if (news->presence_changed && with_names && !make_lists(presence, news))
        return false;
    while (presence->changed)
        take_person(presence, presence->changed, news);
    take_typing(presence, news);
    if (news->presence_changed || news->typing_changed)
        presence->told_ms = now_ms;
    presence->members_told = presence->members;
    return true;
}

void presence_news_finish(struct presence_news *news)
{
    while (news->gone) {
        struct presence_user *person = news->gone;
        news->gone = person->changed_next;
        free_person(person);
    }
    free(news->joined);
    free(news->left);
    *news = (struct presence_news){0};
}

void presence_finish(struct presence *presence)
{
    struct table_link *link = table_step(&presence->people, NULL);
    while (link) {
        struct presence_user *person = person_of(link);
        link = table_step(&presence->people, link);
        free_person(person);
    }
    table_finish(&presence->people);
    *presence = (struct presence){0};
}
