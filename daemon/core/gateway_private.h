/* gateway_private.h - what the gateway holds, for the files of daemon/core (and their tests). Plain
 * data: what is done with it is in the files of the nouns. Loop thread. */
#ifndef HEARTH_CORE_GATEWAY_PRIVATE_H
#define HEARTH_CORE_GATEWAY_PRIVATE_H

#include "daemon/core/draft.h"
#include "daemon/core/file_turn.h"
#include "daemon/core/figures.h"
#include "daemon/core/gateway.h"
#include "daemon/core/invite_link.h"
#include "daemon/core/newcomers.h"
#include "daemon/core/sanction.h"
#include "daemon/core/table.h"
#include "daemon/core/turn.h"
#include "protocol/buffer.h"
#include "protocol/message.h"

struct limit_table;
struct hold;
struct pairing;
struct room;
struct room_event;
struct token;
struct transfer_news;
struct user;

struct gateway {
    const struct config *config; /* borrowed */
    const struct host *host;     /* borrowed; or NULL */
    struct moment now;
    int64_t started_ms;          /* monotonic */
    uint64_t seed;               /* of the tables */

    struct {
        struct table by_id;
        uint64_t id_last;
        struct session *unauthenticated; /* a hello is awaited from these; the oldest first */
        struct session *blocked;         /* wait for storage; the first is the first to go on */
        uint64_t told_last;              /* see announce_to_company */
        size_t retry_count;              /* with CATCH_UP_RETRY */
        int64_t retried_ms;              /* when those were last asked for again */
        size_t replies_bytes;  /* taken by what waits for all of them */
        size_t received_bytes; /* of messages that are not whole or wait for their turn */
        size_t unsent_bytes;
    } sessions;

    struct {
        struct table by_id, by_name;
        struct table by_was;           /* those that were called otherwise before */
        int64_t id_last;
        struct room *newest, *oldest;  /* all of them by newest entry */
        struct room *oldest_ringed;    /* those older than this one have no ring; NULL: unknown */
        struct room *directs;
        struct hold *holds;            /* of their users: see direct.h */
        size_t direct_count;           /* of by_id */
        struct room *presence_due;     /* presence turns */
        struct room_event *events;     /* owned; not told to all yet, the oldest first */
        size_t event_count;
        struct room *plain;            /* NULL when there is none */
        size_t log_bytes;              /* taken by their logs */
        size_t member_count;           /* of all of them */
        size_t unstored_count;         /* with ROOM_UNSTORED */
    } rooms;

    struct {
        struct table by_id, by_name;
        int64_t id_last;
        size_t here_count;     /* with at least one session */
        struct pairing *pairings;         /* codes that are good now */
        struct wanted_name *wanted_names; /* of renames under way */
        int64_t device_id_last;
        int hashing_count;        /* passwords that are hashed or wait for it */
        uint32_t forgotten_count; /* devices that were forgotten since the start: a login that was asked
                                     before one of them is asked again */
        int64_t touched_ms;    /* when those here were last said to be seen */
    } users;

    struct drafts drafts;
    struct newcomers newcomers;
    struct invite_links invite_links;
    int erasing_count;           /* erasures under way: see handle_erase.c */
    struct sanctions sanctions;  /* those that no grant tells of */
    uint8_t secret[HASH_BYTES];  /* for keyed hashes: see gateway_mark */

    struct {
        struct token *first;   /* owned; the oldest first */
        size_t count;
        size_t changed_count;  /* cursors that are to be written */
        int64_t written_ms;    /* when they were written last; monotonic */
    } tokens;

    struct {
        struct store *store;   /* borrowed */
        int64_t job_count;     /* under way */
        int64_t checked_ms;    /* when its health was asked for last */
        bool is_failing;       /* the rooms have been told */
    } storage;

    struct {
        enum { DRAIN_NONE, DRAIN_ANSWERS, DRAIN_ALL_TOLD } phase;
        int64_t since_ms;
        bool wants_restart;    /* from a backup, or from what a damaged database has left */
    } drain;

    struct {
        void *owner;           /* borrowed; NULL: there is none. See transfer.h */
        void (*listener)(void *owner, const struct transfer_news *news);
        uint32_t number;       /* of the one there is, or was */
        int64_t at, bytes;     /* where the next piece lies; of how many */
        bool is_taken;         /* a backup lies ready to be built from */
    } transfer;

    struct {
        struct upload *uploads; /* owned; the one heard of last is last */
        uint32_t upload_last;
        struct file_turns turns;
        const struct file_row *file_told; /* see file.h */
        struct upload *upload_told;
    } files;

    struct turn turn;
    struct limit_table *limits; /* by user and by address */
    struct buffer scratch;      /* one write */
    struct buffer encoded;      /* one message */
    struct figures figures;
};

/* handle_newcomers.c: tells moderators of one who knocks. Gives the ms until the next is due; INT64_MAX:
 * there is none. */
int64_t gateway_tell_knocks(struct gateway *gateway);

#endif
