#include "daemon/bridge/mesh/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mailbox_init(struct mailbox *mailbox)
{
    *mailbox = (struct mailbox){.first = NULL};
    pthread_mutex_init(&mailbox->mutex, NULL);
    pthread_cond_init(&mailbox->dropped, NULL);
}

void mailbox_finish(struct mailbox *mailbox)
{
    while (mailbox->first)
        mailbox_drop(mailbox);
    pthread_cond_destroy(&mailbox->dropped);
    pthread_mutex_destroy(&mailbox->mutex);
}

static struct letter *make(enum letter_kind kind, const char *channel, const void *bytes, size_t length)
{
    struct letter *letter = length <= MAILBOX_LETTER_BYTES_MAX ? calloc(1, sizeof *letter + length + 1) : NULL;
    if (!letter)
        return NULL;
    letter->kind = kind;
    letter->length = length;
    snprintf(letter->channel, sizeof letter->channel, "%s", channel);
    memcpy(letter->bytes, bytes, length);
    return letter;
}

static void append(struct mailbox *mailbox, struct letter *letter)
{
    if (mailbox->last)
        mailbox->last->next = letter;
    else
        mailbox->first = letter;
    mailbox->last = letter;
    mailbox->put_count++;
}

static bool is_full(const struct mailbox *mailbox)
{
    return mailbox->put_count - mailbox->dropped_count >= MAILBOX_LETTERS_MAX;
}

static void wait_for_room(struct mailbox *mailbox)
{
    while (is_full(mailbox) && !mailbox->is_ended)
        pthread_cond_wait(&mailbox->dropped, &mailbox->mutex);
}

static void wait_until_dropped(struct mailbox *mailbox, uint64_t number)
{
    while (mailbox->dropped_count < number && !mailbox->is_ended)
        pthread_cond_wait(&mailbox->dropped, &mailbox->mutex);
}

void mailbox_put(struct mailbox *mailbox, enum letter_kind kind, const char *channel, const void *bytes,
                 size_t length, bool waits)
{
    struct letter *letter = make(kind, channel, bytes, length);
    pthread_mutex_lock(&mailbox->mutex);
    mailbox->waiting += waits;
    if (letter && waits)
        wait_for_room(mailbox);
    bool is_kept = letter && !is_full(mailbox) && !mailbox->is_ended;
    if (is_kept)
        append(mailbox, letter);
    else
        mailbox->lost_count++;
    if (is_kept && waits)
        wait_until_dropped(mailbox, mailbox->put_count);
    mailbox->waiting -= waits;
    pthread_mutex_unlock(&mailbox->mutex);
    if (!is_kept)
        free(letter);
}

bool mailbox_is_waited_for(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    bool is_waited_for = mailbox->waiting > 0;
    pthread_mutex_unlock(&mailbox->mutex);
    return is_waited_for;
}

void mailbox_end(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    mailbox->is_ended = true;
    pthread_cond_broadcast(&mailbox->dropped);
    pthread_mutex_unlock(&mailbox->mutex);
}

const struct letter *mailbox_first(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    const struct letter *first = mailbox->first;
    pthread_mutex_unlock(&mailbox->mutex);
    return first;
}

void mailbox_drop(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    struct letter *letter = mailbox->first;
    mailbox->first = letter->next;
    if (!mailbox->first)
        mailbox->last = NULL;
    mailbox->dropped_count++;
    pthread_cond_broadcast(&mailbox->dropped);
    pthread_mutex_unlock(&mailbox->mutex);
    free(letter);
}

uint64_t mailbox_lost(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    uint64_t lost = mailbox->lost_count;
    mailbox->lost_count = 0;
    pthread_mutex_unlock(&mailbox->mutex);
    return lost;
}
