/* web.h - HTTP requests by libcurl, any number at once, on one thread. Redirects are not followed, and
 * addresses of this machine and of private networks are reached only where a request says that it may. */
#ifndef HEARTH_BRIDGE_WEB_H
#define HEARTH_BRIDGE_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct web;
struct web_call;

struct web_answer {
    int status;             /* 0: there was none, and error says why */
    int64_t retry_after_ms; /* 0: it did not say */
    const char *content_type;
    const char *body;       /* NUL-terminated, cut at WEB_BODY_BYTES_MAX */
    size_t length;
    const char *error;
};

#define WEB_BODY_BYTES_MAX 65536
#define WEB_HEADERS_MAX 12

struct web_request {
    const char *url;
    const char *body;  /* POST; NULL: GET. Copied, as is the rest */
    size_t length;
    const char *headers[WEB_HEADERS_MAX]; /* whole lines */
    int64_t timeout_ms;                   /* 0: a stream, which may last */
    bool may_be_private;
    bool may_be_silent; /* of a stream: nothing is said on it while nothing happens */
    const char *ca; /* a file of certificates that are trusted; NULL or "": the system's */
    /* Bytes of a stream as they come. False: not now, and the same bytes come again after web_resume. */
    bool (*take)(void *of, const char *bytes, size_t length);
    void (*done)(void *of, const struct web_answer *answer);
    void *of;
};

/* One line for people: "the gateway answers 503: ...". */
void web_describe(const struct web_answer *answer, const char *who, char *out, size_t size);

struct web *web_create(void); /* NULL without memory */
void web_destroy(struct web *web); /* cancels what is under way; NULL is fine */

/* NULL without memory; else done is called once, from web_turn, unless it is cancelled before. It may be
 * called from take and done; web_cancel and web_destroy not from take. */
struct web_call *web_begin(struct web *web, const struct web_request *request);
void web_cancel(struct web *web, struct web_call *call);
void web_cancel_of(struct web *web, const void *of); /* all whose of it is */
void web_resume(struct web_call *call);

/* Waits for at most wait_ms, and does what there is to do. web_wake ends the wait; any thread. */
void web_turn(struct web *web, int wait_ms);
void web_wake(struct web *web);

/* One request on a thread of its own: the status, 0 for none. */
int web_post_now(const struct web_request *request);

/* True for addresses of this machine, of private networks and of no network at all. */
struct sockaddr;
bool web_is_private(const struct sockaddr *address);

#endif
